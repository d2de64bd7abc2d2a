# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Mentions of quasi-identifiers in a note: where one stands, and of which category it is.

Cheap patterns with a cue each: "black" is a race before "man" and a colour before "stools", "nurse" an occupation after
"works as a" and a colleague elsewhere. They miss what nobody foresaw, as the man who keeps the lighthouse.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import islice

import regex
import yaml

from pipelines.risk.keyed import keyed_hash
from schemas.risk import Attribute

MAX_AGE = 120

_PERSON = r"(?:man|woman|male|female|gentleman|lady|boy|girl|patient|person)\b"
_RACES = "|".join(
    f"(?P<{category}>{words})"
    for category, words in (
        ("black", r"black|african[- ]american|afro[- ]caribbean"),
        ("white", r"white|caucasian"),
        ("hispanic", r"hispanic|latin[oax]|mexican[- ]american|puerto rican"),
        ("asian", r"asian(?:[- ]american)?|chinese|japanese|korean|vietnamese|filipin[oa]"),
        ("american_indian", r"american indian|native american|alaska native|navajo|cherokee"),
        ("pacific_islander", r"pacific islander|native hawaiian|samoan|tongan"),
    )
)
_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty")
_AGE_WORDS = rf"(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_UNITS)}))?"
_OLD = r"(?:years?|yrs?|y)[- /.]*(?:old|of age|o\b\.?)"
# not the end of "60-69", which is a band already
_AGE = r"(?<![\w./–-])(?P<value>\d{1,3})"
# "71M"; from 90 on it may be a temperature, "98F"
_BRIEF_AGE = r"(?<![\w./–-])[1-8]?\d"
_STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|"
    "Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)|"
    "(?:North|South) (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|Tennessee|Texas|Utah|Vermont|(?:West )?Virginia|"
    "Washington(?: State)?|Wisconsin|Wyoming|Puerto Rico"
)
_NEXT_WORD = (
    r"(?:[ ](?!(?:and|or|at|in|for|who|with|but|since|until|on|from|of|by|is|was|has|lives?|denies)\b)\p{L}[\p{L}-]*)"
)
_PHRASE = rf"(?P<value>\p{{L}}[\p{{L}}-]+{_NEXT_WORD}{{0,3}})"
# answers to "occupation" that most people can give
_NO_OCCUPATION = regex.compile(
    r"(?:(?:currently |now )?(?:retired|unemployed|disabled|on disability|none|not working|unknown|student|full[- ]time student|homemaker|housewife|self[- ]employed)|n/?a)\b",
    regex.IGNORECASE,
)

_AGES = tuple(
    regex.compile(pattern, regex.IGNORECASE)
    for pattern in (
        rf"{_AGE}[- ]*{_OLD}",
        rf"\b(?P<value>{_AGE_WORDS})[- ]{_OLD}",
        rf"\b(?:aged?|age (?:is|of)|at the age of)(?: (?:about|around))?[ :=]+{_AGE}\b(?![./%–-]?\d|\s*(?:%|mg|days?|weeks?|months?))",
        rf"(?P<value>{_BRIEF_AGE})[ ]?(?-i:[MF])\b(?![/'’.]\w)",
    )
)
_SEX = regex.compile(
    rf"(?:{_OLD}[\w ,/-]{{0,40}}?\b|\b(?:sex|gender)[ :]+)(?:(?P<female>female|woman|lady|girl|f\b)|(?P<male>male|man|gentleman|boy|m\b))"
    rf"|{_BRIEF_AGE}[ ]?(?:(?P<female>(?-i:F))|(?P<male>(?-i:M)))\b(?![/'’.]\w)"
    r"|\b(?:(?P<female>female)|(?P<male>male))\b",
    regex.IGNORECASE,
)
_RACE = regex.compile(
    rf"\b(?:{_RACES})(?=[ -]+{_PERSON})|\b(?:race|ethnicity)(?:/ethnicity)?[ ]?[:=][ ]?(?:{_RACES})\b", regex.IGNORECASE
)
# of the states' names, what English has on every page
_COMMON_WORDS = frozenset(("new", "north", "south", "west", "island", "state"))
_STATE_WORDS = frozenset(state.lower() for state in regex.findall(r"[A-Z][a-z]+", _STATES)) - _COMMON_WORDS
_RACE_WORDS = frozenset(
    (
        *(
            "black",
            "african",
            "afro",
            "white",
            "caucasian",
            "hispanic",
            "latino",
            "latina",
            "latinx",
            "mexican",
            "puerto",
        ),
        *(
            "asian",
            "chinese",
            "japanese",
            "korean",
            "vietnamese",
            "filipino",
            "filipina",
            "american",
            "alaska",
            "navajo",
        ),
        *("cherokee", "pacific", "hawaiian", "samoan", "tongan"),
    )
)
_STATE = regex.compile(rf"(?:\b(?i:from|in|to|of|near|across)[ ]|,[ ])(?P<value>{_STATES})\b(?!['’]s|[ ]\p{{Lu}})")
_WORK_WORDS = frozenset(("work", "works", "worked", "working", "employed", "job", "occupation"))
_WORKS_AS = regex.compile(
    rf"\b(?:(?:works?|worked|working|employed|job) (?:full[- ]time |part[- ]time )?as an?|occupation[ ]?(?:[:=]|is|was an?)) ?(?:(?:retired|former) )?{_PHRASE}",
    regex.IGNORECASE,
)
# what follows is an occupation where the lexicon says so
_IS_A = regex.compile(
    r"\b(?:retired|former|(?:he|she|patient|pt|who|husband|wife|father|mother|son|daughter) (?:is|was) an?(?: retired| former)?)[ ]",
    regex.IGNORECASE,
)
# a look before the last of the ages' patterns, which is slow on a note without any
_BRIEFLY = re.compile(r"\d ?[MF]\b")
_WORD = re.compile(r"[a-z]+")
_ALTERNATIVES = regex.compile(r"(?<!\([^)]*)\|")
_YEAR = regex.compile(
    r"(?<![\w./–-])(?P<value>(?:19|20)\d{2})(?![\w/–-]|[.,]\d|[ ]?(?i:mg|mcg|ml|cc|units?|cells|cal|kcal|steps|hours?|hrs?)\b)"
)


