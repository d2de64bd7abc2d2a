"""The verdicts in plain sentences: what was learnt, what was forgotten, and what is not shown either way."""

from collections.abc import Callable, Mapping
from typing import Any

from pipelines.reporting.numbers import number, signed
from pipelines.reporting.score_tables import LEARNERS, negated
from schemas.scores import Verdict


def summary_section(scores: Mapping[str, Any]) -> dict[str, list[str]]:
    """Sentences by what they say.

    Each task speaks through its headline metric; another metric is heard only where its verdict differs.

    Returns:
        "learnt", "forgotten" and "not_shown" of the models trained here; "other_models" of the rest.
    """
    groups: dict[str, list[str]] = {"learnt": [], "forgotten": [], "not_shown": [], "other_models": []}
    headline_verdicts = {(row["model"], row["task"]): row["verdict"] for row in scores["rows"] if row["is_headline"]}
    for row in scores["rows"]:
        repeats = not row["is_headline"] and row["verdict"] == headline_verdicts.get((row["model"], row["task"]))
        if row["verdict"] is None or repeats:
            continue
        group = _GROUPS[Verdict(row["verdict"])] if row["model"] in LEARNERS else "other_models"
        groups[group].append(sentence(row))
    return groups


def sentence(row: Mapping[str, Any]) -> str:
    """What one comparison shows, and no more than that.

    Args:
        row: of the scores' section, with a verdict.
    """
    baseline = row["baseline"]
    facts = (
        f"{row['metric']} {number(row['value'])} against {number(row['value'] - row['difference'])}"
        f"{' (lower is better)' if row['lower_is_better'] else ''}"
    )
    low, high = row["improvement_ci_low"], row["improvement_ci_high"]
    items = f"{row['num_items']:,} items"
    if row["num_errors"]:
        items += f", {row['num_errors']:,} of them without an answer"
    if row["verdict"] == Verdict.BETTER:
        return (
            f"{row['model']} does better than {baseline} on {row['task']}: {facts}, "
            f"a gain of {number(row['improvement'])} ({_interval(low, high, number)}; {items})."
        )
    if row["verdict"] == Verdict.WORSE:
        return (
            f"{row['model']} does worse than {baseline} on {row['task']}: {facts}, "
            f"a loss of {number(-row['improvement'])} ({_interval(negated(high), negated(low), number)}; {items})."
        )
    return (
        f"No difference between {row['model']} and {baseline} is shown on {row['task']}: {facts}, "
        f"an estimated improvement of {signed(row['improvement'])} ({_interval(low, high, signed)}; {items}). "
        f"This does not show that they are equal{_compatible(low, high)}."
    )


_GROUPS = {
    Verdict.BETTER: "learnt",
    Verdict.WORSE: "forgotten",
    Verdict.NO_DIFFERENCE_SHOWN: "not_shown",
}


def _interval(low: float | None, high: float | None, show: Callable[[float | None], str]) -> str:
    if low is None or high is None:
        return "interval not known"
    return f"95 % CI {show(low)} to {show(high)}"


def _compatible(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    if low <= 0 <= high:
        return f": a loss of {number(-low)} and a gain of {number(high)} both remain possible"
    return ": the interval leaves zero out, and the test, corrected for the number of comparisons, does not"
