"""What the rules find in training text: the tagger learns which of them to believe, and where."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.screening.engine import Engine
from pipelines.screening.policy import ScreeningConfig

BATCH_TEXTS = 256


@dataclass(frozen=True)
class Found:
    """A rule's finding."""

    start: int
    end: int
    recogniser: str


class Rules:
    """The engine's recognisers under the default settings."""

    def __init__(self) -> None:
        self._engine = Engine(ScreeningConfig())

    def find(self, texts: Sequence[str]) -> list[list[Found]]:
        """The findings in each text, in no order.

        Raises:
            Exception: a recogniser failed on one of them, or ran out of time.
        """
        found = []
        for first in range(0, len(texts), BATCH_TEXTS):
            batch = texts[first : first + BATCH_TEXTS]
            with self._engine.memory_zone():
                for text, tagged in zip(batch, self._engine.tag(batch), strict=True):
                    results = self._engine.analyze(text, tagged)
                    found.append([Found(r.start, r.end, r.recognition_metadata["recognizer_name"]) for r in results])
        return found
