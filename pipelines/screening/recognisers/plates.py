"""Plates of vehicles: beside a word of vehicles one needs no more than its form, "the pickup (TK 441 NVA)"."""

import re
from collections.abc import Iterator, Sequence

from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_listed_word
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.codes import count
from pipelines.screening.recognisers.identifier_words import PLATES
from pipelines.screening.recognisers.pattern import result
from pipelines.screening.recognisers.readings import is_counted, is_measure
from pipelines.screening.spans import Span

WORDS_BESIDE = 9  # between the vehicle and its plate
WORDS_BEHIND_PLATE = 4  # between "plate" and the plate, which may then be in lower case

_WORD = re.compile(r"[A-Za-z0-9]+(?:[-'/][A-Za-z0-9]+)*")
_DIGIT = re.compile(r"\d")
_SIGNS_BESIDE = ".,;:()'/"
_PLATE = re.compile(
    r"[A-Z]{1,3}[ -]?\d{2,5}(?:[ -]?[A-Z]{1,3})?|\d{1,4}[ -]?[A-Z]{1,4}(?:[ -]?\d{1,4})?|[A-Z]{1,2}\d{1,3}[ -]\d{2,4}|"
    r"[A-Z]{2}\d{2}[ -]?[A-Z]{3}|[A-Z]{3}-[A-Z]\d{2}|"
    r"\d[A-Z]{3}\d{3}|[A-Z]{2,3}[ -]\d[A-Z]\d{2,3}|\d{2,3}[ -]\d{2,3}[ -]?[A-Z]{1,2}"
)
_ROAD = re.compile(r"(?:I|US|SR|CR|RT|RTE|HWY|FM|M|A|F)[ -]?\d{1,3}")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_BRITISH = re.compile(r"[A-Z]{2}\d{2} ?[A-Z]{3}")


class PlateRecogniser(LocalRecognizer):
    """Plates beside a word of vehicles."""

    def __init__(self) -> None:
        super().__init__(supported_entities=[EntityType.VEHICLE_ID], name=type(self).__name__)

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Plates of the text."""
        if EntityType.VEHICLE_ID not in entities or not _speaks_of_vehicles(text):
            return []
        plates: list[Span] = []
        for start, end in sorted(_plates(text), key=lambda span: (span[0], -span[1])):
            if not plates or end > plates[-1][1]:
                plates.append((start, end))
        return [result(EntityType.VEHICLE_ID, span, 0.5, f"{self.name}.plate", self.id) for span in plates]


def _speaks_of_vehicles(text: str) -> bool:
    lower = text.lower()
    for sign in _SIGNS_BESIDE:
        lower = lower.replace(sign, " ")
    return not words("vehicles").isdisjoint(lower.split())


def _plates(text: str) -> Iterator[Span]:
    tokens = [match.span() for match in _WORD.finditer(text)]
    lower = [text[slice(*token)].lower() for token in tokens]
    for at, word in enumerate(lower):
        if word in words("vehicles"):
            for first in range(max(0, at - WORDS_BESIDE), min(len(tokens), at + 1 + WORDS_BESIDE)):
                if not _DIGIT.search(text, tokens[first][0], tokens[min(first + 2, len(tokens) - 1)][1]):
                    continue
                named = word in PLATES and 0 < first - at <= WORDS_BEHIND_PLATE
                named = named and ". " not in text[tokens[at][1] : tokens[first][0]]
                yield from _plate_from(text, tokens[first : first + 3], named=named)


def _plate_from(text: str, tokens: Sequence[Span], *, named: bool) -> Iterator[Span]:
    """The longest plate of one to three groups that begins with the first token.

    Args:
        named: the word "plate" stands right before.
    """
    for size in range(len(tokens), 0, -1):
        start, end = tokens[0][0], tokens[size - 1][1]
        value = text[start:end]
        if _is_plate(value.upper() if named else value, named=named) and not (
            is_counted(text, end) or is_measure(value)
        ):
            yield start, end
            return


def _is_plate(value: str, *, named: bool) -> bool:
    digits, letters = count(value)
    if digits < 2 or not letters or not 5 <= digits + letters <= 8 or not _PLATE.fullmatch(value):
        return False
    runs = re.findall(r"[A-Z]+|\d+", value)
    if _ROAD.fullmatch(value) or any(_YEAR.fullmatch(run) for run in runs):
        return False
    if any(run.lower() in words("not_groups") for run in runs):
        return False
    if not named and any(len(group) == 1 for group in value.split(" ")):  # "96 R 20"
        return False
    # "PTH 488" is a laboratory's
    word = runs[0].lower()
    is_figure = (
        " " in value and len(runs) == 2 and (word in words("measured") or (len(word) > 2 and is_listed_word(word)))
    )
    has_own_form = _BRITISH.fullmatch(value) or (letters > 3 and "-" in value)
    return named or bool(has_own_form) or (digits > 2 and not is_figure)
