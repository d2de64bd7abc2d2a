from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score

from pipelines.scoring.metrics import Floats, TaskMetrics, collapsed, item_sums, task_metrics
from schemas.benchmarks import BENCHMARK_ITEMS
from schemas.errors import InputError


def items(kind: str, choices: list[list[str] | None]) -> pa.Table:
    blank: dict[str, Any] = dict.fromkeys(BENCHMARK_ITEMS.names, "x")
    rows = [blank | {"item_id": str(index), "kind": kind, "choices": found} for index, found in enumerate(choices)]
    return pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS)


def label_sums(layout: TaskMetrics, gold: list[str], parsed: list[str | None]) -> Floats:
    nothing = [None] * len(gold)
    return item_sums(layout, gold=gold, parsed=parsed, correct=nothing, loglikelihood=nothing, num_tokens=nothing)


def values(layout: TaskMetrics, sums: Floats) -> dict[str, float]:
    return {metric.name: float(metric.of(sums.sum(axis=0))) for metric in layout.metrics}


def test_label_metrics_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    labels = ["no", "yes", "maybe"]
    gold = rng.choice(labels, size=60, p=[0.5, 0.3, 0.2]).tolist()
    parsed = [true if rng.random() < 0.6 else str(rng.choice(labels)) for true in gold]
    layout = task_metrics(items("multiple_choice", [labels] * 60), positive_label="yes")
    found = values(layout, label_sums(layout, gold, parsed))
    assert found["accuracy"] == pytest.approx(np.mean([g == p for g, p in zip(gold, parsed, strict=True)]))
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(gold, parsed))
    assert found["macro_f1"] == pytest.approx(f1_score(gold, parsed, average="macro"))
    assert found["positive_f1"] == pytest.approx(f1_score(gold, parsed, labels=["yes"], average="macro"))
    assert found["positive_recall"] == pytest.approx(recall_score(gold, parsed, labels=["yes"], average="macro"))


def test_errors_stay_in_every_denominator() -> None:
    layout = task_metrics(items("multiple_choice", [["no", "yes"]] * 4), positive_label="yes")
    found = values(layout, label_sums(layout, ["yes", "yes", "no", "no"], ["yes", None, "no", None]))
    assert found["accuracy"] == 0.5
    assert found["positive_recall"] == 0.5
    assert found["positive_f1"] == pytest.approx(2 / 3)
    assert found["balanced_accuracy"] == 0.5


def test_open_choices_give_accuracy_alone() -> None:
    layout = task_metrics(items("multiple_choice", [["a", "b"], ["c", "d"], ["e", "f"]]))
    nothing = [None] * 3
    sums = item_sums(
        layout, gold=nothing, parsed=nothing, correct=[True, False, None], loglikelihood=nothing, num_tokens=nothing
    )
    assert values(layout, sums) == {"accuracy": pytest.approx(1 / 3)}


def test_likelihood_is_weighted_by_tokens_and_leaves_errors_out() -> None:
    layout = task_metrics(items("likelihood", [None] * 3))
    nothing = [None] * 3
    sums = item_sums(
        layout,
        gold=nothing,
        parsed=nothing,
        correct=nothing,
        loglikelihood=[-10.0, -90.0, None],
        num_tokens=[10, 30, None],
    )
    assert values(layout, sums) == {"nll_per_token": 2.5}  # 100 / 40; the mean over items would be 2.0


@pytest.mark.parametrize(
    ("confusion", "expected"),
    [
        ([[98, 0, 0], [2, 0, 0]], False),  # two others expected: none can be chance
        ([[96, 0, 0], [4, 0, 0]], True),  # right 96 times in 100, and useless
        ([[50, 0, 0], [45, 5, 0]], True),
        ([[45, 5, 0], [40, 10, 0]], False),
        ([[0, 50, 0], [0, 50, 0]], True),  # everything "yes"
        ([[90, 6, 0], [4, 0, 0]], False),  # wrong, but not collapsed
    ],
)
def test_collapse(confusion: list[list[int]], expected: bool) -> None:
    assert bool(collapsed(np.array(confusion, dtype=float))) is expected


def test_what_a_task_does_not_have_is_refused() -> None:
    with pytest.raises(InputError, match="positive label 'perhaps'"):
        task_metrics(items("multiple_choice", [["no", "yes"]] * 2), positive_label="perhaps")
    with pytest.raises(InputError, match="no fixed labels"):
        task_metrics(items("multiple_choice", [["a", "b"], ["c", "d"]]), positive_label="a")
    mixed = pa.concat_tables([items("likelihood", [None]), items("multiple_choice", [["a", "b"]])])
    with pytest.raises(InputError, match="mixes the kinds"):
        task_metrics(mixed)
