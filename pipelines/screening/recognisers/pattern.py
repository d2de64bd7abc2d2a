"""What our pattern recognisers have in common: a cue in the expression, a named group for the identifier itself.

Presidio's own PatternRecognizer reports the whole match, so a label would be redacted with its value, and it skips a
pattern that runs out of time, which would let identifiers through. Ours report the group `value` and raise. Like
Presidio's they can be searched behind a prefilter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import regex
from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from pipelines.screening.entities import EntityType
from pipelines.screening.prefilter import StrictPattern
from pipelines.screening.spans import Span

# From the text and a match's `value` span to the span to report, or None where it is no identifier after all.
Refinement = Callable[[str, Span], Span | None]


@dataclass(frozen=True, kw_only=True)
class CuedPattern:
    """One expression of a recogniser.

    Attributes:
        name: goes into the findings table after the recogniser's name.
        entity_type: what its matches are.
        expression: has a group `value`, which may match several times.
        score: confidence from 0 to 1.
        refine: narrows or refuses a value.
    """

    name: str
    entity_type: str
    expression: str
    score: float = 0.9
    refine: Refinement | None = None

    def compiled(self) -> "regex.Pattern[str]":
        """The expression, compiled; ^ and $ are line ends, white space counts."""
        return regex.compile(self.expression, regex.MULTILINE)


def person_pattern(name: str, expression: str, score: float, refine: Refinement | None) -> CuedPattern:
    """An expression for a person's name; arguments are those of `CuedPattern`."""
    return CuedPattern(name=name, entity_type=EntityType.PERSON, expression=expression, score=score, refine=refine)


class CuedRecogniser(LocalRecognizer):
    """Runs cued patterns over a note.

    Args:
        patterns: patterns, in any order.
        timeout_s: time for one pattern on one note, in seconds.

    Attributes:
        strict_patterns: the patterns as they are searched for, in the order given.

    Raises:
        ScreeningError: from `analyze`, where a pattern ran out of time.
    """

    def __init__(self, patterns: Sequence[CuedPattern], timeout_s: float):
        super().__init__(
            supported_entities=sorted({pattern.entity_type for pattern in patterns}), name=type(self).__name__
        )
        self._patterns = tuple(patterns)
        self.strict_patterns = [StrictPattern(pattern.compiled(), timeout_s) for pattern in patterns]

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Findings of the patterns whose entity type is among `entities`."""
        results = []
        wanted = frozenset(entities)
        for pattern, strict in zip(self._patterns, self.strict_patterns, strict=True):
            if pattern.entity_type not in wanted:
                continue
            for match in strict.finditer(text):
                for span in match.spans("value"):
                    refined = pattern.refine(text, span) if pattern.refine else span
                    if refined is not None and refined[0] < refined[1]:
                        results.append(self.result(pattern.entity_type, refined, pattern.score, pattern.name))
        return results

    def result(self, entity_type: str, span: Span, score: float, pattern_name: str) -> RecognizerResult:
        """A Presidio result that names recogniser and pattern."""
        return result(entity_type, span, score, f"{self.name}.{pattern_name}", self.id)


def result(entity_type: str, span: Span, score: float, name: str, identifier: str) -> RecognizerResult:
    """A Presidio result of the recogniser with this name and id."""
    return RecognizerResult(
        entity_type=entity_type,
        start=span[0],
        end=span[1],
        score=score,
        recognition_metadata={
            RecognizerResult.RECOGNIZER_NAME_KEY: name,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: identifier,
        },
    )
