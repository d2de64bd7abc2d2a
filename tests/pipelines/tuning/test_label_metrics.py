"""Metrics of a labelled task from documents' scores, worked out by hand."""

import math

import pytest

from pipelines.model.packed import DocumentScore
from pipelines.tuning.examples import choice_id
from pipelines.tuning.label_metrics import METRIC, LabelMetrics


def _scores(probabilities_of_yes: list[float], gold: list[int]) -> list[DocumentScore]:
    return [
        DocumentScore(choice_id(f"e{index}", choice, answer), -math.log(p if choice == 0 else 1 - p), 1, 0)
        for index, (p, answer) in enumerate(zip(probabilities_of_yes, gold, strict=True))
        for choice in (0, 1)
    ]


def test_a_collapsed_model_is_seen_although_its_accuracy_is_high() -> None:
    metrics = LabelMetrics(["yes", "no"], "yes")(_scores([0.1] * 10, [0] + [1] * 9))
    assert metrics["majority_prediction_share"] == 1.0
    assert metrics["balanced_accuracy"] == 0.5
    assert metrics["positive_f1"] == 0.0
    # the rare label weighs as much as the frequent one
    assert metrics[METRIC] == pytest.approx((-math.log(0.1) - math.log(0.9)) / 2)


def test_a_perfect_model() -> None:
    metrics = LabelMetrics(["yes", "no"], "yes")(_scores([0.9, 0.2, 0.2, 0.8], [0, 1, 1, 0]))
    assert metrics["balanced_accuracy"] == metrics["positive_f1"] == 1.0
    assert metrics["majority_prediction_share"] == 0.5
    assert metrics["num_validation_examples"] == 4.0


def test_unnormalised_likelihoods_are_normalised_over_the_labels() -> None:
    scores = [DocumentScore(choice_id("e", 0, 0), 5.0, 1, 0), DocumentScore(choice_id("e", 1, 0), 7.0, 1, 0)]
    metrics = LabelMetrics(["yes", "no"], "yes")(scores)
    assert metrics[METRIC] == pytest.approx(math.log(1 + math.exp(-2.0)))


def test_no_documents_no_metrics() -> None:
    assert LabelMetrics(["yes", "no"], "yes")([]) == {}
