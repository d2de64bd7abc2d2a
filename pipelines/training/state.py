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
        finished: the run needs no more steps.
    """

    step: int = 0
    epoch: int = 0
    window: int = 0
    step_in_window: int = 0
    progress: float = 0.0
    num_target_tokens: int = 0
    num_tokens: int = 0
    finished: bool = False
