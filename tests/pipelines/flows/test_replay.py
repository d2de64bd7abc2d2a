"""What training replays: the file without the benchmarks' rows, and with an identity that follows from both."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.flows.replay import clean_replay
from pipelines.model.chat import ChatEncoder
from pipelines.model.tokenizer import load_tokenizer
from pipelines.packing.window import encode_examples
from pipelines.retention.replay import ReplayConfig, read_replay, replay_rows
from pipelines.scoring.config import BenchmarkSource
from schemas.errors import InputError


def write_rows(path: Path, num_rows: int) -> ReplayConfig:
    rows = {
        "system": [None] * num_rows,
        "prompt": [f"Question {row}" for row in range(num_rows)],
        "target": [f"Answer {row}" for row in range(num_rows)],
    }
    pq.write_table(pa.table(rows), path)
    return ReplayConfig(path=str(path), rate=0.5)


def write_benchmark(path: Path, num_rows: int) -> BenchmarkSource:
    rows = {"id": list(range(num_rows)), "question": [f"question {row}!" for row in range(num_rows)]}
    pq.write_table(pa.table(rows | {"answer": ["yes"] * num_rows}), path)
    return BenchmarkSource(name="general", path=str(path), prompt="{question}", choices=["yes", "no"])


def test_rows_of_a_benchmark_are_left_out_once_and_counted(tmp_path: Path) -> None:
    config, benchmark = write_rows(tmp_path / "r.parquet", 5), write_benchmark(tmp_path / "b.parquet", 2)
    clean = clean_replay(config, [benchmark], str(tmp_path))
    assert clean.config.rate == 0.5
    assert read_replay(clean.config.path)["target"].to_pylist() == ["Answer 2", "Answer 3", "Answer 4"]
    manifest = json.loads((Path(clean.config.path).parents[1] / "manifest.json").read_text())
    assert manifest["results"] == {"num_rows_read": 5, "num_left_out": 2}
    written_at = Path(clean.config.path).stat().st_mtime_ns
    assert clean_replay(config, [benchmark], str(tmp_path)) == clean
    assert Path(clean.config.path).stat().st_mtime_ns == written_at

    write_benchmark(tmp_path / "b.parquet", 3)
    assert clean_replay(config, [benchmark], str(tmp_path)).identity != clean.identity
    assert read_replay(clean_replay(config, [], str(tmp_path)).config.path).num_rows == 5
    write_benchmark(tmp_path / "b.parquet", 5)
    with pytest.raises(InputError, match=r"every row of \S+ overlaps with a benchmark"):
        clean_replay(config, [benchmark], str(tmp_path))


def test_replayed_rows_are_encoded_in_their_own_words_alone(chat_model: Path, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(str(chat_model))
    rows = replay_rows(read_replay(write_rows(tmp_path / "r.parquet", 5).path), 4, 0.5, seed=1, epoch=0, window=0)
    encoded = encode_examples(rows, ChatEncoder(tokenizer, 128), instruction="")
    assert encoded.example_ids == rows["example_id"].to_pylist()
    for row, example in zip(rows.to_pylist(), encoded.encoded, strict=True):
        text = tokenizer.decode(example.input_ids)
        assert text == f"<|im_start|>user\n{row['prompt']}<|im_end|>\n<|im_start|>assistant\n{row['target']}<|im_end|>"
