"""Replay: which rows a window gets, and which ones are never replayed."""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.retention.replay import (
    REPLAY_PREFIX,
    ReplayConfig,
    decontaminated,
    read_replay,
    replay_rows,
)
from schemas.benchmarks import BENCHMARK_ITEMS
from schemas.errors import ConfigError, InputError
from schemas.examples import EXAMPLES


def replay(num_rows: int) -> pa.Table:
    return pa.table(
        {
            "system": [""] * num_rows,
            "prompt": [f"Question {row}" for row in range(num_rows)],
            "target": [f"Answer {row}" for row in range(num_rows)],
        }
    )


def drawn(num_rows: int, num_examples: int, rate: float, **place: int) -> pa.Table:
    return replay_rows(replay(num_rows), num_examples, rate, **({"seed": 1, "epoch": 0, "window": 0} | place))


def items(*prompts: str, answer: str = "yes") -> pa.Table:
    constants = {"task": "general", "kind": "multiple_choice", "system": "", "instruction": "", "answer_prefix": ""}
    rows = [
        {"item_id": str(row), "prompt": prompt, "choices": ["yes", "no"], "answer": answer, "group_id": str(row)}
        for row, prompt in enumerate(prompts)
    ]
    return pa.Table.from_pylist([row | constants for row in rows], schema=BENCHMARK_ITEMS)


def test_rows_are_examples_whose_ids_say_what_they_are() -> None:
    rows = drawn(50, 100, 0.1)
    assert rows.schema == EXAMPLES
    assert rows.num_rows == 10
    for row in rows.to_pylist():
        assert row["example_id"].startswith(REPLAY_PREFIX)
        assert row["prompt"].removeprefix("Question") == row["target"].removeprefix("Answer")
        assert (row["split"], row["note_id"], row["source_file"]) == ("train", "", "")


def test_the_draw_is_a_function_of_seed_epoch_and_window() -> None:
    assert drawn(500, 100, 0.2).equals(drawn(500, 100, 0.2))
    for place in ({"seed": 2}, {"epoch": 1}, {"window": 1}):
        assert not drawn(500, 100, 0.2, **place).equals(drawn(500, 100, 0.2))


def test_no_row_comes_twice_before_every_row_has_come() -> None:
    few = Counter(drawn(30, 100, 0.3)["prompt"].to_pylist())
    assert set(few.values()) == {1}
    many = drawn(30, 100, 0.7)
    assert set(Counter(many["prompt"].to_pylist()).values()) == {2, 3}
    assert len(set(many["example_id"].to_pylist())) == 70


def test_a_fraction_of_a_row_is_neither_lost_nor_rounded_up() -> None:
    counts = [drawn(30, 3, 0.1, window=window).num_rows for window in range(400)]
    assert set(counts) == {0, 1}
    assert 0.23 < sum(counts) / 400 < 0.37
    assert drawn(30, 0, 0.5).num_rows == 0


SENTENCE = "the quick brown fox jumps over the lazy dog while seven old sailors sing about home"


@pytest.mark.parametrize(
    ("prompt", "target", "item", "is_clean"),
    [
        (f"Translate: {SENTENCE.upper()}!", "…", f"Complete this: {SENTENCE}", False),
        ("Complete.", f"Well, {SENTENCE}.", SENTENCE, False),
        (" ".join(SENTENCE.split()[:12]), "and so on", SENTENCE, True),  # twelve words are not thirteen
        ("Is the sky blue?", "yes", "is the sky  blue", False),
        ("Is the sky blue today?", "yes", "is the sky blue", True),
    ],
)
def test_rows_that_overlap_with_an_item_are_left_out(prompt: str, target: str, item: str, is_clean: bool) -> None:
    rows = pa.table({"system": ["", ""], "prompt": [prompt, "Kept"], "target": [target, "kept"]})
    kept = decontaminated(rows, items(item))["prompt"].to_pylist()
    assert kept == ([prompt, "Kept"] if is_clean else ["Kept"])


def test_a_null_system_is_none_and_types_that_hold_text_are_read(tmp_path: Path) -> None:
    large = pa.table(
        {"target": pa.array(["a"], pa.large_string()), "prompt": ["q"], "system": pa.nulls(1, pa.string())}
    )
    pq.write_table(large, tmp_path / "r.parquet")
    assert read_replay(str(tmp_path / "r.parquet")).to_pylist() == [{"system": "", "prompt": "q", "target": "a"}]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"prompt": ["q"], "target": ["a"]}, "no column system"),
        ({"system": [""], "prompt": ["q"], "target": [None]}, "row 0: target is empty"),
        ({"system": ["", ""], "prompt": ["q", " "], "target": ["a", "a"]}, "row 1: prompt is empty"),
        ({"system": [], "prompt": [], "target": []}, "has no rows"),
        ({"system": [""], "prompt": [["q"]], "target": ["a"]}, "with text in system, prompt and target"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "r.parquet")
    with pytest.raises(InputError, match=message):
        read_replay(str(tmp_path / "r.parquet"))


def test_settings_and_paths_are_checked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        read_replay(str(tmp_path / "absent.parquet"))
    with pytest.raises(ConfigError, match=r"replay\.path is empty"):
        ReplayConfig(path=" ", rate=0.1)
    for rate in (0.0, -1.0, 11.0, float("nan")):
        with pytest.raises(ConfigError, match=r"replay\.rate"):
            ReplayConfig(path="x", rate=rate)
