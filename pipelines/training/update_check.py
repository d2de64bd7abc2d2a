"""How large the first optimizer step is beside the weights: a wrong learning rate shows before hours are spent on it.

A step of Adam moves a weight by about the learning rate, whatever the gradient (Kingma & Ba, 2015, section 2.1). A
tenth of the weights' size in one step breaks a trained model, and far less than their rounding is lost. The update is
worked out from Adam's moments after the step, so no copy of the weights is kept.
"""

import logging
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import torch

from pipelines.training.config import TrainingConfig

logger = logging.getLogger(__name__)

ABSURD = 1e-1
# Below half the distance between neighbouring numbers of the dtype, relative to the smaller of a binade.
ROUNDED_AWAY = {"float32": 2.0**-25, "bfloat16": 2.0**-9}


@dataclass(frozen=True, kw_only=True)
class UpdateSize:
    """Root mean square of the update over that of the weight, over the parameters of one group.

    The ratios are those of the peak learning rate: in a warm-up the first step itself is smaller.

    Attributes:
        group: "matrices", which weight decay applies to, or "vectors".
        num_parameters: tensors of the group with a weight other than zero.
        smallest: of the ratios.
        middle: their median.
        largest: of them.
        num_rounded_away: tensors in which weights of the model's dtype would not move at all.
    """

    group: str
    num_parameters: int
    smallest: float
    middle: float
    largest: float
    num_rounded_away: int


def first_update(engine: Any, config: TrainingConfig, learning_rate: float) -> list[UpdateSize]:
    """Measure the step that was just taken, the first of a run, and warn of sizes that cannot be meant. Collective.

    Args:
        engine: after its first step.
        config: of the run.
        learning_rate: of that step.

    Returns:
        A row a group, on every rank; parameters that are zero throughout are left out.
    """
    dtype = str(next(engine.module.parameters()).dtype).removeprefix("torch.")
    ratios: dict[str, list[float]] = {"matrices": [], "vectors": []}
    settings = engine.optimizer.param_groups[0]
    decays = {"matrices": config.weight_decay, "vectors": 0.0}
    for parameter, weight, mean, square in _moments(engine):
        group = "matrices" if _dimensions(parameter) >= 2 else "vectors"
        size = _rms(weight)
        if size == 0.0:
            continue
        beta_mean, beta_square = settings["betas"]
        update = (mean / (1 - beta_mean)) / ((square / (1 - beta_square)).sqrt() + settings["eps"])
        update += decays[group] * weight
        ratios[group].append(config.learning_rate * _rms(update) / size)
    sizes = [
        UpdateSize(
            group=group,
            num_parameters=len(values),
            smallest=min(values),
            middle=median(values),
            largest=max(values),
            num_rounded_away=sum(value < ROUNDED_AWAY[dtype] for value in values),
        )
        for group, values in ratios.items()
        if values
    ]
    if torch.distributed.get_rank() == 0:
        _say(sizes, dtype, learning_rate)
    return sizes


def as_metrics(sizes: list[UpdateSize]) -> dict[str, float]:
    """Numbers for the first step's metrics, such as `update_matrices_middle`."""
    return {
        f"update_{size.group}_{name}": value
        for size in sizes
        for name, value in asdict(size).items()
        if name not in ("group", "num_parameters")
    }


def _moments(engine: Any) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Each parameter with its weight and Adam's two moments, whole and float32."""
    from deepspeed.utils import safe_get_full_fp32_param, safe_get_full_optimizer_state

    stage = engine.zero_optimization_stage()
    if stage in (1, 2):
        # DeepSpeed 0.19 links the moments to the parameters once, after the first of the groups has taken its step.
        engine.optimizer._hp_optimizer_states_linked = False
        engine.optimizer._lazy_init_hp_params_optimizer_state()
    for parameter in engine.module.parameters():
        if stage == 0:
            state = engine.optimizer.state[parameter]
            yield parameter, parameter.detach().float(), state["exp_avg"], state["exp_avg_sq"]
            continue
        weight = safe_get_full_fp32_param(parameter)
        mean, square = (safe_get_full_optimizer_state(parameter, name) for name in ("exp_avg", "exp_avg_sq"))
        yield parameter, weight, mean, square


def _dimensions(parameter: Any) -> int:
    """Of the whole parameter: ZeRO-3 leaves an empty one in its place."""
    return len(getattr(parameter, "ds_shape", parameter.shape))


def _rms(tensor: torch.Tensor) -> float:
    return float(torch.linalg.vector_norm(tensor)) / math.sqrt(tensor.numel())


def _say(sizes: list[UpdateSize], dtype: str, learning_rate: float) -> None:
    for size in sizes:
        logger.info(
            "first step, %s: update/weight %.1e to %.1e, median %.1e at the peak learning rate (the step's was %.1e)",
            *(size.group, size.smallest, size.largest, size.middle, learning_rate),
        )
        if size.largest > ABSURD:
            logger.warning(
                "a step at the peak changes %s by %.0f %% of their size: is training.learning_rate ten times too high?",
                *(size.group, 100 * size.largest),
            )
        if size.num_rounded_away:
            kept = "the float32 master weights keep it" if dtype == "bfloat16" else "it is lost"
            logger.warning(
                "%d of %d %s: %s weights round the update away; %s",
                *(size.num_rounded_away, size.num_parameters, size.group, dtype, kept),
            )
