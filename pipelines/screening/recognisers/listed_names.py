"""Names that no cue gives away: the words themselves are a given name or a surname, and nothing else.

A list alone would take half of medicine for persons, since "Foley", "Lasix" and "Ship" are all somebody's surname. So a
word must be in a list of names and in no list of other words, must not be an eponym, a place or English, and what
follows must not make a clinical term of it. The less the lists say, the more the place in the sentence has to.
"""

from collections.abc import Sequence, Set
from itertools import pairwise

import regex
from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_family_name, is_given_name, may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import result
from pipelines.screening.recognisers.person import (
    bare,
    clinical_head_follows,
    is_clinical,
    is_compound,
    is_eponym_word,
    is_name_word,
    is_uncued_eponym,
    opens_as_another_word,
    opens_sentence,
)
from pipelines.screening.recognisers.uncued import names_no_person
from pipelines.screening.spans import Span

MIN_GIVEN_CHARS = 3
MIN_FAMILY_CHARS = 4

_CAPITALISED = regex.compile(r"(?<![\w@/'’-])\p{Lu}[\p{L}\p{M}]+(?:['’-]\p{L}[\p{L}\p{M}]+)*(?![\w@/]|-\w)")
_PREFIXED_WORD = regex.compile(r"\p{Lu}{2,}-\p{Ll}")  # IDH-wild-type
_BETWEEN = regex.compile(r"[ \t]+(?:\p{Lu}\.?[ \t]+){0,2}")
_REGION_AFTER = regex.compile(r",[ \t]+(\p{Lu}[\p{L}.]+)")
_LOWER_WORD = regex.compile(r"(?<![\w@/.'’-])\p{Ll}{3,}(?=[ \t])")
_SURNAME_AFTER = regex.compile(r"[ \t]+(?:\p{Ll}\.?[ \t]+)?(\p{Ll}{2}[\p{Ll}\p{M}'’-]*\p{Ll})(?![\w@/])")


def _names_a_place(text: str, end: int) -> bool:
    """True before a state or a country: "Tokyo, Japan" """
    match = _REGION_AFTER.match(text, end)
    return match is not None and match[1].lower() in words("places")


def _other_word(word: str) -> bool:
    """True where the word is a name of something else often enough that a list of names proves nothing."""
    parts = bare(word).replace("’", "'").split("-")
    return (
        is_clinical(word)
        or bare(word) in words("products")
        or any(is_eponym_word(part) or part in words("ambiguous_names") or part in words("particles") for part in parts)
    )


def _given(word: str) -> bool:
    return len(word) >= MIN_GIVEN_CHARS and is_given_name(bare(word)) and not _other_word(word)


def _family(word: str, english: Set[str]) -> bool:
    plain = bare(word)
    return (
        len(plain) >= MIN_FAMILY_CHARS
        and is_family_name(plain)
        and not _other_word(word)
        and not _PREFIXED_WORD.match(word)
        and plain not in english
        and plain.removesuffix("s") not in english
    )


def _full_names(text: str, tokens: Sequence[Span], english: Set[str]) -> list[Span]:
    """Given name and surname side by side: one is certain from the lists, and the other may be a name."""
    spans = []
    for (start, middle), (second, end) in pairwise(tokens):
        if not _BETWEEN.fullmatch(text, middle, second):
            continue
        first, last = text[start:middle], text[second:end]
        if first.isupper() or last.isupper():
            named = _given(first) and _family(last, english)
        else:
            named = (_given(first) and (is_name_word(last) or not is_clinical(last))) or (
                _family(last, english) and may_be_name(bare(first)) and not is_clinical(first)
            )
        if named and not is_uncued_eponym(text, (start, end)) and not clinical_head_follows(text, end):
            spans.append((start, end))
    return spans


def _is_something_else(text: str, span: Span) -> bool:
    """True where what stands around makes another thing than a person of one listed word."""
    return (
        _names_a_place(text, span[1])
        or is_compound(text[slice(*span)])
        or names_no_person(text, span)
        or opens_as_another_word(text, span)
    )


def _lone_names(text: str, tokens: Sequence[Span], english: Set[str]) -> list[Span]:
    """One word: a given name anywhere; a surname where the sentence did not give the capital letter."""
    spans = []
    for start, end in tokens:
        word = text[start:end]
        if word.isupper() or word[:-1].isupper():
            continue  # an abbreviation, or several
        english_too = bare(word) in english and bare(word) not in words("first_names")
        listed = (_given(word) and not english_too) or (
            not opens_sentence(text, start)
            and _family(word, english)
            and not regex.search(rf"(?<!\w){regex.escape(word.lower())}(?!\w)", text)
        )
        if listed and not _is_something_else(text, (start, end)):
            spans.append((start, end))
    return spans


def _lower_case_names(text: str, english: Set[str]) -> list[Span]:
    """Given name and surname in lower case: both must be certain from the lists."""
    spans = []
    for match in _LOWER_WORD.finditer(text):
        if not is_given_name(match.group()) or match.group() in english or not _given(match.group()):
            continue
        surname = _SURNAME_AFTER.match(text, match.end())
        if surname and _family(surname[1], english) and not clinical_head_follows(text, surname.end()):
            spans.append((match.start(), surname.end()))
    return spans


class ListedNameRecogniser(LocalRecognizer):
    """Persons by the lists of names alone."""

    def __init__(self) -> None:
        super().__init__(supported_entities=[EntityType.PERSON.value], name=type(self).__name__)

    def load(self) -> None:
        """Nothing to load: the lists are read on first use."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Findings of the text. The artifacts' engine tells English words, where it has a list of them."""
        if EntityType.PERSON.value not in entities:
            return []
        english: frozenset[str] = getattr(getattr(nlp_artifacts, "nlp_engine", None), "english_words", frozenset())
        tokens = [match.span() for match in _CAPITALISED.finditer(text)]
        found = [(span, 0.7, "full_name") for span in _full_names(text, tokens, english)]
        found += [(span, 0.6, "lone_name") for span in _lone_names(text, tokens, english)]
        found += [(span, 0.6, "lower_case") for span in _lower_case_names(text, english)]
        return [
            result(EntityType.PERSON.value, span, score, f"{self.name}.{name}", self.id) for span, score, name in found
        ]
