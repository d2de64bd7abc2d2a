from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.scoring.config import DiagnosisTaskConfig, ScoringConfig
from pipelines.scoring.distractors import DistractorSampler, balanced_weights
from pipelines.scoring.items import assigned_diagnosis_items, label_items, mdm_likelihood_items
from schemas.errors import ConfigError, InputError
from schemas.examples import EXAMPLES, TASK_EXAMPLES


def examples(diagnoses: Sequence[str | None], split: str = "test") -> pa.Table:
    rows: list[dict[str, Any]] = [
        {
            "example_id": f"{split}-{index}",
            "note_id": f"n{index}",
            "patient_id": f"p{index // 2}",
            "split": split,
            "system": "You are a clinician.",
            "prompt": f"Presentation {index}.",
            "target": f"Reasoning {index}.",
            "sections": [],
            "diagnosis": diagnosis,
            "diagnosis_code": None,
            "source_file": "f",
            "source_row": index,
        }
        for index, diagnosis in enumerate(diagnoses)
    ]
    return pa.Table.from_pylist(rows, schema=EXAMPLES)


def test_likelihood_items_carry_the_example() -> None:
    items = mdm_likelihood_items(examples([None, None]), "Write the MDM.", ScoringConfig())
    row = next(row for row in items.to_pylist() if row["item_id"] == "test-1")
    assert (row["prompt"], row["answer"], row["instruction"]) == ("Presentation 1.", "Reasoning 1.", "Write the MDM.")
    assert (row["kind"], row["choices"], row["group_id"]) == ("likelihood", None, "p0")


def test_sample_is_a_function_of_ids_and_seed_not_of_order() -> None:
    table = examples([None] * 40)
    config = ScoringConfig(max_items_per_task=10)
    items = mdm_likelihood_items(table, "x", config)
    reordered = mdm_likelihood_items(table.take(list(reversed(range(40)))), "x", config)
    assert items.equals(reordered)
    assert items.num_rows == 10
    other = mdm_likelihood_items(table, "x", ScoringConfig(max_items_per_task=10, seed=1))
    assert set(items["item_id"].to_pylist()) != set(other["item_id"].to_pylist())


def test_repeated_ids_are_refused() -> None:
    table = examples([None])
    with pytest.raises(InputError, match="comes twice"):
        mdm_likelihood_items(pa.concat_tables([table, table]), "x", ScoringConfig())


def test_diagnosis_items_hold_the_true_diagnosis_once_and_only_training_distractors() -> None:
    train = examples(["Pneumonia", "pneumonia", "Pneumonia ", "Sepsis", "Stroke", "Asthma", "Gout"], "train")
    items = assigned_diagnosis_items(examples(["PNEUMONIA", None, "", "Malaria"]), train, ScoringConfig())
    rows = {row["item_id"]: row for row in items.to_pylist()}
    assert set(rows) == {"test-0", "test-3"}
    assert rows["test-0"]["answer"] == "Pneumonia"  # the training split's spelling: capitals must not tell
    assert rows["test-3"]["answer"] == "Malaria"
    for row in rows.values():
        assert len({choice.casefold() for choice in row["choices"]}) == 4
        assert row["choices"].count(row["answer"]) == 1
        assert set(row["choices"]) - {row["answer"]} <= {"Pneumonia", "Sepsis", "Stroke", "Asthma", "Gout"}
        assert row["answer_prefix"] == "The most likely diagnosis is"
    assert items.equals(assigned_diagnosis_items(examples(["PNEUMONIA", None, "", "Malaria"]), train, ScoringConfig()))


def test_too_few_training_diagnoses_are_refused() -> None:
    with pytest.raises(InputError, match="3 different diagnoses"):
        assigned_diagnosis_items(examples(["A"]), examples(["A", "B", "C"], "train"), ScoringConfig())


def test_balanced_weights_include_each_diagnosis_as_often_as_its_prevalence_says() -> None:
    prevalence = np.array([0.3, 0.25, 0.2, 0.15, 0.1])
    weights = balanced_weights(prevalence, 3)
    sets = [(a, b, c) for a in range(5) for b in range(a + 1, 5) for c in range(b + 1, 5)]
    shares = np.array([weights[list(members)].prod() for members in sets])
    shares /= shares.sum()
    inclusion = [sum(share for share, members in zip(shares, sets, strict=True) if a in members) for a in range(5)]
    assert np.allclose(inclusion, 3 * prevalence, atol=1e-8)


def _always_the_most_common(num_items: int, sampler: str) -> float:
    """Accuracy of a model that knows only the training prevalence, on skewed diagnoses."""
    names = [f"Diagnosis {index}" for index in range(12)]
    prevalence = np.array([0.22, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.05, 0.03, 0.03, 0.02, 0.01])
    known = dict(zip(names, prevalence, strict=True))
    rng = np.random.default_rng(0)
    gold = rng.choice(names, p=prevalence, size=num_items).tolist()
    counts = np.rint(prevalence * 1000).astype(int)
    train = [name for name, count in zip(names, counts, strict=True) for _ in range(count)]
    if sampler == "balanced":
        table = assigned_diagnosis_items(
            examples(gold), examples(train, "train"), ScoringConfig(max_items_per_task=num_items)
        )
        pairs = zip(table["choices"].to_pylist(), table["answer"].to_pylist(), strict=True)
    else:
        pairs = zip([[name, *_in_turn(name, known, rng)] for name in gold], gold, strict=True)
    return float(np.mean([max(choices, key=lambda name: known[name]) == answer for choices, answer in pairs]))


def _in_turn(gold: str, known: dict[str, float], rng: np.random.Generator) -> list[str]:
    others = [name for name in known if name != gold]
    shares = np.array([known[name] for name in others])
    return rng.choice(others, size=3, replace=False, p=shares / shares.sum()).tolist()


def test_a_model_that_knows_only_the_priors_is_at_chance() -> None:
    standard_error = (0.25 * 0.75 / 4000) ** 0.5
    assert abs(_always_the_most_common(4000, "balanced") - 0.25) < 3 * standard_error
    # The obvious draw, in turn by prevalence, does leak: the test above would notice it.
    assert _always_the_most_common(4000, "in turn") > 0.25 + 5 * standard_error


def test_a_dominant_diagnosis_still_gives_choices() -> None:
    sampler = DistractorSampler(["Pain"] * 900 + [f"D{index}" for index in range(100)], 4)
    drawn = sampler.draw("Pain", np.random.default_rng(0))
    assert len(set(drawn)) == 3
    assert "Pain" not in drawn


def test_label_items() -> None:
    rows = [{"example_id": "e1", "group_id": "p9", "split": "test", "text": "Found pulseless.", "label": "yes"}]
    table = pa.Table.from_pylist(rows, schema=TASK_EXAMPLES)
    items = label_items(table, "Cardiac arrest?", ["no", "yes"], ScoringConfig(), task="arrest")
    row = items.to_pylist()[0]
    assert (row["choices"], row["answer"], row["group_id"]) == (["no", "yes"], "yes", "p9")
    with pytest.raises(InputError, match="'e1': its label is none of"):
        label_items(table, "?", ["no", "maybe"], ScoringConfig(), task="arrest")
    with pytest.raises(ConfigError, match="task name"):
        label_items(table, "?", ["no", "yes"], ScoringConfig(), task="cardiac-arrest")


def test_diagnosis_settings_are_checked() -> None:
    with pytest.raises(ConfigError, match="num_choices is 1"):
        DiagnosisTaskConfig(num_choices=1)
