"""Miss rates of planted identifiers, with exact bounds, and the gate on the worst kind.

Of n identifiers k were missed. The one-sided 95 % upper bound on the miss rate is Clopper and Pearson's (Biometrika
26:404, 1934): the 0.95 quantile of Beta(k + 1, n − k), and 1 where k = n. A kind stands at most once in a note, so
counts by kind need no correction. Over all kinds a note counts several times; there the bound is of n and k divided by
the design effect, the ratio of the misses' variance between notes to that of independent draws (Kish, Survey Sampling,
1965). Notes of one patient, and notes copied from each other, still count as different notes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from scipy import stats

from pipelines.canaries.wording import Kind
from schemas.errors import ScreeningError

CONFIDENCE = 0.95

# One row a planted identifier. Neither its text nor its note's id, which nobody needs: counts are all that is read.
PLANTS = pa.schema(
    [
        pa.field("shard", pa.int64(), nullable=False),
        pa.field("note", pa.int64(), nullable=False),  # ordinal of the shadow note within its shard
        pa.field("kind", pa.string(), nullable=False),
        pa.field("cue", pa.string(), nullable=False),
        pa.field("format", pa.string(), nullable=False),
        pa.field("missed", pa.bool_()),  # null where the engine gave nothing on the note, which is then quarantined
    ]
)


def upper_bound(num_missed: float, num_planted: float) -> float:
    """One-sided 95 % Clopper–Pearson upper bound on the miss rate; 1 where nothing was planted.

    Args:
        num_missed: at most `num_planted`; not whole where it was divided by a design effect.
        num_planted: identifiers judged.
    """
    if num_missed >= num_planted:
        return 1.0
    return float(stats.beta.ppf(CONFIDENCE, num_missed + 1, num_planted - num_missed))


def miss_rates(plants: pa.Table, by: Sequence[str]) -> pl.DataFrame:
    """Misses in each group of identifiers.

    Args:
        plants: rows of all shards, in the PLANTS schema.
        by: grouping columns that begin with "kind", such as ("kind", "cue").

    Returns:
        `by`, planted, missed, miss_rate and upper_95, highest bound first. Identifiers in notes on which the engine
        gave nothing are in neither count.
    """
    counts = (
        pl.DataFrame(plants)
        .drop_nulls("missed")
        .group_by(by)
        .agg(planted=pl.len().cast(pl.Int64), missed=pl.col("missed").sum().cast(pl.Int64))
    )
    bounds = [upper_bound(missed, planted) for planted, missed in counts.select("planted", "missed").iter_rows()]
    return counts.with_columns(
        miss_rate=pl.col("missed") / pl.col("planted"), upper_95=pl.Series(bounds, dtype=pl.Float64)
    ).sort("upper_95", *by, descending=[True, *(False for _ in by)])


def overall(plants: pa.Table) -> dict[str, float]:
    """Misses over all kinds, with the design effect of planting several identifiers in a note.

    Returns:
        notes, withheld_notes (the engine gave nothing on them), planted, missed, miss_rate, design_effect (at least 1)
        and upper_95.
    """
    frame = pl.DataFrame(plants)
    notes = frame.group_by("shard", "note").agg(
        planted=pl.len(), missed=pl.col("missed").sum(), judged=pl.col("missed").count()
    )
    judged = notes.filter(pl.col("judged") > 0)
    planted, missed = int(judged["planted"].sum()), int(judged["missed"].sum())
    rate = missed / planted if planted else 0.0
    effect = _design_effect(judged["missed"].to_numpy(), judged["planted"].to_numpy(), rate)
    return {
        "notes": judged.height,
        "withheld_notes": notes.height - judged.height,
        "planted": planted,
        "missed": missed,
        "miss_rate": rate,
        "design_effect": effect,
        "upper_95": upper_bound(missed / effect, planted / effect),
    }


def _design_effect(missed: np.ndarray, planted: np.ndarray, rate: float) -> float:
    """Variance of the ratio of sums between notes, over that of as many independent identifiers. [notes] each."""
    if not 0 < rate < 1 or len(missed) < 2:
        return 1.0
    residuals = missed - rate * planted
    clustered = len(missed) / (len(missed) - 1) * float(np.sum(residuals**2)) / float(planted.sum()) ** 2
    return max(1.0, clustered / (rate * (1 - rate) / float(planted.sum())))


def summary(plants: pa.Table) -> dict[str, Any]:
    """What a manifest keeps of the trial: `overall`, and the miss rates by kind, by kind and cue, by kind and form."""
    return {
        "overall": overall(plants),
        "kinds": miss_rates(plants, ["kind"]).to_dicts(),
        "cues": miss_rates(plants, ["kind", "cue"]).to_dicts(),
        "formats": miss_rates(plants, ["kind", "format"]).to_dicts(),
    }


def require_miss_rates(plants: pa.Table, max_miss_rate: float) -> None:
    """Fail unless each kind's upper bound is within the limit.

    Args:
        plants: rows of all shards, in the PLANTS schema.
        max_miss_rate: highest acceptable upper bound.

    Raises:
        ScreeningError: a kind misses too much, or was planted too rarely to show that it does not.
    """
    counts = {row["kind"]: (row["missed"], row["planted"]) for row in miss_rates(plants, ["kind"]).to_dicts()}
    bounds = {kind: upper_bound(*counts.get(kind, (0, 0))) for kind in Kind}
    failing = [kind for kind, bound in bounds.items() if bound > max_miss_rate]
    if not failing:
        return
    # of kinds that fail, one with a miss comes first: a mended rule helps it, and more notes would not
    worst = max(failing, key=lambda kind: (counts.get(kind, (0, 0))[0] > 0, bounds[kind]))
    missed, planted = counts.get(worst, (0, 0))
    remedy = (
        "see in canaries.json of the stage's output which cues and forms are missed, add a recogniser "
        "(screening.extra_recognisers)"
        if missed
        else "too few were planted to show more: raise canaries.num_notes, up to the number of notes there are"
    )
    raise ScreeningError(
        f"the screen missed {missed} of {planted} planted identifiers of kind {worst}: its miss rate may be as high as "
        f"{bounds[worst]:.3f} (95 % bound), above canaries.max_miss_rate {max_miss_rate}; {len(failing)} of "
        f"{len(Kind)} kinds fail. To go on, {remedy}, or accept more risk by raising max_miss_rate"
    )
