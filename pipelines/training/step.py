"""One optimizer step over this rank's packs. The loss is normalised by all ranks' target tokens."""

from dataclasses import replace
from typing import Any

import torch
import torch.distributed as dist

from pipelines.training.config import TrainingConfig
from pipelines.training.schedule import learning_rate_at, run_progress
from pipelines.training.state import TrainState
from pipelines.training.stream import StepPacks
from pipelines.training.update_check import as_metrics, first_update


def train_step(
    engine: Any, config: TrainingConfig, state: TrainState, step_packs: StepPacks
) -> tuple[TrainState, dict[str, Any]]:
    """Take one step. Collective.

    Args:
        engine: DeepSpeed engine around a PackedModel.
        config: settings.
        state: before the step.
        step_packs: this rank's packs of it.

    Returns:
        The state after the step, and its metrics over all ranks; the first step's say how large it was.
    """
    learning_rate = learning_rate_at(config, run_progress(config, state), state.step)
    for group in engine.optimizer.param_groups:
        group["lr"] = learning_rate
    device = engine.device
    # DeepSpeed divides by the accumulation steps and averages over the ranks; undo both.
    scale = dist.get_world_size() * len(step_packs.packs) / max(step_packs.step_target_tokens, 1)
    sums = torch.zeros(3, dtype=torch.float64, device=device)  # nll, target tokens predicted right, tokens
    for pack in step_packs.packs:
        nll, correct = engine(pack.input_ids.to(device), pack.target_mask.to(device), pack.document_lengths)
        engine.backward(nll.sum() * scale)
        engine.step()
        sums[0] += nll.detach().sum()
        sums[1] += correct.sum()
        sums[2] += len(pack.input_ids) if pack.document_ids[0] else 0
    dist.all_reduce(sums)
    nll_sum, num_correct, num_tokens = sums.tolist()
    targets = step_packs.step_target_tokens
    after = replace(
        step_packs.after,
        step=state.step + 1,
        num_target_tokens=state.num_target_tokens + targets,
        num_tokens=state.num_tokens + int(num_tokens),
        best_value=state.best_value,
        best_step=state.best_step,
        num_stale_validations=state.num_stale_validations,
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
    if state.step == 0:
        metrics |= as_metrics(first_update(engine, config, learning_rate))
    return after, metrics
