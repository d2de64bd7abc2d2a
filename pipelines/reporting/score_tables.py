"""Scores in the order in which they are read, every difference turned so that more is better."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from schemas.errors import InputError
from schemas.scores import SCORES, Verdict

# The order in which models are shown; others, such as rivals, follow.
BASE, TRAINED, TUNED = "base", "trained", "tuned"
LEARNERS = (TRAINED, TUNED)
_ROLES = (BASE, *LEARNERS)

_LOWER_IS_BETTER = frozenset({"nll_per_token"})
# Of a task's metrics, the one that stands for it. A tuned task's labels are uneven: accuracy would hide a collapse.
_HEADLINES = ("nll_per_token", "accuracy", "balanced_accuracy")
_HEADLINES_OF_LABELS = ("balanced_accuracy", *_HEADLINES)


def scores_section(scores: pa.Table, tuned_task: str | None) -> dict[str, Any]:
    """Models, all rows, and one headline metric for each task.

    Args:
        scores: rows of the SCORES schema.
        tuned_task: the labelled task that the tuned model was trained on; null for none.

    Raises:
        InputError: the table is not of the schema, or holds a verdict that its difference does not bear out.
    """
    if missing := [name for name in SCORES.names if name not in scores.column_names]:
        raise InputError(f"scores.parquet has no columns {missing}: run the score stage again")
    written = scores.to_pylist()
    if not written:
        raise InputError("scores.parquet is empty: run the score stage again")
    models = _models(written)
    tasks = list(dict.fromkeys(row["task"] for row in written))
    headlines = {task: _headline([r for r in written if r["task"] == task], task == tuned_task) for task in tasks}

    def place(row: Mapping[str, Any]) -> tuple[int, bool, str, int]:
        task, metric = row["task"], row["metric"]
        return tasks.index(task), metric != headlines[task], metric, models.index(row["model"])

    rows = [_row(row, headlines[row["task"]]) for row in sorted(written, key=place)]
    return {"models": models, "tasks": tasks, "headlines": headlines, "rows": rows}


def headline_rows(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """For each task its headline metric and, model → row, what the models reached."""
    tables = []
    for task, metric in scores["headlines"].items():
        rows = {row["model"]: row for row in scores["rows"] if row["task"] == task and row["metric"] == metric}
        lower = next(iter(rows.values()))["lower_is_better"]
        tables.append({"task": task, "metric": metric, "lower_is_better": lower, "rows": rows})
    return tables


def _models(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    found = list(dict.fromkeys(row["model"] for row in rows))
    return [*(role for role in _ROLES if role in found), *(model for model in found if model not in _ROLES)]


def _headline(rows: Sequence[Mapping[str, Any]], of_labels: bool) -> str:
    """A metric with a verdict stands for its task before one without."""
    judged = [row["metric"] for row in rows if row["verdict"] is not None]
    metrics = list(dict.fromkeys(judged or [row["metric"] for row in rows]))
    preferred = _HEADLINES_OF_LABELS if of_labels else _HEADLINES
    return next((metric for metric in preferred if metric in metrics), metrics[0])


def _row(row: Mapping[str, Any], headline: str) -> dict[str, Any]:
    lower = row["metric"] in _LOWER_IS_BETTER
    numbers = {name: _finite(value) if isinstance(value, float) else value for name, value in row.items()}
    gain, low, high = (numbers[name] for name in ("difference", "difference_ci_low", "difference_ci_high"))
    if lower:
        gain, low, high = negated(gain), negated(high), negated(low)
    _check_verdict(row, gain)
    return {
        **numbers,
        "lower_is_better": lower,
        "is_headline": row["metric"] == headline,
        "improvement": gain,
        "improvement_ci_low": low,
        "improvement_ci_high": high,
    }


def _check_verdict(row: Mapping[str, Any], improvement: float | None) -> None:
    """A metric of which the report knows the wrong direction must not be shown upside down."""
    if row["verdict"] is None:
        return
    where = f"scores.parquet, model {row['model']!r}, task {row['task']!r}, metric {row['metric']!r}"
    if row["verdict"] not in list(Verdict):
        raise InputError(f"{where}: verdict {row['verdict']!r} is none of {[verdict.value for verdict in Verdict]}")
    if improvement is None:
        raise InputError(f"{where}: a verdict without a difference; run the score stage again")
    against = improvement < 0 if row["verdict"] == Verdict.BETTER else improvement > 0
    if row["verdict"] != Verdict.NO_DIFFERENCE_SHOWN and against:
        raise InputError(f"{where}: the verdict {row['verdict']!r} contradicts the difference {row['difference']:g}")


def negated(value: float | None) -> float | None:
    """A number with its sign turned; a null stays one."""
    return None if value is None else -value


def _finite(value: float) -> float | None:
    """NaN, where an interval is not known, as a null: JSON has none."""
    return value if math.isfinite(value) else None
