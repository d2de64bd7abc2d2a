"""Profiles of unknown tables: what they find, what they propose, and that they show nobody."""

import base64
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines.ingest.config import IngestConfig
from pipelines.ingest.plan import plan_ingest
from pipelines.ingest.presets import load_preset
from pipelines.ingest.profile import MIN_NOTES_OF_TYPE, TableProfile, profile_table
from schemas.errors import InputError

SECRET = "Unmistakable"
NOTE = f"HPI: {SECRET} has had a cough for three days, without fever or chest pain. PLAN: rest at home, tea, fluids."


def hospital(num_rows: int = 20) -> pl.DataFrame:
    places = list(range(num_rows))
    return pl.DataFrame(
        {
            "CSN": [9000 + place // 2 for place in places],
            "ReportNumber": [f"R{place}" for place in places],
            "Pat_ID": [f"{SECRET}-{place % 7}" for place in places],
            "Note Type": ["ED note" if place % 4 else "Progress note" for place in places],
            "Chart-Time": [f"2180-05-{1 + place % 28:02d} 10:00:00" for place in places],
            "Dictation": [NOTE if place else "  " for place in places],
            "Remark": [SECRET if place == 3 else None for place in places],
            "Pulse": [60 + place for place in places],
        }
    )


def profile(path: Path) -> TableProfile:
    return profile_table(str(path), lambda text: {name for name in ("HPI", "PLAN") if f"{name}:" in text})


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_columns_in_numbers(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"notes.{kind}"
    getattr(hospital(), "write_ndjson" if kind == "jsonl" else f"write_{kind}")(path)
    found = profile(path)
    columns = {column.name: column for column in found.columns}
    assert (found.num_rows, found.num_sampled) == (20, 20)
    text = columns["Dictation"]
    assert (text.kind, text.null_share, text.lengths) == ("text", 0.05, (len(NOTE),) * 4)
    assert columns["Chart-Time"].kind == "text, dates"
    assert columns["Pulse"].kind == ("text, numbers" if kind == "csv" else "int64")
    assert (columns["Pat_ID"].num_distinct, columns["Remark"].null_share) == (7, 0.95)
    assert found.sections == (("HPI", 19), ("PLAN", 19)) or found.sections == (("PLAN", 19), ("HPI", 19))
    assert found.note_types == (("ED note", 15), ("Progress note", 5))


def test_a_mapping_is_proposed_by_names_and_content_and_reads_the_table(tmp_path: Path) -> None:
    hospital().write_csv(tmp_path / "notes.csv")
    settings = yaml.safe_load(profile(tmp_path / "notes.csv").proposal.yaml())["ingest"]
    assert settings["columns"] == {
        "note_id": "ReportNumber",
        "patient_id": "Pat_ID",
        "text": "Dictation",
        "encounter_id": "CSN",
        "note_type": "Note Type",
        "written_at": "Chart-Time",
    }
    assert plan_ingest(IngestConfig(**settings)).num_rows == 20


def test_what_no_column_looks_like_is_said(tmp_path: Path) -> None:
    hospital().drop("Pat_ID", "ReportNumber").write_csv(tmp_path / "notes.csv")
    proposal = profile(tmp_path / "notes.csv").proposal
    assert proposal.missing == ("note_id", "patient_id")
    assert "# patient_id is missing" in proposal.yaml()


def shaped(preset: str, num_rows: int = 6) -> pl.DataFrame:
    known = load_preset(preset)
    values: dict[str, Any] = {name: [f"{name} {row}" for row in range(num_rows)] for name in known.shape}
    return pl.DataFrame({**values, **{name: [value] * num_rows for name, value in known.values.items()}})


@pytest.mark.parametrize("preset", ["mimic-iv-note-discharge", "mimic-iv-note-radiology", "mimic-iv-ed", "omop-note"])
def test_a_preset_is_known_by_its_shape(tmp_path: Path, preset: str) -> None:
    shaped(preset).with_columns(more=pl.lit(1)).write_csv(tmp_path / "table.csv")
    proposal = profile(tmp_path / "table.csv").proposal
    assert proposal.preset == preset
    assert yaml.safe_load(proposal.yaml())["ingest"]["preset"] == preset


def test_side_tables_beside_the_table_are_proposed(tmp_path: Path) -> None:
    shaped("omop-note").write_csv(tmp_path / "NOTE.csv")
    (tmp_path / "CONDITION_OCCURRENCE.csv").write_text("x")
    text = profile(tmp_path / "NOTE.csv").proposal.yaml()
    assert yaml.safe_load(text)["ingest"]["tables"] == {
        "condition_occurrence": str(tmp_path / "CONDITION_OCCURRENCE.csv")
    }
    assert "# concept: PATH" in text
    (tmp_path / "CONDITION_OCCURRENCE.csv").unlink()
    assert "tables" not in yaml.safe_load(profile(tmp_path / "NOTE.csv").proposal.yaml())["ingest"]


def test_fhir_is_known_by_its_resources(tmp_path: Path) -> None:
    data = base64.b64encode(NOTE.encode()).decode()
    document = {
        "resourceType": "DocumentReference",
        "id": "1",
        "content": [{"attachment": {"contentType": "text/plain", "data": data}}],
    }
    (tmp_path / "notes.ndjson").write_text(f"{json.dumps(document)}\nno JSON\n")
    (tmp_path / "notes.json").write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": document}]}))
    for name in ("notes.ndjson", "notes.json"):
        found = profile(tmp_path / name)
        assert found.proposal.preset == "fhir"
        assert found.num_sampled == 1
        assert dict(found.sections) == {"HPI": 1, "PLAN": 1}
    (tmp_path / "other.ndjson").write_text('{"a": 1}\n')
    with pytest.raises(InputError, match=r"\.jsonl"):
        profile(tmp_path / "other.ndjson")


def test_rare_and_many_note_types_are_not_shown(tmp_path: Path) -> None:
    types = ["ED note"] * MIN_NOTES_OF_TYPE + [f"About {SECRET}"] * (MIN_NOTES_OF_TYPE - 1)
    pl.DataFrame({"note_type": types, "text": NOTE}).write_csv(tmp_path / "rare.csv")
    assert profile(tmp_path / "rare.csv").note_types == (("ED note", MIN_NOTES_OF_TYPE),)
    many = [f"{SECRET} {place}" for place in range(40) for _ in range(MIN_NOTES_OF_TYPE)]
    pl.DataFrame({"note_type": many, "text": NOTE}).write_csv(tmp_path / "many.csv")
    assert profile(tmp_path / "many.csv").note_types == ()


def test_data_in_the_place_of_names_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text(f"17,{SECRET},2180-05-06\n18,Other,2180-05-07\n")
    with pytest.raises(InputError, match="header") as refused:
        profile(tmp_path / "notes.csv")
    assert SECRET not in str(refused.value)


def test_damaged_rows_do_not_stop_a_profile(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_bytes(b"note_id,text\n1,caf\xe9\n2,a,b,c\n3\n")
    assert profile(tmp_path / "notes.csv").num_sampled == 3


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("note_id,text\n")
    with pytest.raises(InputError, match="no rows"):
        profile(tmp_path / "notes.csv")


def test_of_a_long_table_the_first_rows_are_profiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.ingest.profile.SAMPLE_ROWS", 8)
    hospital().write_csv(tmp_path / "notes.csv")
    hospital().write_parquet(tmp_path / "notes.parquet")
    found = [profile(tmp_path / name) for name in ("notes.csv", "notes.parquet")]
    assert [(each.num_rows, each.num_sampled, each.num_section_notes) for each in found] == [(None, 8, 8), (20, 8, 8)]
