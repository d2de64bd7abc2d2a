"""Retain: of the models between two, the one that gains on a task without losing more of a probe than is put up with.

<storage>/retain-<identity>/items/         task's and probe's items: of validation patients, or rows left over
                            predictions/   one file an alpha and task
                            scores.parquet
                            frontier.html
                            model/         the chosen one
                            manifest.json

A mixture lies in `scratch/` only while it is scored, so that a sweep needs room for one. The chosen one is made again.
"""

import logging
import math
import shutil
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.flows.tune import labelled_notes
from pipelines.model.load import weights_digest
from pipelines.reporting.frontier import render_frontier
from pipelines.retention.config import RetentionConfig, measure
from pipelines.retention.frontier import Point, choose, frontier, role_of
from pipelines.retention.interpolate import interpolate
from pipelines.retention.weights import local_directory
from pipelines.scoring.benchmark_files import benchmark_items
from pipelines.scoring.config import BenchmarkSource, ScoringConfig
from pipelines.scoring.items import (
    DIAGNOSIS_TASK,
    MDM_TASK,
    assigned_diagnosis_items,
    label_items,
    mdm_likelihood_items,
)
from pipelines.scoring.metrics import task_metrics
from pipelines.scoring.ray_predict import predict, predictions_path
from pipelines.scoring.statistics import score_table
from pipelines.stage.output import StageOutput, file_digest, fingerprint, write_atomically, write_table
from pipelines.tuning.config import TaskConfig
from pipelines.tuning.examples import task_examples
from schemas.errors import ConfigError, InputError
from schemas.examples import EXAMPLES
from schemas.notes import Split
from schemas.predictions import PREDICTIONS

logger = logging.getLogger(__name__)

_SCRATCH = "scratch"


@dataclass(frozen=True, kw_only=True)
class RetainSettings:
    """Everything that shapes the stage's output.

    Attributes:
        storage: folder that every node sees.
        instruction: that training used.
        dtype: of the weights that the models compute with.
        task: the labelled task; null for none.
        origin: path of the model whose abilities are to be kept.
        finetuned: path of the model that has gained.
    """

    storage: str
    instruction: str
    dtype: str
    task: TaskConfig | None
    scoring: ScoringConfig
    retention: RetentionConfig
    origin: str
    finetuned: str


def retain_output(settings: RetainSettings, prepared: StageOutput) -> StageOutput:
    """The output directory of these settings and inputs, finished or not."""
    benchmarks = {source.name: file_digest(Path(source.path)) for source in _benchmarks(settings)}
    identity = fingerprint(
        prepared.identity,
        settings.instruction,
        settings.dtype,
        settings.task,
        replace(settings.scoring, benchmarks=_benchmarks(settings), rivals={}),
        settings.retention,
        weights_digest(settings.origin),
        weights_digest(settings.finetuned),
        benchmarks,
    )
    return StageOutput(settings.storage, "retain", identity)


def retain(settings: RetainSettings, prepared: StageOutput) -> StageOutput:
    """Run the stage, or what is left of it, and return its finished output. Needs a Ray cluster that was joined.

    Raises:
        ConfigError: the task or the probe is none that scoring has.
        InputError: there are no items, a metric is undefined, or a stage's output cannot be used.
        CheckpointError: the two models are not of one family.
        LedgerError: an item has no prediction.
    """
    output = retain_output(settings, prepared)
    if output.is_complete:
        return output
    config = settings.retention
    items = {name: _items(name, settings, prepared) for name in _tasks(config)}
    directions = {setting: _higher_is_better(setting, items, settings) for setting in (config.task, config.probe)}
    for name, rows in items.items():
        write_table(output.path / "items" / f"{name}.parquet", rows)
    everything = pa.concat_tables(items.values())
    logger.info("retain: %d items, alphas %s, %s", everything.num_rows, config.points, output.path)
    _score_mixtures(settings, everything, output)
    scores = score_table(
        output.read("predictions", PREDICTIONS),
        everything,
        settings.scoring,
        baseline=role_of(0),
        positive_labels=_positive_labels(settings, items),
    )
    write_table(output.path / "scores.parquet", scores)
    points = frontier(scores, config, directions)
    chosen = choose(points, config.max_probe_loss)
    if chosen.alpha == 0:
        logger.warning("retain: no mixture gains and is shown to keep the probe; the origin is kept as it is")
    model = output.path / "model"
    interpolate(local_directory(settings.origin), local_directory(settings.finetuned), chosen.alpha, model)
    results = {
        "task": config.task,
        "probe": config.probe,
        "max_probe_loss": config.max_probe_loss,
        "origin": config.origin,
        "finetuned": config.finetuned,
        "points": [_document(point, config.max_probe_loss) for point in points],
        "alpha": chosen.alpha,
        "num_items": {name: rows.num_rows for name, rows in items.items()},
        "model": str(model),
    }
    write_atomically(output.path / "frontier.html", render_frontier(results).encode())
    output.commit(
        config=settings,
        inputs={
            "prepare": prepared.identity,
            "origin": weights_digest(settings.origin),
            "finetuned": weights_digest(settings.finetuned),
        },
        results=results,
    )
    return output


