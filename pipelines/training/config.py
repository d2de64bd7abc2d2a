"""Settings of training."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pipelines.training.options import EngineOptions, Kernels, Offload, ZeroStage
from schemas.errors import ConfigError

# How a run is carried out, watched and kept; what it computes does not depend on these beyond rounding.
_EXECUTION = frozenset(
    {"num_workers", "min_workers", "cpus_per_worker", "checkpoint_every_steps", "keep_checkpoints", "log_every_steps"}
    | {"max_failures", "trackers", "mlflow_uri"}
    | {"activation_checkpointing", "offload", "kernels", "compile_blocks", "gpu_memory_gb"}
)

Auto = Literal["auto"]
PLANNED = ("zero_stage", "activation_checkpointing", "offload", "kernels", "compile_blocks")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How the model is trained.

    Attributes:
        source: `prepared` reads the examples that `prepare` wrote; `notes` streams raw notes through ingest, screening
            and splitting straight into the workers.
        num_workers: Ray Train workers, one process each.
        min_workers: fewest workers to go on with while nodes are missing, as on spot machines; the run grows back to
            `num_workers` when they return. Every number between must divide packing.packs_per_step. Null for no fewer.
        cpus_per_worker: logical CPUs of a worker, and its torch threads.
        gpus_per_worker: 0 trains on CPUs with gloo, 1 on GPUs with NCCL.
        zero_stage: DeepSpeed ZeRO stage; this and the next four are EngineOptions. `auto` leaves them to the planner,
            which looks at the model, the pack's length, the workers and the GPUs' memory.
        activation_checkpointing: run each decoder block again in the backward pass.
        offload: what lies in the node's memory.
        kernels: of torch or of Liger, which needs the extra `gpu`.
        compile_blocks: torch.compile of each decoder block. The planner does not choose it.
        gpu_memory_gb: memory of one GPU, in 1e9 bytes, for the planner; null for that of the cluster's GPUs.
        learning_rate: peak.
        schedule: of the learning rate after warm-up; `wsd` stays at the peak and falls at the end.
        warmup_share: share of the run over which the learning rate rises linearly.
        warmup_steps: optimizer steps over which it does, in place of that share; null for the share.
        decay_share: share of the run at its end over which `wsd` falls.
        final_share: share of the peak that cosine and `wsd` end at.
        weight_decay: AdamW's.
        gradient_clip: largest global norm of the gradient.
        epochs: passes over the training rows.
        max_steps: optimizer steps after which the run ends although rows remain; null for no limit.
        max_tokens: tokens of prompts and targets after which it does; null for no limit.
        best_metric: validation metric by which a model is better, such as validation_loss.
        best_is: whether the lowest or the highest value of it is best.
        export: which weights become the model: the last, or those of the best validation, whose checkpoint is kept.
        patience: validations in a row without a better value after which the run ends; null for never.
        validate_every_steps: steps between validations (one more comes at the end).
        checkpoint_every_steps: steps between checkpoints (one more comes at the end).
        keep_checkpoints: how many of the newest to keep.
        log_every_steps: steps between reported metrics.
        max_failures: how often a failed worker group is restarted from the newest checkpoint. Machines that are taken
            away with notice do not count.
        trackers: where metrics go besides Ray's own and the step log; needs the extra `tracking`.
        mlflow_uri: of the MLflow server or folder; needed with the tracker mlflow.
    """

    source: Literal["prepared", "notes"] = "prepared"
    num_workers: int = 2
    min_workers: int | None = None
    cpus_per_worker: int = 1
    gpus_per_worker: int = 0
    zero_stage: ZeroStage | Auto = "auto"
    activation_checkpointing: bool | Auto = "auto"
    offload: Offload | Auto = "auto"
    kernels: Kernels | Auto = "auto"
    compile_blocks: bool | Auto = "auto"
    gpu_memory_gb: float | None = None
    learning_rate: float = 1e-5
    schedule: Literal["cosine", "wsd", "constant"] = "cosine"
    warmup_share: float = 0.05
    warmup_steps: int | None = None
    decay_share: float = 0.2
    final_share: float = 0.1
    weight_decay: float = 0.0
    gradient_clip: float = 1.0
    epochs: int = 1
    max_steps: int | None = None
    max_tokens: int | None = None
    best_metric: str = "validation_loss"
    best_is: Literal["lowest", "highest"] = "lowest"
    export: Literal["last", "best"] = "last"
    patience: int | None = None
    validate_every_steps: int = 200
    checkpoint_every_steps: int = 200
    keep_checkpoints: int = 2
    log_every_steps: int = 10
    max_failures: int = 2
    trackers: list[Literal["tensorboard", "mlflow"]] = field(default_factory=list)
    mlflow_uri: str = ""

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
        for name in ("max_steps", "max_tokens", "warmup_steps", "patience"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ConfigError(f"training.{name} is {getattr(self, name)}: give at least 1, or null for none")
        if not 0.0 < self.learning_rate < 1.0:
            raise ConfigError(f"training.learning_rate is {self.learning_rate}: give a number between 0 and 1")
        if not 0.0 <= self.warmup_share < 1.0:
            raise ConfigError(f"training.warmup_share is {self.warmup_share}: give a number from 0 to below 1")
        if not 0.0 < self.decay_share <= 1.0:
            raise ConfigError(f"training.decay_share is {self.decay_share}: give a number above 0 and up to 1")
        if not 0.0 <= self.final_share <= 1.0:
            raise ConfigError(f"training.final_share is {self.final_share}: give a number from 0 to 1")
        if not self.best_metric:
            raise ConfigError("training.best_metric is empty: name a validation metric, such as validation_loss")
        if self.gpus_per_worker not in (0, 1):
            raise ConfigError(f"training.gpus_per_worker is {self.gpus_per_worker}: a worker drives no or one GPU")
        if self.gpu_memory_gb is not None and self.gpu_memory_gb <= 0:
            raise ConfigError(f"training.gpu_memory_gb is {self.gpu_memory_gb}: give a number above 0, or null")
        if self.gpus_per_worker == 0 and self.kernels == "liger":
            raise ConfigError(
                "training.kernels is 'liger', whose kernels run on GPUs: give gpus_per_worker: 1 or torch"
            )
        if self.is_planned:
            _ = self.options  # refuses what cannot be combined
        if self.min_workers is not None and not 1 <= self.min_workers <= self.num_workers:
            raise ConfigError(
                f"training.min_workers is {self.min_workers}: give 1 to num_workers, {self.num_workers}, or null"
            )
        if "mlflow" in self.trackers and not self.mlflow_uri:
            raise ConfigError("training.mlflow_uri is empty: give the MLflow server's address, or leave mlflow out")
        if self.max_failures < 0:
            raise ConfigError(f"training.max_failures is {self.max_failures}: give 0 or more")

    @property
    def is_planned(self) -> bool:
        """Whether nothing is left to the planner. On CPUs nothing ever is: `auto` is ZeRO-1 and no more."""
        return self.gpus_per_worker == 0 or all(getattr(self, name) != "auto" for name in PLANNED)

    @property
    def options(self) -> EngineOptions:
        """The engine's options.

        Raises:
            ConfigError: some are left to the planner, or they cannot be combined.
        """
        if not self.is_planned:
            raise ConfigError("training leaves options to the planner: make a plan of it first")
        named = {name: getattr(self, name) for name in PLANNED}
        return EngineOptions(**{name: value for name, value in named.items() if value != "auto"})

    @property
    def result_settings(self) -> dict[str, Any]:
        """The settings that shape the trained model or its checkpoints. Others may change before a resumption.

        Raises:
            ConfigError: the ZeRO stage is left to the planner.
        """
        kept = {name: value for name, value in asdict(self).items() if name not in _EXECUTION}
        return kept | {"zero_stage": self.options.zero_stage}
