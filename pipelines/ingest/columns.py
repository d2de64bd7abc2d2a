"""How the columns of a file meet the contract: which column serves which, which types are taken, how they are cast.

Taken, beside the contract's own types: integers as ids and codes; ISO 8601 strings and dates as `written_at` (a time
with a zone is turned into UTC); whole floats and digits in strings as `age`. A value that cannot be cast ends its row
with the reason `bad_<column>`; a column of a wrong type ends the run.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from pipelines.ingest.config import IngestConfig
from schemas.notes import COLUMN_TYPES, REQUIRED_COLUMNS


def is_string_like(kind: pa.DataType) -> bool:
    """True for every Arrow type that holds text, dictionary-encoded or not."""
    if pa.types.is_dictionary(kind):
        return is_string_like(kind.value_type)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _takes(column: str, kind: pa.DataType) -> bool:
    if pa.types.is_null(kind):
        return column not in REQUIRED_COLUMNS
    if column == "written_at":
        return pa.types.is_timestamp(kind) or pa.types.is_date(kind) or is_string_like(kind)
    if column == "age":
        return pa.types.is_integer(kind) or pa.types.is_floating(kind) or is_string_like(kind)
    return is_string_like(kind) or (column != "text" and pa.types.is_integer(kind))


_WANTED = {
    "written_at": "a timestamp, a date or an ISO 8601 string",
    "age": "a number of whole years",
    "text": "a string",
}


def source_columns(config: IngestConfig, schema: pa.Schema) -> dict[str, str]:
    """Contract column → column of a file with this schema, for those that the file serves."""
    mapping = {}
    for column in COLUMN_TYPES:
        source = config.columns.get(column, column)
        if column not in config.constants and source in schema.names:
            mapping[column] = source
    return mapping


def used_fields(config: IngestConfig, schema: pa.Schema) -> dict[str, pa.DataType]:
    """Name → type of the file's columns that ingest reads; files of one run must agree on these."""
    names = {*source_columns(config, schema).values(), *config.carry}
    return {name: schema.field(name).type for name in sorted(names) if name in schema.names}


def carried_fields(config: IngestConfig, schema: pa.Schema) -> tuple[pa.Field, ...]:
    """Arrow fields of the carried columns that a file has; a dictionary-encoded one becomes plain."""
    names = [name for name in config.carry if name in schema.names]
    kinds = (schema.field(name).type for name in names)
    plain = (kind.value_type if pa.types.is_dictionary(kind) else kind for kind in kinds)
    return tuple(pa.field(name, kind) for name, kind in zip(names, plain, strict=True))


def schema_problems(config: IngestConfig, schema: pa.Schema) -> list[str]:
    """What keeps a file with this schema from being read; each names the column, the value and the remedy."""
    problems = []
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        return [f"has several columns named {', '.join(twice)}: give each its own name"]
    has = ", ".join(schema.names)
    for column in REQUIRED_COLUMNS:
        if column not in config.columns and column not in schema.names:
            problems.append(f"has no column {column!r} but {has}: name the right one with `columns: {{{column}: ...}}`")
    for column, source in config.columns.items():
        if source not in schema.names:
            problems.append(f"has no column {source!r}, which `columns` gives for {column!r}, but {has}")
    for column, source in source_columns(config, schema).items():
        kind = schema.field(source).type
        if not _takes(column, kind):
            wanted = _WANTED.get(column, "a string or an integer")
            problems.append(
                f"column {source!r} is {kind}, but {column!r} must be {wanted}: convert it, or name another column "
                f"with `columns: {{{column}: ...}}`"
            )
    return problems


def _year_count(value: Any) -> int:
    number = float(value)
    if number != int(number):
        raise ValueError
    return int(number)


def _timestamp(value: Any) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip())
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    assert isinstance(value, date)
    return datetime(value.year, value.month, value.day)


_CASTS = {"age": _year_count, "written_at": _timestamp}


def plain_array(column: pa.ChunkedArray) -> pa.Array:
    """One contiguous array of plain values, whatever the chunks and encoding."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def undecodable_rows(array: pa.Array) -> set[int]:
    """Rows that hold bytes which are not UTF-8; Parquet readers do not look."""
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return {row for row in range(len(array)) if not _is_valid(array.slice(row, 1))}
    return set()


def _is_valid(array: pa.Array) -> bool:
    try:
        # A slice still points at its neighbours' bytes; taking the row copies it alone.
        array.take(pa.array([0])).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def cast_values(column: str, array: pa.Array, skip: Iterable[int]) -> tuple[list[Any], set[int]]:
    """Values of one contract column as Python objects of the contract's type, and the rows where that failed.

    Args:
        column: contract column.
        array: (num_rows,) plain array of a type that `schema_problems` passed.
        skip: rows not to look at, which become None.
    """
    skipped = frozenset(skip)
    bad: set[int] = set()
    if column in _CASTS and pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("us", tz=array.type.tz), safe=False)  # the contract has microseconds
    values = [None if row in skipped else array[row].as_py() for row in range(len(array))]
    cast = _CASTS.get(column, str)
    for row, value in enumerate(values):
        if value is None:
            continue
        try:
            values[row] = cast(value)
        except (ValueError, OverflowError):
            values[row] = None
            bad.add(row)
    return values, bad
