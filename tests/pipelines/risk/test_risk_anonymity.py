import random

import polars as pl
import pyarrow as pa
import pytest
from jsonargparse import ArgumentParser

from pipelines.risk.anonymity import anonymity_table, assess, class_sizes, combinations, rarity
from pipelines.risk.config import RiskConfig, age_band
from schemas.errors import ConfigError
from schemas.risk import NOTE_ATTRIBUTES, RISK_ACTIONS, Attribute

EMPTY = {
    **dict.fromkeys(("age", "sex", "race", "region", "year")),
    **{name: [] for name in ("occupation", "diagnosis", "event")},
}


def table(*groups):
    """Notes of (number of patients, attributes) groups, one note a patient."""
    rows = []
    for count, values in groups:
        rows += [{"patient_key": f"p{len(rows) + i}", **EMPTY, **values} for i in range(count)]
    return pa.Table.from_pylist(rows, schema=NOTE_ATTRIBUTES)


def actions_of(assessment, patient):
    return {
        (row["action"], row["attribute"], row["value"])
        for row in assessment.actions.to_pylist()
        if row["patient_key"] == patient
    }


def test_class_sizes_of_a_planted_population():
    notes = table((12, {"age": 60, "sex": "female"}), (3, {"age": 60, "sex": "male"}), (1, {"age": 85, "sex": "male"}))
    config = RiskConfig()
    patients = combinations(notes, config)
    sizes = dict(zip(patients["patient_key"], class_sizes(patients, config), strict=True))
    assert [sizes[f"p{i}"] for i in range(16)] == [12] * 12 + [3] * 3 + [1]
    measured = anonymity_table(patients, config)
    assert measured["num_patients"] == 16
    assert measured["num_classes"] == 3
    assert (measured["min_k"], measured["max_risk"]) == (1, 1.0)
    assert measured["mean_risk"] == pytest.approx(3 / 16)
    assert measured["share_alone"] == 1 / 16
    assert measured["share_below_min_k"] == 4 / 16
    assert measured["is_mean_risk_above"]
    assert [row["num_patients"] for row in measured["patients_by_k"]] == [1, 3, 0, 12, 0]


def test_notes_of_one_patient_are_one_combination():
    rows = [
        {
            "patient_key": "p",
            **EMPTY,
            "age": 65,
            "year": 2020,
            "sex": "male",
            "occupation": ["farming"],
            "event": ["crime"],
        },
        {"patient_key": "p", **EMPTY, "age": 60, "year": 2019, "sex": "female", "occupation": ["sport"]},
        {"patient_key": "p", **EMPTY, "sex": "female", "occupation": ["farming"]},
    ]
    notes = pa.Table.from_pylist(rows, schema=NOTE_ATTRIBUTES)
    (row,) = combinations(notes, RiskConfig()).to_dicts()
    assert row == {
        "patient_key": "p", "age": "60-64", "sex": "female", "race": None, "region": None, "year": "2019",
        "occupation": "farming + sport", "diagnosis": None, "event": "crime",
    }  # fmt: skip


def test_a_diagnosis_counts_where_it_is_rare():
    notes = table((11, {"diagnosis": ["common"]}), (1, {"diagnosis": ["common", "rare"]}))
    patients = combinations(notes, RiskConfig()).sort(pl.col("patient_key").str.slice(1).cast(pl.Int64))
    assert patients["diagnosis"].to_list() == [None] * 11 + ["rare"]


def test_rarity_is_the_sum_of_bits():
    notes = table((6, {"sex": "female", "race": "white"}), (2, {"sex": "male"}))
    patients = combinations(notes, RiskConfig()).sort("patient_key")
    bits = rarity(patients, RiskConfig()).to_list()
    assert bits[0] == pytest.approx(2 * 0.41503749927884)
    assert bits[7] == pytest.approx(2.0)
    report = assess(notes, RiskConfig(population=33)).report["rarity"]  # log2(33 / 11) = 1.58
    assert report["num_patients_above"] == 2


def test_a_wide_age_band_is_enough_where_it_makes_the_class_large():
    assessment = assess(table((6, {"age": 60}), (6, {"age": 65}), (20, {"age": 30})), RiskConfig())
    assert assessment.actions.schema == RISK_ACTIONS
    assert actions_of(assessment, "p0") == {("generalise", "age", None)}
    assert actions_of(assessment, "p31") == set()
    assert assessment.report["actions"] == {"generalise age": 12}
    assert assessment.report["after"]["share_below_min_k"] == 0


