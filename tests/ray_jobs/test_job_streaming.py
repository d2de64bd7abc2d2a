"""Training straight from raw notes: the same examples as through `prepare`, and no note or example on disk."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import ray
from miniature import write_config

from pipelines.flows.throughput import THROUGHPUT
from pipelines.stage.cluster import ClusterConfig, join
from ray_jobs import prepare, train
from ray_jobs.launch import launch
from schemas.ledger import LEDGER
from schemas.selection import DECISIONS, SURVEY

pytestmark = [pytest.mark.slow, pytest.mark.cluster]


@pytest.fixture(scope="module", autouse=True)
def _local_ray() -> Iterator[None]:
    join(ClusterConfig(address="local", local_cpus=10, dashboard=False))
    yield
    ray.shutdown()


def results_of_train(storage: Path) -> dict[str, Any]:
    (path,) = storage.glob("train-*/manifest.json")
    return json.loads(path.read_text())["results"]


def test_a_stream_of_raw_notes_trains_on_the_same_examples_and_leaves_none_behind(tmp_path: Path) -> None:
    argv = ["--config", str(write_config(tmp_path)), "--demo.hospital.num_patients", "40", "--training.epochs", "2"]
    launch(prepare.job, argv)
    launch(train.job, argv)
    streamed_storage = tmp_path / "streamed"
    streamed_storage.mkdir()
    # Estimates of how alike two notes are depend on the key: with the same one, both ways decide the same.
    (streamed_storage / "audit.key").write_bytes((tmp_path / "storage" / "audit.key").read_bytes())
    launch(train.job, [*argv, "--training.source", "notes", "--storage", str(streamed_storage)])

    from_examples, streamed = results_of_train(tmp_path / "storage"), results_of_train(streamed_storage)
    assert streamed["final_buckets"] == from_examples["final_buckets"]
    assert streamed["final_buckets"]["pack/accepted"] > 0
    assert sum(streamed["final_buckets"].values()) == streamed["num_rows_read"]
    # Every example's target is trained on once an epoch, however the packs fell out.
    assert streamed["target_tokens"] == from_examples["target_tokens"]

    for part in ("notes", "examples", "findings"):
        assert not list(streamed_storage.rglob(part)), f"streaming wrote {part}"
    tables = list(streamed_storage.rglob("*.parquet"))
    assert tables
    without_text = (LEDGER, SURVEY, DECISIONS, THROUGHPUT)
    assert all(any(pq.read_schema(path).equals(schema) for schema in without_text) for path in tables)
