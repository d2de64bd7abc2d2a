import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from memorised_model import INSTRUCTION, MAX_TOKENS
from sklearn.metrics import roc_auc_score, roc_curve

from pipelines.memorisation.config import MemorisationConfig
from pipelines.memorisation.membership import (
    MEMBERS,
    NON_MEMBERS,
    Attack,
    area_under_roc,
    memberships,
    patient_losses,
    true_positive_rate,
)
from pipelines.memorisation.sample import likelihood_items, sample_examples
from pipelines.memorisation.verdict import Conclusion, membership_verdict
from pipelines.scoring.config import ScoringConfig
from pipelines.scoring.scorer import Scorer
from schemas.errors import InputError
from schemas.predictions import PREDICTIONS

SCORING = ScoringConfig(max_item_tokens=MAX_TOKENS, batch_tokens=2048)


def losses(model: Path, trained_on: pa.Table, held_out: pa.Table) -> pa.Table:
    sides = {MEMBERS: trained_on, NON_MEMBERS: held_out}
    items = pa.concat_tables(likelihood_items(rows, INSTRUCTION, task) for task, rows in sides.items())
    return Scorer("model", str(model), "float32", SCORING).score(items)


def test_a_model_that_knows_its_patients_is_flagged_and_the_base_model_is_a_coin(
    chat_model: Path, model_without: Path, trained_on: pa.Table, held_out: pa.Table, config: MemorisationConfig
) -> None:
    base = losses(chat_model, trained_on, held_out)
    found = {m.attack: m for m in memberships(base, losses(model_without, trained_on, held_out), 1000, 0)}
    assert found[Attack.CALIBRATED].auc > 0.95
    assert found[Attack.CONTROL].auc_low < 0.5 < found[Attack.CONTROL].auc_high
    assert membership_verdict(list(found.values()), config).conclusion is Conclusion.FLAGGED
    untrained = memberships(base, base, 1000, 0)
    assert membership_verdict(untrained, config).conclusion is Conclusion.NOT_SHOWN


def row(task: str, item: str, patient: str, loglikelihood: float | None, num_tokens: int | None) -> dict[str, Any]:
    common = dict.fromkeys(PREDICTIONS.names) | {"model": "m", "prompt_sha256": ""}
    return common | {
        "task": task,
        "item_id": item,
        "group_id": patient,
        "loglikelihood": loglikelihood,
        "num_tokens": num_tokens,
    }


def table(*rows: tuple[str, str, str, float | None, int | None]) -> pa.Table:
    return pa.Table.from_pylist([row(*values) for values in rows], schema=PREDICTIONS)


def test_a_patients_notes_give_one_loss_per_token_and_lost_items_are_counted() -> None:
    base = table((MEMBERS, "a", "p", -10.0, 5), (MEMBERS, "b", "p", -20.0, 10), (MEMBERS, "c", "q", -1.0, 1))
    trained = table((MEMBERS, "a", "p", -5.0, 5), (MEMBERS, "b", "p", -4.0, 10), (MEMBERS, "c", "q", None, None))
    patients, num_errors = patient_losses(base, trained)
    assert patients.to_dicts() == [{"task": MEMBERS, "group_id": "p", "base": 2.0, "trained": pytest.approx(9 / 15)}]
    assert num_errors == 1
    with pytest.raises(InputError, match="1 patients trained on and 0 held out"):
        memberships(base, trained, 1000, 0)


def test_auc_and_rate_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    members, others = rng.normal(1.0, 1, 300).round(1), rng.normal(0, 1, 250).round(1)  # rounded: with ties
    truth = np.r_[np.ones(300), np.zeros(250)]
    scores = np.r_[members, others]
    assert area_under_roc(members, others) == pytest.approx(roc_auc_score(truth, scores))
    false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
    assert true_positive_rate(members, others) == pytest.approx(true[false <= 0.01].max())


def test_the_interval_covers_chance_for_noise_and_not_for_a_shift() -> None:
    def noise(shift: float) -> pa.Table:
        rng = np.random.default_rng(8)
        sides = ((MEMBERS, shift), (NON_MEMBERS, 0.0))
        return table(
            *((task, f"{task}{i}", f"{task}{i}", float(rng.normal(by)), 1) for task, by in sides for i in range(150))
        )

    zero = table(*((task, f"{task}{i}", f"{task}{i}", 0.0, 1) for task in (MEMBERS, NON_MEMBERS) for i in range(150)))
    by_chance, shifted = (
        next(m for m in memberships(zero, noise(shift), 1000, 0) if m.attack is Attack.LOSS) for shift in (0.0, 1.0)
    )
    assert by_chance.auc_low < 0.5 < by_chance.auc_high
    assert 0.6 < shifted.auc_low < 0.76 < shifted.auc_high < 0.9  # 0.76 = Phi(1 / sqrt 2)


def test_the_sample_is_a_function_of_ids_and_one_a_patient_is_one(trained_on: pa.Table) -> None:
    shuffled = trained_on.take(pa.array(np.random.default_rng(1).permutation(12)))
    sampled = sample_examples(trained_on, 5, seed=9)
    assert sampled.equals(sample_examples(shuffled, 5, seed=9))
    assert not sampled.equals(sample_examples(trained_on, 5, seed=10))
    patients = ["p", "q"] * 6
    position = trained_on.schema.get_field_index("patient_id")
    two = trained_on.set_column(position, trained_on.schema.field(position), pa.array(patients))
    assert sorted(sample_examples(two, 5, seed=9, one_a_patient=True)["patient_id"].to_pylist()) == ["p", "q"]


def test_a_membership_is_plain_numbers_for_the_manifest() -> None:
    flat = table(*((task, f"{task}{i}", f"{task}{i}", float(i), 1) for task in (MEMBERS, NON_MEMBERS) for i in (0, 1)))
    (first, *_) = memberships(flat, flat, 1000, 0)
    assert all(isinstance(value, float | int | str) for value in dataclasses.asdict(first).values())
