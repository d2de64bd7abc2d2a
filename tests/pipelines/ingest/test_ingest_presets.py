"""Each preset on tables of its published shape, from the files to accepted notes, and how settings go before it."""

import csv
import dataclasses
import gzip
import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.ingest.config import IngestConfig
from pipelines.ingest.plan import plan_ingest
from pipelines.ingest.presets import load_preset, preset_names
from pipelines.ingest.read import read_shard
from pipelines.splitting.split import SplitNote, split_note
from pipelines.stage.ledger import LedgerRows
from schemas.errors import ConfigError, InputError
from schemas.notes import COLUMN_TYPES

Rows = list[dict[str, Any]]

NOTE_TEXT = 'Chief Complaint:\nCough, "dry"\n\nAssessment:\nBronchitis.'
MIMIC_NOTES: Rows = [
    {
        "note_id": f"10000{kind}-{number}",
        "subject_id": 10000032,
        "hadm_id": hadm_id,
        "note_type": kind,
        "note_seq": number,
        "charttime": "2180-05-07 00:00:00",
        "storetime": "2180-05-09 15:26:00",
        "text": NOTE_TEXT,
    }
    for kind in ("DS", "RR")
    for number, hadm_id in ((21, 22595853), (22, None))
]
TRIAGE: Rows = [
    {
        "subject_id": 10000032,
        "stay_id": 32952584,
        "temperature": "97.8",
        "heartrate": "87.0",
        "resprate": "14.0",
        "o2sat": "97.0",
        "sbp": "71.0",
        "dbp": "43.0",
        "pain": "7",
        "acuity": "2.0",
        "chiefcomplaint": "Hypotension",
    },
    {"subject_id": 10000040, "stay_id": 33258284, "chiefcomplaint": "Abd pain, Fever", "pain": "unable"},
    {"subject_id": 10000041, "stay_id": 39999999, "chiefcomplaint": "Cough"},
]
ED_DIAGNOSES: Rows = [
    {
        "subject_id": 10000032,
        "stay_id": 32952584,
        "seq_num": number,
        "icd_code": code,
        "icd_version": 9,
        "icd_title": title,
    }
    for number, code, title in ((10, "07070", "HEPATITIS C"), (2, "5715", "CIRRHOSIS"), (1, "4589", "HYPOTENSION NOS"))
] + [{"subject_id": 1, "stay_id": 33258284, "seq_num": 1, "icd_code": "R50", "icd_version": 10, "icd_title": "Fever"}]
NOTE: Rows = [
    {
        "note_id": number,
        "person_id": 500 + number,
        "note_date": "2021-03-04",
        "note_datetime": "2021-03-04 05:06:07",
        "note_type_concept_id": 32817,
        "note_class_concept_id": 706391,
        "note_title": "ED Provider Note",
        "note_text": NOTE_TEXT,
        "encoding_concept_id": 32678,
        "language_concept_id": 4180186,
        "provider_id": None,
        "visit_occurrence_id": visit,
        "visit_detail_id": None,
        "note_source_value": "EDNOTE",
        "note_event_id": None,
        "note_event_field_concept_id": None,
    }
    for number, visit in ((1, 71), (2, 72), (3, None))
]
CONDITION_OCCURRENCE: Rows = [
    {
        "condition_occurrence_id": number,
        "person_id": 501,
        "condition_concept_id": concept,
        "condition_start_date": date,
        "condition_type_concept_id": 32817,
        "condition_status_concept_id": status,
        "visit_occurrence_id": visit,
        "condition_source_value": code,
    }
    for number, visit, status, date, concept, code in (
        (1, 71, 32908, "2021-03-01", 255573, "J44.9"),
        (2, 71, 32902, "2021-03-04", 312327, "I21.9"),
        (3, 72, 0, "2021-03-05", 255573, "J44.9"),
        (4, 72, 0, "2021-03-04", 4322024, "R07.4"),
        (5, 99, 32902, "2021-03-01", 1, "Z00"),
    )
]
CONCEPT: Rows = [
    {"concept_id": concept, "concept_name": name, "domain_id": "Condition"}
    for concept, name in ((255573, 'COPD "chronic"'), (312327, "Acute myocardial infarction"), (4322024, "Chest pain"))
]


def write_csv(path: Path, rows: Rows, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, delimiter=delimiter, quoting=quoting, quotechar=None if quoting == 3 else '"')  # type: ignore[arg-type]
    writer.writeheader()
    writer.writerows(rows)
    data = text.getvalue().encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def write_parquet(path: Path, rows: Rows) -> str:
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(path)
    return str(path)


def read_notes(config: IngestConfig) -> Rows:
    plan = plan_ingest(config)
    ledger = LedgerRows()
    return [note for shard in plan.shards for note in read_shard(shard, config, plan.carried, ledger).to_pylist()]


