"""Tune: the trained model learns one labelled task, in a search whose best model is kept.

<storage>/tune-<identity>/examples/<split>/   task examples as training takes them
                          trial-<id>/         a run of training each
                          search/             Ray Tune's own state
                          manifest.json
"""

import logging
from collections import Counter
from dataclasses import asdict, dataclass, replace

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.flows.pack_stream import PackerConfig, example_parts, pack_stream, remaining, windows_of_run
from pipelines.flows.training_plan import planned_training
from pipelines.model.load import weights_digest
from pipelines.packing.config import PackingConfig
from pipelines.packing.window import require_divisible
from pipelines.stage.output import StageOutput, fingerprint, write_table
from pipelines.training.config import TrainingConfig
from pipelines.training.loop import TrainJob
from pipelines.training.progress import reported
from pipelines.training.ray_train import StreamFactory, Streams
from pipelines.tuning.config import TaskConfig, TuningConfig
from pipelines.tuning.examples import sample, task_examples, training_rows, validation_rows
from pipelines.tuning.label_metrics import METRIC, LabelMetrics
from pipelines.tuning.ray_tune import search
from schemas.errors import InputError
from schemas.notes import Split

logger = logging.getLogger(__name__)

_STREAM_ACTORS = 1  # a trial's packing is light: it reads no raw notes


@dataclass(frozen=True, kw_only=True)
class TuneSettings:
    """Everything that shapes the stage's output.

    Attributes:
        storage: folder that every node sees.
        seed: of sampling and of the order of training.
        dtype: of the weights that the model computes with.
    """

    storage: str
    seed: int
    dtype: str
    packing: PackingConfig
    training: TrainingConfig
    tuning: TuningConfig


def labelled_notes(prepared: StageOutput, task: TaskConfig) -> pa.Table:
    """The safe notes' columns that task examples are made of.

    Raises:
        InputError: `prepare` has not run, or the notes lack the label column.
    """
    prepared.manifest()
    notes = pl.scan_parquet(sorted((prepared.path / "notes").glob("*.parquet")))
    if task.label_column not in notes.collect_schema().names():
        raise InputError(
            f"tuning.task.label_column: the notes have no column {task.label_column!r}: add it to ingest.carry"
        )
    columns = ["note_id", "patient_id", "split", "text", task.label_column]
    return notes.select(columns).collect().to_arrow()


def task_sides(prepared: StageOutput, config: TuningConfig) -> dict[Split, pa.Table]:
    """The task's examples by split; of training and validation, the sample that is used.

    Raises:
        InputError: the labels are missing or wrong, or a side lacks one of them.
    """
    task = config.task
    examples = task_examples(labelled_notes(prepared, task), task)
    sides = {split: examples.filter(pc.equal(examples["split"], split.value)) for split in Split}
    sides[Split.TRAIN] = sample(sides[Split.TRAIN], config.max_train_examples)
    sides[Split.VALIDATION] = sample(sides[Split.VALIDATION], config.max_validation_examples)
    for split in (Split.TRAIN, Split.VALIDATION):
        labels = set(sides[split]["label"].to_pylist())
        if labels != set(task.labels):
            raise InputError(
                f"the {split.value} split has task examples of {sorted(labels)} only, of the labels {task.labels}: "
                "give more notes, or change ingest's shares"
            )
    return sides


def tune_output(settings: TuneSettings, prepared: StageOutput, model_path: str) -> StageOutput:
    """The output directory of these settings and inputs, finished or not."""
    identity = fingerprint(
        prepared.identity,
        weights_digest(model_path),
        settings.dtype,
        settings.packing,
        _planned(settings, model_path).result_settings,
        settings.tuning,
        settings.seed,
    )
    return StageOutput(settings.storage, "tune", identity)


def tune(settings: TuneSettings, prepared: StageOutput, model_path: str) -> StageOutput:
    """Run the stage, or what is left of it, and return its finished output.

    Args:
        settings: of the stage.
        prepared: finished output of `prepare`.
        model_path: of the trained model.

    Raises:
        InputError: the labels are missing or wrong, or one side of the split has no example.
        StageError: no trial came to its end.
    """
    output = tune_output(settings, prepared, model_path)
    if output.is_complete:
        return output
    config, task = settings.tuning, settings.tuning.task
    sides = task_sides(prepared, config)
    train_side, validation_side = sides[Split.TRAIN], sides[Split.VALIDATION]
    logger.info("tune: %d examples, %d trials, %s", train_side.num_rows, config.num_trials, output.path)
    folder = output.path / "examples"
    rows = training_rows(train_side, task, balance=config.balance_labels)
    write_table(folder / Split.TRAIN.value / "task.parquet", rows)
    write_table(folder / Split.VALIDATION.value / "task.parquet", validation_rows(validation_side, task))

    training = replace(
        _planned(settings, model_path),
        source="prepared",
        epochs=config.epochs,
        max_steps=None,
        max_tokens=None,
        warmup_steps=None,
        patience=None,
        export="last",
        best_metric=METRIC,
        validate_every_steps=config.validate_every_steps,
        checkpoint_every_steps=config.validate_every_steps,
    )
    packing = replace(settings.packing, instruction=task.question)
    require_divisible(packing, config.num_workers)
    job = TrainJob(
        model_path=model_path,
        dtype=settings.dtype,
        config=training,
        num_slots=packing.packs_per_step,
        run_directory=str(output.path),
        identity=output.identity,
        validation_metrics=LabelMetrics(task.labels, task.positive),
        lineage={"task": task.name, "num_task_examples": train_side.num_rows},
    )
    with reported(output.path):
        trials = search(config, job, _streams(settings, packing, output, model_path), settings.seed)
    output.commit(
        config=settings,
        inputs={"prepare": prepared.identity, "weights": weights_digest(model_path)},
        results={
            "task": task.name,
            "labels": task.labels,
            "label_counts": {split.value: dict(Counter(side["label"].to_pylist())) for split, side in sides.items()},
            "trials": [asdict(trial) for trial in trials],
            "model": trials[0].model,
        },
    )
    return output


def _planned(settings: TuneSettings, model_path: str) -> TrainingConfig:
    """For a trial's workers, which may be fewer than training's."""
    return planned_training(
        replace(settings.training, num_workers=settings.tuning.num_workers, min_workers=None),
        storage=settings.storage,
        model_path=model_path,
        dtype=settings.dtype,
        pack_tokens=settings.packing.pack_tokens,
    )


def _streams(settings: TuneSettings, packing: PackingConfig, output: StageOutput, model_path: str) -> Streams:
    def stream(split: Split, epochs: int) -> StreamFactory:
        windows = windows_of_run(
            example_parts(output.path / "examples" / split.value), packing.window_examples, epochs, settings.seed
        )
        config = PackerConfig(
            model_path=model_path, packing=packing, seed=settings.seed, split=split, ledger_directory=None
        )
        return lambda state: pack_stream(remaining(windows, state), config, _STREAM_ACTORS)

    return Streams(
        train=stream(Split.TRAIN, settings.tuning.epochs),
        validation=stream(Split.VALIDATION, 1),
        cpus=2 * _STREAM_ACTORS + 1,
    )
