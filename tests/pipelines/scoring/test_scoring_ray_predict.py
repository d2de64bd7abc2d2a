import dataclasses
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray

from pipelines.scoring.config import ScoringConfig
from pipelines.scoring.ray_predict import _ScorerActor, _write, predict, predictions_path
from pipelines.scoring.scorer import Scorer
from schemas.benchmarks import BENCHMARK_ITEMS
from schemas.errors import ConfigError, LedgerError, StageError
from schemas.predictions import PREDICTIONS

CONFIG = ScoringConfig(max_item_tokens=256, batch_tokens=512, num_actors=2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(address="local", num_cpus=3, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def items() -> pa.Table:
    rows: list[dict[str, Any]] = [
        {
            "item_id": str(index),
            "task": task,
            "kind": "multiple_choice",
            "system": "",
            "prompt": f"Fever on day {index}.",
            "instruction": "Sepsis?",
            "answer_prefix": "",
            "choices": ["yes", "no"],
            "answer": "no",
            "group_id": str(index),
        }
        for task in ("arrest", "sepsis")
        for index in range(70)
    ]
    return pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS)


@pytest.mark.cluster
def test_predictions_match_items_and_a_killed_run_does_the_rest(
    cluster: None, tiny_model: Path, tmp_path: Path
) -> None:
    table = items()
    files = predict(table, {"base": str(tiny_model)}, "float32", CONFIG, tmp_path)
    assert files == [predictions_path(tmp_path, "base", task) for task in ("arrest", "sepsis")]
    found = pq.read_table(files[1])
    assert found["item_id"].to_pylist() == [str(index) for index in range(70)]
    alone = Scorer("base", str(tiny_model), "float32", CONFIG).score(table.slice(70))
    for ours, theirs in zip(found.to_pylist(), alone.to_pylist(), strict=True):
        assert ours["choice_loglikelihoods"] == pytest.approx(theirs["choice_loglikelihoods"], abs=1e-4)
        assert ours["prompt_sha256"] == theirs["prompt_sha256"]

    files[1].unlink()  # as if the run had been killed before its second task
    written_at = files[0].stat().st_mtime_ns
    one_actor = dataclasses.replace(CONFIG, num_actors=1)
    predict(table, {"base": str(tiny_model)}, "float32", one_actor, tmp_path)
    assert pq.read_table(files[1])["item_id"].to_pylist() == [str(index) for index in range(70)]
    assert files[0].stat().st_mtime_ns == written_at
    # Everything is there: not even a model that does not exist is loaded.
    assert predict(table, {"base": "nowhere"}, "float32", CONFIG, tmp_path) == files


def test_failures_carry_no_text_of_the_items(tiny_model: Path) -> None:
    actor = _ScorerActor("base", str(tiny_model), "float32", CONFIG)
    broken = items().slice(0, 4).drop_columns(["instruction"])  # the scorer will stumble over the first row
    with pytest.raises(StageError) as caught:
        actor(broken)
    shown = "".join(traceback.format_exception(caught.value))
    assert "failed with KeyError at the batch that starts with item arrest/0" in shown
    assert "Fever" not in shown


def test_a_model_that_cannot_take_the_items_is_refused_before_actors_start(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="made for 1024"):
        predict(items(), {"base": str(tiny_model)}, "float32", ScoringConfig(), tmp_path)


def test_names_must_make_file_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="model name 'a/b'"):
        predict(items(), {"a/b": "x"}, "float32", CONFIG, tmp_path)


def test_a_lost_prediction_stops_the_run(tmp_path: Path) -> None:
    rows = [dict.fromkeys(PREDICTIONS.names) | {"item_id": "1"}]
    with pytest.raises(LedgerError, match="2 items in, 1 predictions out"):
        _write(rows, ["1", "2"], tmp_path / "base-arrest.parquet")
    assert not list(tmp_path.iterdir())
