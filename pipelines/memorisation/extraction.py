"""Extraction: the share of targets that greedy decoding reproduces verbatim, trained on against held out.

Carlini et al. 2023, "Quantifying Memorization Across Neural Language Models": a text is extractable with k tokens of
context where greedy decoding from its k tokens gives its next tokens exactly. Held-out targets are the baseline:
phrases that every note has are reproduced without any memory of the patient's.
"""

from dataclasses import dataclass

import polars as pl
import pyarrow as pa
from scipy import stats

from pipelines.memorisation.config import MemorisationConfig
from schemas.notes import Split


@dataclass(frozen=True, kw_only=True)
class Share:
    """k of n with its exact 95 % interval (Clopper-Pearson), null where n is 0. The rows are one a patient."""

    num: int
    of: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """How many targets a model reproduces for at least so many tokens.

    Attributes:
        prefix_tokens: of the target that it was given.
        num_tokens: that it had to reproduce from there; targets that end before are not counted.
        p_value: of Fisher's exact test that trained-on targets are reproduced no more often than held-out ones; null
            where a side has none that is long enough.
    """

    model: str
    prefix_tokens: int
    num_tokens: int
    trained_on: Share
    held_out: Share
    p_value: float | None


def extractions(continuations: pa.Table, config: MemorisationConfig) -> list[Extraction]:
    """One for each model, prefix and number of tokens.

    Args:
        continuations: CONTINUATIONS of both splits, one example a patient.
    """
    frame = pl.DataFrame(pl.from_arrow(continuations.drop_columns(["identifiers"])))
    found = []
    for model in frame["model"].unique().sort():
        for prefix_tokens in sorted(config.prefix_tokens):
            for num_tokens in sorted(config.continuation_tokens):
                eligible = frame.filter(
                    pl.col("model") == model,
                    pl.col("prefix_tokens") == prefix_tokens,
                    pl.col("num_target_tokens") >= num_tokens,
                )
                sides = [eligible.filter(pl.col("split") == side.value) for side in (Split.TRAIN, Split.TEST)]
                ours, theirs = (share(int((side["num_matched"] >= num_tokens).sum()), side.height) for side in sides)
                found.append(
                    Extraction(
                        model=model,
                        prefix_tokens=prefix_tokens,
                        num_tokens=num_tokens,
                        trained_on=ours,
                        held_out=theirs,
                        p_value=_p_value(ours, theirs),
                    )
                )
    return found


def share(num: int, of: int) -> Share:
    """`num` of `of` with its interval."""
    if not of:
        return Share(num=num, of=of, value=None, low=None, high=None)
    interval = stats.binomtest(num, of).proportion_ci(confidence_level=0.95, method="exact")
    return Share(num=num, of=of, value=num / of, low=float(interval.low), high=float(interval.high))


def _p_value(ours: Share, theirs: Share) -> float | None:
    if not ours.of or not theirs.of:
        return None
    table = [[ours.num, ours.of - ours.num], [theirs.num, theirs.of - theirs.num]]
    return float(stats.fisher_exact(table, alternative="greater").pvalue)
