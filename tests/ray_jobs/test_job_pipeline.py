"""The pipeline to its end, undisturbed and killed in every stage: the end is the same."""

import json
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from miniature import Job, write_config

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

# What is there once a stage is under way, and its manifest is not.
UNDER_WAY = {
    "prepare": "prepare-*/ledger/*.parquet",
    "train": "train-*/run/checkpoint_*/manifest.json",
    "tune": "tune-*/trial-*/steps.jsonl",
    "score": "score-*/predictions/*.parquet",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pipeline")


@pytest.fixture(scope="module")
def undisturbed(root: Path) -> Path:
    """Storage of a run that nothing happened to."""
    Job("pipeline", ["--config", str(write_config(root))], root / "undisturbed.log").finish()
    return root / "storage"


def manifest(storage: Path, stage: str) -> dict[str, Any]:
    (path,) = storage.glob(f"{stage}-*/manifest.json")
    return json.loads(path.read_text())


def final_ledger(storage: Path) -> pl.DataFrame:
    """All outcomes of all rows, in an order that only they decide."""
    files = sorted([*storage.glob("prepare-*/ledger/*.parquet"), *storage.glob("train-*/ledger/*.parquet")])
    ledger = pl.concat([pl.read_parquet(path) for path in files])
    return ledger.sort(ledger.columns)


def predictions(storage: Path) -> pl.DataFrame:
    """Which item each model answered on each task."""
    files = sorted(storage.glob("score-*/predictions/*.parquet"))
    return pl.concat([pl.read_parquet(path) for path in files]).select("model", "task", "item_id")


def steps_logged(storage: Path) -> list[int]:
    (log,) = storage.glob("train-*/run/steps.jsonl")
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    return [entry["step"] for entry in entries if entry["kind"] == "step"]


def test_the_pipeline_ends_with_a_report_and_every_row_accounted_for(undisturbed: Path, root: Path) -> None:
    (page,) = undisturbed.glob("report-*/*.html")
    assert str(page) in (root / "undisturbed.log").read_text()
    num_rows = sum(pl.read_parquet(path).height for path in (root / "demo" / "notes").glob("*.parquet"))
    for stage in ("prepare", "train"):
        assert sum(manifest(undisturbed, stage)["results"]["final_buckets"].values()) == num_rows
    answered = predictions(undisturbed)
    assert answered.height == answered.unique().height == manifest(undisturbed, "score")["results"]["num_predictions"]
    assert set(answered["model"]) == {"base", "trained", "tuned"}
    assert (undisturbed.parent / manifest(undisturbed, "tune")["results"]["model"] / "config.json").is_file()


def test_a_finished_pipeline_is_not_run_again(undisturbed: Path, root: Path) -> None:
    def written() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in undisturbed.glob("*/manifest.json")}

    before, started = written(), time.monotonic()
    Job("pipeline", ["--config", str(root / "miniature.yaml")], root / "again.log").finish()
    assert time.monotonic() - started < 60
    assert written() == before
    assert len(before) == len(UNDER_WAY) + 1, "these, and the selection that prepare runs"


def test_a_run_killed_in_every_stage_ends_like_an_undisturbed_one(undisturbed: Path, root: Path) -> None:
    storage = root / "killed"
    argv = ["--config", str(root / "miniature.yaml"), "--storage", str(storage)]
    for stage, sign in UNDER_WAY.items():
        job = Job("pipeline", argv, root / f"killed-in-{stage}.log")
        job.kill_once_there(storage, sign)
        assert not list(storage.glob(f"{stage}-*/manifest.json")), f"{stage} ended before it could be killed"
    Job("pipeline", argv, root / "resumed.log").finish()

    assert final_ledger(storage).equals(final_ledger(undisturbed))
    for stage in ("prepare", "train"):
        results, expected = (manifest(folder, stage)["results"] for folder in (storage, undisturbed))
        assert results["final_buckets"] == expected["final_buckets"]
    assert manifest(storage, "train")["results"]["target_tokens"] == expected["target_tokens"]
    assert steps_logged(storage) == list(range(1, expected["steps"] + 1)), "each step once"
    answered = predictions(storage)
    assert answered.unique().height == answered.height, "no prediction is there twice"
    assert answered.sort(answered.columns).equals(predictions(undisturbed).sort(answered.columns))
    assert len(list(storage.glob("report-*/*.html"))) == 1
