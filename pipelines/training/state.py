"""Where a run of training stands. Imports no torch: the data stream reads it too."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainState:
    """Where a run stands after an optimizer step.

    Attributes:
        step: optimizer steps done.
        epoch: of the window that comes next or is under way.
        window: index of that window in the epoch's order.
        step_in_window: steps of that window that are done.
        progress: share of the run's rows consumed.
        num_target_tokens: target tokens trained on so far, all ranks.
        num_tokens: tokens trained on so far, all ranks.
        best_value: best value of the metric by which validations are compared; None before the first.
        best_step: step of that validation.
        num_stale_validations: validations since then.
        finished: the run needs no more steps.
    """

    step: int = 0
    epoch: int = 0
    window: int = 0
    step_in_window: int = 0
    progress: float = 0.0
    num_target_tokens: int = 0
    num_tokens: int = 0
    best_value: float | None = None
    best_step: int = 0
    num_stale_validations: int = 0
    finished: bool = False