def test_every_preset_serves_what_the_contract_requires() -> None:
    for name in preset_names():
        preset = load_preset(name)
        mapping = preset.mapping
        served = {*mapping.columns, *mapping.constants, *(["text"] if mapping.compose else [])}
        assert served <= set(COLUMN_TYPES)
        assert {"note_id", "patient_id", "text"} <= served or name == "fhir"
        assert preset.optional_tables <= set(preset.tables)
        assert preset.title


@pytest.mark.parametrize(("kind", "note_type"), [("discharge", "discharge summary"), ("radiology", "radiology report")])
def test_mimic_iv_note(tmp_path: Path, kind: str, note_type: str) -> None:
    rows = [row for row in MIMIC_NOTES if row["note_type"] == ("DS" if kind == "discharge" else "RR")]
    path = write_csv(tmp_path / f"{kind}.csv.gz", rows)
    notes = read_notes(IngestConfig(preset=f"mimic-iv-note-{kind}", notes=path))
    assert [note["note_id"] for note in notes] == [row["note_id"] for row in rows]
    assert {note["patient_id"] for note in notes} == {"10000032"}
    assert {note["note_type"] for note in notes} == {note_type}
    assert str(notes[0]["written_at"]) == "2180-05-07 00:00:00"
    assert notes[0]["encounter_id"] == "22595853"
    assert notes[0]["text"] == NOTE_TEXT


def test_mimic_iv_note_takes_the_diagnosis_from_the_hospital_module(tmp_path: Path) -> None:
    codes = [(22595853, 2, "E11", 10), (22595853, 1, "5723", 9), (1, 1, "5723", 9)]
    names = ("hadm_id", "seq_num", "icd_code", "icd_version")
    titles = [("5723", 9, "Portal hypertension"), ("5723", 10, "Another system's code"), ("E11", 10, "Diabetes")]
    tables = {
        "diagnoses_icd": write_csv(tmp_path / "d.csv.gz", [dict(zip(names, code, strict=True)) for code in codes]),
        "d_icd_diagnoses": write_csv(
            tmp_path / "names.csv",
            [dict(zip(("icd_code", "icd_version", "long_title"), title, strict=True)) for title in titles],
        ),
    }
    path = write_csv(tmp_path / "discharge.csv.gz", MIMIC_NOTES[:2])
    notes = read_notes(IngestConfig(preset="mimic-iv-note-discharge", notes=path, tables=tables))
    assert [(note["diagnosis_code"], note["diagnosis"]) for note in notes] == [
        ("5723", "Portal hypertension"),
        (None, None),
    ]


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_mimic_iv_ed_composes_notes_that_split(tmp_path: Path, write: Any) -> None:
    suffix = "csv" if write is write_csv else "parquet"
    diagnoses = write(tmp_path / f"diagnosis.{suffix}", ED_DIAGNOSES)
    path = write(tmp_path / f"triage.{suffix}", TRIAGE)
    notes = read_notes(IngestConfig(preset="mimic-iv-ed", notes=path, tables={"diagnosis": diagnoses}))
    assert [note["note_id"] for note in notes] == ["32952584", "33258284", "39999999"]
    first = notes[0]
    assert (first["diagnosis"], first["diagnosis_code"]) == ("HYPOTENSION NOS", "4589")
    assert first["text"].splitlines() == [
        "CHIEF COMPLAINT: Hypotension",
        "VITAL SIGNS: temperature 97.8 °F, heart rate 87.0/min, respiratory rate 14.0/min, oxygen saturation 97.0 %, "
        "systolic blood pressure 71.0 mmHg, diastolic blood pressure 43.0 mmHg, pain 7, triage acuity 2.0",
        "ASSESSMENT:",
        "HYPOTENSION NOS",
        "CIRRHOSIS",
        "HEPATITIS C",
    ]
    split = split_note(first["text"], first["note_type"])
    assert isinstance(split, SplitNote)
    assert split.target.endswith("HYPOTENSION NOS\nCIRRHOSIS\nHEPATITIS C")
    assert "Hypotension" in split.prompt
    assert "CIRRHOSIS" not in split.prompt
    assert notes[1]["text"] == "CHIEF COMPLAINT: Abd pain, Fever\nVITAL SIGNS: pain unable\nASSESSMENT: Fever"
    assert "ASSESSMENT" not in notes[2]["text"]
    assert not isinstance(split_note(notes[2]["text"], notes[2]["note_type"]), SplitNote)


def test_mimic_iv_ed_takes_time_and_sex_from_the_stays(tmp_path: Path) -> None:
    stays = [{"subject_id": 10000032, "stay_id": 32952584, "intime": "2180-05-06 19:17:00", "gender": "F"}]
    tables = {
        "diagnosis": write_csv(tmp_path / "diagnosis.csv.gz", ED_DIAGNOSES),
        "edstays": write_csv(tmp_path / "edstays.csv.gz", stays),
    }
    path = write_csv(tmp_path / "triage.csv.gz", TRIAGE)
    notes = read_notes(IngestConfig(preset="mimic-iv-ed", notes=path, tables=tables))
    assert [(str(note["written_at"]), note["sex"]) for note in notes[:2]] == [
        ("2180-05-06 19:17:00", "F"),
        ("None", None),
    ]


