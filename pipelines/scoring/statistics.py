"""From predictions to the scores table: values, intervals, differences from the baseline, verdicts.

Every comparison in the table is of one family: Holm's correction runs over all of them.
"""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import norm

from pipelines.scoring.config import ScoringConfig
from pipelines.scoring.metrics import Floats, Metric, TaskMetrics, item_sums, task_metrics
from pipelines.scoring.resampling import (
    CONFIDENCE,
    bootstrap_totals,
    group_sums,
    percentile_interval,
    permutation_p_value,
)
from schemas.benchmarks import ItemKind
from schemas.errors import InputError, LedgerError
from schemas.scores import SCORES, Verdict

log = logging.getLogger(__name__)

Rows = list[dict[str, Any]]

SIGNIFICANCE = 0.05


def score_table(
    predictions: pa.Table,
    items: pa.Table,
    config: ScoringConfig,
    *,
    baseline: str = "base",
    positive_labels: Mapping[str, str] | None = None,
) -> pa.Table:
    """Score every model on every task that it has predictions for, and compare it with the baseline.

    Args:
        predictions: PREDICTIONS rows of all models and tasks.
        items: BENCHMARK_ITEMS rows, those that were predicted.
        config: for `seed` and `num_bootstrap`.
        baseline: the model that the others are compared with.
        positive_labels: task → the label whose F1 and recall are reported.

    Returns:
        SCORES rows. `difference` is model minus baseline, `p_value` is Holm-adjusted over all comparisons of the
        table, and the verdict needs it below 0.05 and an interval without zero. Differences are null for the baseline,
        for descriptions (`top_label_share`, `collapsed`) and for likelihoods under different tokens. Intervals are
        NaN where there is but one group and the metric is no share.

    Raises:
        InputError: no predictions of the baseline on a task, or a positive label that the task does not have.
        LedgerError: predictions and items do not match one to one.
    """
    by_model_and_task: dict[tuple[str, str], Rows] = defaultdict(list)
    for row in predictions.to_pylist():
        by_model_and_task[row["model"], row["task"]].append(row)
    tasks = sorted(pc.unique(items["task"]).to_pylist())
    if unknown := sorted({task for _, task in by_model_and_task} - set(tasks)):
        raise LedgerError(f"predictions on {unknown}, of which there are no items")
    if unknown := sorted(set(positive_labels or {}) - set(tasks)):
        raise InputError(f"positive labels for {unknown}, of which there are no items; correct the tasks' names")
    scored: list[tuple[dict[str, Any], Metric]] = []
    for task in tasks:
        task_items = items.filter(pc.equal(items["task"], task))
        models = {model: found for (model, name), found in by_model_and_task.items() if name == task}
        if baseline not in models:
            raise InputError(
                f"task {task!r} has no predictions of the baseline {baseline!r}: score it on the task first"
            )
        aligned = {model: _aligned(model, task_items, models[model]) for model in [baseline, *sorted(models)]}
        rng = np.random.default_rng(_task_seed(config.seed, task))
        layout = task_metrics(task_items, (positive_labels or {}).get(task))
        scored += _Task(task, layout, task_items, aligned, baseline).score(config.num_bootstrap, rng)
    compared = [(row, metric) for row, metric in scored if row["p_value"] is not None]
    for (row, metric), adjusted in zip(compared, holm([row["p_value"] for row, _ in compared]), strict=True):
        interval = (row["difference_ci_low"], row["difference_ci_high"])
        row["p_value"] = adjusted
        row["verdict"] = verdict(*interval, adjusted, higher_is_better=bool(metric.higher_is_better)).value
    return pa.Table.from_pylist([row for row, _ in scored], schema=SCORES)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given: the chance of one false finding among all stays under the level.

    The k-th smallest of m is multiplied by m - k + 1 and is never less than the one before it.
    """
    adjusted = [1.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        running = max(running, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = running
    return adjusted


def minimum_detectable_effect(difference_ci_low: float, difference_ci_high: float, power: float = 0.8) -> float:
    """The smallest true difference that a comparison of this size finds with probability `power`, uncorrected.

    (z(0.975) + z(power)) standard errors, the standard error being read off the interval of the paired difference. A
    "no difference shown" with a large minimum says that the items were too few, not that the models are equal.
    """
    z_interval = float(norm.ppf((1 + CONFIDENCE) / 2))
    standard_error = (difference_ci_high - difference_ci_low) / (2 * z_interval)
    return (z_interval + float(norm.ppf(power))) * standard_error


def verdict(ci_low: float, ci_high: float, adjusted_p: float, *, higher_is_better: bool) -> Verdict:
    """What a difference (model minus baseline) shows: a finding needs the interval and the corrected test to agree."""
    if adjusted_p < SIGNIFICANCE and ci_low > 0:
        return Verdict.BETTER if higher_is_better else Verdict.WORSE
    if adjusted_p < SIGNIFICANCE and ci_high < 0:
        return Verdict.WORSE if higher_is_better else Verdict.BETTER
    return Verdict.NO_DIFFERENCE_SHOWN


def _task_seed(seed: int, task: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}:{task}".encode(), digest_size=8).digest(), "big")


def _aligned(model: str, items: pa.Table, predictions: Rows) -> Rows:
    """A model's predictions in the order of the items, one for each."""
    by_id = {row["item_id"]: row for row in predictions}
    item_ids = items["item_id"].to_pylist()
    task = items["task"][0].as_py()
    if len(by_id) < len(predictions) or by_id.keys() != set(item_ids) or len(by_id) < len(item_ids):
        raise LedgerError(
            f"model {model!r}, task {task!r}: {len(item_ids)} items, {len(predictions)} predictions of {len(by_id)} "
            "items; they must match one to one"
        )
    aligned = [by_id[item_id] for item_id in item_ids]
    for item, row in zip(items.select(["kind", "answer", "choices"]).to_pylist(), aligned, strict=True):
        if item["kind"] == ItemKind.MULTIPLE_CHOICE and (
            row["answer"] != item["answer"] or (row["parsed"] is not None and row["parsed"] not in item["choices"])
        ):
            raise LedgerError(
                f"model {model!r}, task {task!r}, item {row['item_id']!r}: the prediction is of another version of it"
            )
    return aligned


