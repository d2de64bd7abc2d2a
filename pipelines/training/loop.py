"""The training loop of one rank: steps, validation, checkpoints. Knows torch.distributed and DeepSpeed, and no Ray."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from pipelines.model.packed import Pack
from pipelines.training.checkpoint import delete_old, load, newest_verified, save
from pipelines.training.config import TrainingConfig, learning_rate_at
from pipelines.training.engine import full_state_dict, start_engine
from pipelines.training.export import export_model
from pipelines.training.state import TrainState
from pipelines.training.stream import StepPacks
from pipelines.training.validation import ValidationMetrics, likelihood_metrics, validate
from schemas.errors import InputError

LOG = "steps.jsonl"
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


Report = Callable[[dict[str, Any], Path | None], None]


def run(
    job: TrainJob,
    steps_from: Callable[[TrainState], Iterable[StepPacks]],
    validation_packs: list[Pack],
    report: Report,
) -> TrainState:
    """Train from the newest whole checkpoint, or from the start where there is none, to the end. Collective.

    Args:
        job: the run.
        steps_from: this rank's steps after a position.
        validation_packs: this rank's share; [] for no validation.
        report: called by every rank with metrics and, after a checkpoint, with its directory.

    Raises:
        CheckpointError: the run has checkpoints and none can be used.
    """
    config = job.config
    engine = start_engine(job.model_path, job.dtype, config, job.num_slots // dist.get_world_size())
    found = newest_verified(job.directory)
    state = TrainState()
    if found is not None:
        load(engine, found, job.identity)
        state = found.state
    log = _StepLog(job.directory / LOG, state.step) if dist.get_rank() == 0 else None

    if state.step == 0 and validation_packs:
        _log_validation(log, state, validate(engine, validation_packs, job.validation_metrics), report)
    if not state.finished:
        for step_packs in steps_from(state):
            started = time.perf_counter()
            state, metrics = _train_step(engine, job, state, step_packs)
            done = config.max_steps is not None and state.step >= config.max_steps
            metrics["seconds"] = time.perf_counter() - started
            if log is not None:
                log.write({"kind": "step", **metrics})
            if state.step % config.log_every_steps == 0:
                report(metrics, None)
            if done:
                break
            if state.step % config.validate_every_steps == 0 and validation_packs:
                _log_validation(log, state, validate(engine, validation_packs, job.validation_metrics), report)
            if state.step % config.checkpoint_every_steps == 0:
                _checkpoint(engine, job, state, report)
        if state.step == 0:
            raise NoTrainingExamplesError("no training example is left")
        state = replace(state, finished=True)
        _checkpoint(engine, job, state, report)
    _log_validation(log, state, validate(engine, validation_packs, job.validation_metrics), report)
    weights = full_state_dict(engine)
    if weights is not None:
        facts = {**job.lineage, "steps": state.step, "target_tokens": state.num_target_tokens}
        export_model(engine.module.causal_lm, weights, job.model_path, job.directory / EXPORT, facts)
    dist.barrier()
    return state


def _train_step(
    engine: Any, job: TrainJob, state: TrainState, step_packs: StepPacks
) -> tuple[TrainState, dict[str, Any]]:
    """One optimizer step over this rank's packs; the loss is normalised by all ranks' target tokens."""
    learning_rate = learning_rate_at(job.config, _progress(job.config, state))
    for group in engine.optimizer.param_groups:
        group["lr"] = learning_rate
    device = engine.device
    # DeepSpeed divides by the accumulation steps and averages over the ranks; undo both.
    scale = dist.get_world_size() * len(step_packs.packs) / max(step_packs.step_target_tokens, 1)
    sums = torch.zeros(3, dtype=torch.float64)  # nll, target tokens predicted right, tokens
    for pack in step_packs.packs:
        nll, correct = engine(pack.input_ids.to(device), pack.target_mask.to(device), pack.document_lengths)
        engine.backward(nll.sum() * scale)
        engine.step()
        useful = len(pack.input_ids) if pack.document_ids[0] else 0
        sums += torch.tensor([float(nll.detach().sum()), float(correct.sum()), useful], dtype=torch.float64)
    sums = sums.to(device)
    dist.all_reduce(sums)
    nll_sum, num_correct, num_tokens = sums.tolist()
    targets = step_packs.step_target_tokens
    after = replace(
        step_packs.after,
        step=state.step + 1,
        num_target_tokens=state.num_target_tokens + targets,
        num_tokens=state.num_tokens + int(num_tokens),
    )
    norm = engine.get_global_grad_norm()
    metrics = {
        "step": after.step,
        "epoch": after.epoch,
        "progress": after.progress,
        "loss": nll_sum / max(targets, 1),
        "token_accuracy": num_correct / max(targets, 1),
        "learning_rate": learning_rate,
        "num_tokens": int(num_tokens),
        "num_target_tokens": targets,
        "gradient_norm": float(norm) if norm is not None else None,  # ZeRO-0 does not tell
    }
    return after, metrics


def _progress(config: TrainingConfig, state: TrainState) -> float:
    """Share of the run that is done: of the rows, or of `max_steps` where that ends it sooner."""
    if config.max_steps is None:
        return state.progress
    return max(state.progress, state.step / config.max_steps)


def _log_validation(log: "_StepLog | None", state: TrainState, metrics: dict[str, float], report: Report) -> None:
    entry = {"step": state.step, "progress": state.progress, **metrics}
    if log is not None:
        log.write({"kind": "validation", **entry})
    report(entry, None)


def _checkpoint(engine: Any, job: TrainJob, state: TrainState, report: Report) -> None:
    path = save(engine, job.directory, state, job.identity)
    report({"step": state.step, "progress": state.progress}, path)
    if dist.get_rank() == 0:
        delete_old(job.directory, job.config.keep_checkpoints)


class _StepLog:
    """A JSON line per step and validation, cut back to the checkpoint that a resumed run starts from."""

    def __init__(self, path: Path, step: int):
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = []
        if path.exists() and step > 0:
            for line in path.read_text().splitlines():
                # A kill can leave half a line at the end.
                if line.endswith("}") and json.loads(line)["step"] <= step:
                    kept.append(line)
        path.write_text("".join(f"{line}\n" for line in kept))
        self._file = path.open("a", buffering=1)

    def write(self, entry: dict[str, Any]) -> None:
        self._file.write(json.dumps(entry) + "\n")
