"""Loss-based membership inference: can one tell by the loss whether a patient was trained on?

The attack of Yeom et al. 2018 guesses "trained on" where the loss is low. Calibrated by the loss of the model that
training started from (Watson et al. 2022), it no longer takes an easy note for a known one. What counts is the rate of
true positives at few false ones (Carlini et al. 2022, "Membership Inference Attacks From First Principles").

The unit is the patient: all sampled notes of a patient give one score, and intervals resample patients.
"""

import enum
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from schemas.errors import InputError

MEMBERS, NON_MEMBERS = "members", "non_members"
MAX_FALSE_POSITIVE_RATE = 0.01
CONFIDENCE = 0.95
_RESAMPLES_AT_ONCE = 100

Floats = NDArray[np.float64]


class Attack(enum.StrEnum):
    """What an attacker looks at."""

    LOSS = "loss"  # of the trained model
    CALIBRATED = "calibrated_loss"  # how much lower it is than the base model's
    CONTROL = "base_loss"  # of the base model, which saw neither side: away from 0.5, the sides differ in themselves


@dataclass(frozen=True, kw_only=True)
class Membership:
    """How well an attack tells members from others.

    Attributes:
        auc: area under the ROC curve, over patients; `auc_low` and `auc_high` are its 95 % interval.
        tpr: share of members found with at most 1 % of the others taken for members; of fewer than 100 others, none.
        num_members: patients trained on, with at least one score.
        num_non_members: patients held out.
        num_errors: examples without a score in either model, both sides together.
    """

    attack: Attack
    auc: float
    auc_low: float
    auc_high: float
    tpr: float
    tpr_low: float
    tpr_high: float
    num_members: int
    num_non_members: int
    num_errors: int


def memberships(base: pa.Table, trained: pa.Table, num_bootstrap: int, seed: int) -> list[Membership]:
    """All attacks.

    Args:
        base: PREDICTIONS of the base model for the likelihood items of both tasks, MEMBERS and NON_MEMBERS.
        trained: those of the trained model.

    Raises:
        InputError: a side has fewer than two patients with a score.
    """
    losses, num_errors = patient_losses(base, trained)
    scores = {
        Attack.LOSS: -pl.col("trained"),
        Attack.CALIBRATED: pl.col("base") - pl.col("trained"),
        Attack.CONTROL: -pl.col("base"),
    }
    found = []
    for attack, score in scores.items():
        members, others = (
            losses.filter(pl.col("task") == task).select(score)[:, 0].to_numpy() for task in (MEMBERS, NON_MEMBERS)
        )
        if min(len(members), len(others)) < 2:
            raise InputError(
                f"{len(members)} patients trained on and {len(others)} held out have a loss: two of each are needed; "
                "raise memorisation.num_examples or ingest.test_share"
            )
        area, rate = (
            _with_interval(members, others, statistic, num_bootstrap, seed)
            for statistic in (area_under_roc, true_positive_rate)
        )
        found.append(
            Membership(
                attack=attack,
                auc=area[0],
                auc_low=area[1],
                auc_high=area[2],
                tpr=rate[0],
                tpr_low=rate[1],
                tpr_high=rate[2],
                num_members=len(members),
                num_non_members=len(others),
                num_errors=num_errors,
            )
        )
    return found


def patient_losses(base: pa.Table, trained: pa.Table) -> tuple[pl.DataFrame, int]:
    """Nats per target token of each patient under both models (task, group_id, base, trained), and lost examples."""
    columns = ["task", "group_id", "item_id", "loglikelihood", "num_tokens"]
    frames = [pl.DataFrame(pl.from_arrow(table.select(columns))) for table in (base, trained)]
    both = frames[0].join(frames[1], on=["task", "group_id", "item_id"], how="full", suffix="_trained", coalesce=True)
    scored = both.drop_nulls()
    per_token = {
        "base": -pl.col("loglikelihood").sum() / pl.col("num_tokens").sum(),
        "trained": -pl.col("loglikelihood_trained").sum() / pl.col("num_tokens_trained").sum(),
    }
    patients = scored.group_by("task", "group_id").agg(**per_token).sort("task", "group_id")
    return patients, both.height - scored.height


def area_under_roc(members: Floats, others: Floats, axis: int = -1) -> Floats:
    """Probability that a member's score is above another's: Mann-Whitney's U as a share of all pairs."""
    pairs = members.shape[axis] * others.shape[axis]
    return np.asarray(stats.mannwhitneyu(members, others, axis=axis, method="asymptotic").statistic) / pairs


def true_positive_rate(members: Floats, others: Floats, axis: int = -1) -> Floats:
    """Share of members above the score that at most 1 % of the others exceed."""
    threshold = np.quantile(others, 1 - MAX_FALSE_POSITIVE_RATE, axis=axis, keepdims=True, method="inverted_cdf")
    return np.asarray((members > threshold).mean(axis=axis))


def _with_interval(
    members: Floats, others: Floats, statistic: object, num_bootstrap: int, seed: int
) -> tuple[float, float, float]:
    drawn = stats.bootstrap(
        (members, others),
        statistic,
        vectorized=True,
        n_resamples=num_bootstrap,
        batch=_RESAMPLES_AT_ONCE,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    assert callable(statistic)
    interval = drawn.confidence_interval
    return float(statistic(members, others)), float(interval.low), float(interval.high)
