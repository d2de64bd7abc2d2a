"""Settings of splitting."""

from dataclasses import dataclass

from schemas.errors import ConfigError

SYSTEM = (
    "You are an experienced physician. Read the presentation of a patient and write the assessment and plan: your "
    "reasoning about the likely diagnoses, and what should be done."
)


@dataclass(frozen=True, kw_only=True)
class SplittingConfig:
    """What is written into each example, and which examples are too poor to learn from.

    Args:
        system: system message written into each example.
        min_presentation_chars: a shorter presentation is rejected as `short_presentation`.
        min_target_chars: a shorter target, its header included, is rejected as `short_target`.
        max_copied_share: share of the target's word 8-grams that may stand in the presentation already, in (0, 1];
            up to it, copied sentences leave the prompt; above it, the row is rejected as `target_in_prompt`.
    """

    system: str = SYSTEM
    min_presentation_chars: int = 100
    min_target_chars: int = 40
    max_copied_share: float = 0.5

    def __post_init__(self) -> None:
        if not self.system.strip():
            raise ConfigError("system is empty: give the system message that stands in each example")
        for name in ("min_presentation_chars", "min_target_chars"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}: it must be at least 1")
        if not 0 < self.max_copied_share <= 1:
            raise ConfigError(f"max_copied_share is {self.max_copied_share}: it must be above 0 and at most 1")
