"""Settings of the canary trial."""

import math
from dataclasses import dataclass

from pipelines.canaries.rates import CONFIDENCE
from pipelines.canaries.shadow import KINDS_PER_NOTE
from pipelines.canaries.wording import Kind
from schemas.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class CanaryConfig:
    """How many notes are shadowed, and what miss rate is still acceptable.

    The upper bound gates and not the rate itself: five identifiers without a miss prove nothing. With n of a kind
    planted and none missed the bound is 1 − 0.05^(1/n), about 3/n.

    Attributes:
        num_notes: shadow copies to screen, about as many (each note is drawn by its id), at most one of each note; 0
            for no trial. A kind of identifier is planted in a quarter of them.
        max_miss_rate: highest acceptable one-sided 95 % upper bound on the miss rate of the worst kind.
        seed: of the choice of notes, identifiers and places.

    Raises:
        ConfigError: a value is out of its range, or so few notes could not meet the bound even without a miss.
    """

    num_notes: int = 0
    max_miss_rate: float = 0.05
    seed: int = 17

    def __post_init__(self) -> None:
        if self.num_notes < 0:
            raise ConfigError(f"canaries.num_notes is {self.num_notes}: give 0 for no trial, or a number of notes")
        if not 0 < self.max_miss_rate < 1:
            raise ConfigError(f"canaries.max_miss_rate is {self.max_miss_rate}: give a share above 0 and below 1")
        if 0 < self.num_notes < self.least_num_notes:
            raise ConfigError(
                f"canaries.num_notes is {self.num_notes}: even without a miss that cannot show a miss rate of at most "
                f"{self.max_miss_rate} for each kind; give more than {self.least_num_notes}, or raise max_miss_rate"
            )

    @property
    def identity(self) -> tuple[int, int]:
        """What shapes the trial's files: a changed `max_miss_rate` judges the same ones again."""
        return (self.num_notes, self.seed)

    @property
    def least_num_notes(self) -> int:
        """Notes whose expected number of plants of one kind meets `max_miss_rate` where none is missed."""
        plants = math.ceil(math.log(1 - CONFIDENCE) / math.log1p(-self.max_miss_rate))
        return math.ceil(plants * len(Kind) / KINDS_PER_NOTE)
