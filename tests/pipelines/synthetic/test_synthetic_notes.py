"""The notes are what the truth table says, and the same settings give the same notes."""

import re
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.stage.output import read_tables
from pipelines.synthetic.content import arrests, complaints, diagnoses, siblings
from pipelines.synthetic.difficulty import ARREST_KEYWORDS
from pipelines.synthetic.notes import ARREST_COLUMN, NUM_FILES, SyntheticConfig, write_notes
from schemas.errors import ConfigError
from schemas.notes import COLUMN_TYPES


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    directory = tmp_path_factory.mktemp("hospital")
    write_notes(SyntheticConfig(), directory)
    return directory


@pytest.fixture(scope="module")
def rows(hospital):
    notes, truth = read_tables(hospital / "notes").to_pylist(), read_tables(hospital).to_pylist()
    return [note | fact for note, fact in zip(notes, truth, strict=True) if note["note_id"] == fact["note_id"]]


def named(diagnosis_name):
    return next(diagnosis for diagnosis in diagnoses() if diagnosis.name == diagnosis_name)


def test_same_seed_same_bytes_and_other_seed_other_text(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_notes(SyntheticConfig(num_patients=30, seed=seed), tmp_path / name)
    contents = {
        name: [path.read_bytes() for path in sorted((tmp_path / name).rglob("*.parquet"))] for name in ("a", "b", "c")
    }
    assert contents["a"] == contents["b"]
    assert contents["a"] != contents["c"]


def test_a_larger_hospital_holds_the_smaller_one(tmp_path):
    small = read_tables(write_notes(SyntheticConfig(num_patients=10), tmp_path / "small"))
    large = read_tables(write_notes(SyntheticConfig(num_patients=20), tmp_path / "large"))
    assert large.slice(0, small.num_rows).equals(small)


def test_files_row_groups_and_types(hospital, rows):
    files = sorted((hospital / "notes").glob("*.parquet"))
    assert len(files) == NUM_FILES >= 3
    assert all(pq.ParquetFile(file).num_row_groups > 1 for file in files)
    schema = pq.read_schema(files[0])
    assert {name: schema.field(name).type for name in COLUMN_TYPES} == COLUMN_TYPES
    assert len(rows) == sum(pq.ParquetFile(file).metadata.num_rows for file in files)


def test_identifiers_stand_where_the_truth_says(rows):
    looks = {
        "EMAIL_ADDRESS": r"@example\.org$",
        "US_SSN": r"^9\d\d-\d\d-\d{4}$",
        "PHONE_NUMBER": r"555-01\d\d$",
        "MEDICAL_RECORD_NUMBER": r"^\d{7,8}$",
        "AGE_OVER_89": r"^9\d$",
        "MALFORMED_PLACEHOLDER": r"^\[\*\*[A-Z].*\*\*\]$",
        "PERSON": r"^[A-Z][a-z]+ [A-Z]",
        "DATE_TIME": r"\d{4}",
        "LOCATION": r"^\d+ .*, [A-Z]{2}$",
        "FACILITY": r"(Hospital|Center)$",
    }
    found = Counter()
    for row in rows:
        for item in row["identifiers"]:
            value = row["text"][item["start"] : item["end"]]
            assert re.search(looks[item["entity_type"]], value), (item["entity_type"], value)
            found[item["entity_type"]] += 1
    assert set(found) == set(looks)


def test_no_private_mark_is_left(rows):
    assert not any("\ue000" <= character <= "\uf8ff" for row in rows for character in row["text"])


def test_target_is_the_reasoning_and_names_the_diagnosis_early(rows):
    with_target = [row for row in rows if row["target_start"] is not None]
    targets = [row["text"][row["target_start"] : row["target_end"]] for row in with_target]
    assert all(target == target.strip() and target for target in targets)
    names = [named(row["diagnosis"]) for row in with_target]
    is_named = [name.is_named_in(target) for name, target in zip(names, targets, strict=True)]
    is_early = [name.is_named_in(" ".join(target.split()[:25])) for name, target in zip(names, targets, strict=True)]
    assert 0.93 < sum(is_named) / len(targets) < 1
    assert sum(is_early) / len(targets) > 0.8
    words = sorted(len(target.split()) for target in targets)
    assert 35 <= sum(words) / len(words) <= 60
    assert 0.02 < 1 - len(with_target) / len(rows) < 0.07


def test_presentation_never_names_the_diagnosis(rows):
    for row in rows:
        presentation = row["text"][: row["target_start"]]
        assert not named(row["diagnosis"]).is_named_in(presentation), row["note_id"]


def test_length_and_patients(rows):
    assert 130 <= sum(len(row["text"].split()) for row in rows) / len(rows) <= 180
    visits = Counter(Counter(row["patient_id"] for row in rows).values())
    assert set(visits) == {1, 2, 3, 4}
    for row in rows:
        assert named(row["diagnosis"]).fits(row["age"], row["sex"])


def test_shares_are_those_asked_for(rows):
    config = SyntheticConfig()
    kinds = Counter(row["arrest_kind"] for row in rows)
    for kind in ("in_hospital", "out_of_hospital", "negated", "historical", "family"):
        assert kinds[kind] / len(rows) == pytest.approx(getattr(config, f"{kind}_share"), abs=0.016)
    assert 0.2 < sum(bool(row["identifiers"]) for row in rows) / len(rows) < 0.32
    for row in rows:
        assert (row[ARREST_COLUMN] == "yes") == (row["arrest_kind"] == "in_hospital")


def test_rate_of_arrests_can_be_set(tmp_path):
    write_notes(SyntheticConfig(num_patients=150, in_hospital_share=0.0), tmp_path)
    assert "in_hospital" not in read_tables(tmp_path)["arrest_kind"].to_pylist()


def test_keywords_find_arrests_but_do_not_tell_which(rows):
    hits = [bool(ARREST_KEYWORDS.search(row["text"])) for row in rows]
    by_kind = {
        kind: [hit for hit, row in zip(hits, rows, strict=True) if row["arrest_kind"] == kind]
        for kind in ("in_hospital", "none", "out_of_hospital")
    }
    assert sum(by_kind["in_hospital"]) / len(by_kind["in_hospital"]) > 0.95
    assert sum(by_kind["out_of_hospital"]) / len(by_kind["out_of_hospital"]) > 0.95
    assert sum(by_kind["none"]) / len(by_kind["none"]) < 0.05


def test_several_hundred_presentations_and_every_layout(rows):
    assert len({(row["diagnosis"], row["text"][:400]) for row in rows}) > 0.99 * len(rows)
    texts = "\n".join(row["text"] for row in rows)
    headers = ("\nMEDICAL DECISION MAKING\n", "\nMDM: ", "\nA/P:", "**Assessment and Plan:**", "## MDM\n", "\nPLAN\n")
    for header in headers:
        assert header in texts, header


def test_content_is_consistent():
    assert 120 <= len(diagnoses()) <= 200
    assert len({diagnosis.code for diagnosis in diagnoses()}) == len(diagnoses())
    assert {complaint for diagnosis in diagnoses() for complaint in diagnosis.complaints} == set(complaints())
    for diagnosis in diagnoses():
        for feature in (*diagnosis.symptoms, *diagnosis.exam, *diagnosis.tests, *diagnosis.risks):
            assert not diagnosis.is_named_in(feature), (diagnosis.name, feature)
        assert any(len(siblings(complaint)) > 1 for complaint in diagnosis.complaints) or len(diagnosis.complaints) == 1
    assert set(arrests()["places"]) == set(arrests()["sentences"])


@pytest.mark.parametrize(
    "settings",
    [{"num_patients": 0}, {"leak_share": 1.5}, {"in_hospital_share": 0.9, "negated_share": 0.2}],
)
def test_wrong_settings_are_refused(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        SyntheticConfig(**settings)


def test_truth_is_written_last(tmp_path):
    """A reader that finds the truth finds all notes."""
    directory = Path(tmp_path)
    (directory / "truth.parquet").mkdir()  # writing the truth fails
    with pytest.raises(OSError, match="truth"):
        write_notes(SyntheticConfig(num_patients=3), directory)
    assert len(list((directory / "notes").glob("*.parquet"))) == NUM_FILES
