"""The learning rate over a run: warm-up, then cosine, warm-up-stable-decay or constant.

The share of the run that is done drives it, not a count of steps: a stream of notes has no known number of steps.
"""

import math

from pipelines.training.config import TrainingConfig
from pipelines.training.state import TrainState


def run_progress(config: TrainingConfig, state: TrainState) -> float:
    """Share of the run that is done, 0..1: of its rows, or of its steps or tokens where a limit ends it sooner."""
    shares = [state.progress]
    if config.max_steps is not None:
        shares.append(state.step / config.max_steps)
    if config.max_tokens is not None:
        shares.append(state.num_tokens / config.max_tokens)
    return min(max(shares), 1.0)


def learning_rate_at(config: TrainingConfig, progress: float, step: int) -> float:
    """Learning rate of one optimizer step.

    Args:
        config: settings.
        progress: share of the run that is done before the step, 0..1.
        step: optimizer steps done before it; counts where the warm-up is given in steps.

    WSD (warm-up, stable, decay) stays at the peak until the last `decay_share` of the run and then falls in a straight
    line: a run that is stopped before can be gone on with, and trials that stop early compare one schedule (Hu et al.,
    MiniCPM, 2024).
    """
    peak = config.learning_rate
    if config.warmup_steps is not None:
        if step < config.warmup_steps:
            return peak * (step + 1) / (config.warmup_steps + 1)
        decaying_from = 0.0  # which share of the run those steps are, a stream does not tell
    else:
        if progress < config.warmup_share:
            return peak * max(progress, 1e-3) / config.warmup_share
        decaying_from = config.warmup_share
    if config.schedule == "wsd":
        decaying_from = max(decaying_from, 1.0 - config.decay_share)
    share = (progress - decaying_from) / (1.0 - decaying_from)
    return peak * (config.final_share + (1.0 - config.final_share) * _remaining(config.schedule, share))


def _remaining(schedule: str, share: float) -> float:
    """What is left of the way from the peak to the final rate, 1..0, after a share of the decay."""
    share = min(max(share, 0.0), 1.0)
    if schedule == "constant":
        return 1.0
    return 1.0 - share if schedule == "wsd" else 0.5 * (1.0 + math.cos(math.pi * share))