@pytest.mark.parametrize("form", ["csv", "athena", "parquet"])
def test_omop_note_takes_the_primary_condition_of_its_visit(tmp_path: Path, form: str) -> None:
    if form == "parquet":
        tables = {
            "condition_occurrence": write_parquet(tmp_path / "condition.parquet", CONDITION_OCCURRENCE),
            "concept": write_parquet(tmp_path / "concept.parquet", CONCEPT),
        }
    else:  # the vocabularies come separated by tabs, their quotes bare
        is_bare = form == "athena"
        tables = {
            "condition_occurrence": write_csv(tmp_path / "CONDITION_OCCURRENCE.csv", CONDITION_OCCURRENCE),
            "concept": write_csv(tmp_path / "CONCEPT.csv", CONCEPT, *(("\t", csv.QUOTE_NONE) if is_bare else ())),
        }
    path = write_csv(tmp_path / "NOTE.csv", NOTE) if form == "csv" else write_parquet(tmp_path / "note.parquet", NOTE)
    notes = read_notes(IngestConfig(preset="omop-note", notes=path, tables=tables))
    assert [(note["diagnosis_code"], note["diagnosis"]) for note in notes] == [
        ("I21.9", "Acute myocardial infarction"),
        ("R07.4", "Chest pain"),
        (None, None),
    ]
    assert (notes[0]["patient_id"], notes[0]["encounter_id"]) == ("501", "71")
    assert (notes[0]["note_type"], str(notes[0]["written_at"])) == ("ED Provider Note", "2021-03-04 05:06:07")


def test_omop_note_alone_has_no_diagnosis(tmp_path: Path) -> None:
    notes = read_notes(IngestConfig(preset="omop-note", notes=write_csv(tmp_path / "NOTE.csv", NOTE)))
    assert len(notes) == 3
    assert {note["diagnosis_code"] for note in notes} == {None}


def test_fhir(tmp_path: Path) -> None:
    documents = [
        {
            "resourceType": "DocumentReference",
            "id": f"doc-{number}",
            "subject": {"reference": "Patient/p1"},
            "content": [{"attachment": {"contentType": "text/plain", "data": "Q291Z2gu" if number else "***"}}],
        }
        for number in range(3)
    ]
    (tmp_path / "notes.ndjson").write_text("\n".join(map(json.dumps, documents)))
    config = IngestConfig(preset="fhir", notes=str(tmp_path / "notes.ndjson"))
    assert [(note["note_id"], note["text"]) for note in read_notes(config)] == [
        ("doc-1", "Cough."),
        ("doc-2", "Cough."),
    ]


def test_an_unknown_preset_lists_all() -> None:
    with pytest.raises(ConfigError) as refused:
        IngestConfig(notes="x", preset="mimic")
    assert all(name in str(refused.value) for name in preset_names())


def test_a_table_that_is_needed_or_unknown_is_named() -> None:
    with pytest.raises(ConfigError, match=r"tables: \{diagnosis: \.\.\.\}"):
        IngestConfig(notes="x", preset="mimic-iv-ed")
    with pytest.raises(ConfigError, match="condition_occurrence, concept"):
        IngestConfig(notes="x", preset="omop-note", tables={"conditions": "y.csv"})
    with pytest.raises(ConfigError, match="no join uses"):
        IngestConfig(notes="x", tables={"conditions": "y.csv"})


def test_concepts_without_conditions_are_refused(tmp_path: Path) -> None:
    concepts = write_csv(tmp_path / "CONCEPT.csv", CONCEPT)
    config = IngestConfig(
        preset="omop-note", notes=write_csv(tmp_path / "NOTE.csv", NOTE), tables={"concept": concepts}
    )
    with pytest.raises(InputError, match="condition_concept_id"):
        plan_ingest(config)


def test_what_the_user_sets_goes_before_the_preset(tmp_path: Path) -> None:
    tables = {"diagnosis": "d.csv"}
    config = IngestConfig(
        preset="mimic-iv-ed", notes="x", tables=tables, columns={"note_type": "pain", "encounter_id": "subject_id"}
    )
    assert config.columns == {
        "note_id": "stay_id",
        "patient_id": "subject_id",
        "encounter_id": "subject_id",
        "note_type": "pain",
    }
    assert config.constants == {}
    assert config.joins[0].table == "d.csv"
    own_text = IngestConfig(preset="mimic-iv-ed", notes="x", tables=tables, columns={"text": "chiefcomplaint"})
    assert own_text.compose == []
    constant = IngestConfig(preset="omop-note", notes="x", constants={"note_type": "ED"})
    assert "note_type" not in constant.columns


def test_settings_resolved_from_a_preset_can_be_changed_and_made_again() -> None:
    config = IngestConfig(preset="mimic-iv-ed", notes="x", tables={"diagnosis": "d.csv"})
    assert dataclasses.replace(config, rows_per_shard=5) == dataclasses.replace(config, rows_per_shard=5)
    assert dataclasses.replace(config, rows_per_shard=config.rows_per_shard) == config
