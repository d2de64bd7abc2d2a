"""The training loop of one rank: steps, validation, checkpoints. Knows torch.distributed and DeepSpeed, and no Ray."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch.distributed as dist

from pipelines.model.packed import Pack
from pipelines.training.best import has_run_out, with_validation
from pipelines.training.checkpoint import agreed_newest_verified, checkpoint_at, load, weights_of
from pipelines.training.checkpoint_writer import CheckpointWriter
from pipelines.training.config import TrainingConfig
from pipelines.training.engine import full_state_dict, start_engine
from pipelines.training.export import export_model
from pipelines.training.reshard import load_resharded, resharded
from pipelines.training.state import TrainState
from pipelines.training.step import train_step
from pipelines.training.step_log import LOG, StepLog
from pipelines.training.stream import StepPacks
from pipelines.training.validation import ValidationMetrics, likelihood_metrics, validate
from schemas.errors import CheckpointError, InputError

EXPORT = "model"


class NoTrainingExamplesError(InputError):
    """The stream ended before the first step."""


@dataclass(frozen=True, kw_only=True)
class TrainJob:
    """Everything that one run of training is.

    Attributes:
        model_path: what to start from.
        dtype: "float32" or "bfloat16".
        config: settings.
        num_slots: packs of a step over all workers.
        run_directory: for checkpoints, the step log and the exported model; the same path on every node.
        identity: of the run's settings and inputs; a checkpoint of another identity is refused.
        validation_metrics: from validation scores to metrics.
        lineage: facts for the model card.
    """

    model_path: str
    dtype: str
    config: TrainingConfig
    num_slots: int
    run_directory: str
    identity: str
    validation_metrics: ValidationMetrics = likelihood_metrics
    lineage: Mapping[str, Any] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """`run_directory` as a path."""
        return Path(self.run_directory)


Report = Callable[[dict[str, Any]], None]


def run(
    job: TrainJob,
    steps_from: Callable[[TrainState], Iterable[StepPacks]],
    validation_packs: list[Pack],
    report: Report,
    is_preempted: Callable[[], bool] = lambda: False,
) -> TrainState:
    """Train from the newest whole checkpoint, or from the start where there is none, to the end. Collective.

    Args:
        job: the run.
        steps_from: this rank's steps after a position.
        validation_packs: this rank's share; [] for no validation.
        report: called by every rank with metrics.
        is_preempted: whether a machine of the run is about to be taken away, so that a checkpoint must be written now;
            called by every rank after each step, and true for all of them or none.

    Raises:
        CheckpointError: the run has checkpoints and none can be used, or one could not be written.
    """
    config = job.config
    engine, state = _resumed(job)
    writer = CheckpointWriter(job.directory, job.identity, config.keep_checkpoints)
    validated_step = -1
    log = StepLog(job.directory / LOG, state.step) if dist.get_rank() == 0 else None

    def validated(state: TrainState) -> TrainState:
        metrics = validate(engine, validation_packs, job.validation_metrics)
        entry = {"step": state.step, "progress": state.progress, **metrics}
        if log is not None:
            log.write({"kind": "validation", **entry})
        report(entry)
        nonlocal validated_step
        validated_step = state.step
        return with_validation(config, state, metrics)

    def checkpointed(state: TrainState, *, at_once: bool) -> None:
        writer.wait()
        writer.save(engine, state, state.best_step if config.export == "best" else None)
        if at_once:
            writer.wait()

    if state.step == 0 and validation_packs:
        validated(state)
    if not state.finished:
        for step_packs, data_wait_s in _timed(steps_from(state)):
            started = time.perf_counter()
            state, metrics = train_step(engine, config, state, step_packs)
            metrics |= {"seconds": time.perf_counter() - started, "data_wait_seconds": data_wait_s}
            if log is not None:
                log.write({"kind": "step", **metrics})
            if state.step % config.log_every_steps == 0:
                report(metrics)
            if has_run_out(config, state):
                break
            is_best = False
            if state.step % config.validate_every_steps == 0 and validation_packs:
                state = validated(state)
                is_best = config.export == "best" and state.best_step == state.step
            has_notice = is_preempted()
            if is_best or has_notice or state.step % config.checkpoint_every_steps == 0:
                checkpointed(state, at_once=has_notice)
            if has_run_out(config, state):
                break
        if state.step == 0:
            raise NoTrainingExamplesError("no training example is left")
        if validated_step != state.step:
            state = validated(state)
        state = replace(state, finished=True)
        checkpointed(state, at_once=True)
    else:
        validated(state)  # a tuner that restarted this run has not seen its last metrics
    _export(engine, job, state)
    return state


def _timed(steps: Iterable[StepPacks]) -> Iterator[tuple[StepPacks, float]]:
    """Steps with the seconds that this rank waited for each."""
    started = time.perf_counter()
    for step_packs in steps:
        yield step_packs, time.perf_counter() - started
        started = time.perf_counter()


def _resumed(job: TrainJob) -> tuple[Any, TrainState]:
    """The engine and the state of the newest whole checkpoint, whatever number of workers wrote it. Collective."""
    found = agreed_newest_verified(job.directory)
    if found is not None and found.run_identity != job.identity:
        raise CheckpointError(f"{found.path} belongs to a run with other settings: train into another storage")
    world_size = dist.get_world_size()
    # ZeRO-0 keeps everything on every worker: its checkpoints fit any number of them as they are.
    is_foreign = found is not None and found.world_size != world_size and job.config.options.zero_stage > 0
    engine = start_engine(job.model_path, job.dtype, job.config, job.num_slots // world_size, from_universal=is_foreign)
    if found is None:
        return engine, TrainState()
    if is_foreign:
        load_resharded(engine, resharded(found))
    else:
        load(engine, found.path)
    return engine, found.state


def _export(engine: Any, job: TrainJob, state: TrainState) -> None:
    """Export the last weights, or the best ones. Collective."""
    facts = {**job.lineage, "steps": state.step, "target_tokens": state.num_target_tokens}
    if job.config.export == "best" and state.best_step != state.step:
        facts |= {"exported_step": state.best_step, job.config.best_metric: state.best_value}
        dtype = engine.module.causal_lm.dtype
        weights = weights_of(checkpoint_at(job.directory, state.best_step), dtype) if dist.get_rank() == 0 else None
    else:
        weights = full_state_dict(engine)
    if weights is not None:
        export_model(engine.module.causal_lm, weights, job.model_path, job.directory / EXPORT, facts)
    dist.barrier()
