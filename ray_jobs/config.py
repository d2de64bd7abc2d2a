"""The one configuration of every job: a YAML file, `--section.key value` on top, checked before anything runs."""

import dataclasses
import re
import typing
from argparse import ArgumentError
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jsonargparse import ArgumentParser, Namespace

from pipelines.canaries.config import CanaryConfig
from pipelines.flows.demo import DemoConfig
from pipelines.flows.settings import PrepareSettings
from pipelines.flows.train import TrainSettings
from pipelines.flows.tune import TuneSettings
from pipelines.ingest.config import IngestConfig
from pipelines.memorisation.config import MemorisationConfig
from pipelines.model.load import ModelConfig
from pipelines.packing.config import PackingConfig
from pipelines.reporting.config import ReportingConfig
from pipelines.retention.config import RetentionConfig
from pipelines.retention.replay import ReplayConfig
from pipelines.risk.config import RiskConfig
from pipelines.scoring.config import ScoringConfig
from pipelines.screening.policy import ScreeningConfig
from pipelines.selection.config import SelectionConfig
from pipelines.splitting.config import SplittingConfig
from pipelines.stage.cluster import ClusterConfig
from pipelines.training.config import TrainingConfig
from pipelines.tuning.config import TuningConfig
from schemas.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class JobConfig:
    """All settings, a section for each stage.

    Attributes:
        storage: folder for everything that the jobs write; every node of the cluster sees it under this path.
        seed: of every choice that is random.
        num_screening_actors: actors that survey and prepare notes, one logical CPU each.
        tuning: the labelled task; null for none, and then base and trained model alone are scored.
        retention: how much of the fine-tuning is kept; null for no such search.
        replay: general instructions among the training examples; null for none.
        demo: synthetic notes and a small model to make first; null for a hospital's own.
    """

    storage: str
    ingest: IngestConfig
    model: ModelConfig
    seed: int = 17
    num_screening_actors: int = 2
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    risk: RiskConfig = field(default_factory=RiskConfig)
    screening: ScreeningConfig = field(default_factory=ScreeningConfig)
    canaries: CanaryConfig = field(default_factory=CanaryConfig)
    splitting: SplittingConfig = field(default_factory=SplittingConfig)
    packing: PackingConfig = field(default_factory=PackingConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    memorisation: MemorisationConfig = field(default_factory=MemorisationConfig)
    tuning: TuningConfig | None = None
    scoring: ScoringConfig = field(default_factory=ScoringConfig)
    reporting: ReportingConfig = field(default_factory=ReportingConfig)
    cluster: ClusterConfig = field(default_factory=ClusterConfig)
    retention: RetentionConfig | None = None
    replay: ReplayConfig | None = None
    demo: DemoConfig | None = None

    def __post_init__(self) -> None:
        if not self.storage.strip():
            raise ConfigError("storage is empty: give a folder that every node sees")
        if self.num_screening_actors < 1:
            raise ConfigError(f"num_screening_actors is {self.num_screening_actors}: give at least 1")
        if self.tuning and self.tuning.task.label_column not in self.ingest.carry:
            raise ConfigError(
                f"tuning.task.label_column is {self.tuning.task.label_column!r}, which ingest.carry does not name: "
                "add it there, so that it goes through with the notes"
            )
        if self.retention and "tuned" in (self.retention.origin, self.retention.finetuned) and not self.tuning:
            raise ConfigError("retention.finetuned is 'tuned' and tuning is null: give a task, or 'trained'")

    @property
    def prepare_settings(self) -> PrepareSettings:
        """What the prepare stage takes."""
        return PrepareSettings(
            storage=self.storage,
            ingest=self.ingest,
            selection=self.selection,
            risk=self.risk,
            canaries=self.canaries,
            screening=self.screening,
            splitting=self.splitting,
            num_actors=self.num_screening_actors,
        )

    @property
    def train_settings(self) -> TrainSettings:
        """What the train stage takes."""
        return TrainSettings(
            prepare=self.prepare_settings,
            seed=self.seed,
            model=self.model,
            packing=self.packing,
            training=self.training,
            memorisation=self.memorisation,
            num_actors=1 if self.training.source == "prepared" else self.num_screening_actors,
        )

    @property
    def tune_settings(self) -> TuneSettings:
        """What the tune stage takes.

        Raises:
            ConfigError: there is no task.
        """
        if self.tuning is None:
            raise ConfigError("tuning is null: describe the labelled task there, or leave the tune stage out")
        return TuneSettings(
            storage=self.storage,
            seed=self.seed,
            dtype=self.model.dtype,
            packing=self.packing,
            training=self.training,
            tuning=self.tuning,
        )


class _ExactParser(ArgumentParser):
    """A parser that takes no abbreviation for a key: an unknown one is refused, also inside optional sections."""

    def __init__(self, **kwargs: Any):
        super().__init__(**{**kwargs, "allow_abbrev": False})


def parse(argv: Sequence[str]) -> JobConfig:
    """The configuration that a command line names.

    Args:
        argv: `--config FILE`, overrides, or `--print_config`.

    Raises:
        ConfigError: a key is unknown (the valid ones are listed), a value is of the wrong type or out of range.
        SystemExit: after `--print_config` and `--help`.
    """
    parser = _ExactParser(exit_on_error=False, description=__doc__)
    parser.add_argument("--config", action="config", help="YAML file; see ray_jobs/configs")
    parser.add_class_arguments(JobConfig, None)
    try:
        parsed = parser.parse_args(list(argv))
        _require_sections(JobConfig, parsed)
        values = vars(parser.instantiate(parsed))
    except ConfigError:
        raise
    except (ArgumentError, ValueError, TypeError, OSError) as error:
        raise ConfigError(_with_valid_keys(str(error))) from None
    return JobConfig(**{name: value for name, value in values.items() if name != "config"})


_UNKNOWN_KEY = (
    re.compile(r"Group '(?P<section>[\w.]+)' does not accept option '(?P<key>[\w.]+)'"),
    re.compile(r"Option '(?P<key>[\w.]+)' is not accepted"),
    re.compile(r"unrecognized arguments: --(?P<key>[\w.]+)"),
)


def _with_valid_keys(message: str) -> str:
    """The parser's message and, where it is about a key that does not exist, the list of the valid ones."""
    found = next(filter(None, (pattern.search(message) for pattern in _UNKNOWN_KEY)), None)
    if found is None:
        return message
    # Inside a list or an optional section the parser counts the key's path from there, and says where that is first.
    around = re.search(r'Parser key "([\w.]+)"', message)
    parts = [around[1] if around else "", found.groupdict().get("section") or "", found["key"].rpartition(".")[0]]
    section, cls = _nearest_section(".".join(filter(None, parts)))
    return f"{message}\nvalid keys of {section or 'the configuration'}: {_names(cls)}"


def _require_sections(cls: Any, values: Namespace, path: str = "") -> None:
    """Refuse a plain value where a section belongs; the parser would only find out while it builds the section."""
    for name, hint in typing.get_type_hints(cls).items():
        if not dataclasses.is_dataclass(hint):
            continue
        if not isinstance(values[name], Namespace):
            raise ConfigError(f"{path}{name} is {values[name]!r}: give a section with keys of {_names(hint)}")
        _require_sections(hint, values[name], f"{path}{name}.")


def _names(cls: Any) -> str:
    return ", ".join(sorted(item.name for item in dataclasses.fields(cls)))


def _nearest_section(path: str) -> tuple[str, Any]:
    """The dotted section and its dataclass; of the nearest section above it where it is none itself."""
    cls: Any = JobConfig
    reached: list[str] = []
    for name in filter(None, path.split(".")):
        hint = typing.get_type_hints(cls).get(name)
        candidates = [hint, *typing.get_args(hint)]
        inner = [c for c in candidates if isinstance(c, type) and dataclasses.is_dataclass(c)]
        if not inner:
            break
        cls = inner[0]
        reached.append(name)
    return ".".join(reached), cls