def test_the_rarest_value_is_suppressed_first_and_no_more_than_is_needed():
    notes = table((20, {"sex": "female", "race": "white"}), (1, {"sex": "female", "race": "white", "event": ["crime"]}))
    # without the event the combination is that of twenty others
    assert actions_of(assess(notes, RiskConfig()), "p20") == {("suppress", "event", None)}


def test_rare_diagnoses_are_named_one_by_one():
    notes = table((30, {}), (1, {"diagnosis": ["rare_a", "rare_b"]}))
    assert actions_of(assess(notes, RiskConfig()), "p30") == {
        ("suppress", "diagnosis", "rare_a"),
        ("suppress", "diagnosis", "rare_b"),
    }


def test_who_stays_in_a_small_class_is_quarantined():
    notes = table((40, {"sex": "female"}), (3, {"sex": "male", "race": "asian"}))
    assessment = assess(notes, RiskConfig())
    assert {actions_of(assessment, f"p{i}") == {("quarantine", None, None)} for i in (40, 41, 42)} == {True}
    assert assessment.report["actions"] == {"quarantine": 3}
    assert assessment.report["after"]["num_patients"] == 40


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nobody_who_stays_is_in_a_small_class(seed):
    rng = random.Random(seed)
    groups = [
        (
            1,
            {
                "age": 5 * rng.randint(0, 18),
                "sex": rng.choice(["male", "female", None]),
                "race": rng.choice(["white", "white", "black", "asian", None]),
                "region": rng.choice([None, None, "Ohio", "Iowa"]),
                "year": rng.choice([2019, 2020]),
                "occupation": rng.choice([[], [], ["sport"], ["farming", "sport"]]),
                "event": rng.choice([[]] * 9 + [["crime"]]),
            },
        )
        for _ in range(600)
    ]
    report = assess(table(*groups), RiskConfig(min_k=5)).report
    assert report["before"]["share_below_min_k"] > 0.5
    assert report["after"]["share_below_min_k"] == 0
    assert report["after"]["min_k"] >= 5
    assert report["after"]["num_patients"] > 400


def test_a_sample_overstates_how_many_are_alone_in_the_population():
    rng = random.Random(7)
    people = [
        {
            "age": 5 * rng.randint(0, 17),
            "sex": rng.choice(["male", "female"]),
            "race": rng.choice(["white", "black", "asian"]),
            "year": rng.randint(2010, 2019),
        }
        for _ in range(20_000)
    ]
    config = RiskConfig(population=len(people))
    whole = anonymity_table(combinations(table(*((1, person) for person in people)), config), config)
    sample = rng.sample(people, 1000)
    measured = anonymity_table(combinations(table(*((1, person) for person in sample)), config), config)
    assert measured["share_alone"] > 0.3
    assert whole["share_alone"] < 0.001
    # about 18.5 people share a combination, so a match of somebody alone in the sample is right one time in 18.5
    assert 0.03 < measured["match_probability"] < 0.09


def test_an_empty_data_set():
    assessment = assess(table(), RiskConfig(population=1000))
    assert assessment.actions.num_rows == 0
    assert assessment.report["before"]["num_patients"] == 0


def test_age_bands():
    assert [age_band(age, 10) for age in (0, 67, 89, 90, 101)] == ["0-9", "60-69", "80-89", "90+", "90+"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("min_k", 1),
        ("max_mean_risk", 0.0),
        ("age_band_years", 7),
        ("wide_age_band_years", 5),
        ("wide_age_band_years", 20),
        ("population", 3),
        ("attributes", ()),
    ],
)
def test_bad_settings_are_named(setting, value):
    with pytest.raises(ConfigError, match=f"risk.{setting}"):
        RiskConfig(**{setting: value})


def test_only_configured_attributes_count():
    notes = table((20, {"race": "white"}), (1, {"race": "asian"}))
    assert assess(notes, RiskConfig(attributes=(Attribute.SEX,))).actions.num_rows == 0


def test_reads_from_yaml():
    parser = ArgumentParser()
    parser.add_class_arguments(RiskConfig, "risk")
    parsed = parser.parse_string("risk: {act: true, min_k: 5, population: 600000, attributes: [AGE, SEX]}")
    config = parser.instantiate_classes(parsed).risk
    assert config == RiskConfig(act=True, min_k=5, population=600000, attributes=(Attribute.AGE, Attribute.SEX))
    assert parser.instantiate_classes(parser.parse_string("risk: {}")).risk == RiskConfig()
