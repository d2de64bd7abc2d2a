"""Metrics as functions of sums over items, so that a resample of patients needs sums and no second look at the items.

A task is one of three shapes:

  likelihood       (nll, tokens)                 nll_per_token
  open choices     (correct, items)              accuracy                  each item has choices of its own
  fixed labels     confusion (gold x predicted)  accuracy and class metrics

Errors stay in the denominator. An item with an error counts as a wrong answer: in the confusion it falls into a last
column, "none", that is never right. On likelihood items an error has no log-likelihood that would be fair to make up;
there the number of errors stands beside the value, and models are compared only where both scored the same items.

`nll_per_token` is in nats and token-weighted: the sum over all answers divided by their tokens (the logarithm of the
perplexity of the whole), not the mean over items, which would let one-line answers count as much as long ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.benchmarks import ItemKind
from schemas.errors import InputError

Floats = NDArray[np.float64]

# A label's rivals predicted less than a fifth as often as they are true is a collapse; see `collapsed`.
COLLAPSE_RATIO = 0.2
COLLAPSE_MINIMUM_EXPECTED = 3


@dataclass(frozen=True)
class Metric:
    """A figure computed from sums.

    Attributes:
        name: as in the scores table.
        of: (..., num_sums) → (...); NaN where the sums do not determine it.
        higher_is_better: None for a description that is not compared between models.
        is_share: lies in 0..1.
        by_label: weighs labels, not items: the rarest label limits how well it is known.
    """

    name: str
    of: Callable[[Floats], Floats]
    higher_is_better: bool | None
    is_share: bool = True
    by_label: bool = False


@dataclass(frozen=True)
class TaskMetrics:
    """What is measured on a task.

    Attributes:
        metrics: those that apply.
        labels: of a task with fixed labels, in the order of the confusion; empty for others.
        num_sums: columns of the items' sums.
    """

    metrics: tuple[Metric, ...]
    labels: tuple[str, ...]
    num_sums: int


def task_metrics(items: pa.Table, positive_label: str | None = None) -> TaskMetrics:
    """The metrics of one task.

    Args:
        items: BENCHMARK_ITEMS rows of the task, all of one kind.
        positive_label: for F1 and recall of one class; only for fixed labels.

    Raises:
        InputError: the items are of several kinds, or have no such label.
    """
    task = items["task"][0].as_py()
    kinds = set(items["kind"].to_pylist())
    if len(kinds) != 1:
        raise InputError(f"task {task!r} mixes the kinds {sorted(kinds)}: score them as two tasks")
    if kinds == {ItemKind.LIKELIHOOD.value}:
        per_token = Metric("nll_per_token", _ratio, higher_is_better=False, is_share=False)
        return TaskMetrics((per_token,), (), 2)
    choice_lists = {tuple(choices) for choices in items["choices"].to_pylist()}
    if len(choice_lists) > 1 or items.num_rows == 1:
        if positive_label is not None:
            raise InputError(f"task {task!r} has no fixed labels, so none of them can be the positive one")
        return TaskMetrics((Metric("accuracy", _ratio, higher_is_better=True),), (), 2)
    labels = choice_lists.pop()
    if positive_label is not None and positive_label not in labels:
        raise InputError(f"task {task!r}: positive label {positive_label!r} is none of {list(labels)}")
    return TaskMetrics(_label_metrics(labels, positive_label), labels, len(labels) * (len(labels) + 1))


def item_sums(
    layout: TaskMetrics,
    *,
    gold: Sequence[str | None],
    parsed: Sequence[str | None],
    correct: Sequence[bool | None],
    loglikelihood: Sequence[float | None],
    num_tokens: Sequence[int | None],
) -> Floats:
    """The items' contributions to a task's sums, in the items' order.

    Returns:
        (num_items, layout.num_sums) float64.
    """
    if layout.labels:
        num_labels = len(layout.labels)
        index = {label: position for position, label in enumerate(layout.labels)}
        rows = np.zeros((len(gold), num_labels * (num_labels + 1)))
        for row, (true, predicted) in enumerate(zip(gold, parsed, strict=True)):
            assert true is not None
            column = num_labels if predicted is None else index[predicted]
            rows[row, index[true] * (num_labels + 1) + column] = 1.0
        return rows
    if layout.metrics[0].name == "accuracy":
        return np.array([[float(bool(right)), 1.0] for right in correct]).reshape(-1, 2)
    pairs = zip(loglikelihood, num_tokens, strict=True)
    return np.array([[0.0, 0.0] if ll is None else [-ll, float(tokens or 0)] for ll, tokens in pairs]).reshape(-1, 2)


def _label_metrics(labels: tuple[str, ...], positive_label: str | None) -> tuple[Metric, ...]:
    def on_confusion(function: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
        return lambda sums: function(sums.reshape(*sums.shape[:-1], len(labels), len(labels) + 1))

    found = [
        Metric("accuracy", on_confusion(_accuracy), higher_is_better=True),
        Metric("balanced_accuracy", on_confusion(_balanced_accuracy), higher_is_better=True, by_label=True),
        Metric("macro_f1", on_confusion(_macro_f1), higher_is_better=True, by_label=True),
    ]
    if positive_label is not None:
        positive = labels.index(positive_label)
        for name, of_labels in (("positive_f1", f1_scores), ("positive_recall", recalls)):
            of_positive = on_confusion(_at(of_labels, positive))
            found.append(Metric(name, of_positive, higher_is_better=True, by_label=True))
    found += [
        Metric("top_label_share", on_confusion(_top_label_share), higher_is_better=None),
        Metric("collapsed", on_confusion(collapsed), higher_is_better=None, is_share=False),
    ]
    return tuple(found)


def _at(of_labels: Callable[[Floats], Floats], label: int) -> Callable[[Floats], Floats]:
    return lambda confusion: of_labels(confusion)[..., label]


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def _ratio(sums: Floats) -> Floats:
    return _divide(sums[..., 0], sums[..., 1])


def _mean_of_defined(values: Floats) -> Floats:
    """Mean over the last axis without its NaNs."""
    return _divide(np.nansum(values, axis=-1), np.isfinite(values).sum(axis=-1).astype(np.float64))


def _hits(confusion: Floats) -> Floats:
    return np.diagonal(confusion[..., :-1], axis1=-2, axis2=-1)


def recalls(confusion: Floats) -> Floats:
    """Recall of each label: (..., labels, labels + 1) → (..., labels); NaN for a label that no item has."""
    return _divide(_hits(confusion), confusion.sum(axis=-1))


def f1_scores(confusion: Floats) -> Floats:
    """F1 of each label: (..., labels, labels + 1) → (..., labels); NaN for one neither true nor predicted anywhere."""
    return _divide(2 * _hits(confusion), confusion.sum(axis=-1) + confusion[..., :-1].sum(axis=-2))


def _accuracy(confusion: Floats) -> Floats:
    return _divide(_hits(confusion).sum(axis=-1), confusion.sum(axis=(-2, -1)))


def _balanced_accuracy(confusion: Floats) -> Floats:
    return _mean_of_defined(recalls(confusion))


def _macro_f1(confusion: Floats) -> Floats:
    return _mean_of_defined(f1_scores(confusion))


def _top_label_share(confusion: Floats) -> Floats:
    return _divide(confusion[..., :-1].sum(axis=-2).max(axis=-1), confusion.sum(axis=(-2, -1)))


def collapsed(confusion: Floats) -> Floats:
    """Whether a model answers with one label whatever the item: (..., labels, labels + 1) → 0 or 1 (...).

    Language models drift to a favourite label on classification prompts (majority-label bias: Zhao et al. 2021,
    "Calibrate Before Use"), and accuracy hides it where that label is common. The share of the favourite alone does
    not show it: always "no" is right 98 times in 100 where 2 in 100 are "yes". So the others count: the model has
    collapsed when it predicts labels other than its favourite less than a fifth as often as they are true (on a
    balanced yes/no task: more than nine answers in ten are the same). Where fewer than 3 items have another label,
    predicting none of them happens by chance more than one time in twenty (exp(-3)), and nothing is flagged.
    """
    predicted = confusion[..., :-1].sum(axis=-2)
    gold = confusion.sum(axis=-1)
    favourite = predicted.argmax(axis=-1)[..., np.newaxis]
    others_predicted = predicted.sum(axis=-1) - np.take_along_axis(predicted, favourite, axis=-1)[..., 0]
    others_gold = gold.sum(axis=-1) - np.take_along_axis(gold, favourite, axis=-1)[..., 0]
    flagged = (others_gold >= COLLAPSE_MINIMUM_EXPECTED) & (others_predicted < COLLAPSE_RATIO * others_gold)
    return flagged.astype(np.float64)
