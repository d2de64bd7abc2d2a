"""Settings of the task-specific stage."""

from dataclasses import dataclass, field

from schemas.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """A question about a note with one of a few labels as its answer.

    Attributes:
        name: of the task, as it appears in the report.
        system: system message; "" for the template's own.
        question: asked after the note.
        label_column: column of the notes that holds the label; must be among `ingest.carry`.
        labels: all of them, each answered as it is written here.
        positive: the label whose recall and F1 are reported.
    """

    name: str
    system: str = ""
    question: str
    label_column: str
    labels: list[str]
    positive: str

    def __post_init__(self) -> None:
        if len(set(self.labels)) < 2 or len(set(self.labels)) != len(self.labels):
            raise ConfigError(f"tuning.task.labels is {self.labels}: give two or more different labels")
        if self.positive not in self.labels:
            raise ConfigError(f"tuning.task.positive is {self.positive!r}: give one of {self.labels}")


@dataclass(frozen=True, kw_only=True)
class TuningConfig:
    """The stage and its search.

    Attributes:
        task: what is learnt.
        num_trials: settings tried.
        max_concurrent_trials: trials that run at once.
        num_workers: Ray Train workers of a trial.
        epochs: passes over the task's training examples.
        learning_rate_range: lowest and highest peak learning rate, searched on a log scale.
        warmup_shares: values of the warm-up's share tried.
        balance_labels: repeat examples of the rarer labels in training until all labels are equally frequent.
        max_train_examples: before balancing; equal shares for the labels, as far as rare ones fill theirs.
        max_validation_examples: scored at each validation; shared likewise.
        validate_every_steps: steps between the validations that may stop a trial.
        grace_share: share of a trial before it may be stopped.
        reduction_factor: of successive halving: one in so many goes on at each rung.
    """

    task: TaskConfig
    num_trials: int = 8
    max_concurrent_trials: int = 2
    num_workers: int = 1
    epochs: int = 2
    learning_rate_range: list[float] = field(default_factory=lambda: [1e-6, 1e-4])
    warmup_shares: list[float] = field(default_factory=lambda: [0.0, 0.1])
    balance_labels: bool = True
    max_train_examples: int = 20_000
    max_validation_examples: int = 500
    validate_every_steps: int = 20
    grace_share: float = 0.25
    reduction_factor: int = 2

    def __post_init__(self) -> None:
        low_high = self.learning_rate_range
        if len(low_high) != 2 or not 0.0 < low_high[0] < low_high[1] < 1.0:
            raise ConfigError(f"tuning.learning_rate_range is {low_high}: give [lowest, highest] between 0 and 1")
        if not 0.0 < self.grace_share <= 1.0:
            raise ConfigError(f"tuning.grace_share is {self.grace_share}: give a share above 0, up to 1")
        if not self.warmup_shares:
            raise ConfigError("tuning.warmup_shares is empty: give at least one share")
        positive = (
            "num_trials",
            "max_concurrent_trials",
            "num_workers",
            "epochs",
            "validate_every_steps",
            "max_train_examples",
            "max_validation_examples",
        )
        for name in positive:
            if getattr(self, name) < 1:
                raise ConfigError(f"tuning.{name} is {getattr(self, name)}: give at least 1")
        if self.reduction_factor < 2:
            raise ConfigError(f"tuning.reduction_factor is {self.reduction_factor}: give at least 2")