@dataclass(frozen=True)
class _Task:
    """One task's predictions by every model; the baseline comes first."""

    name: str
    layout: TaskMetrics
    items: pa.Table
    predictions: dict[str, Rows]
    baseline: str

    def score(self, num_bootstrap: int, rng: np.random.Generator) -> list[tuple[dict[str, Any], Metric]]:
        """SCORES rows, with p-values that are not adjusted yet, and what they measure."""
        group_ids = self.items["group_id"].to_pylist()
        sums = {model: group_sums(self._item_sums(rows), group_ids) for model, rows in self.predictions.items()}
        # One set of resamples for all models: side by side, they are drawn together.
        totals = bootstrap_totals(np.concatenate(list(sums.values()), axis=1), num_bootstrap, rng)
        draws = dict(zip(sums, np.split(totals, len(sums), axis=1), strict=True))
        scored: list[tuple[dict[str, Any], Metric]] = []
        for model in self.predictions:
            comparable = model != self.baseline and self._are_comparable(model)
            for metric in self.layout.metrics:
                value = float(metric.of(sums[model].sum(axis=0)))
                if not np.isfinite(value):
                    log.warning("model %s, task %s: %s is undefined, and left out", model, self.name, metric.name)
                    continue
                row = self._value_row(model, metric, value, sums[model], draws[model])
                defined = np.isfinite(metric.of(sums[self.baseline].sum(axis=0)))
                if comparable and defined and metric.higher_is_better is not None:
                    row |= self._difference(
                        metric, sums[model], sums[self.baseline], draws[model], draws[self.baseline]
                    )
                    row["p_value"] = permutation_p_value(sums[model], sums[self.baseline], metric.of, rng)
                scored.append((row, metric))
        return scored

    def _item_sums(self, rows: Rows) -> Floats:
        names = ("parsed", "correct", "loglikelihood", "num_tokens")
        columns = {name: [row[name] for row in rows] for name in names}
        return item_sums(self.layout, gold=self.items["answer"].to_pylist(), **columns)

    def _value_row(self, model: str, metric: Metric, value: float, sums: Floats, draws: Floats) -> dict[str, Any]:
        low, high = self._interval(metric, metric.of(draws), sums)
        if metric.is_share:
            low, high = max(0.0, low), min(1.0, high)
        return {
            "model": model,
            "task": self.name,
            "metric": metric.name,
            "value": value,
            "ci_low": low,
            "ci_high": high,
            "num_items": len(self.predictions[model]),
            "num_errors": sum(row["error"] is not None for row in self.predictions[model]),
            "p_value": None,
        }

    def _difference(
        self, metric: Metric, sums: Floats, baseline_sums: Floats, draws: Floats, baseline_draws: Floats
    ) -> dict[str, Any]:
        low, high = self._interval(metric, metric.of(draws) - metric.of(baseline_draws), sums)
        return {
            "baseline": self.baseline,
            "difference": float(metric.of(sums.sum(axis=0)) - metric.of(baseline_sums.sum(axis=0))),
            "difference_ci_low": low,
            "difference_ci_high": high,
        }

    def _interval(self, metric: Metric, draws: Floats, sums: Floats) -> tuple[float, float]:
        if metric.is_share:
            return percentile_interval(draws, self._groups_behind(metric, sums))
        if len(sums) < 2:
            return float("nan"), float("nan")  # nothing to resample: no interval is known
        return percentile_interval(draws)

    def _groups_behind(self, metric: Metric, sums: Floats) -> int:
        """Groups that a share rests on: for a metric that weighs labels, those with the rarest label."""
        if not metric.by_label:
            return len(sums)
        by_label = sums.reshape(len(sums), len(self.layout.labels), -1).sum(axis=2) > 0
        return int(min(count for count in by_label.sum(axis=0) if count))

    def _are_comparable(self, model: str) -> bool:
        """Whether a difference from the baseline means anything.

        Nats per token of different tokens, items or prompts do not: there is no comparison. The choice among answers
        does mean the same under another chat template, as a rival of another family has; that is allowed, and said.
        """
        pairs = list(zip(self.predictions[model], self.predictions[self.baseline], strict=True))
        num_other_prompts = sum(ours["prompt_sha256"] != theirs["prompt_sha256"] for ours, theirs in pairs)
        if self.items["kind"][0].as_py() == ItemKind.LIKELIHOOD:
            if num_other_prompts or any(ours["num_tokens"] != theirs["num_tokens"] for ours, theirs in pairs):
                log.warning(
                    "task %s: %s and %s have different tokens, errors or prompts: their likelihoods are not compared",
                    *(self.name, model, self.baseline),
                )
                return False
        elif num_other_prompts:
            log.warning(
                "task %s: %d of %d prompts look different to %s and %s: each answers in its own chat template",
                *(self.name, num_other_prompts, len(pairs), model, self.baseline),
            )
        return True
