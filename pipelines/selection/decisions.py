"""The rules by which notes are selected, in their order, over the survey of all notes.

1. Of rows with one note_id, the first that ingest accepted is kept.
2. Split by time: a note without `written_at` is on no side. A patient's earlier notes are dropped where later ones are
   on a later side, so that a patient is on one side only.
3. Of copies, the preferred one is kept: that of the test before that of validation before that of training, so that
   what is measured does not depend on what was trained on; then the one with the most five-word sequences, for a note
   that is copied forward grows; then the one written last; then the first read.

500,000 notes take a driver about a minute and 1.5 GB (tests/benchmarks/duplicate_detection.py).
"""

from datetime import datetime

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.selection.config import SelectionConfig
from pipelines.selection.near_twins import find_near_twins
from schemas.ledger import Outcome
from schemas.notes import Split
from schemas.selection import DECISIONS, KEY_BYTES, NUM_PERMUTATIONS

_SIDES = [Split.TRAIN.value, Split.VALIDATION.value, Split.TEST.value]  # from the earliest to the latest


def decide(survey: pa.Table, config: SelectionConfig) -> pa.Table:
    """Decide about every note.

    Args:
        survey: rows of SURVEY, shard by shard in the order of the plan.

    Returns:
        Rows of DECISIONS, in the order of `survey`.
    """
    notes = _frame(survey, config)
    decided = [_repeated_ids(notes)]
    if config.split_by == "time":
        decided.append(_conflicts_of_time(_rest(notes, decided)))
    preferred = _rest(notes, decided).sort(
        [pl.col("side"), pl.col("num_sequences"), pl.col("written_at"), pl.col("row")],
        descending=[True, True, True, False],
        nulls_last=True,
    )
    decided.append(_same_texts(preferred, config))
    decided.append(
        _near_texts(preferred.join(decided[-1], on="row", how="anti", maintain_order="left"), survey, config)
    )
    return _table(notes, pl.concat(decided))


def _frame(survey: pa.Table, config: SelectionConfig) -> pl.DataFrame:
    """The survey without signatures; `row` is the place in it and `side` the rank of the split, null for none."""
    frame = (
        pl.DataFrame(survey.drop_columns(["signature"]))
        .with_row_index("row")
        .with_columns(pl.col("row").cast(pl.Int64))
    )
    if config.split_by == "time":
        validation_from, test_from = (
            datetime.fromisoformat(str(day)) for day in (config.validation_from, config.test_from)
        )
        written_at = pl.col("written_at")
        split = (
            pl.when(written_at.is_null())
            .then(None)
            .when(written_at >= test_from)
            .then(pl.lit(Split.TEST.value))
            .when(written_at >= validation_from)
            .then(pl.lit(Split.VALIDATION.value))
            .otherwise(pl.lit(Split.TRAIN.value))
        )
        frame = frame.with_columns(split=split)
    ranks = {side: rank for rank, side in enumerate(_SIDES)}
    return frame.with_columns(side=pl.col("split").replace_strict(ranks, default=None, return_dtype=pl.Int8))


def _rest(notes: pl.DataFrame, decided: list[pl.DataFrame]) -> pl.DataFrame:
    return notes.join(pl.concat(decided), on="row", how="anti", maintain_order="left")


def _ended(rows: pl.DataFrame, outcome: Outcome, reason: str | pl.Expr, twin: pl.Expr) -> pl.DataFrame:
    """Notes that end here: `row`, outcome, reason, and the row of the twin."""
    reason = pl.lit(reason) if isinstance(reason, str) else reason
    return rows.select(
        "row", pl.lit(outcome.value).alias("outcome"), reason.alias("reason"), twin.cast(pl.Int64).alias("twin_row")
    )


def _repeated_ids(notes: pl.DataFrame) -> pl.DataFrame:
    first = pl.col("row").first().over("note_id")
    rows = notes.select("row", first=first).filter(pl.col("row") != pl.col("first"))
    return _ended(rows, Outcome.DUPLICATE, "duplicate_note_id", pl.col("first"))


def _conflicts_of_time(notes: pl.DataFrame) -> pl.DataFrame:
    latest = pl.col("side").max().over("patient_key")
    rows = notes.select("row", "side", latest=latest).filter(
        pl.col("side").is_null() | (pl.col("side") < pl.col("latest"))
    )
    reason = (
        pl.when(pl.col("side").is_null()).then(pl.lit("missing_written_at")).otherwise(pl.lit("patient_in_later_split"))
    )
    return _ended(rows, Outcome.REJECTED, reason, pl.lit(None))


def _same_texts(preferred: pl.DataFrame, config: SelectionConfig) -> pl.DataFrame:
    within, across = config.within_patient is not None, config.across_patients is not None
    group = ["text_key"] if across else ["text_key", "patient_key"]
    rows = preferred.with_columns(
        first=pl.col("row").first().over(group), first_patient=pl.col("patient_key").first().over(group)
    ).filter(pl.col("row") != pl.col("first"))
    of_same_patient = pl.col("patient_key") == pl.col("first_patient")
    rows = rows.filter(pl.when(of_same_patient).then(within).otherwise(across))
    return _ended(rows, Outcome.DUPLICATE, "same_text", pl.col("first"))


def _near_texts(preferred: pl.DataFrame, survey: pa.Table, config: SelectionConfig) -> pl.DataFrame:
    places = preferred["row"].to_numpy()
    signatures = _fixed_size(survey["signature"], np.dtype("<u4"), NUM_PERMUTATIONS)[places]
    patients = _fixed_size(survey["patient_key"], np.dtype("<u8"), KEY_BYTES // 8)[places, 0]
    sizes = preferred["num_sequences"].to_numpy()
    twins = find_near_twins(signatures, sizes, patients, config.within_patient, config.across_patients)
    copies = np.flatnonzero(twins >= 0)
    rows = pl.DataFrame({"row": places[copies], "twin": places[twins[copies]]})
    return _ended(rows, Outcome.DUPLICATE, "near_text", pl.col("twin"))


def _fixed_size(column: pa.ChunkedArray, kind: np.dtype, width: int) -> NDArray:
    """(num_rows, width) view of a column of fixed-size binary."""
    parts = []
    for chunk in column.chunks:
        start, count = chunk.offset * width, len(chunk) * width
        parts.append(np.frombuffer(chunk.buffers()[1], dtype=kind)[start : start + count].reshape(-1, width))
    return np.concatenate(parts) if parts else np.empty((0, width), dtype=kind)


def _table(notes: pl.DataFrame, decided: pl.DataFrame) -> pa.Table:
    # A repeated id or text may name a note that turned out to be a near copy itself: then that one's twin is kept.
    onward = decided.select(twin_row="row", kept="twin_row").filter(pl.col("kept").is_not_null())
    for _ in range(2):
        decided = (
            decided.join(onward, on="twin_row", how="left")
            .with_columns(twin_row=pl.coalesce("kept", "twin_row"))
            .drop("kept")
        )
    ids = notes.select(twin_row="row", twin="note_id")
    table = (
        notes.select("row", "source_file", "source_row", "split")
        .join(decided, on="row", how="left")
        .join(ids, on="twin_row", how="left")
        .with_columns(pl.col("outcome").fill_null(Outcome.ACCEPTED.value), pl.col("reason").fill_null(""))
        .sort("row")
    )
    return table.select(DECISIONS.names).to_arrow().cast(DECISIONS)
