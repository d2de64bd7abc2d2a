"""A rank's steps: its own slots, in order, from any position; anything else is an error."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from gloo_ranks import NUM_SLOTS, stream_rows

from pipelines.training.state import TrainState
from pipelines.training.stream import steps_of_rank
from schemas.errors import LedgerError


@pytest.fixture(scope="module")
def rows(chat_model: Path) -> list[dict[str, Any]]:
    return stream_rows(chat_model)


def _ids(rows: list[dict[str, Any]], rank: int, world_size: int, start: TrainState) -> list[list[str]]:
    own = [row for row in rows if row["slot"] % world_size == rank]
    return [
        [name for pack in step.packs for name in pack.document_ids]
        for step in steps_of_rank(own, rank, world_size, NUM_SLOTS, start)
    ]


def test_a_step_holds_the_same_examples_for_any_number_of_workers(rows: list[dict[str, Any]]) -> None:
    alone = [sorted(step) for step in _ids(rows, 0, 1, TrainState())]
    for world_size in (2, 4):
        shares = [_ids(rows, rank, world_size, TrainState()) for rank in range(world_size)]
        assert [sorted(itertools.chain(*parts)) for parts in zip(*shares, strict=True)] == alone


def test_from_a_position_only_what_remains(rows: list[dict[str, Any]]) -> None:
    own = [row for row in rows if row["slot"] % 2 == 0]
    steps = list(steps_of_rank(own, 0, 2, NUM_SLOTS, TrainState()))
    middle = steps[1].after
    left = [row for row in rows if (row["epoch"], row["window"]) >= (middle.epoch, middle.window)]
    assert _ids(left, 0, 2, middle) == _ids(rows, 0, 2, TrainState())[2:]


def test_a_foreign_missing_or_repeated_share_is_an_error(rows: list[dict[str, Any]]) -> None:
    own = [row for row in rows if row["slot"] % 2 == 0]
    foreign = [row for row in rows if row["slot"] % 2 == 1]
    for wrong in ([own[0], foreign[0]], own[:3], [*own[:2], *own[:2]]):
        with pytest.raises(LedgerError):
            list(steps_of_rank(wrong, 0, 2, NUM_SLOTS, TrainState()))


def test_a_stream_made_for_another_checkpoint_is_an_error(rows: list[dict[str, Any]]) -> None:
    own = [row for row in rows if row["slot"] % 2 == 0]
    steps = list(steps_of_rank(own, 0, 2, NUM_SLOTS, TrainState()))
    earlier, later = steps[0].after, steps[-1].after
    assert earlier.window < later.window
    from_later = [row for row in own if row["window"] >= later.window]
    for wrong, start in ((own, later), (from_later, earlier)):
        with pytest.raises(LedgerError, match="is in window"):
            list(steps_of_rank(wrong, 0, 2, NUM_SLOTS, start))
