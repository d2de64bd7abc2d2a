"""Writing the ledger and proving that no row was lost.

rows read ──ingest──▶ passing ──screen──▶ passing ──split──▶ passing ──pack──▶ trained on
              └ ended           └ ended            └ ended           └ ended
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa

from schemas.errors import LedgerError
from schemas.ledger import LEDGER, PASSING, Outcome, Stage

_BUCKET = (
    pl.when(pl.col("reason") == "")
    .then(pl.col("outcome"))
    .otherwise(pl.concat_str("outcome", pl.lit(":"), "reason"))
    .alias("bucket")
)


class NoteRow(NamedTuple):
    """Which row of the input a ledger row is about."""

    note_id: str | None
    source_file: str
    source_row: int


class LedgerRows:
    """Collects the outcomes of one shard of rows, one stage after the other."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []

    def record(
        self, stage: Stage, row: NoteRow, outcome: Outcome, reason: str = "", *, twin: str | None = None
    ) -> None:
        """Record what `stage` did with one row.

        Args:
            reason: a code, never text of the note.
            twin: of a duplicate, note_id of the note that was kept in its place.
        """
        self._rows.append(
            {
                **row._asdict(),
                "stage": stage.value,
                "outcome": outcome.value,
                "reason": reason,
                "twin": twin,
            }
        )

    def table(self) -> pa.Table:
        """All rows recorded, in the LEDGER schema."""
        return pa.Table.from_pylist(self._rows, schema=LEDGER)


def reconcile(ledger: pa.Table, num_rows_read: int, stages: Iterable[Stage]) -> dict[str, dict[str, int]]:
    """Prove that every row read has one outcome at each stage that it reached, and count them.

    Args:
        ledger: rows of the LEDGER schema, any order.
        num_rows_read: rows in the input files, counted from the files themselves.
        stages: the stages that ran, in order.

    Returns:
        stage → "outcome" or "outcome:reason" → number of rows.

    Raises:
        LedgerError: rows are missing, counted twice, or passed a stage that they never reached.
    """
    frame = pl.from_arrow(ledger)
    assert isinstance(frame, pl.DataFrame)
    counts: dict[str, dict[str, int]] = {}
    expected = num_rows_read
    passing: pl.DataFrame | None = None
    for stage in stages:
        rows = frame.filter(pl.col("stage") == stage.value)
        distinct = rows.select("source_file", "source_row").unique()
        if rows.height != distinct.height:
            raise LedgerError(f"stage {stage.value}: {rows.height - distinct.height} rows were counted twice")
        if rows.height != expected:
            raise LedgerError(f"stage {stage.value}: {expected} rows in, {rows.height} outcomes")
        if passing is not None and rows.join(passing, on=["source_file", "source_row"], how="anti").height:
            raise LedgerError(f"stage {stage.value}: rows that an earlier stage had ended")
        counts[stage.value] = _counts(rows.select(_BUCKET))
        passing = rows.filter(pl.col("outcome").is_in([o.value for o in PASSING])).select("source_file", "source_row")
        expected = passing.height
    return counts


def final_buckets(ledger: pa.Table) -> dict[str, int]:
    """The last outcome of every row, as "stage/outcome:reason" → number of rows. Sums to the rows read."""
    order = {stage.value: index for index, stage in enumerate(Stage)}
    frame = pl.from_arrow(ledger)
    assert isinstance(frame, pl.DataFrame)
    last = frame.sort(pl.col("stage").replace_strict(order, return_dtype=pl.Int64)).unique(
        ["source_file", "source_row"], keep="last", maintain_order=True
    )
    return _counts(last.select(pl.concat_str("stage", pl.lit("/"), _BUCKET).alias("bucket")))


def _counts(buckets: pl.DataFrame) -> dict[str, int]:
    return dict(buckets.group_by("bucket").len().sort("bucket").iter_rows())
