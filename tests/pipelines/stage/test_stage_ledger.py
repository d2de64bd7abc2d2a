"""The ledger proves that every row has one fate."""

import pyarrow as pa
import pytest

from pipelines.stage.ledger import LedgerRows, NoteRow, final_buckets, reconcile
from schemas.errors import LedgerError
from schemas.ledger import Outcome, Stage

STAGES = [Stage.INGEST, Stage.SCREEN, Stage.SPLIT]


def _ledger() -> LedgerRows:
    rows = LedgerRows()
    rows.record(Stage.INGEST, NoteRow("a", "notes.parquet", 0), Outcome.ACCEPTED)
    rows.record(Stage.INGEST, NoteRow("b", "notes.parquet", 1), Outcome.ACCEPTED)
    rows.record(Stage.INGEST, NoteRow(None, "notes.parquet", 2), Outcome.REJECTED, "missing_note_id")
    rows.record(Stage.SCREEN, NoteRow("a", "notes.parquet", 0), Outcome.REDACTED)
    rows.record(Stage.SCREEN, NoteRow("b", "notes.parquet", 1), Outcome.QUARANTINED, "oversize")
    rows.record(Stage.SPLIT, NoteRow("a", "notes.parquet", 0), Outcome.ACCEPTED)
    return rows


def test_counts_by_stage_and_last_buckets_sum_to_the_rows_read() -> None:
    table = _ledger().table()
    counts = reconcile(table, 3, STAGES)
    assert counts["ingest"] == {"accepted": 2, "rejected:missing_note_id": 1}
    assert counts["screen"] == {"redacted": 1, "quarantined:oversize": 1}
    buckets = final_buckets(table)
    assert buckets == {
        "ingest/rejected:missing_note_id": 1,
        "screen/quarantined:oversize": 1,
        "split/accepted": 1,
    }
    assert sum(buckets.values()) == 3


def test_a_lost_row_is_an_error() -> None:
    with pytest.raises(LedgerError, match="4 rows in, 3 outcomes"):
        reconcile(_ledger().table(), 4, STAGES)
    with pytest.raises(LedgerError, match="split"):
        reconcile(_ledger().table().slice(0, 5), 3, STAGES)


def test_a_row_counted_twice_is_an_error() -> None:
    table = _ledger().table()
    with pytest.raises(LedgerError, match="twice"):
        reconcile(pa.concat_tables([table, table.slice(0, 1)]), 3, STAGES)


def test_a_row_that_passed_a_stage_it_never_reached_is_an_error() -> None:
    rows = LedgerRows()
    rows.record(Stage.INGEST, NoteRow("a", "notes.parquet", 0), Outcome.ACCEPTED)
    rows.record(Stage.INGEST, NoteRow("b", "notes.parquet", 1), Outcome.REJECTED, "empty_text")
    rows.record(Stage.SCREEN, NoteRow("b", "notes.parquet", 1), Outcome.ACCEPTED)
    with pytest.raises(LedgerError, match="ended"):
        reconcile(rows.table(), 2, [Stage.INGEST, Stage.SCREEN])
