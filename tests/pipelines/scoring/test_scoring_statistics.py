from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.scoring.config import ScoringConfig
from pipelines.scoring.statistics import holm, minimum_detectable_effect, score_table, verdict
from schemas.benchmarks import BENCHMARK_ITEMS
from schemas.errors import InputError, LedgerError
from schemas.predictions import PREDICTIONS
from schemas.scores import SCORES, Verdict

NUM = 200
CONFIG = ScoringConfig()


def item(task: str, index: int, **columns: Any) -> dict[str, Any]:
    fixed = {"item_id": str(index), "task": task, "kind": "multiple_choice", "choices": ["no", "yes"], "answer": "no"}
    return dict.fromkeys(BENCHMARK_ITEMS.names, "x") | fixed | {"group_id": f"p{index // 2}"} | columns


def prediction(model: str, of: dict[str, Any], **columns: Any) -> dict[str, Any]:
    choice = of["kind"] == "multiple_choice"
    row: dict[str, Any] = {name: of[name] for name in ("task", "item_id", "group_id")}
    row |= {"model": model, "prompt_sha256": "h", "answer": of["answer"] if choice else None}
    return row | columns


def answered(model: str, of: dict[str, Any], parsed: str) -> dict[str, Any]:
    return prediction(model, of, parsed=parsed, correct=parsed == of["answer"])


def likelihood(index: int) -> dict[str, Any]:
    return item("mdm", index, kind="likelihood", choices=None, answer="text")


def tables(items: list[dict[str, Any]], predictions: list[dict[str, Any]]) -> tuple[pa.Table, pa.Table]:
    return pa.Table.from_pylist(predictions, PREDICTIONS), pa.Table.from_pylist(items, BENCHMARK_ITEMS)


def scores(
    items: list[dict[str, Any]], predictions: list[dict[str, Any]], **settings: Any
) -> dict[tuple[str, str, str], dict[str, Any]]:
    table = score_table(*tables(items, predictions), CONFIG, **settings)
    assert table.schema == SCORES
    return {(row["model"], row["task"], row["metric"]): row for row in table.to_pylist()}


@pytest.fixture(scope="module")
def arrest() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    items = [item("arrest", index, answer="yes" if index % 10 == 0 else "no") for index in range(NUM)]
    rng = np.random.default_rng(0)
    predictions = []
    for row in items:
        flipped = "no" if row["answer"] == "yes" else "yes"
        predictions.append(answered("base", row, row["answer"] if rng.random() < 0.6 else flipped))
        predictions.append(answered("tuned", row, row["answer"] if rng.random() < 0.9 else flipped))
        predictions.append(answered("always_no", row, "no"))
    return items, predictions


