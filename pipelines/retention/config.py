"""Settings of the search for the model that keeps general abilities."""

import math
import re
from dataclasses import dataclass, field
from typing import Literal

from schemas.errors import ConfigError

_MEASURE = re.compile(r"[A-Za-z0-9_]+/[a-z0-9_]+")


@dataclass(frozen=True, kw_only=True)
class RetentionConfig:
    """Which mixtures of two models are tried, and what decides between them.

    Attributes:
        task: what is to be gained, as `task/metric`: the task is `mdm`, `assigned_diagnosis`, the name of tuning.task
            or of a benchmark in `scoring.benchmarks`, and the metric one of those that scoring has for it.
        probe: what is to be kept, likewise.
        max_probe_loss: the largest loss of the probe that is put up with, in its metric's unit: 0.02 of an accuracy is
            two points, of `nll_per_token` 0.02 nats.
        origin: the model whose abilities are to be kept; `trained` keeps through tuning what training has taught.
        finetuned: the model that has gained.
        alphas: shares of the fine-tuned model to try, each from 0 to 1. Both ends are scored in any case.

    Raises:
        ConfigError: a value is out of its range or contradicts another.
    """

    task: str
    probe: str
    max_probe_loss: float
    origin: Literal["base", "trained"] = "base"
    finetuned: Literal["trained", "tuned"] = "trained"
    alphas: list[float] = field(default_factory=lambda: [0.2, 0.4, 0.6, 0.8])

    def __post_init__(self) -> None:
        for name in ("task", "probe"):
            value = getattr(self, name)
            if not _MEASURE.fullmatch(value):
                raise ConfigError(f"retention.{name} is {value!r}: give task/metric, such as mdm/nll_per_token")
        if self.task == self.probe:
            raise ConfigError(f"retention.probe is {self.probe!r}, as is retention.task: keep something else")
        if not (math.isfinite(self.max_probe_loss) and self.max_probe_loss > 0):
            raise ConfigError(
                f"retention.max_probe_loss is {self.max_probe_loss}: give more than 0; no sample shows a loss of none"
            )
        if self.origin == self.finetuned:
            raise ConfigError(f"retention.origin and retention.finetuned are both {self.origin!r}: name two models")
        outside = [alpha for alpha in self.alphas if not 0 <= alpha <= 1]
        if outside or len({f"{alpha:g}" for alpha in self.alphas}) < len(self.alphas):
            raise ConfigError(f"retention.alphas is {self.alphas}: give different shares from 0 to 1")

    @property
    def points(self) -> list[float]:
        """All alphas to score, both ends included, ascending."""
        return sorted({0.0, 1.0, *self.alphas})


def measure(setting: str) -> tuple[str, str]:
    """Task and metric of a `task/metric`."""
    task, _, metric = setting.partition("/")
    return task, metric
