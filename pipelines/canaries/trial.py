"""The trial itself: shadow copies of a shard's notes through the screener that the shard's own notes pass.

A shadow copy lives in the memory of the process that reads the notes, and nowhere else. What leaves is one row a
planted identifier: its kind, cue and form, and whether the screen missed it. It is missed where one letter or digit of
it lies in no finding that the policy acts on. That the note was quarantined is no excuse: the cause may have been
another finding in it, which the next note with such an identifier does not have.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from pipelines.canaries.config import CanaryConfig
from pipelines.canaries.rates import PLANTS
from pipelines.canaries.shadow import Plant, ShadowNote, is_drawn, shadow
from schemas.findings import Action

BATCH_NOTES = 32


class FoundSpan(Protocol):
    """A finding of the screen."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def action(self) -> Action: ...


class Screen(Protocol):
    """What finds identifiers: findings of each text, or None where it failed on that text."""

    def find(self, texts: Sequence[str], /) -> Sequence[Sequence[FoundSpan] | None]: ...


class CanaryTrial:
    """Plants identifiers in copies of notes and counts what the screen misses.

    Args:
        config: settings.
        screen: the loaded screener of the process, the one that screens the notes themselves.
        num_notes: notes of the whole run, from which `config.num_notes` are drawn.
    """

    def __init__(self, config: CanaryConfig, screen: Screen, *, num_notes: int):
        self._seed = config.seed
        self._share = config.num_notes / max(num_notes, 1)
        self._screen = screen

    def run(self, notes: pa.Table, *, shard: int) -> pa.Table:
        """Screen shadow copies of the notes that are drawn.

        Args:
            notes: unscreened rows of `schemas.notes.notes_schema`, of which note_id and text are read.
            shard: number of the shard, which tells its notes from another's.

        Returns:
            One row a planted identifier, in the PLANTS schema; empty where no note is drawn.
        """
        rows: list[dict[str, object]] = []
        for first, batch in self._batches(notes):
            found = self._screen.find([note.text for note in batch])
            for index, (note, findings) in enumerate(zip(batch, found, strict=True), start=first):
                for plant in note.plants:
                    rows.append(
                        {
                            "shard": shard,
                            "note": index,
                            "kind": plant.stratum.kind.value,
                            "cue": plant.stratum.cue,
                            "format": plant.stratum.format,
                            "missed": None if findings is None else is_missed(note.text, plant, findings),
                        }
                    )
        return pa.Table.from_pylist(rows, schema=PLANTS)

    def _batches(self, notes: pa.Table) -> Iterator[tuple[int, list[ShadowNote]]]:
        """Shadow notes, a few at a time, each batch with the ordinal of its first note."""
        pairs = zip(notes["note_id"].to_pylist(), notes["text"].to_pylist(), strict=True)
        drawn = [
            (note_id, text) for note_id, text in pairs if text and is_drawn(note_id, seed=self._seed, share=self._share)
        ]
        for first in range(0, len(drawn), BATCH_NOTES):
            batch = drawn[first : first + BATCH_NOTES]
            yield first, [shadow(text, note_id=note_id, seed=self._seed) for note_id, text in batch]


def is_missed(text: str, plant: Plant, findings: Sequence[FoundSpan]) -> bool:
    """Whether a letter or digit of a planted identifier lies in no finding that the policy acts on."""
    covered = [(finding.start, finding.end) for finding in findings if finding.action is not Action.PASS]
    return any(
        text[at].isalnum() and not any(start <= at < end for start, end in covered)
        for at in range(plant.start, plant.end)
    )