def _score_mixtures(settings: RetainSettings, items: pa.Table, output: StageOutput) -> None:
    """Predictions of every mixture; those that are there are not made again."""
    scratch = output.path / _SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed run left
    tasks = pc.unique(items["task"]).to_pylist()
    ends = {0.0: settings.origin, 1.0: settings.finetuned}
    for alpha in settings.retention.points:
        role = role_of(alpha)
        if all(predictions_path(output.path, role, task).is_file() for task in tasks):
            continue
        model = ends.get(alpha) or str(scratch / role)
        if alpha not in ends:
            interpolate(local_directory(settings.origin), local_directory(settings.finetuned), alpha, Path(model))
        logger.info("retain: alpha %g", alpha)
        predict(items, {role: model}, settings.dtype, settings.scoring, output.path)
        shutil.rmtree(scratch, ignore_errors=True)


def _tasks(config: RetentionConfig) -> list[str]:
    return list(dict.fromkeys(measure(setting)[0] for setting in (config.task, config.probe)))


def _benchmarks(settings: RetainSettings) -> list[BenchmarkSource]:
    """Those that are asked for: another benchmark's file is none of this stage's business."""
    return [source for source in settings.scoring.benchmarks if source.name in _tasks(settings.retention)]


def _items(name: str, settings: RetainSettings, prepared: StageOutput) -> pa.Table:
    """Items of one task that the final scores do not use.

    Raises:
        ConfigError: there is no such task.
        InputError: it has no such items.
    """
    config, task = settings.scoring, settings.task
    sources = {source.name: source for source in _benchmarks(settings)}
    if name in sources:
        return _left_over(sources[name], config)
    validation = prepared.read(f"examples/{Split.VALIDATION.value}", EXAMPLES)
    if name == MDM_TASK:
        items = mdm_likelihood_items(validation, settings.instruction, config)
    elif name == DIAGNOSIS_TASK:
        train_files = sorted((prepared.path / "examples" / Split.TRAIN.value).glob("*.parquet"))
        diagnoses = pl.scan_parquet(train_files).select("diagnosis").collect().to_arrow()
        items = assigned_diagnosis_items(validation, diagnoses, config)
    elif task and name == task.name:
        labelled = task_examples(labelled_notes(prepared, task), task)
        held_out = labelled.filter(pc.equal(labelled["split"], Split.VALIDATION.value))
        items = label_items(held_out, task.question, task.labels, config, task=name, system=task.system)
    else:
        known = [MDM_TASK, DIAGNOSIS_TASK, *([task.name] if task else []), *(b.name for b in config.benchmarks)]
        raise ConfigError(f"retention: there is no task {name!r}: give one of {', '.join(known)}")
    if not items.num_rows:
        raise InputError(f"retention: the validation split has no item of task {name!r}: raise its share in ingest")
    return items


def _left_over(source: BenchmarkSource, config: ScoringConfig) -> pa.Table:
    """Rows of a benchmark that come after those of the final scores, of passages that these do not ask about."""
    ordered = benchmark_items(source, replace(config, max_items_per_task=sys.maxsize))
    final, rest = ordered.slice(0, config.max_items_per_task), ordered.slice(config.max_items_per_task)
    rest = rest.filter(pc.invert(pc.is_in(rest["group_id"], pc.unique(final["group_id"]))))
    if not rest.num_rows:
        raise InputError(
            f"retention: the final scores use all {ordered.num_rows} rows of benchmark {source.name!r}: lower "
            "scoring.max_items_per_task, so that some are left over to choose a model by"
        )
    return rest.slice(0, config.max_items_per_task)


def _positive_labels(settings: RetainSettings, items: dict[str, pa.Table]) -> dict[str, str]:
    task = settings.task
    return {task.name: task.positive} if task and task.name in items else {}


def _higher_is_better(setting: str, items: dict[str, pa.Table], settings: RetainSettings) -> bool:
    """A metric's direction.

    Raises:
        ConfigError: the task has no such metric, or it is a description and no merit.
    """
    task, name = measure(setting)
    metrics = task_metrics(items[task], _positive_labels(settings, items).get(task)).metrics
    directions = {metric.name: metric.higher_is_better for metric in metrics if metric.higher_is_better is not None}
    if name not in directions:
        raise ConfigError(f"retention: {setting!r} is no metric of its task: give one of {', '.join(directions)}")
    return directions[name]


def _document(point: Point, max_probe_loss: float) -> dict[str, Any]:
    """A point as JSON takes it: bounds that are not known are null."""
    document = asdict(point) | {"keeps_probe": point.keeps(max_probe_loss)}
    for change in (document["task"], document["probe"]):
        for name, value in change.items():
            change[name] = value if math.isfinite(value) else None
    return document
