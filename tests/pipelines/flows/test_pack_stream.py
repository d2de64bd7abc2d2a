"""Windows of a run: every part once an epoch, an order from seed and epoch, and what remains after a position."""

import itertools

import pyarrow as pa
import pytest

from pipelines.flows.pack_stream import Part, record_packed, remaining, windows_of_run
from pipelines.model.chat import EncodedExample
from pipelines.packing.window import EncodedWindow
from pipelines.stage.ledger import LedgerRows
from pipelines.training.state import TrainState

PARTS = [Part(f"train-shard-{index:06d}.parquet", 100) for index in range(10)]


def test_every_part_is_in_one_window_of_each_epoch() -> None:
    windows = windows_of_run(PARTS, window_examples=250, num_epochs=2, seed=1)
    for epoch in (0, 1):
        names = [part.name for w in windows if w.position.epoch == epoch for part in w.parts]
        assert sorted(names) == [part.name for part in PARTS]
    assert [w.position.window for w in windows] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert all(sum(p.num_rows for p in w.parts) >= 250 for w in windows if w.position.window != 3)


def test_progress_covers_the_run_without_gaps() -> None:
    windows = windows_of_run(PARTS, 250, 3, seed=1)
    assert windows[0].position.progress_start == 0.0
    for before, after in itertools.pairwise(windows):
        assert before.position.progress_end == after.position.progress_start
    assert windows[-1].position.progress_end == pytest.approx(1.0)


def test_order_is_a_function_of_seed_and_epoch_not_of_the_listing() -> None:
    windows = windows_of_run(PARTS, 250, 2, seed=1)
    assert windows_of_run(list(reversed(PARTS)), 250, 2, seed=1) == windows
    assert windows_of_run(PARTS, 250, 2, seed=2) != windows
    assert [w.parts for w in windows[:4]] != [w.parts for w in windows[4:]]


def test_what_remains_starts_with_the_window_under_way() -> None:
    windows = windows_of_run(PARTS, 250, 2, seed=1)
    assert remaining(windows, TrainState()) == windows
    assert remaining(windows, TrainState(step=9, epoch=1, window=2, step_in_window=4)) == windows[6:]


def test_packing_outcomes_name_validation_held_out_cut_and_rejected() -> None:
    examples = pa.table(
        {
            "example_id": ["a", "b", "c", "d", "e"],
            "note_id": ["a", "b", "c", "d", "e"],
            "split": ["train", "train", "train", "validation", "test"],
            "source_file": ["notes.parquet"] * 5,
            "source_row": [0, 1, 2, 3, 4],
        }
    )
    encoded = EncodedWindow(
        ["a", "b", "d"],
        [EncodedExample([1, 2], 1, False), EncodedExample([1, 2], 1, True), EncodedExample([1, 2], 1, False)],
        {"c": "no_room_for_target"},
    )
    ledger = LedgerRows()
    record_packed(ledger, examples, encoded)
    assert [(row["outcome"], row["reason"]) for row in ledger.table().to_pylist()] == [
        ("accepted", ""),
        ("accepted", "prompt_cut"),
        ("rejected", "no_room_for_target"),
        ("accepted", "validation"),
        ("accepted", "held_out"),
    ]
