"""What the privacy officer's audit counts in the output of prepare: findings, notes, patients. No text is kept.

The findings of a large hospital are tens of millions of rows: polars scans the files and keeps the sums.
"""

from typing import Any

import polars as pl

from pipelines.stage.output import StageOutput
from schemas.findings import FINDINGS, Action

_REPLACING = [Action.REDACT.value, Action.SURROGATE.value]


def finding_counts(prepare: StageOutput) -> pl.DataFrame:
    """Findings by entity_type, recogniser and action, most frequent first: those columns and `num_findings`."""
    keys = ["entity_type", "recogniser", "action"]
    counts = _findings(prepare).group_by(keys).agg(pl.len().cast(pl.Int64).alias("num_findings")).collect()
    return counts.sort("num_findings", *keys, descending=[True, False, False, False])


def replaced_section(prepare: StageOutput) -> dict[str, Any]:
    """How much of the notes that passed the screen was replaced.

    Returns:
        num_notes passed, num_notes_replaced (with at least one replacement) and its share, and replaced characters
        for each 1,000 characters of safe text; null where there is none.
    """
    notes = _notes(prepare).select(pl.len().alias("notes"), pl.col("num_chars").sum()).collect().row(0, named=True)
    replaced = (
        _findings(prepare)
        .filter(pl.col("action").is_in(_REPLACING))
        .join(_notes(prepare), on="note_id", how="semi")
        .select(pl.col("note_id").n_unique().alias("notes"), (pl.col("end") - pl.col("start")).sum().alias("chars"))
        .collect()
        .row(0, named=True)
    )
    return {
        "num_notes": notes["notes"],
        "num_notes_replaced": replaced["notes"],
        "share_notes_replaced": replaced["notes"] / notes["notes"] if notes["notes"] else None,
        "replaced_per_1000_chars": 1000 * replaced["chars"] / notes["num_chars"] if notes["num_chars"] else None,
    }


def repeats_section(prepare: StageOutput) -> list[dict[str, Any]]:
    """Values that were found in the notes of several patients, linked by their keyed hashes.

    A clinic's telephone number is everyone's; a record number of two patients is a mistake in one of the notes, or a
    relative's. Only notes that passed count: a note that was set aside has no patient here.

    Returns:
        For each entity type: num_values, num_shared (in notes of two patients or more) and the most patients of one.
    """
    patients = (
        _findings(prepare)
        .join(_notes(prepare), on="note_id")
        .group_by("entity_type", "value_hmac")
        .agg(pl.col("patient_id").n_unique().alias("patients"))
    )
    counts = patients.group_by("entity_type").agg(
        pl.len().alias("num_values"),
        (pl.col("patients") > 1).sum().alias("num_shared"),
        pl.col("patients").max().alias("most_patients"),
    )
    return counts.collect().sort("num_shared", "entity_type", descending=[True, False]).to_dicts()


def _findings(prepare: StageOutput) -> pl.LazyFrame:
    files = list(prepare.files("findings"))
    if not files:
        empty = pl.from_arrow(FINDINGS.empty_table())
        assert isinstance(empty, pl.DataFrame)
        return empty.lazy()
    return pl.scan_parquet(files)


def _notes(prepare: StageOutput) -> pl.LazyFrame:
    """note_id, patient_id and num_chars of the safe notes; the texts are counted where they are read."""
    return pl.scan_parquet(list(prepare.files("notes"))).select(
        "note_id", "patient_id", pl.col("text").str.len_chars().cast(pl.Int64).alias("num_chars")
    )
