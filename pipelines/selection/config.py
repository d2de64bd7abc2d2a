"""Settings of selection."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from schemas.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class SelectionConfig:
    """Which copies of a note are dropped, and how the sides of the split are cut.

    Attributes:
        within_patient: of two notes of one patient one is a copy where this share of the shorter one's five-word
            sequences stands in the other too, in [0.7, 1]; null for never. Notes that are copied forward day after day
            grow, and the longest says all that the others do; a note with a fifth of its text new is no copy. Found
            where the longer note has up to twice the sequences.
        across_patients: the same for notes of different patients, in [0.9, 1]. Keep it high: notes written from one
            template are alike and yet no copies. Null lets the same text stand on two sides of the split. Found where
            the longer note has up to a third more.
        split_by: `patient` cuts by a hash of the patient's id and the shares in `ingest`, which stays as it is when
            notes are added. `time` cuts by `written_at`: what is learnt from the past is tested on the future. The
            shares in `ingest` are then not used, and de-identification that shifts dates patient by patient makes it
            meaningless.
        validation_from: first day of validation, as in 2024-01-31; for `time` alone.
        test_from: first day of the test, after `validation_from`; for `time` alone.
        shared_prompts: what to do when examples on two sides have the same prompt after all: `refuse` them, or `count`
            them in the manifest and go on, where short stock phrases are no leak. Not part of the output's identity:
            what has been prepared is found again when it changes.

    Raises:
        ConfigError: a value is out of its range, or contradicts another.
    """

    within_patient: float | None = 0.9
    across_patients: float | None = 0.95
    split_by: Literal["patient", "time"] = "patient"
    validation_from: str | None = None
    test_from: str | None = None
    shared_prompts: Literal["refuse", "count"] = "refuse"

    def __post_init__(self) -> None:
        for name, lowest in (("within_patient", 0.7), ("across_patients", 0.9)):
            value = getattr(self, name)
            if value is not None and not lowest <= value <= 1:
                raise ConfigError(f"selection.{name} is {value}: give {lowest} to 1, or null to keep such copies")
        days = {name: getattr(self, name) for name in ("validation_from", "test_from")}
        if self.split_by == "patient":
            for name, value in days.items():
                if value is not None:
                    raise ConfigError(f"selection.{name} is {value!r}: it needs selection.split_by to be time")
            return
        for name, value in days.items():
            if value is None or not _is_day(value):
                raise ConfigError(f"selection.{name} is {value!r}: a split by time needs a day such as 2024-01-31")
        if date.fromisoformat(str(self.validation_from)) >= date.fromisoformat(str(self.test_from)):
            raise ConfigError(
                f"selection.validation_from is {self.validation_from!r}: it must be before test_from {self.test_from!r}"
            )

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that shape the decisions."""
        return {name: value for name, value in vars(self).items() if name != "shared_prompts"}


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
