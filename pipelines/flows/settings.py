"""What shapes the way from raw notes to examples, wherever it is gone: in `prepare`, or on the way into training."""

from dataclasses import dataclass

from pipelines.canaries.config import CanaryConfig
from pipelines.ingest.config import IngestConfig
from pipelines.risk.config import RiskConfig
from pipelines.screening.policy import ScreeningConfig
from pipelines.selection.config import SelectionConfig
from pipelines.splitting.config import SplittingConfig


@dataclass(frozen=True, kw_only=True)
class PrepareSettings:
    """Everything that shapes safe notes and examples.

    Attributes:
        storage: folder that every node sees.
        num_actors: that survey and screen, one logical CPU each. It shapes nothing but the time.
    """

    storage: str
    ingest: IngestConfig
    selection: SelectionConfig
    risk: RiskConfig
    screening: ScreeningConfig
    splitting: SplittingConfig
    canaries: CanaryConfig
    num_actors: int
