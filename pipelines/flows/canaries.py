"""The canary trial over a whole run: opened in each actor, concluded in the driver before the manifest is committed."""

from typing import Any

from pipelines.canaries.config import CanaryConfig
from pipelines.canaries.rates import PLANTS, require_miss_rates, summary
from pipelines.canaries.trial import CanaryTrial, Screen
from pipelines.stage.output import StageOutput, canonical_json, write_atomically

PART = "canaries"  # of the output: a file a shard, in the PLANTS schema
RESULTS = "canaries.json"


def open_trial(config: CanaryConfig, screen: Screen, *, num_notes: int) -> CanaryTrial | None:
    """The trial for one actor, or None where the settings ask for none.

    Args:
        config: settings.
        screen: the actor's loaded screener.
        num_notes: notes of the whole run.
    """
    return CanaryTrial(config, screen, num_notes=num_notes) if config.num_notes else None


def conclude(output: StageOutput, config: CanaryConfig) -> dict[str, Any]:
    """Sum the shards' plants, write the miss rates beside them, and fail where they are too high.

    The rates are written before they are judged: who must mend the screen needs them most when the job fails.

    Args:
        output: with the canaries of every shard in it.
        config: settings.

    Returns:
        What the manifest keeps; empty where there was no trial.

    Raises:
        ScreeningError: the bound on the worst kind's miss rate is above `config.max_miss_rate`.
    """
    if not config.num_notes:
        return {}
    plants = output.read(PART, PLANTS)
    results = summary(plants)
    write_atomically(output.path / RESULTS, canonical_json(results).encode())
    require_miss_rates(plants, config.max_miss_rate)
    return results
