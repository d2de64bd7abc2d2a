"""The retain stage: items that the final scores do not use, a sweep that can be killed, and the model that is kept."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray
import torch
from safetensors.torch import load_file

from pipelines.flows.retention import RetainSettings, _items, retain, retain_output
from pipelines.model.load import load_model
from pipelines.model.tokenizer import load_tokenizer
from pipelines.retention.config import RetentionConfig
from pipelines.scoring.benchmark_files import benchmark_items
from pipelines.scoring.config import BenchmarkSource, ScoringConfig
from pipelines.scoring.ray_predict import predictions_path
from pipelines.scoring.scorer import Scorer
from pipelines.stage.output import StageOutput, write_table
from schemas.benchmarks import BENCHMARK_ITEMS
from schemas.errors import ConfigError, InputError
from schemas.examples import EXAMPLES
from schemas.notes import Split

PROMPT = "She has fever and cough for {} days."
TARGET = "Pneumonia and sepsis are considered."
MAX_ITEMS = 12


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(address="local", num_cpus=3, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def finetuned(chat_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chat model after some steps on the examples' target: better at that, worse at every other text."""
    directory = tmp_path_factory.mktemp("finetuned") / "model"
    shutil.copytree(chat_model, directory)
    model, tokenizer = load_model(str(chat_model), "float32", "sdpa"), load_tokenizer(str(chat_model))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    ids = tokenizer(PROMPT.format(3) + TARGET, return_tensors="pt")["input_ids"]
    for _ in range(30):
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(directory)
    return directory


@pytest.fixture
def prepared(tmp_path: Path) -> StageOutput:
    output = StageOutput(tmp_path, "prepare", "0" * 12)
    for split in Split:
        rows = [
            {
                "example_id": f"{split.value}-{index}",
                "note_id": f"{split.value}-{index}",
                "patient_id": f"{split.value}-{index}",
                "split": split.value,
                "system": "",
                "prompt": PROMPT.format(index),
                "target": TARGET,
                "sections": [],
                "diagnosis": None,
                "diagnosis_code": None,
                "source_file": "notes.parquet",
                "source_row": index,
            }
            for index in range(MAX_ITEMS)
        ]
        write_table(
            output.path / "examples" / split.value / "rows.parquet", pa.Table.from_pylist(rows, schema=EXAMPLES)
        )
    output.commit(config={}, inputs={}, results={})
    return output


