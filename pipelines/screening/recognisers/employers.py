# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Employers, schools and firms: by the form of the name, and by an occupation or another cue before it."""

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_listed_word
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import CuedPattern
from pipelines.screening.recognisers.person import is_clinical
from pipelines.screening.recognisers.vocabulary import Reading, reading
from pipelines.screening.spans import Span

_CAP = r"(?:(?:St|Mt|Ft)\.|\p{Lu}(?:[\p{L}\p{M}'’&-]|\.(?=\p{L}))*)"
_JOIN = r"(?:(?:of|the|and|de|&)[ \t]+)*"
_FIRM = rf"{_CAP}(?:[ \t]+{_JOIN}{_CAP}){{0,4}}"
ON_STREET = r"(?:[ \t]+on[ \t]+(?:\d{1,3}(?:st|nd|rd|th)|(?!(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\p{Ll}*\b)\p{Lu}\p{Ll}+)(?![\w/]))?"
_WARD = regex.compile(r"[A-Z]{0,3}(?:CU|ED|ER|OR|SNF|ALF)")


def titled(name: str) -> str:
    """The list as alternatives of an expression, its words with a capital letter, long ones first."""
    entries = sorted(words(name), key=lambda entry: (-len(entry), entry))
    return "|".join(
        "[ ]".join(f"(?i:{part})" if part == "and" else _capital(part) for part in e.split()) for e in entries
    )


def _capital(word: str) -> str:
    return regex.escape(word[0].upper() + word[1:])


def _own_name(text: str, span: Span) -> Span | None:
    """Refuse a name whose first word is a term or a service: "Home Oxygen Supply", "Gram Stain Company"."""
    first = regex.match(r"[\p{L}\p{M}'’.-]+", text[slice(*span)])
    if first is None:
        return None
    word = first.group().lower().strip(".")
    known = words("facility_words", "eponyms", "sentence_openers", "not_names", "drugs")
    if reading(word) is Reading.TERM and text[slice(*span)].split()[-1].lower() in (
        "oil",
        "gas",
        "paper",
        "glass",
        "power",
    ):
        return None  # "Fish Oil"
    return None if word in known else span


def _no_department(text: str, span: Span) -> Span | None:
    """Refuse departments and services: "works in Cardiology", "works with OT"."""
    if (
        regex.search(r"\b(?i:owns)[ \t]+(?:the[ \t]+)?$", text[max(0, span[0] - 12) : span[0]])
        and text[slice(*span)].isupper()
    ):
        return None  # "owns FWW": a walker
    generic = words("facility_words", "not_names", "places", "services", "credentials")
    return None if all(token.lower().strip(".,'’") in generic for token in text[slice(*span)].split()) else span


def _no_unit(text: str, span: Span) -> Span | None:
    """Refuse wards and terms also: "clerk at MICU", "driver with Diabetes"."""
    tokens = text[slice(*span)].split()
    with_term = regex.search(r"\b(?:with|from)[ \t]+$", text[max(0, span[0] - 8) : span[0]]) is not None
    if all((is_clinical(t) and (with_term or t.isupper())) or _WARD.fullmatch(t) for t in tokens):
        return None
    return _no_department(text, span)


def _lower_case_firm(text: str, span: Span) -> Span | None:
    """ "for desert line haulers": what stands before the trade is neither an article nor a word for any firm."""
    tokens = text[slice(*span)].split()
    generic = words("facility_words", "sentence_words", "any_firm")
    if any(token in generic for token in tokens[:-1]):
        return None
    own = any(
        token in words("proper_words") or not (is_listed_word(token) or reading(token) is Reading.TERM)
        for token in tokens[:-1]
    )
    return span if own or tokens[-1] not in words("common_trades") else None


