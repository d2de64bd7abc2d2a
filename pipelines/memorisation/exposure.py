"""Exposure of canaries: how far up a planted identifier stands among random ones that were not planted.

Carlini, Liu, Erlingsson, Kos and Song, "The Secret Sharer", USENIX Security 2019. With N alternatives, rank r among
the N + 1 gives log2((N + 1) / r) bits. Without memory every rank is as likely, whatever the model: canary and
alternatives are drawn alike. So r / (N + 1) is an exact p-value, and no model without canaries is needed beside.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from pipelines.memorisation.canaries import canaries
from pipelines.memorisation.config import MemorisationConfig
from schemas.errors import InputError

MEAN_BITS_BY_CHANCE = math.log2(math.e)  # of ranks that are uniform, for many alternatives


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """How exposed one canary is.

    Attributes:
        rank: 1 where it is likelier than every alternative; ties count against memory.
        num_alternatives: N.
        bits: log2((N + 1) / rank); at most log2(N + 1).
        fitted_bits: extrapolated beyond that: −log2 of the share of the alternatives' losses, as a skew-normal
            distribution, that lie below the canary's. At most log2 of the number of identifiers of its form; null
            where all alternatives are equally likely.
        fit_p_value: of the Kolmogorov-Smirnov test of that distribution; small where the extrapolation is not to be
            trusted.
    """

    canary_id: str
    form: str
    rank: int
    num_alternatives: int
    bits: float
    fitted_bits: float | None
    fit_p_value: float | None


def exposures(predictions: pa.Table, config: MemorisationConfig) -> list[Exposure]:
    """Exposure of each canary.

    Args:
        predictions: PREDICTIONS of one model for `exposure_items`.

    Raises:
        InputError: the model gave no finite likelihood.
    """
    by_item = dict(zip(predictions["item_id"].to_pylist(), predictions["loglikelihood"].to_pylist(), strict=True))
    found = []
    for canary in canaries(config):
        items = [f"{canary.canary_id}/{place}" for place in range(config.num_alternatives + 1)]
        likelihoods = [by_item.get(item) for item in items]
        if any(value is None for value in likelihoods):
            raise InputError(f"{canary.canary_id}: the model has no finite likelihood for it and all its alternatives")
        losses = -np.array(likelihoods, dtype=np.float64)
        rank, others = rank_of_first(losses), losses[1:]
        fitted, fit_p_value = _fitted_bits(float(losses[0]), others)
        found.append(
            Exposure(
                canary_id=canary.canary_id,
                form=canary.form,
                rank=rank,
                num_alternatives=len(others),
                bits=math.log2(len(losses) / rank),
                fitted_bits=None if fitted is None else min(fitted, canary.num_secrets_bits),
                fit_p_value=fit_p_value,
            )
        )
    return found


def rank_of_first(losses: NDArray[np.float64]) -> int:
    """Rank from 1 of the first of these losses among all of them; of equal ones it is the last.

    Args:
        losses: (num_alternatives + 1,) nats, the canary's first.
    """
    return int(stats.rankdata(losses, method="max")[0])


def combined_p_value(found: Sequence[Exposure]) -> float:
    """Probability that ranks so far up, of all canaries or of a single one, come about by chance.

    Twice the smaller of Fisher's p-value, which sees many canaries a little exposed, and Tippett's, which sees one that
    is very much.
    """
    p_values = [exposure.rank / (exposure.num_alternatives + 1) for exposure in found]
    combined = [stats.combine_pvalues(p_values, method=method).pvalue for method in ("fisher", "tippett")]
    return min(1.0, 2 * float(min(combined)))


def _fitted_bits(loss: float, others: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """−log2 of the fitted distribution below `loss`, infinite where it underflows, and the fit's p-value."""
    if np.ptp(others) == 0:
        return None, None
    distribution = stats.skewnorm(*stats.skewnorm.fit(others))
    below = float(distribution.cdf(loss))
    return -math.log2(below) if below > 0 else math.inf, float(stats.kstest(others, distribution.cdf).pvalue)
