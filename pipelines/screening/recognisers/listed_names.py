"""Names that no cue gives away, and those that the word before them gives away.

A list of names alone would take half of medicine for persons, since "Foley", "Lasix" and "Ship" are all somebody's
surname. So the burden of proof lies by the word (`vocabulary`): a name that is no other word is a person wherever it
stands, in any case, unless what stands around makes a term of it. A word with two meanings needs a neighbour that is a
name, an initial, or somebody before it. A word of no list is a name where the sentence did not give its capital letter.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import regex
from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import MAX_CACHED_WORDS, fold, is_given_name, is_listed_word, may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import result
from pipelines.screening.recognisers.person import (
    bare,
    clinical_head_follows,
    is_clinical,
    is_compound,
    is_eponym,
    is_eponym_word,
    is_name_word,
    is_uncued_eponym,
    opens_as_another_word,
    opens_sentence,
    says_or_owns,
)
from pipelines.screening.recognisers.uncued import names_no_person, stands_in_lower_case
from pipelines.screening.recognisers.vocabulary import Reading, reading
from pipelines.screening.spans import Span

MIN_CHARS = 3
MIN_UPPER_CASE_CHARS = 5  # shorter ones are mostly abbreviations
MIN_LOWER_CASE_CHARS = 4
MIN_UNKNOWN_CHARS = 5
MAX_GIVEN_CHARS = 24

_CAPITALISED = regex.compile(r"(?<![\w@'’-])\p{Lu}[\p{L}\p{M}]+(?:['’-]\p{L}[\p{L}\p{M}]+)*(?![\w@]|-\w)")
_LOWER_CASE = regex.compile(r"(?<![\w@/.'’-])\p{Ll}{3,}(?![\w@/'’-]|\.\w)")
_LOWER_CASE_BEFORE = regex.compile(r"(?<![\w@/.'’-])(\p{Ll}{3,})[ ]$")
_ANY_WORD = re.compile(r"[^\W\d_]{3,}")
_BETWEEN = regex.compile(r"[ \t]+(?:\p{Lu}\.?[ \t]+){0,2}")
_REGION_AFTER = regex.compile(r",[ \t]+(\p{Lu}[\p{L}.]+)")
_INITIALS_BEFORE = regex.compile(r"(?<![\p{L}\d.&/])(?:\p{Lu}\.[ \t]?){1,2}$")
_LOWER_INITIAL_BEFORE = regex.compile(r"(?<![\p{L}\d.])\p{Ll}\.[ \t]?$")
_FIELD_BEFORE = regex.compile(r"(?:^|[\n(\[:;|,–-])[ \t]*$")
_PLAIN_WORD = regex.compile(r"\p{Lu}\p{Ll}+")
_LATIN = regex.compile(r"(?:[iu]s|ii|um|ae|ans|ens|oides)$")  # H. kansasii, with a capital by mistake
_WORD_BEFORE = regex.compile(r"([\p{L}][\p{L}/&-]*)\.?(?P<between>[ \t]{0,2}[(\[/]?[ \t]?[\"“'‘(]?)$")
_ACTS_AFTER = regex.compile(
    r"[ \t]+(?i:will|would|can|is|was|has|had|and|who|says?|said|states?|stated|reports?|reported|told|asks?|asked"
    r"|called|paged|picks?|picked|drove|drives|brought|brings|came|comes|helps?|helped|lives|lived|works|worked|stays"
    r"|wants|agrees|agreed|went|gave|gives|took|takes|met|seen|saw|notified|aware|present|here|following|signed"
    r"|off|on|at|in|from|for|today|to)\b"
)
_CLOSING = (")", "]", '"', "”", "'", "’")
_ANATOMY_SIDE = ("R.", "L.")


def _names_a_place(text: str, end: int) -> bool:
    """True before a state or a country: "Tokyo, Japan" """
    match = _REGION_AFTER.match(text, end)
    return match is not None and match[1].lower() in words("places")


class _Word(NamedTuple):
    """A capitalised word of a note."""

    start: int
    end: int
    text: str
    reading: Reading


def _full_names(text: str, tokens: Sequence[_Word]) -> list[Span]:
    """Given name and surname side by side: one is a name and nothing else, and the other may be one."""
    spans = []
    for (start, middle, first, kind), (second, end, last, last_kind) in pairwise(tokens):
        if Reading.TERM in (kind, last_kind) or not _BETWEEN.fullmatch(text, middle, second):
            continue
        named = Reading.NAME in (kind, last_kind) or _is_given_before_eponym(first, last)
        if not named or is_compound(first) or is_compound(last):
            continue
        if is_eponym_word(bare(first)) and is_eponym_word(bare(last)):
            continue
        if opens_sentence(text, start) and is_listed_word(bare(first)) and bare(first) not in words("first_names"):
            continue  # "Later Ngozi felt better"
        if (first.isupper() or last.isupper()) and Reading.UNKNOWN in (kind, last_kind):
            continue
        if not is_uncued_eponym(text, (start, end)) and not clinical_head_follows(text, end):
            spans.append((start, end))
    return spans


def _is_given_before_eponym(first: str, last: str) -> bool:
    """ "James Parkinson": a common given name makes a man of what names a disease elsewhere."""
    given, family = bare(first), bare(last)
    return (
        given in words("first_names") and not is_eponym_word(given) and is_eponym_word(family) and may_be_name(family)
    )


def _is_something_else(text: str, span: Span) -> bool:
    """True where what stands around makes another thing than a person of one listed word."""
    return (
        _names_a_place(text, span[1])
        or is_compound(text[slice(*span)])
        or names_no_person(text, span)
        or opens_as_another_word(text, span)
    )


def _lone_names(text: str, tokens: Sequence[_Word]) -> list[Span]:
    """One word that is a name and nothing else; one of no list, amid a sentence."""
    spans = []
    for start, end, word, kind in tokens:
        if kind is Reading.NAME:
            upper = word[:-1].isupper()
            long_enough = len(word) >= (MIN_UPPER_CASE_CHARS if upper else MIN_CHARS)
            if long_enough and not _is_something_else(text, (start, end)):
                spans.append((start, end))
        elif kind is Reading.UNKNOWN and _PLAIN_WORD.fullmatch(word) and len(word) >= MIN_UNKNOWN_CHARS:
            if opens_sentence(text, start) or not says_or_owns(text, end):
                continue
            if not stands_in_lower_case(text, word):
                spans.append((start, end))
    return spans


def _with_initials(text: str, tokens: Sequence[_Word]) -> Iterator[Span]:
    """ "R. Castellanos", "J. Marsh": what has an initial before it is a person, if it may be one at all."""
    for start, end, word, kind in tokens:
        if kind is Reading.TERM or "." not in text[max(0, start - 2) : start]:
            continue
        match = _INITIALS_BEFORE.search(text, max(0, start - 8), start)
        if match is None:
            continue
        if clinical_head_follows(text, end) or len(bare(word)) < MIN_CHARS:
            continue
        if kind is Reading.UNKNOWN and _LATIN.search(word):
            continue
        if kind is Reading.MIXED:
            alone = _FIELD_BEFORE.search(text, max(0, match.start() - 4), match.start())
            if match.group().strip() in _ANATOMY_SIDE and not is_name_word(word):
                continue
            if is_clinical(word) or (not alone and _somebody_before(text, match.start()) is None):
                continue
        yield match.start(), end


def _somebody_before(text: str, start: int) -> str | None:
    """What stands between a word and the person or service before it; None where there is none."""
    match = _WORD_BEFORE.search(text, max(0, start - 24), start)
    if match is None:
        return None
    before, between = match[1].lower(), match["between"]
    if f"{before} {bare(text[start : start + 24].split()[0])}" in words("products"):
        return None  # Mrs. Dash
    if before in words("people_words"):
        return between
    enclosed = "(" in between or "[" in between or "/" in between
    return between if enclosed and before in words("services") else None


def _introduced(text: str, tokens: Sequence[_Word]) -> Iterator[Span]:
    """ "Pulm (Rasmussen)", "FOB Hunter called", "infant son Tobi": a word with two meanings after somebody."""
    for start, end, word, kind in tokens:
        if word.isupper() or kind is Reading.NAME or not (may_be_name(bare(word)) or is_eponym_word(bare(word))):
            continue
        between = _somebody_before(text, start)
        if between is None or clinical_head_follows(text, end) or bare(word) in words("not_names"):
            continue
        if " ".join(map(bare, text[start : end + 24].split()[:2])) in words("eponym_phrases"):
            continue  # Sister Mary Joseph
        if between.strip():
            introduced = text[end : end + 1] in _CLOSING
        elif is_eponym(text, (start, end)) or is_eponym_word(bare(word)):
            introduced = _ACTS_AFTER.match(text, end) is not None
        else:
            introduced = _person_after(text, word, end)
        if introduced:
            yield start, end


def _person_after(text: str, word: str, end: int) -> bool:
    given = is_given_name(bare(word)) or bare(word) in words("first_names")
    return bool(_ACTS_AFTER.match(text, end)) or given


def _lower_case_names(text: str) -> Iterator[Span]:
    """ "md nguyen paged", "m. salazar pa": a word without other use, with an initial or a given name before it."""
    names = [word for word in set(_ANY_WORD.findall(text)) if word.islower() and _is_lower_case_name(word)]
    if not names:
        return
    for start, end in sorted(span for name in names for span in _alone(text, name)):
        if clinical_head_follows(text, end):
            continue
        initial = _LOWER_INITIAL_BEFORE.search(text, max(0, start - 4), start)
        previous = _LOWER_CASE_BEFORE.search(text, max(0, start - MAX_GIVEN_CHARS), start)
        if initial:
            start = initial.start()
        elif previous and _may_be_given(previous[1]):
            start = previous.start()
        yield start, end


def _alone(text: str, word: str) -> Iterator[Span]:
    """Where the word stands by itself; found without an expression of its own, which would be kept with the name."""
    at = text.find(word)
    while at >= 0:
        match = _LOWER_CASE.match(text, at)
        if match and match.end() == at + len(word):
            yield match.span()
        at = text.find(word, at + len(word))


@lru_cache(maxsize=MAX_CACHED_WORDS)
def _is_lower_case_name(word: str) -> bool:
    long_enough = len(word) >= MIN_LOWER_CASE_CHARS or word in words("first_names")
    return long_enough and reading(word) is Reading.NAME and not is_eponym_word(word)


def _may_be_given(word: str) -> bool:
    other = any(word in words(name) for name in ("not_names", "sentence_words", "people_words", "places", "drugs"))
    known = word in words("first_names") or fold(word) in words("ambiguous_names") or is_given_name(word)
    return known and not other


class ListedNameRecogniser(LocalRecognizer):
    """Persons by what the lists say of the words, without a model."""

    def __init__(self) -> None:
        super().__init__(supported_entities=[EntityType.PERSON.value], name=type(self).__name__)

    def load(self) -> None:
        """Nothing to load: the lists are read on first use."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Findings of the text; the artifacts are not used."""
        if EntityType.PERSON.value not in entities:
            return []
        tokens = [
            _Word(match.start(), match.end(), word := match.group(), reading(word))
            for match in _CAPITALISED.finditer(text)
        ]
        found = [(span, 0.7, "full_name") for span in _full_names(text, tokens)]
        found += [(span, 0.6, "lone_name") for span in _lone_names(text, tokens)]
        found += [(span, 0.7, "initials_name") for span in _with_initials(text, tokens)]
        found += [(span, 0.7, "introduced") for span in _introduced(text, tokens)]
        found += [(span, 0.6, "lower_case") for span in _lower_case_names(text)]
        return [
            result(EntityType.PERSON.value, span, score, f"{self.name}.{name}", self.id) for span, score, name in found
        ]
