"""What an unknown table of notes looks like, and the `ingest:` settings that would read it.

A profile says nothing about any patient: names and types of columns, shares, counts and lengths. The only values in it
are those of the column of note types, where that has few of them, and of those only the ones that several notes share.
It is made of the first `SAMPLE_ROWS` rows; section headers are looked for in the first `SECTION_NOTES` of those.
"""

import contextlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import polars as pl

from pipelines.ingest.fhir import note_rows
from pipelines.ingest.formats import format_of
from pipelines.ingest.formats.fhir_resources import FhirBundle, FhirLines
from pipelines.ingest.mapping_proposal import Proposal, propose_mapping
from pipelines.ingest.scanned_table import open_table
from pipelines.ingest.sources import Source, UnreadableFileError, UnusablePathError, find_sources, read_source
from schemas.errors import InputError

SAMPLE_ROWS = 10_000
SECTION_NOTES = 300
MAX_NOTE_TYPES = 30
# A value that fewer notes have is not shown: it may be no type at all.
MIN_NOTES_OF_TYPE = 5
_FHIR_BYTES = 64 * 1024 * 1024
_FHIR_COLUMNS = tuple(note_rows({"resourceType": "DocumentReference"})[0])
_LENGTH_QUANTILES = (0.05, 0.5, 0.95, 1.0)
# Data in the place of a header line must not be printed as the names of columns.
_COLUMN_NAME = re.compile(r"[^\W\d][\w .#%()/-]{0,63}")
_NUMBER = r"^\s*-?\d+(\.\d+)?\s*$"
_DATE = r"^\s*(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})([T ].*)?$"


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    """A column in numbers.

    Attributes:
        name: of the column.
        kind: its type; of text also what all its values look like.
        null_share: share of rows without a value, blank text included, in [0, 1].
        num_distinct: different values.
        lengths: characters of its text, at the 5th, 50th, 95th and 100th percentile; None for other types.
    """

    name: str
    kind: str
    null_share: float
    num_distinct: int
    lengths: tuple[int, ...] | None


@dataclass(frozen=True, kw_only=True)
class TableProfile:
    """A table in numbers.

    Attributes:
        path: as given.
        num_rows: of the table; None where only a whole read would tell.
        num_sampled: rows that the rest is made of.
        columns: in the table's order.
        note_types: value and number of notes, the most frequent first; only values that several notes share.
        sections: kind of section and number of notes with a header of it, the most frequent first.
        num_section_notes: notes in which sections were looked for.
        proposal: settings that would read it.
    """

    path: str
    num_rows: int | None
    num_sampled: int
    columns: tuple[ColumnProfile, ...]
    note_types: tuple[tuple[str, int], ...]
    sections: tuple[tuple[str, int], ...]
    num_section_notes: int
    proposal: Proposal


def profile_table(path: str, section_kinds: Callable[[str], Iterable[str]]) -> TableProfile:
    """Profile a table of notes.

    Args:
        path: file, folder, glob or URI of Parquet, CSV, JSONL or FHIR.
        section_kinds: kinds of the sections in a note's text.

    Raises:
        InputError: it cannot be read, has no rows, or begins with data in the place of column names.
    """
    is_fhir, rows, num_rows = _sample(path)
    if rows.is_empty():
        raise InputError(f"{path} has no rows: give a table with notes")
    _check_names(path, rows.columns)
    columns = tuple(_column_profile(series) for series in rows)
    proposal = propose_mapping(path, rows, is_fhir)
    texts = _texts(rows, proposal)
    found = Counter(kind for text in texts for kind in set(section_kinds(text)))
    return TableProfile(
        path=path,
        num_rows=num_rows if num_rows is not None or rows.height == SAMPLE_ROWS else rows.height,
        num_sampled=rows.height,
        columns=columns,
        note_types=_note_types(rows, proposal),
        sections=tuple(found.most_common()),
        num_section_notes=len(texts),
        proposal=proposal,
    )


def _sample(path: str) -> tuple[bool, pl.DataFrame, int | None]:
    """Whether it is FHIR, the first rows, and the number of all rows where that is cheap to know."""
    try:
        sources = find_sources(path)
    except UnusablePathError as error:
        raise InputError(str(error)) from None
    if isinstance(format_of(sources[0].path), FhirLines | FhirBundle):
        rows = list(itertools.islice(itertools.chain.from_iterable(map(_fhir_rows, sources)), SAMPLE_ROWS))
        if not rows:
            raise InputError(
                f"{path} holds no DocumentReference of FHIR: end the name of a table of JSON lines in .jsonl"
            )
        return True, pl.DataFrame(rows, schema=dict.fromkeys(_FHIR_COLUMNS, pl.String)), None
    table = open_table(path, is_lenient=True)
    try:
        return False, table.head(SAMPLE_ROWS), table.count_rows()
    except (OSError, pl.exceptions.ComputeError) as error:
        raise InputError(f"{path} cannot be read ({type(error).__name__}): check that it is whole, and UTF-8") from None


def _fhir_rows(source: Source) -> list[dict[str, str | None]]:
    """Notes of a Bundle, or of the lines in the first bytes of a bulk export. What is no JSON is passed over."""
    is_bundle = isinstance(format_of(source.path), FhirBundle)
    try:
        data = read_source(source, lambda stream, _: stream.read(None if is_bundle else _FHIR_BYTES))
    except UnreadableFileError as error:
        raise InputError(f"{source.name} cannot be read ({error}): write or copy it again") from None
    rows = []
    for record in [data] if is_bundle else data.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            rows += note_rows(json.loads(record))
    return rows


def _check_names(path: str, names: list[str]) -> None:
    if not all(_COLUMN_NAME.fullmatch(name) for name in names):
        raise InputError(
            f"{path}: the first line does not look like names of columns, and is not shown as it may be a patient's: "
            "give the table a header"
        )


def _column_profile(series: pl.Series) -> ColumnProfile:
    kind, lengths = str(series.dtype).lower(), None
    num_null = series.null_count()
    if series.dtype == pl.String:
        blank = series.str.strip_chars() == ""
        num_null += int(blank.sum())
        present = series.filter(~blank)
        kind = f"text, {_looks_like(present)}" if _looks_like(present) else "text"
        chars = present.str.len_chars()
        if len(chars):
            lengths = tuple(int(chars.quantile(q, "nearest") or 0) for q in _LENGTH_QUANTILES)
    num_distinct = 0 if series.dtype.is_nested() else series.drop_nulls().n_unique()
    return ColumnProfile(
        name=series.name,
        kind=kind,
        null_share=num_null / len(series),
        num_distinct=num_distinct,
        lengths=lengths,
    )


def _looks_like(texts: pl.Series) -> str:
    for pattern, kind in ((_NUMBER, "numbers"), (_DATE, "dates")):
        if len(texts) and texts.str.contains(pattern).all():
            return kind
    return ""


def _note_types(rows: pl.DataFrame, proposal: Proposal) -> tuple[tuple[str, int], ...]:
    column = proposal.columns.get("note_type")
    if column is None or rows[column].n_unique() > MAX_NOTE_TYPES:
        return ()
    counts = rows[column].drop_nulls().cast(pl.String).value_counts(sort=True)
    return tuple((value, count) for value, count in counts.iter_rows() if count >= MIN_NOTES_OF_TYPE)


def _texts(rows: pl.DataFrame, proposal: Proposal) -> list[str]:
    column = proposal.columns.get("text")
    if column is None or rows[column].dtype != pl.String:
        return []
    return rows[column].drop_nulls().head(SECTION_NOTES).to_list()
