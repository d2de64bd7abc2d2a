"""Validation over every validation row: each rank scores its share, rank 0's metrics are of them all."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch.distributed as dist

from pipelines.model.packed import DocumentScore, Pack, score_documents

# From the scores of all validation documents to named numbers.
ValidationMetrics = Callable[[list[DocumentScore]], dict[str, float]]


def likelihood_metrics(scores: list[DocumentScore]) -> dict[str, float]:
    """Mean negative log-likelihood per target token (nats), its exponential, and target token accuracy."""
    tokens = sum(score.num_targets for score in scores)
    if tokens == 0:
        return {}
    nll = sum(score.nll for score in scores) / tokens
    return {
        "validation_loss": nll,
        "validation_perplexity": float(np.exp(nll)),
        "validation_token_accuracy": sum(score.num_correct for score in scores) / tokens,
        "num_validation_examples": float(len(scores)),
    }


def validate(engine: Any, packs: Iterable[Pack], metrics: ValidationMetrics) -> dict[str, float]:
    """Score this rank's packs, gather all ranks' scores and compute the metrics. Collective.

    Args:
        engine: DeepSpeed engine around a PackedModel.
        packs: this rank's share; shares have equally many packs, fillers included, as ZeRO-3's collectives need.
        metrics: applied to the scores of all ranks, ordered by document id.
    """
    engine.eval()
    own = [score for pack in packs for score in score_documents(engine, pack) if score.document_id]
    engine.train()
    shares: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(shares, own)
    everyone = sorted((score for share in shares for score in share), key=lambda score: score.document_id)
    return metrics(everyone)
