"""Settings of the report."""

from dataclasses import dataclass, field

from schemas.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class ReportingConfig:
    """What the report cannot know by itself.

    Attributes:
        title: heads the page.
        remarks: caveats that a reader must see first, such as that the base model's weights were random or that the
            notes were synthetic.
    """

    title: str = "What the model learnt"
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise ConfigError("reporting.title is empty: say what the report is about")
        for index, remark in enumerate(self.remarks):
            if not remark.strip():
                raise ConfigError(f"reporting.remarks[{index}] is empty: write a sentence or leave it out")
