from datetime import datetime

import pyarrow as pa
import pytest

from pipelines.risk.anonymity import assess
from pipelines.risk.attributes import note_attributes
from pipelines.risk.config import RiskConfig
from pipelines.risk.keyed import patient_key
from pipelines.risk.protect import Protection, protect_note
from schemas.errors import LedgerError
from schemas.notes import notes_schema
from schemas.risk import NOTE_ATTRIBUTES, RISK_ACTIONS, Attribute

KEY = b"a key for the tests, of 32 bytes"
CONFIG = RiskConfig()
RARE = {
    "text": "🚑 A 67-year-old Asian man from Ohio,\r\nwho works as a lighthouse keeper; his wife is the mayor. "
    "Myasthenia gravis since 2015. Aged 67.",
    "written_at": datetime(2020, 5, 1),
    "diagnosis": "myasthenia gravis",
    "diagnosis_code": "G70.0",
    "age": 67,
    "sex": "M",
    "zip3": "021",
}
PLAIN = {"text": "A 67-year-old man with cough.", "age": 67, "sex": "male", "diagnosis": "cough"}


def notes_table(*rows):
    provenance = {"source_file": "f", "split": "train"}
    numbered = [
        {"note_id": f"n{i}", "patient_id": f"p{i}", "source_row": i, **provenance, **row} for i, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(numbered, schema=notes_schema())


def test_attributes_come_from_columns_before_text_and_hold_no_text():
    table = note_attributes(notes_table({**RARE, "age": 34}, PLAIN, {"text": "x"}), KEY, CONFIG)
    assert table.schema == NOTE_ATTRIBUTES
    rare, plain, empty = table.to_pylist()
    assert (rare["age"], rare["sex"], rare["race"], rare["year"]) == (30, "male", "asian", 2020)
    assert rare["event"] == ["public_office"]
    assert rare["region"].startswith("zip3:")
    assert len(rare["diagnosis"]) == 2
    assert plain["age"] == 65
    assert {name for name, value in empty.items() if value} == {"patient_key"}
    for word in ("lighthouse", "mayor", "myasthenia", "gravis", "G70", "021", "p0"):
        assert word not in str(rare)


def test_ages_over_89_are_one_band():
    ages = note_attributes(notes_table({"text": "x", "age": 97}, {"text": "x", "age": 90}), KEY, CONFIG)["age"]
    assert ages.to_pylist() == [90, 90]


def test_every_action_on_one_note_by_span():
    actions = dict.fromkeys(Attribute)
    new = protect_note(RARE, actions, KEY, width=10)
    assert new["text"] == (
        "🚑 A 60-69-year-old [RACE] [SEX] from [REGION],\r\nwho works as a [OCCUPATION]; his wife is the [EVENT]. "
        "[DIAGNOSIS] since [YEAR]. Aged 60-69."
    )
    assert (new["age"], new["zip3"], new["written_at"], new["diagnosis"], new["diagnosis_code"]) == (60, *[None] * 4)
    assert protect_note(new, actions, KEY, width=10) == new


def test_only_what_was_decided_is_touched():
    new = protect_note(RARE, {Attribute.AGE: None}, KEY, width=10)
    assert new == {**RARE, "age": 60, "text": RARE["text"].replace("67", "60-69")}
    other = frozenset(["some other diagnosis"])
    assert protect_note(RARE, {Attribute.DIAGNOSIS: other}, KEY, width=10) == RARE


def test_the_assessment_carried_out_leaves_every_patient_in_a_class_of_min_k():
    notes = notes_table(*[PLAIN] * 15, RARE, {"text": "Sex: F", "sex": "F"})
    assessment = assess(note_attributes(notes, KEY, CONFIG), CONFIG)
    protection = Protection(assessment.actions, KEY, CONFIG)
    patients = notes["patient_id"].to_pylist()
    assert [patient for patient in patients if protection.is_quarantined(patient)] == ["p16"]
    assert [patient for patient in patients if protection.changes(patient)] == ["p15"]
    with pytest.raises(LedgerError, match="quarantined"):
        protection.protect(notes)
    protected = protection.protect(notes.slice(0, 16))
    assert protected.schema == notes.schema
    assert protected.slice(0, 15) == notes.slice(0, 15)
    assert "lighthouse" not in protected["text"][15].as_py()
    again = assess(note_attributes(protected, KEY, CONFIG), CONFIG).report["before"]
    assert again["min_k"] >= CONFIG.min_k


def test_protection_needs_the_key_of_the_assessment():
    row = {"patient_key": patient_key(KEY, "p0"), "action": "quarantine", "attribute": None, "value": None}
    actions = pa.Table.from_pylist([row], schema=RISK_ACTIONS)
    assert Protection(actions, KEY, CONFIG).is_quarantined("p0")
    assert not Protection(actions, KEY, CONFIG).is_quarantined("P0")
    assert not Protection(actions, KEY[::-1], CONFIG).is_quarantined("p0")
