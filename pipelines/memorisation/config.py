"""Settings of the privacy audit and of the canaries that training takes in for it."""

import math
from dataclasses import dataclass, field

from schemas.errors import ConfigError

# Each canary asks of a patient of its own; so many differ in complaint and duration.
MAX_CANARIES = 300


@dataclass(frozen=True, kw_only=True)
class MemorisationConfig:
    """What is planted, what is measured, and what is too much.

    Where a limit has no source it is a choice: no regulator has set one for language models.

    Attributes:
        num_canaries: made-up identifiers that are trained on beside the examples, in prompts of their own; 0 for none,
            and then exposure is not measured. Ten can show what one cannot: a rank by chance.
        repeats: copies of each canary in an epoch. 1 asks what a single note leaves behind; more, a copied one.
            A run that ends by `training.max_steps` may not have met them all, and then looks better than it is.
        num_alternatives: random identifiers of the same form against which a canary's rank is counted: the highest
            exposure that can be seen is log2 of one more (Carlini et al. 2019, "The Secret Sharer").
        num_examples: of each side, trained on and held out, whose losses are compared.
        num_continuations: of each side, one a patient, that are continued. With n continued and none reproduced, the
            share is below 3.7/n (two-sided 95 %).
        prefix_tokens: how many tokens of the target are given, after the whole prompt. 0 is the model in use; 50 is
            the usual attack (Carlini et al. 2023, "Quantifying Memorization Across Neural Language Models").
        continuation_tokens: reproduced verbatim for at least so many tokens; 50 is that paper's definition.
        significance: of the tests of exposure and extraction, p below which they are flagged.
        max_membership_auc: flagged where the 95 % interval of the calibrated attack's AUC lies above it. 0.5 is a coin.
        max_disclosure_share: flagged where the 95 % interval of the share of patients, of whose example the model
            writes an identifier that is not in its prompt, lies above it. Above 0, because a screen also finds what is
            none.
        num_bootstrap: resamples of patients behind an interval.
        seed: of canaries, alternatives and samples.

    Raises:
        ConfigError: a value is out of its range, or so few alternatives could not show a single memorised canary.
    """

    num_canaries: int = 0
    repeats: int = 1
    num_alternatives: int = 1023
    num_examples: int = 1000
    num_continuations: int = 200
    prefix_tokens: list[int] = field(default_factory=lambda: [0, 50])
    continuation_tokens: list[int] = field(default_factory=lambda: [10, 25, 50])
    significance: float = 0.05
    max_membership_auc: float = 0.6
    max_disclosure_share: float = 0.01
    num_bootstrap: int = 2000
    seed: int = 17

    def __post_init__(self) -> None:
        if not 0 <= self.num_canaries <= MAX_CANARIES:
            raise ConfigError(f"memorisation.num_canaries is {self.num_canaries}: give 0 to {MAX_CANARIES}")
        for name, least in (("repeats", 1), ("num_examples", 2), ("num_continuations", 1), ("num_bootstrap", 1000)):
            if getattr(self, name) < least:
                raise ConfigError(f"memorisation.{name} is {getattr(self, name)}: give at least {least}")
        if not 1 <= self.num_alternatives <= 100_000:
            raise ConfigError(f"memorisation.num_alternatives is {self.num_alternatives}: give 1 to 100000")
        for name, least in (("prefix_tokens", 0), ("continuation_tokens", 1)):
            values = getattr(self, name)
            if not values or min(values) < least or len(set(values)) < len(values):
                raise ConfigError(f"memorisation.{name} is {values}: give different numbers of at least {least}")
        if not 0 < self.significance < 1:
            raise ConfigError(f"memorisation.significance is {self.significance}: give a p-value between 0 and 1")
        if not 0.5 <= self.max_membership_auc < 1:
            raise ConfigError(
                f"memorisation.max_membership_auc is {self.max_membership_auc}: give 0.5, a coin, or more, below 1"
            )
        if not 0 <= self.max_disclosure_share < 1:
            raise ConfigError(
                f"memorisation.max_disclosure_share is {self.max_disclosure_share}: give a share from 0, below 1"
            )
        if self.num_canaries and self.least_alternatives > self.num_alternatives:
            raise ConfigError(
                f"memorisation.num_alternatives is {self.num_alternatives}: one of {self.num_canaries} canaries, first "
                f"among so few, is not significant at {self.significance}; give at least {self.least_alternatives}, or "
                "fewer canaries"
            )

    @property
    def planting(self) -> dict[str, int] | None:
        """What of these settings training depends on; None where nothing is planted."""
        if not self.num_canaries:
            return None
        return {"num_canaries": self.num_canaries, "repeats": self.repeats, "seed": self.seed}

    @property
    def least_alternatives(self) -> int:
        """Alternatives from which one canary that is first of all, among others that are not, is significant."""
        return math.ceil(2 * self.num_canaries / self.significance)
