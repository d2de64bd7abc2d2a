"""How the columns of a file meet the contract: which column serves which, which types are taken, how they are cast.

Taken, beside the contract's own types: integers as ids and codes; dates and strings as `written_at` (a time with a zone
is turned into UTC; which strings, `written_at_format` says); whole floats and digits in strings as `age`, and its top
codes such as ">89" and "90+" as 90; blanks, "NA", "NULL" and their like are null in these two. A value that cannot be
cast ends its row with the reason `bad_<column>`; a column of a wrong type ends the run.
"""

import functools
import math
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from pipelines.ingest.config import IngestConfig
from pipelines.ingest.derived import derivation_problems, derived_names, derived_schema, needed_columns
from schemas.notes import COLUMN_TYPES, REQUIRED_COLUMNS

# "Ages over 89 may be aggregated into a single category of age 90 or older": 45 CFR 164.514(b)(2)(i)(C).
_TOP_CODED_AGES = frozenset({">89", ">=90", "≥90", "90+"})
_TOP_AGE = 90
# What pandas, R and databases write for a missing date or number.
_MISSING = frozenset({"", "na", "n/a", "nan", "nat", "none", "null", "\\n"})
_OLDEST_AGE = 130
# Digits alone are told by their number: strptime would also take 202405061030 for a time of five digits.
_DIGIT_FORMATS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_DATE_FORMATS = ("%Y/%m/%d", "%d-%b-%Y", "%d %b %Y", "%d%b%Y")
_TIME_FORMATS = ("", " %H:%M", " %H:%M:%S", ":%H:%M:%S")
_STRING_FORMATS = tuple(day + time for day in _DATE_FORMATS for time in _TIME_FORMATS)


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
    "written_at": "a timestamp, a date or a string",
    "age": "a number of whole years",
    "text": "a string",
}


def read_columns(config: IngestConfig) -> frozenset[str]:
    """All columns that ingest reads of a file, where it has them."""
    mapped = (config.columns.get(column, column) for column in COLUMN_TYPES if column not in config.constants)
    own = {*mapped, *config.note_id_from, *config.carry} - set(derived_names(config))
    return frozenset((*own, *needed_columns(config)))


def source_columns(config: IngestConfig, schema: pa.Schema) -> dict[str, str]:
    """Contract column → column of a file with this schema, for those that the file serves."""
    mapping = {}
    for column in COLUMN_TYPES:
        source = config.columns.get(column, column)
        is_composed = column == "note_id" and config.note_id_from
        if column not in config.constants and not is_composed and source in schema.names:
            mapping[column] = source
    return mapping


def used_fields(config: IngestConfig, schema: pa.Schema) -> dict[str, pa.DataType]:
    """Name → type of the file's columns that ingest reads; files of one run must agree on these."""
    names = {*source_columns(config, schema).values(), *config.note_id_from, *config.carry, *needed_columns(config)}
    return {name: schema.field(name).type for name in sorted(names) if name in schema.names}


def carried_fields(config: IngestConfig, schema: pa.Schema) -> tuple[pa.Field, ...]:
    """Arrow fields of the carried columns that a file has or derives; a dictionary-encoded one becomes plain."""
    schema = derived_schema(config, schema)
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
    has = _listed(config, schema)
    problems += derivation_problems(config, schema)
    schema = derived_schema(config, schema)
    for column in REQUIRED_COLUMNS:
        if column == "note_id" and config.note_id_from:
            continue
        if column not in config.columns and column not in schema.names:
            problems.append(f"has no column {column!r} but {has}: name the right one with `columns: {{{column}: ...}}`")
    for column, source in config.columns.items():
        if source not in schema.names:
            problems.append(f"has no column {source!r}, which `columns` gives for {column!r}, but {has}")
    for source in config.note_id_from:
        if source not in schema.names:
            problems.append(f"has no column {source!r}, which `note_id_from` names, but {has}")
    composing = (("note_id", source) for source in config.note_id_from if source in schema.names)
    for column, source in (*source_columns(config, schema).items(), *composing):
        kind = schema.field(source).type
        if not _takes(column, kind):
            wanted = _WANTED.get(column, "a string or an integer")
            problems.append(
                f"column {source!r} is {kind}, but {column!r} must be {wanted}: convert it, or name another column "
                f"with `columns: {{{column}: ...}}`"
            )
    return problems


def _listed(config: IngestConfig, schema: pa.Schema) -> str:
    """The columns of a file. Of one that has none of ours they are not shown: its first line may be a patient's."""
    if read_columns(config).isdisjoint(schema.names):
        return f"{len(schema.names)} others, or no line of names at all"
    return ", ".join(schema.names)


def _year_count(value: Any) -> int | None:
    if isinstance(value, str):
        value = "".join(value.split())
        if value in _TOP_CODED_AGES:
            return _TOP_AGE
        if value.casefold() in _MISSING:
            return None
    number = float(value)
    if math.isnan(number):
        return None
    if number != int(number) or not 0 <= number <= _OLDEST_AGE:
        raise ValueError
    return int(number)


def _timestamp(value: Any, written_at_format: str | None) -> datetime | None:
    if isinstance(value, str):
        value = value.strip()
        if value.casefold() in _MISSING:
            return None
        value = datetime.strptime(value, written_at_format) if written_at_format else _parsed_time(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    assert isinstance(value, date)
    return datetime(value.year, value.month, value.day)


def _parsed_time(text: str) -> datetime:
    if text.isdigit():
        return datetime.strptime(text, _DIGIT_FORMATS.get(len(text), ""))
    try:
        return datetime.fromisoformat(text.removesuffix(" UTC") + ("+00:00" if text.endswith(" UTC") else ""))
    except ValueError:
        pass
    for pattern in _STRING_FORMATS:
        try:
            return datetime.strptime(text, pattern)
        except ValueError:
            continue
    raise ValueError


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


def cast_values(
    column: str, array: pa.Array, skip: Iterable[int], written_at_format: str | None
) -> tuple[list[Any], set[int]]:
    """Values of one contract column as Python objects of the contract's type, and the rows where that failed.

    Args:
        column: contract column.
        array: (num_rows,) plain array of a type that `schema_problems` passed.
        skip: rows not to look at, which become None.
        written_at_format: of strings in `written_at`.
    """
    skipped = frozenset(skip)
    bad: set[int] = set()
    cast: Callable[[Any], Any] = str
    if column == "age":
        cast = _year_count
    elif column == "written_at":
        cast = functools.partial(_timestamp, written_at_format=written_at_format)
        if pa.types.is_timestamp(array.type):
            array = array.cast(pa.timestamp("us", tz=array.type.tz), safe=False)  # the contract has microseconds
    values = [None if row in skipped else array[row].as_py() for row in range(len(array))]
    for row, value in enumerate(values):
        if value is None:
            continue
        try:
            values[row] = cast(value)
        except (ValueError, OverflowError):
            values[row] = None
            bad.add(row)
    return values, bad


def joined_values(parts: Iterable[list[str | None]]) -> list[str | None]:
    """Row by row the values of several columns, joined by "-"; None where one of them is missing or blank."""
    rows = zip(*parts, strict=True)
    return ["-".join(map(str, row)) if all(part and part.strip() for part in row) else None for row in rows]
