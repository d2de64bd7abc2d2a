"""Train: from prepared examples, or from raw notes in one stream, to a model directory.

<storage>/train-<identity>/run/      checkpoints, step log, exported model
                           ledger/   what packing did with each example (from notes: every stage)
                           planted_canaries/   where memorisation asks for any: a file a repeat
                           manifest.json
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.canaries.config import CanaryConfig
from pipelines.flows.pack_stream import (
    PackerConfig,
    Part,
    example_parts,
    note_parts,
    pack_stream,
    record_packed,
    remaining,
    windows_of_run,
)
from pipelines.flows.prepare import PREPARE_STAGES, prepare_config, prepare_output
from pipelines.flows.replay import CleanReplay
from pipelines.flows.select import select
from pipelines.flows.settings import PrepareSettings
from pipelines.flows.shard import PrepareConfig
from pipelines.flows.training_plan import planned_training
from pipelines.ingest.plan import IngestPlan
from pipelines.memorisation.canaries import PLANTED, write_canaries
from pipelines.memorisation.config import MemorisationConfig
from pipelines.model.load import ModelConfig, weights_digest
from pipelines.packing.config import PackingConfig
from pipelines.packing.window import EncodedWindow, require_divisible
from pipelines.stage.ledger import LedgerRows, final_buckets, reconcile
from pipelines.stage.output import StageOutput, fingerprint, write_table
from pipelines.training.config import TrainingConfig
from pipelines.training.loop import EXPORT, NoTrainingExamplesError, TrainJob
from pipelines.training.progress import reported
from pipelines.training.ray_train import Streams, fit
from schemas.errors import InputError
from schemas.ledger import LEDGER, Stage
from schemas.notes import Split

logger = logging.getLogger(__name__)

RUN = "run"


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """Everything that shapes the stage's output.

    Attributes:
        prepare: how the notes are prepared, or were, and the storage.
        seed: of the order of training.
        memorisation: what is planted beside the examples; the rest of it is the audit's.
        replay: general instructions among the training examples; null for none.
        num_actors: that pack, and prepare raw notes, while training runs, one logical CPU each.
    """

    prepare: PrepareSettings
    seed: int
    model: ModelConfig
    packing: PackingConfig
    training: TrainingConfig
    memorisation: MemorisationConfig
    num_actors: int
    replay: CleanReplay | None = None


def train_output(settings: TrainSettings, plan: IngestPlan, model_path: str) -> StageOutput:
    """The output directory of these settings and inputs, finished or not."""
    prepared = prepare_output(settings.prepare, plan)
    identity = fingerprint(
        prepared.identity,
        weights_digest(model_path),
        settings.model.dtype,
        settings.packing,
        _planned(settings, model_path).result_settings,
        settings.seed,
        settings.memorisation.planting,
        *([settings.replay.identity, settings.replay.config.rate] if settings.replay else []),
    )
    return StageOutput(settings.prepare.storage, "train", identity)


def train(settings: TrainSettings, plan: IngestPlan, model_path: str) -> StageOutput:
    """Run the stage, or what is left of it, and return its finished output.

    Args:
        settings: of the stage.
        plan: what `plan_ingest` gave for the notes.
        model_path: what `prepare_model` gave for the model to start from.

    Raises:
        InputError: there is nothing to train on, or `prepare` has not run for these settings.
        LedgerError: a row was lost or counted twice.
    """
    require_divisible(settings.packing, settings.training.num_workers)
    output = train_output(settings, plan, model_path)
    if output.is_complete:
        return output
    source = _NotesSource(settings, plan) if settings.training.source == "notes" else _PreparedSource(settings, plan)
    ledger_directory = output.path / "ledger"
    streams = _streams(settings, source, model_path, ledger_directory, _planted(settings, output.path / PLANTED))
    logger.info("train: %s", output.path)
    job = TrainJob(
        model_path=model_path,
        dtype=settings.model.dtype,
        config=_planned(settings, model_path),
        num_slots=settings.packing.packs_per_step,
        run_directory=str(output.path / RUN),
        identity=output.identity,
        lineage={"notes": plan.inputs, "num_notes": plan.num_rows, "training": repr(settings.training)},
    )
    try:
        with reported(job.directory, job.config):
            last = fit(job, streams)
    except NoTrainingExamplesError as error:
        fates = final_buckets(output.read("ledger", LEDGER))
        raise InputError(f"{error} of {plan.num_rows} notes; what became of them: {fates}") from None
    _finish_ledger(settings, source, model_path, ledger_directory)
    ledger = pa.concat_tables([source.earlier_ledger(), output.read("ledger", LEDGER)])
    counts = reconcile(ledger, plan.num_rows, [*PREPARE_STAGES, Stage.PACK])
    output.commit(
        config=settings,
        inputs={"notes": plan.inputs, "model": settings.model.path, "weights": weights_digest(model_path)},
        results={
            "num_rows_read": plan.num_rows,
            "outcomes": counts,
            "final_buckets": final_buckets(ledger),
            "steps": last.state.step,
            "tokens": last.state.num_tokens,
            "target_tokens": last.state.num_target_tokens,
            "model": str(output.path / RUN / EXPORT),
            PLANTED: settings.memorisation.planting,
        },
    )
    return output


def _planned(settings: TrainSettings, model_path: str) -> TrainingConfig:
    return planned_training(
        settings.training,
        storage=settings.prepare.storage,
        model_path=model_path,
        dtype=settings.model.dtype,
        pack_tokens=settings.packing.pack_tokens,
    )


class _PreparedSource:
    """Examples that `prepare` wrote."""

    def __init__(self, settings: TrainSettings, plan: IngestPlan):
        prepared = prepare_output(settings.prepare, plan)
        manifest = prepared.manifest()
        self._prepared = prepared
        self.prepare_config: PrepareConfig | None = None
        self.train = example_parts(prepared.path / "examples" / Split.TRAIN.value)
        self.validation = example_parts(prepared.path / "examples" / Split.VALIDATION.value)
        if not self.train:
            raise InputError(
                f"no training example is left of {plan.num_rows} notes; what became of them: "
                f"{manifest['results']['outcomes']}"
            )

    def earlier_ledger(self) -> pa.Table:
        return self._prepared.read("ledger", LEDGER)

    def ledger_of_validation(self, ledger_directory: Path) -> Path | None:
        return ledger_directory

    def record_held_out(self, ledger_directory: Path) -> None:
        """Record that examples of the test split are held out; no stream reads them."""
        for part in example_parts(self._prepared.path / "examples" / Split.TEST.value):
            assert part.file is not None
            examples = pq.read_table(part.file, partitioning=None)
            ledger = LedgerRows()
            record_packed(ledger, examples, EncodedWindow([], [], {}))
            write_table(ledger_directory / part.name, ledger.table())


class _NotesSource:
    """Raw notes, prepared on the way to the workers; beside what `select` writes, nothing but the ledger is written.

    The examples never stand together in one place, so they are not tested for leakage: `prepare` does that, which any
    scoring on the held-out notes needs.
    """

    def __init__(self, settings: TrainSettings, plan: IngestPlan):
        prepare = settings.prepare
        config = prepare_config(prepare, plan, select(prepare, plan))
        # The trial of the screen belongs to prepare, which says what came of it.
        self.prepare_config: PrepareConfig | None = replace(config, canaries=CanaryConfig())
        self.train = note_parts(plan.shards)
        self.validation = self.train

    def earlier_ledger(self) -> pa.Table:
        return LEDGER.empty_table()

    def ledger_of_validation(self, ledger_directory: Path) -> Path | None:
        return None  # the training stream accounts for every row of a shard, whatever its split

    def record_held_out(self, ledger_directory: Path) -> None:
        """Nothing to do: the training stream has recorded them."""


_Source = _PreparedSource | _NotesSource


def _packer(
    settings: TrainSettings, source: _Source, model_path: str, split: Split, ledger: Path | None
) -> PackerConfig:
    return PackerConfig(
        model_path=model_path,
        packing=settings.packing,
        seed=settings.seed,
        split=split,
        ledger_directory=ledger,
        prepare=source.prepare_config,
        replay=settings.replay.config if settings.replay and split is Split.TRAIN else None,
    )


def _planted(settings: TrainSettings, directory: Path) -> list[Part]:
    """Parts of canaries, written to the directory; each repeat falls into a window of its own choice."""
    if settings.memorisation.planting is None:
        return []
    write_canaries(settings.memorisation, settings.prepare.splitting.system, directory)
    return [replace(part, is_planted=True) for part in example_parts(directory)]


def _streams(
    settings: TrainSettings, source: _Source, model_path: str, ledger_directory: Path, planted: list[Part]
) -> Streams:
    window_examples = settings.packing.window_examples
    windows = windows_of_run([*source.train, *planted], window_examples, settings.training.epochs, settings.seed)
    validation = windows_of_run(source.validation, window_examples, 1, settings.seed)
    train_packer = _packer(settings, source, model_path, Split.TRAIN, ledger_directory)
    validation_packer = _packer(
        settings, source, model_path, Split.VALIDATION, source.ledger_of_validation(ledger_directory)
    )
    num_actors = settings.num_actors
    return Streams(
        train=lambda state: pack_stream(remaining(windows, state), train_packer, num_actors),
        validation=lambda _: pack_stream(validation, validation_packer, num_actors),
        cpus=2 * num_actors + 1,
    )


def _finish_ledger(settings: TrainSettings, source: _Source, model_path: str, ledger_directory: Path) -> None:
    """Account for the rows that training did not need to read, because it ended at `max_steps`."""
    source.record_held_out(ledger_directory)
    validation_ledger = source.ledger_of_validation(ledger_directory)
    pending: Sequence[tuple[Split, list[Part]]] = [
        (Split.TRAIN, source.train),
        (Split.VALIDATION, source.validation if validation_ledger else []),
    ]
    for split, parts in pending:
        missing = [part for part in parts if not (ledger_directory / part.name).exists()]
        if not missing:
            continue
        windows = windows_of_run(missing, settings.packing.window_examples, 1, settings.seed)
        packer = _packer(settings, source, model_path, split, ledger_directory)
        for _ in pack_stream(windows, packer, settings.num_actors).iter_batches(batch_size=None):
            pass  # the ledger is what it is run for
