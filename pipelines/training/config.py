"""Settings of training."""

import math
from dataclasses import dataclass
from typing import Literal

from schemas.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How the model is trained.

    Attributes:
        source: `prepared` reads the examples that `prepare` wrote; `notes` streams raw notes through ingest, screening
            and splitting straight into the workers.
        num_workers: Ray Train workers, one process each.
        cpus_per_worker: logical CPUs of a worker, and its torch threads.
        gpus_per_worker: 0 trains on CPUs with gloo, 1 on GPUs with NCCL.
        zero_stage: DeepSpeed ZeRO stage. 1 keeps 4B models whole on an H200; 3 is for cards under 40 GB.
        learning_rate: peak.
        schedule: of the learning rate after warm-up, over the share of rows consumed.
        warmup_share: share of the run over which the learning rate rises linearly.
        weight_decay: AdamW's.
        gradient_clip: largest global norm of the gradient.
        epochs: passes over the training rows.
        max_steps: optimizer steps after which the run ends although rows remain; null for no limit.
        validate_every_steps: steps between validations (one more comes at the end).
        checkpoint_every_steps: steps between checkpoints (one more comes at the end).
        keep_checkpoints: how many of the newest to keep.
        log_every_steps: steps between reported metrics.
        max_failures: how often a failed worker group is restarted from the newest checkpoint.
    """

    source: Literal["prepared", "notes"] = "prepared"
    num_workers: int = 2
    cpus_per_worker: int = 1
    gpus_per_worker: int = 0
    zero_stage: Literal[0, 1, 2, 3] = 1
    learning_rate: float = 1e-5
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup_share: float = 0.05
    weight_decay: float = 0.0
    gradient_clip: float = 1.0
    epochs: int = 1
    max_steps: int | None = None
    validate_every_steps: int = 200
    checkpoint_every_steps: int = 200
    keep_checkpoints: int = 2
    log_every_steps: int = 10
    max_failures: int = 2

    def __post_init__(self) -> None:
        positive = (
            "num_workers",
            "cpus_per_worker",
            "epochs",
            "validate_every_steps",
            "checkpoint_every_steps",
            "keep_checkpoints",
            "log_every_steps",
        )
        for name in positive:
            if getattr(self, name) < 1:
                raise ConfigError(f"training.{name} is {getattr(self, name)}: give at least 1")
        if self.max_steps is not None and self.max_steps < 1:
            raise ConfigError(f"training.max_steps is {self.max_steps}: give at least 1, or null for no limit")
        if not 0.0 < self.learning_rate < 1.0:
            raise ConfigError(f"training.learning_rate is {self.learning_rate}: give a number between 0 and 1")
        if not 0.0 <= self.warmup_share < 1.0:
            raise ConfigError(f"training.warmup_share is {self.warmup_share}: give a number from 0 to below 1")
        if self.gpus_per_worker not in (0, 1):
            raise ConfigError(f"training.gpus_per_worker is {self.gpus_per_worker}: a worker drives no or one GPU")
        if self.max_failures < 0:
            raise ConfigError(f"training.max_failures is {self.max_failures}: give 0 or more")


def learning_rate_at(config: TrainingConfig, progress: float) -> float:
    """Learning rate at a share of the run, 0..1: linear warm-up, then cosine to a tenth or constant.

    The share of rows consumed, not a count of steps, drives it: a stream has no known number of steps.
    """
    if progress < config.warmup_share:
        return config.learning_rate * max(progress, 1e-3) / config.warmup_share
    if config.schedule == "constant":
        return config.learning_rate
    share = (progress - config.warmup_share) / (1.0 - config.warmup_share)
    return config.learning_rate * (0.1 + 0.9 * 0.5 * (1.0 + math.cos(math.pi * min(share, 1.0))))