def test_values_differences_and_verdicts(arrest: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    items, predictions = arrest
    found = scores(items, predictions, positive_labels={"arrest": "yes"})
    base, tuned = found["base", "arrest", "accuracy"], found["tuned", "arrest", "accuracy"]
    accuracy = {
        model: np.mean([row["correct"] for row in predictions if row["model"] == model]) for model in ("base", "tuned")
    }
    assert base["value"] == pytest.approx(accuracy["base"])
    assert tuned["difference"] == pytest.approx(accuracy["tuned"] - accuracy["base"])
    assert tuned["ci_low"] < tuned["value"] < tuned["ci_high"]
    assert tuned["difference_ci_low"] > 0
    assert (tuned["verdict"], tuned["baseline"], tuned["num_items"]) == ("better", "base", NUM)
    assert (base["verdict"], base["difference"], base["p_value"]) == (None, None, None)
    assert found["always_no", "arrest", "accuracy"]["value"] == 0.9
    assert found["always_no", "arrest", "collapsed"]["value"] == 1.0
    assert found["tuned", "arrest", "collapsed"]["value"] == 0.0
    recall = found["always_no", "arrest", "positive_recall"]
    assert (recall["value"], recall["ci_low"]) == (0.0, 0.0)
    assert recall["ci_high"] == pytest.approx(3 / 20)  # rests on the 20 patients with "yes", not on all 100


def test_p_values_are_corrected_over_the_whole_table(
    arrest: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    items, predictions = arrest
    few = [row for row in predictions if row["model"] in ("base", "tuned")]
    alone = scores(items, few)["tuned", "arrest", "accuracy"]["p_value"]
    assert alone == pytest.approx(3 / 10_000, rel=0.5)  # the smallest of three comparisons
    assert scores(items, few) == scores(list(reversed(items)), list(reversed(few)))
    assert scores(items, predictions)["tuned", "arrest", "accuracy"]["p_value"] > alone


def test_errors_count_as_wrong() -> None:
    items = [item("diagnosis", index, choices=[f"a{index}", f"b{index}"], answer=f"a{index}") for index in range(10)]
    rows = [answered("base", row, row["answer"]) for row in items[:6]]
    rows += [prediction("base", row, error="no_room", correct=False) for row in items[6:]]
    row = scores(items, rows)["base", "diagnosis", "accuracy"]
    assert (row["value"], row["num_items"], row["num_errors"]) == (0.6, 10, 4)


def test_lower_likelihood_loss_is_better() -> None:
    items = [likelihood(index) for index in range(60)]
    rng = np.random.default_rng(0)
    rows = []
    for row in items:
        loss = rng.gamma(4.0, 5.0)
        rows.append(prediction("base", row, loglikelihood=-loss, num_tokens=10))
        rows.append(prediction("tuned", row, loglikelihood=-0.9 * loss, num_tokens=10))
    tuned = scores(items, rows)["tuned", "mdm", "nll_per_token"]
    assert tuned["difference"] < 0
    assert tuned["verdict"] == "better"


@pytest.mark.parametrize(
    "change", [{"num_tokens": 11}, {"prompt_sha256": "other"}, {"loglikelihood": None, "num_tokens": None}]
)
def test_likelihoods_of_other_tokens_prompts_or_items_are_not_compared(change: dict[str, Any]) -> None:
    items = [likelihood(index) for index in range(8)]
    rows = [prediction("base", row, loglikelihood=-20.0, num_tokens=10) for row in items]
    rows += [prediction("rival", row, loglikelihood=-5.0, num_tokens=10) for row in items]
    rows[-1] |= change
    rival = scores(items, rows)["rival", "mdm", "nll_per_token"]
    assert (rival["difference"], rival["verdict"]) == (None, None)


def test_lost_double_and_foreign_predictions_are_refused() -> None:
    items = [item("arrest", index) for index in range(3)]
    rows = [answered("base", row, "no") for row in items]
    with pytest.raises(LedgerError, match="3 items, 2 predictions"):
        score_table(*tables(items, rows[:2]), CONFIG)
    with pytest.raises(LedgerError, match="3 items, 4 predictions of 3"):
        score_table(*tables(items, [*rows, rows[0]]), CONFIG)
    with pytest.raises(LedgerError, match="another version"):
        score_table(*tables(items, [rows[0] | {"answer": "yes"}, *rows[1:]]), CONFIG)
    with pytest.raises(LedgerError, match="there are no items"):
        score_table(*tables(items, [*rows, rows[0] | {"task": "other"}]), CONFIG)
    with pytest.raises(InputError, match="no predictions of the baseline 'untrained'"):
        score_table(*tables(items, rows), CONFIG, baseline="untrained")


def test_one_patient_alone_has_no_interval() -> None:
    items = [likelihood(0)]
    row = scores(items, [prediction("base", items[0], loglikelihood=-20.0, num_tokens=10)])[
        "base", "mdm", "nll_per_token"
    ]
    assert row["value"] == 2.0
    assert np.isnan(row["ci_low"])


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_minimum_detectable_effect_is_2_8_standard_errors() -> None:
    assert minimum_detectable_effect(-1.96, 1.96) == pytest.approx(2.80, abs=0.01)


@pytest.mark.parametrize(
    ("low", "high", "p", "higher", "expected"),
    [
        (0.1, 0.2, 0.01, True, Verdict.BETTER),
        (0.1, 0.2, 0.01, False, Verdict.WORSE),
        (-0.2, -0.1, 0.01, False, Verdict.BETTER),
        (0.1, 0.2, 0.06, True, Verdict.NO_DIFFERENCE_SHOWN),
        (-0.1, 0.2, 0.01, True, Verdict.NO_DIFFERENCE_SHOWN),
        (float("nan"), float("nan"), 0.01, True, Verdict.NO_DIFFERENCE_SHOWN),
    ],
)
def test_verdict_needs_the_interval_and_the_test(
    low: float, high: float, p: float, higher: bool, expected: Verdict
) -> None:
    assert verdict(low, high, p, higher_is_better=higher) is expected