@pytest.fixture
def settings(chat_model: Path, finetuned: Path, tmp_path: Path) -> RetainSettings:
    """Settings with a benchmark of 30 items on 15 passages."""
    constants = {"task": "general", "kind": "likelihood", "system": "", "instruction": "", "answer_prefix": ""}
    rows = [
        {"item_id": str(index), "prompt": f"Item {index}.", "choices": None, "answer": f"Start heparin, {index}."}
        | {"group_id": str(index // 2), **constants}
        for index in range(30)
    ]
    benchmark = tmp_path / "general.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS), benchmark)
    return RetainSettings(
        storage=str(tmp_path),
        instruction="",
        dtype="float32",
        task=None,
        scoring=ScoringConfig(
            max_items_per_task=MAX_ITEMS,
            max_item_tokens=128,
            batch_tokens=512,
            num_bootstrap=1000,
            benchmarks=[BenchmarkSource(name="general", path=str(benchmark), format="items")],
        ),
        retention=RetentionConfig(
            task="mdm/nll_per_token", probe="general/nll_per_token", max_probe_loss=0.5, alphas=[0.4]
        ),
        origin=str(chat_model),
        finetuned=str(finetuned),
    )


def changed(settings: RetainSettings, **values: Any) -> RetainSettings:
    """The settings with other ones in the retention section or in scoring's number of items."""
    max_items = values.pop("max_items_per_task", MAX_ITEMS)
    return replace(
        settings,
        retention=replace(settings.retention, **values),
        scoring=replace(settings.scoring, max_items_per_task=max_items),
    )


@pytest.mark.slow
@pytest.mark.cluster
def test_the_sweep_keeps_one_model_and_goes_on_after_a_kill(
    cluster: None, settings: RetainSettings, prepared: StageOutput
) -> None:
    output = retain_output(settings, prepared)
    for name in ("mdm", "general"):  # as if it had been killed before it came to the mixture
        end = Scorer("alpha-1", settings.finetuned, "float32", settings.scoring).score(_items(name, settings, prepared))
        write_table(predictions_path(output.path, "alpha-1", name), end)
    scored = {path: path.stat().st_mtime_ns for path in output.files("predictions")}
    retain(settings, prepared)
    results = output.manifest()["results"]
    assert {path: path.stat().st_mtime_ns for path in scored} == scored
    origin, middle, end = results["points"]
    assert [point["alpha"] for point in results["points"]] == [0.0, 0.4, 1.0]
    assert origin["task"]["change"] == 0.0
    assert end["task"]["change"] > middle["task"]["change"] > 0, "it was trained on the task"
    assert end["probe"]["change"] < -0.5 < middle["probe"]["ci_low"], "and has forgotten the rest"
    assert results["alpha"] == 0.4
    weights = [load_file(Path(path) / "model.safetensors") for path in (settings.origin, settings.finetuned)]
    for name, kept in load_file(output.path / "model" / "model.safetensors").items():
        torch.testing.assert_close(kept, 0.6 * weights[0][name] + 0.4 * weights[1][name])
    assert sorted(path.name for path in output.path.iterdir()) == sorted(
        ["items", "predictions", "scores.parquet", "frontier.html", "model", "manifest.json"]
    )
    page = (output.path / "frontier.html").read_text()
    assert "α = 0.4" in page
    assert "mdm/nll_per_token" in page
    assert TARGET not in page + json.dumps(output.manifest())

    final = benchmark_items(settings.scoring.benchmarks[0], settings.scoring)
    used = pq.read_table(output.path / "items" / "general.parquet")
    assert used.num_rows
    assert not {*used["group_id"].to_pylist()} & {*final["group_id"].to_pylist()}
    patients = pq.read_table(output.path / "items" / "mdm.parquet")["group_id"].to_pylist()
    assert all(patient.startswith("validation-") for patient in patients)

    (output.path / "manifest.json").unlink()  # as if it had been killed once more, while it wrote the model
    shutil.rmtree(output.path / "model")
    (output.path / "scratch" / "alpha-0.4").mkdir(parents=True)
    assert retain(settings, prepared).manifest()["results"] == results
    assert not (output.path / "scratch").exists()
    assert (output.path / "model" / "README.md").is_file()


def test_a_task_or_metric_that_scoring_does_not_have_is_refused_before_any_work(
    settings: RetainSettings, prepared: StageOutput
) -> None:
    with pytest.raises(ConfigError, match=r"no task 'arrest': give one of mdm, assigned_diagnosis, general"):
        retain(changed(settings, probe="arrest/accuracy"), prepared)
    with pytest.raises(ConfigError, match=r"'general/accuracy' is no metric of its task: give one of nll_per_token"):
        retain(changed(settings, probe="general/accuracy"), prepared)


def test_a_benchmark_of_which_nothing_is_left_over_is_refused(settings: RetainSettings, prepared: StageOutput) -> None:
    with pytest.raises(InputError, match=r"use all 30 rows of benchmark 'general': lower scoring\.max_items_per_task"):
        retain(changed(settings, max_items_per_task=30), prepared)


def test_the_output_is_of_its_own_inputs_alone(settings: RetainSettings, prepared: StageOutput) -> None:
    identity = retain_output(settings, prepared).identity
    another = BenchmarkSource(name="unused", path="absent.parquet", format="items")
    more = replace(settings, scoring=replace(settings.scoring, benchmarks=[*settings.scoring.benchmarks, another]))
    assert retain_output(more, prepared).identity == identity, "a benchmark that it does not use"
    assert retain_output(replace(settings, finetuned=settings.origin), prepared).identity != identity
    assert retain_output(changed(settings, max_probe_loss=0.1), prepared).identity != identity