PATTERNS = (
    CuedPattern(
        name="firm",
        entity_type=EntityType.ORGANIZATION,
        expression=rf"(?<![\w-])(?P<value>{_FIRM}(?:,?[ \t]+(?:Inc|LLC|L\.L\.C|Ltd|LLP|PLC|Co|Corp|GmbH)\b\.?|[ \t]+(?:&|and)[ \t]+(?:Sons?|Daughters|Bro(?:ther)?s|Co(?:mpany)?|Associates|Partners)\b\.?(?:[ \t]+(?:{titled('trades')}))?))(?!\w)",
        score=0.7,
        refine=_own_name,
    ),
    CuedPattern(
        name="trade",
        entity_type=EntityType.ORGANIZATION,
        expression=rf"(?<![\w-])(?P<value>{_CAP}(?:[ \t]+{_JOIN}{_CAP}){{0,3}}[ \t]+(?:{titled('trades')})(?:[ \t]+(?:Inc|LLC|Ltd|Co|Corp)\b\.?)?{ON_STREET})(?![\w-])",
        score=0.7,
        refine=_own_name,
    ),
    CuedPattern(
        name="occupation",
        entity_type=EntityType.ORGANIZATION,
        expression=rf"\b(?i:{'|'.join(sorted(words('occupations')))})s?[ \t]*(?:\((?:(?i:at|for|with)[ \t]+)?|(?:,|(?i:at|for|with|from))[ \t\r\n]{{1,3}})(?:(?i:the|a|an)[ \t]+)?(?P<value>{_FIRM}{ON_STREET})",
        score=0.7,
        refine=_no_unit,
    ),
    CuedPattern(
        name="employed",
        entity_type=EntityType.ORGANIZATION,
        expression=rf"\b(?i:(?:works?|worked|working)(?: \w+){{1,3}}? (?:at|for)|co-?workers?(?: \W?\w+\W?)? (?:at|from)|coworkers from|clocked in at|on the job at|shift at|employees? of|works? (?:at|for|with|in)|working (?:at|for|with)|worked (?:at|for|with)|employed (?:at|by|with)|employer(?:[ \t]*:| is| was)?|hired (?:by|at)|laid off (?:from|by)|fired (?:from|by)|retired from|served (?:at|with)|"
        rf"student at|attends|attending school at|enrolled (?:at|in)|teaches (?:\w+ )?at|volunteers? (?:at|for|with)|interns? (?:at|for)|coaches (?:at|for)|drives (?:\w+ ){{0,3}}for|plays (?:\w+ )?(?:for|at)|runs (?:\w+ )?(?:for|at)|"
        rf"owns|co-owns|manages|supplies from|supplied by|delivered by|equipment from|oxygen from|transport(?:ed)? by|transportation by|ride from|insured through|coverage through|graduated from)[ \t\r\n]{{1,3}}(?:the[ \t]+)?(?P<value>{_FIRM}{ON_STREET})",
        score=0.8,
        refine=_no_department,
    ),
    CuedPattern(
        name="lower_case_trade",
        entity_type=EntityType.ORGANIZATION,
        expression=rf"(?:\b(?i:at|for|with|by|from)[ \t]|(?<=[ \t])@)[ \t]*(?P<value>(?:\p{{Ll}}[\p{{Ll}}'’&-]+[ ]){{1,3}}(?:haulers?|hauling|trucking|logistics|freight|roofing|plumbing|landscaping|construction|builders|motors|brewing|brewery|taproom|diner|bakery|industries|enterprises|airlines|railroad|lumber|sawmill|cannery|farms|towing|auto body|supermarket|outfitters|contracting|excavating|paving|masonry|llc|inc|{'|'.join(sorted(words('common_trades')))}))(?![\w-])",
        score=0.5,
        refine=_lower_case_firm,
    ),
    CuedPattern(
        name="occupation_field",
        entity_type=EntityType.ORGANIZATION,
        expression=rf"\b(?i:occupation|job|work|profession)[ \t]*:[ \t]*[\p{{Ll}} -]{{2,40}},[ \t]*(?P<value>{_FIRM})",
        score=0.7,
        refine=_no_department,
    ),
    CuedPattern(
        name="employer_field",
        entity_type=EntityType.ORGANIZATION,
        expression=rf"\b(?i:employer|company|organi[sz]ation)(?:[ \t]+(?i:name))?[ \t]*[=:][ \t]*\"?(?P<value>{_FIRM})",
        score=0.8,
        refine=_no_department,
    ),
)
