"""Text composed of columns."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingest.compose import ComposedLine, compose_text
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.plan import plan_ingest
from pipelines.ingest.read import read_shard
from pipelines.stage.ledger import LedgerRows
from schemas.errors import ConfigError, InputError

LINES = [
    ComposedLine(label="COMPLAINT", parts=["{complaint}"]),
    ComposedLine(label="VITALS", parts=["pulse {pulse}/min", "pressure {systolic}/{diastolic} mmHg"]),
]


def composed(**values: object) -> str | None:
    row = {"complaint": None, "pulse": None, "systolic": None, "diastolic": None, **values}
    (text,) = compose_text(pa.Table.from_pylist([row]), LINES).to_pylist()
    return text  # type: ignore[no-any-return]  # Arrow has no types


def test_lines_and_parts_with_values_are_written() -> None:
    text = composed(complaint=" Cough ", pulse=80, systolic=120.0, diastolic=79.5)
    assert text == "COMPLAINT: Cough\nVITALS: pulse 80/min, pressure 120/79.5 mmHg"


def test_a_part_that_misses_a_value_and_a_line_without_parts_are_left_out() -> None:
    assert composed(pulse=80, systolic=120) == "VITALS: pulse 80/min"
    assert composed(complaint="Cough", systolic=120) == "COMPLAINT: Cough"
    assert composed(complaint="  ") is None


def test_braces_in_a_value_are_no_template() -> None:
    assert composed(complaint="{pulse} {0} {") == "COMPLAINT: {pulse} {0} {"


def test_several_lines_stand_below_their_label() -> None:
    assert composed(complaint="Cough\nFever") == "COMPLAINT:\nCough\nFever"


@pytest.mark.parametrize(
    ("label", "parts", "named"),
    [
        (" ", ["{x}"], "label is empty"),
        ("A", [], "parts is empty"),
        ("A", ["no column"], "names no column"),
        ("A", ["{x} {"], "is no template"),
        ("A", ["{x:>3}"], "more than columns"),
        ("A", ["{x!r}"], "more than columns"),
        ("A", ["{}"], "more than columns|names no column"),
    ],
)
def test_templates_are_checked(label: str, parts: list[str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        ComposedLine(label=label, parts=parts)


def test_composed_notes_are_read_and_a_garbled_column_is_quarantined(tmp_path: Path) -> None:
    path = tmp_path / "triage.csv"
    path.write_bytes(b"stay,patient,complaint,pulse\n1,p,Cough,80\n2,p,caf\xe9,70\n3,p,,\n")
    lines = [ComposedLine(label="COMPLAINT", parts=["{complaint}"]), ComposedLine(label="VITALS", parts=["{pulse}"])]
    config = IngestConfig(notes=str(path), columns={"note_id": "stay", "patient_id": "patient"}, compose=lines)
    plan = plan_ingest(config)
    ledger = LedgerRows()
    (shard,) = plan.shards
    assert read_shard(shard, config, plan.carried, ledger)["text"].to_pylist() == ["COMPLAINT: Cough\nVITALS: 80"]
    assert ledger.table()["reason"].to_pylist() == ["", "mojibake", "empty_text"]


def test_a_column_that_no_file_has_is_named(tmp_path: Path) -> None:
    (tmp_path / "triage.csv").write_text("note_id,patient_id\n1,p\n")
    lines = [ComposedLine(label="COMPLAINT", parts=["{complaint}"])]
    with pytest.raises(InputError, match="'complaint', which `compose` shows"):
        plan_ingest(IngestConfig(notes=str(tmp_path / "triage.csv"), compose=lines))
    with pytest.raises(ConfigError, match="compose makes"):
        IngestConfig(notes="x", columns={"text": "body"}, compose=lines)


def test_a_column_of_lists_is_named(tmp_path: Path) -> None:
    row = {"note_id": "1", "patient_id": "p", "complaint": ["Cough", "Fever"]}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "triage.parquet")
    lines = [ComposedLine(label="COMPLAINT", parts=["{complaint}"])]
    with pytest.raises(InputError, match="'complaint' is list"):
        plan_ingest(IngestConfig(notes=str(tmp_path / "triage.parquet"), compose=lines))
