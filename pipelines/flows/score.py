"""Score: base, trained and tuned model (and rivals) on the same items, and what the comparison shows.

<storage>/score-<identity>/items/         one file a task
                           predictions/   one file a model and task
                           scores.parquet
                           manifest.json
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from pipelines.flows.tune import labelled_notes
from pipelines.model.load import ModelConfig, prepare_model, weights_digest
from pipelines.scoring.benchmark_files import benchmark_items
from pipelines.scoring.config import ScoringConfig
from pipelines.scoring.items import assigned_diagnosis_items, label_items, mdm_likelihood_items
from pipelines.scoring.ray_predict import predict
from pipelines.scoring.statistics import score_table
from pipelines.stage.output import StageOutput, file_digest, fingerprint, write_table
from pipelines.tuning.config import TaskConfig
from pipelines.tuning.examples import task_examples
from schemas.examples import EXAMPLES
from schemas.notes import Split
from schemas.predictions import PREDICTIONS

logger = logging.getLogger(__name__)

BASELINE = "base"


@dataclass(frozen=True, kw_only=True)
class ScoreSettings:
    """Everything that shapes the stage's output.

    Attributes:
        storage: folder that every node sees.
        instruction: that training used.
        dtype: of the weights that the models compute with.
        task: the labelled task; null for none.
        models: role → path, the baseline's role first.
    """

    storage: str
    instruction: str
    dtype: str
    task: TaskConfig | None
    scoring: ScoringConfig
    models: dict[str, str]


def rivals(config: ScoringConfig, storage: str) -> dict[str, str]:
    """Name → path of every other model to compare with."""
    return {name: prepare_model(ModelConfig(path=path), storage) for name, path in config.rivals.items()}


def score_output(settings: ScoreSettings, prepared: StageOutput) -> StageOutput:
    """The output directory of these settings and inputs, finished or not."""
    models = {role: weights_digest(path) for role, path in settings.models.items()}
    benchmarks = {source.name: file_digest(Path(source.path)) for source in settings.scoring.benchmarks}
    identity = fingerprint(
        prepared.identity, settings.instruction, settings.dtype, settings.task, settings.scoring, models, benchmarks
    )
    return StageOutput(settings.storage, "score", identity)


def score(settings: ScoreSettings, prepared: StageOutput) -> StageOutput:
    """Run the stage, or what is left of it, and return its finished output.

    Raises:
        InputError: a benchmark or a stage's output cannot be used.
        LedgerError: an item has no prediction.
    """
    output = score_output(settings, prepared)
    if output.is_complete:
        return output
    task = settings.task
    items = _items(settings, prepared)
    for name, rows in items.items():
        write_table(output.path / "items" / f"{name}.parquet", rows)
    everything = pa.concat_tables(items.values())
    logger.info("score: %d items of %d tasks, %d models", everything.num_rows, len(items), len(settings.models))
    predict(everything, settings.models, settings.dtype, settings.scoring, output.path)
    predictions = output.read("predictions", PREDICTIONS)
    scores = score_table(
        predictions,
        everything,
        settings.scoring,
        baseline=BASELINE,
        positive_labels={task.name: task.positive} if task and task.name in items else {},
    )
    write_table(output.path / "scores.parquet", scores)
    output.commit(
        config=settings,
        inputs={"prepare": prepared.identity},
        results={
            "num_items": {name: rows.num_rows for name, rows in items.items()},
            "num_predictions": predictions.num_rows,
            "models": settings.models,
            "scores": scores.num_rows,
        },
    )
    return output


def _items(settings: ScoreSettings, prepared: StageOutput) -> dict[str, pa.Table]:
    """Task → items. A task without items, such as a diagnosis that no note has, is left out."""
    config, task = settings.scoring, settings.task
    test = prepared.read(f"examples/{Split.TEST.value}", EXAMPLES)
    train_files = sorted((prepared.path / "examples" / Split.TRAIN.value).glob("*.parquet"))
    diagnoses = pl.scan_parquet(train_files).select("example_id", "diagnosis").collect().to_arrow()
    tables = [mdm_likelihood_items(test, settings.instruction, config)]
    if len(set(diagnoses["diagnosis"].drop_null().to_pylist())) > config.diagnosis.num_choices:
        tables.append(assigned_diagnosis_items(test, diagnoses, config))
    if task:
        labelled = task_examples(labelled_notes(prepared, task), task)
        held_out = labelled.filter(pa.compute.equal(labelled["split"], Split.TEST.value))
        tables.append(label_items(held_out, task.question, task.labels, config, task=task.name, system=task.system))
    tables += [benchmark_items(source, config) for source in config.benchmarks]
    return {rows["task"][0].as_py(): rows for rows in tables if rows.num_rows}