@dataclass(frozen=True, kw_only=True)
class Mention:
    """Where a note speaks of an attribute.

    Attributes:
        start: code points into the text; `end` likewise.
        value: the category: "female", "asian", "Ohio", an age or a year in digits, a name of the lexicon, or
            "other:" with a keyed hash.
    """

    start: int
    end: int
    attribute: Attribute
    value: str


def mentions(text: str, key: bytes) -> list[Mention]:
    """All mentions, but of sex the first alone, in text order within each attribute.

    Args:
        text: of one note; a screened one gives the same but for what the screen replaced.
        key: the audit key, for occupations that the lexicon does not list.
    """
    # Most notes have none of the words that most patterns need: a look into this set is what makes them cheap.
    words = frozenset(_WORD.findall(text.lower()))
    found = [*_ages(text), *islice(_of_groups(text, Attribute.SEX, _SEX), 1)]
    if not words.isdisjoint(_RACE_WORDS):
        found += _of_groups(text, Attribute.RACE, _RACE)
    if not words.isdisjoint(_STATE_WORDS):
        found += _of_value(text, Attribute.REGION, _STATE)
    found += _of_value(text, Attribute.YEAR, _YEAR)
    found += _occupations(text, words, key)
    for attribute in (Attribute.DIAGNOSIS, Attribute.EVENT):
        lexicon = _lexicon(attribute)
        if not words.isdisjoint(lexicon.first_words):
            found += _of_groups(text, attribute, lexicon.pattern)
    return found


def _ages(text: str) -> list[Mention]:
    found: dict[tuple[int, int], Mention] = {}
    for pattern in _AGES if _BRIEFLY.search(text) else _AGES[:-1]:
        for match in pattern.finditer(text):
            age = _age_number(match["value"])
            if age <= MAX_AGE:
                span = match.span("value")
                found.setdefault(span, Mention(start=span[0], end=span[1], attribute=Attribute.AGE, value=str(age)))
    return sorted(found.values(), key=lambda mention: mention.start)


def _age_number(value: str) -> int:
    if value.isdecimal():
        return int(value)
    tens, _, unit = value.lower().replace(" ", "-").partition("-")
    return 10 * (_TENS.index(tens) + 2) + (_UNITS.index(unit) + 1 if unit else 0)


def _of_value(text: str, attribute: Attribute, pattern: "regex.Pattern[str]") -> Iterator[Mention]:
    """Mentions that are their own category."""
    for match in pattern.finditer(text):
        yield Mention(start=match.start("value"), end=match.end("value"), attribute=attribute, value=match["value"])


def _of_groups(text: str, attribute: Attribute, pattern: "regex.Pattern[str]") -> Iterator[Mention]:
    """Mentions by a pattern whose groups are named after the categories."""
    for match in pattern.finditer(text):
        category = next(name for name, value in match.groupdict().items() if value)
        start, end = match.span(category)
        yield Mention(start=start, end=end, attribute=attribute, value=category)


def _occupations(text: str, words: frozenset[str], key: bytes) -> Iterator[Mention]:
    lexicon = _lexicon(Attribute.OCCUPATION)
    if not words.isdisjoint(_WORK_WORDS):
        for match in _WORKS_AS.finditer(text):
            phrase = match["value"]
            if _NO_OCCUPATION.match(phrase):
                continue
            known = lexicon.pattern.search(phrase)
            category = known.lastgroup if known else f"other:{keyed_hash(key, 'occupation', phrase)}"
            start, end = match.span("value")
            yield Mention(start=start, end=end, attribute=Attribute.OCCUPATION, value=category)
    if not words.isdisjoint(lexicon.first_words):
        for match in _IS_A.finditer(text):
            known = lexicon.pattern.match(text, match.end())
            if known:
                start, end = known.span()
                yield Mention(start=start, end=end, attribute=Attribute.OCCUPATION, value=known.lastgroup)


@dataclass(frozen=True, kw_only=True)
class _Lexicon:
    """The phrases of an attribute, a group for each category, and the words that they begin with."""

    pattern: "regex.Pattern[str]"
    first_words: frozenset[str]


@cache
def _lexicon(attribute: Attribute) -> _Lexicon:
    data = yaml.safe_load(resources.files("pipelines.risk").joinpath("lexicon.yaml").read_text(encoding="utf-8"))
    groups, first_words = [], set()
    for category, entry in data[attribute.value].items():
        after, phrases = (entry["after"], entry["phrases"]) if isinstance(entry, dict) else ("", entry)
        groups.append((f"(?<={after})" if after else "") + f"(?P<{category}>{phrases})")
        for phrase in _ALTERNATIVES.split(phrases):
            first = _WORD.match(phrase)
            assert first, f"lexicon.yaml: {phrase!r} does not begin with a plain word"
            first_words.add(first[0])
    pattern = regex.compile(rf"\b(?:{'|'.join(groups)})\b", regex.IGNORECASE)
    return _Lexicon(pattern=pattern, first_words=frozenset(first_words))
