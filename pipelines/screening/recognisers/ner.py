"""What an NLP model finds, after the clinical filter.

By itself such a model takes every second instrument, drug and heading of a note for a person. Persons are kept unless
the words are clinical; places only where a preposition of place stands before them. Its organisations and dates are
not used: patterns find those more exactly.
"""

import regex
from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from pipelines.screening.entities import EntityType
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import result
from pipelines.screening.recognisers.person import (
    bare,
    clinical_head_follows,
    is_clinical,
    is_eponym_word,
    is_name_word,
    is_uncued_eponym,
    opens_as_another_word,
    trim,
)
from pipelines.screening.recognisers.uncued import names_no_person, stands_in_lower_case
from pipelines.screening.spans import Span

_PLACE_BEFORE = regex.compile(
    r"\b(?:in|from|near|to|at|of|outside|around|via|through)[ \t]+(?:the[ \t]+)?$", regex.IGNORECASE
)
_PLACE = regex.compile(
    r"\p{Lu}[\p{L}\p{M}'’.-]{2,}(?:[ \t]+(?:(?:of|the|de|la|del)[ \t]+)?\p{Lu}[\p{L}\p{M}'’.-]+){0,3}"
)


def _person(text: str, span: Span, english_words: frozenset[str]) -> Span | None:
    trimmed = trim(text, span)
    if trimmed is None or bare(text[slice(*trimmed)]) in words("products"):
        return None
    if names_no_person(text, trimmed) or opens_as_another_word(text, trimmed):
        return None
    start, end = trimmed
    if "\n" in text[start:end]:
        end = text.index("\n", start)
    value = text[start:end].strip()
    tokens = value.split()
    if not value[:1].isupper():
        return None
    known = any(is_name_word(token) for token in tokens)
    if value.isupper() and not known:
        return None  # a heading or an abbreviation
    if not known and _opens_sentence(text, start) and all(_is_english(token, english_words) for token in tokens):
        return None  # a capital letter that the sentence gave, not the name
    if len(tokens) == 1 and not known and stands_in_lower_case(text, value):
        return None
    return start, start + len(value)


def _is_english(token: str, english_words: frozenset[str]) -> bool:
    word = bare(token)
    return word in english_words or word.removesuffix("s") in english_words or word.removesuffix("ly") in english_words


def _opens_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - 8) : start].rstrip(" \t")
    return not before or before[-1] in ".!?:;-•*\n\r()"


def _unlisted_names(text: str, english_words: frozenset[str]) -> list[Span]:
    """Pairs of capitalised words that are neither English nor clinical: names that no list and no model knows."""
    spans = []
    for match in _PAIR.finditer(text):
        trimmed = trim(text, match.span())
        if (
            trimmed is None
            or len(tokens := text[slice(*trimmed)].split()) < 2
            or clinical_head_follows(text, trimmed[1])
        ):
            continue
        ordinary = any(_is_english(token, english_words) or bare(token) in _NO_NAMES for token in tokens)
        if not ordinary and not is_uncued_eponym(text, trimmed):
            spans.append(trimmed)
    return spans


def _place(text: str, span: Span, english_words: frozenset[str]) -> Span | None:
    span = span[0], span[0] + len(text[span[0] : span[1]].rstrip(" ."))
    value = text[span[0] : span[1]]
    if not _PLACE.fullmatch(value) or value.isupper() or value.lower() in words("places"):
        return None
    if all(is_clinical(token) or is_eponym_word(bare(token)) for token in value.split()):
        return None
    if clinical_head_follows(text, span[1]) or not _PLACE_BEFORE.search(text, max(0, span[0] - 20), span[0]):
        return None
    return span


_PAIR = regex.compile(r"(?<![\w'’-])\p{Lu}\p{Ll}[\p{L}\p{M}'’-]+(?:[ \t]+\p{Lu}\p{Ll}[\p{L}\p{M}'’-]+){1,3}(?![\w-])")
_NO_NAMES = words("drugs", "eponyms", "facility_words", "not_names", "products")
_REFINE = {EntityType.PERSON.value: _person, EntityType.LOCATION.value: _place}


class NerRecogniser(LocalRecognizer):
    """Persons and places that the NLP model finds and the clinical filter lets stand."""

    def __init__(self) -> None:
        super().__init__(supported_entities=list(_REFINE), name=type(self).__name__)

    def load(self) -> None:
        """Nothing to load: the engine holds the model."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Findings among the tagged entities.

        Raises:
            ValueError: there are no artifacts. Without them names would pass unseen.
        """
        if nlp_artifacts is None:
            raise ValueError("NerRecogniser needs the NLP engine's artifacts")
        english_words: frozenset[str] = getattr(nlp_artifacts.nlp_engine, "english_words", frozenset())
        results = []
        if english_words and EntityType.PERSON.value in entities:
            results += [
                result(EntityType.PERSON.value, span, 0.5, f"{self.name}.unlisted", self.id)
                for span in _unlisted_names(text, english_words)
            ]
        for entity, score in zip(nlp_artifacts.entities, nlp_artifacts.scores, strict=True):
            refine = _REFINE.get(entity.label_)
            if refine is None or entity.label_ not in entities:
                continue
            span = refine(text, (entity.start_char, entity.end_char), english_words)
            if span is not None:
                results.append(result(entity.label_, span, score, f"{self.name}.{entity.label_.lower()}", self.id))
        return results
