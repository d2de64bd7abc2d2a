"""Which validation was best so far, and when a run has stopped getting better."""

from collections.abc import Mapping
from dataclasses import replace

from pipelines.training.config import TrainingConfig
from pipelines.training.state import TrainState
from schemas.errors import ConfigError, InputError


def with_validation(config: TrainingConfig, state: TrainState, metrics: Mapping[str, float]) -> TrainState:
    """The state after a validation has been compared with the best before it.

    Args:
        config: names the metric, and which end of it is best.
        state: of the run; a validation before the first step is not compared.
        metrics: of the validation; empty where there are no validation examples.

    Raises:
        InputError: the run depends on validations, and there are no validation examples.
        ConfigError: the metric is none of those that the validation gives.
    """
    if config.export == "last" and config.patience is None:
        return state
    if not metrics:
        raise InputError(
            "training.export: best and training.patience need validation examples, and there are none: "
            "raise ingest.validation_share, or set export: last and patience: null"
        )
    if config.best_metric not in metrics:
        raise ConfigError(
            f"training.best_metric is {config.best_metric!r}: validation gives {', '.join(sorted(metrics))}"
        )
    if state.step == 0:
        return state
    value = metrics[config.best_metric]
    sign = 1.0 if config.best_is == "lowest" else -1.0
    if state.best_value is None or sign * value < sign * state.best_value:
        return replace(state, best_value=value, best_step=state.step, num_stale_validations=0)
    return replace(state, num_stale_validations=state.num_stale_validations + 1)


def has_run_out(config: TrainingConfig, state: TrainState) -> bool:
    """Whether a limit ends the run although rows remain: of steps, of tokens, or of patience."""
    return (
        (config.max_steps is not None and state.step >= config.max_steps)
        or (config.max_tokens is not None and state.num_tokens >= config.max_tokens)
        or (config.patience is not None and state.num_stale_validations >= config.patience)
    )
