"""The plan of a read: which files, in which pieces, and which rows repeat a note.

Reads the footers and the note ids of all files, nothing else; a million notes take seconds and about 100 MB. A piece
that begins inside a row group decodes the group from its start, so files of many small row groups are read faster than
files of one large one.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ingest import columns
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.sources import Source, UnusablePathError, file_fingerprint, find_sources
from schemas.errors import InputError


@dataclass(frozen=True)
class Shard:
    """A row range of one file: one piece of work.

    Args:
        index: position in the plan; names the piece's outputs.
        file: path or URI, as it stands in the ledger.
        start_row: first row, counted from 0 in the file.
        num_rows: rows from there.
        duplicate_rows: those of its rows, counted in the file, whose note_id an earlier row already has.
    """

    index: int
    file: str
    start_row: int
    num_rows: int
    duplicate_rows: tuple[int, ...]


@dataclass(frozen=True)
class IngestPlan:
    """All shards in the order of files and rows.

    Args:
        shards: the pieces; together they hold each row once.
        num_rows: rows of all files, counted from the footers.
        carried: Arrow fields of the carried columns.
        inputs: file, size and digest of each file: what the run's fingerprint is taken from.
    """

    shards: tuple[Shard, ...]
    num_rows: int
    carried: tuple[pa.Field, ...]
    inputs: list[dict[str, Any]]


@dataclass(frozen=True)
class _File:
    source: Source
    schema: pa.Schema
    group_rows: tuple[int, ...]  # rows of each row group
    fingerprint: dict[str, Any]


def plan_ingest(config: IngestConfig) -> IngestPlan:
    """Look at every input file and cut them into shards.

    Raises:
        InputError: a path, file or column is unusable; all of them are named at once, with the remedy.
    """
    sources, problems = _sources(config)
    files = []
    for source in sources:
        file = _open(source, config, problems)
        if file:
            files.append(file)
    if not problems:
        problems += _disagreements(files, config)
    num_rows = sum(sum(file.group_rows) for file in files)
    carried = _carried(files, config, problems)
    if not problems and num_rows == 0:
        problems.append(f"{', '.join(config.paths)}: the files hold no rows; give files with notes")
    ids = [] if problems else [_note_ids(file, config, problems) for file in files]
    if problems:
        raise InputError("; ".join(problems))
    shards: list[Shard] = []
    for file, duplicates in zip(files, _duplicate_rows(ids), strict=True):
        for start, length in _row_ranges(file.group_rows, config.rows_per_shard):
            repeated = tuple(row for row in duplicates if start <= row < start + length)
            shards.append(Shard(len(shards), file.source.name, start, length, repeated))
    return IngestPlan(tuple(shards), num_rows, carried, [file.fingerprint for file in files])


def _sources(config: IngestConfig) -> tuple[list[Source], list[str]]:
    found: dict[str, Source] = {}
    problems = []
    for path in config.paths:
        try:
            found |= {source.name: source for source in find_sources(path)}
        except UnusablePathError as error:
            problems.append(str(error))
    return list(found.values()), problems


def _open(source: Source, config: IngestConfig, problems: list[str]) -> _File | None:
    try:
        with pq.ParquetFile(source.path, filesystem=source.filesystem) as parquet:
            schema = parquet.schema_arrow
            group_rows = tuple(parquet.metadata.row_group(i).num_rows for i in range(parquet.num_row_groups))
        fingerprint = file_fingerprint(source)
    except (pa.ArrowException, OSError) as error:
        kind = type(error).__name__
        problems.append(f"{source.name}: not a whole Parquet file, or not readable ({kind}); write or copy it again")
        return None
    found = columns.schema_problems(config, schema)
    problems += [f"{source.name}: {problem}" for problem in found]
    return None if found else _File(source, schema, group_rows, fingerprint)


def _carried(files: list[_File], config: IngestConfig, problems: list[str]) -> tuple[pa.Field, ...]:
    """Fields of the carried columns, each as the first file that has it says."""
    found = {field.name: field for file in reversed(files) for field in columns.carried_fields(config, file.schema)}
    for name in config.carry:
        if files and name not in found:
            has = ", ".join(files[0].schema.names)
            problems.append(f"no file has a column {name!r}, which `carry` names; {files[0].source.name} has {has}")
    return tuple(found[name] for name in config.carry if name in found)


def _disagreements(files: list[_File], config: IngestConfig) -> list[str]:
    problems = []
    first = columns.used_fields(config, files[0].schema)
    for file in files[1:]:
        fields = columns.used_fields(config, file.schema)
        for name in sorted(first.keys() | fields.keys()):
            if name in config.carry and not (name in first and name in fields):
                continue  # the notes of a file that lacks a carried column carry nulls
            here, there = (str(side.get(name, "missing")) for side in (fields, first))
            if here != there:
                problems.append(
                    f"{file.source.name}: column {name!r} is {here}, but {there} in {files[0].source.name}; write both "
                    "with one schema"
                )
    return problems


def _note_ids(file: _File, config: IngestConfig, problems: list[str]) -> pl.Series:
    """Ids as bytes, null where missing: bytes compare also where they are not UTF-8."""
    name = columns.source_columns(config, file.schema)["note_id"]
    try:
        with pq.ParquetFile(file.source.path, filesystem=file.source.filesystem) as parquet:
            ids = columns.plain_array(parquet.read(columns=[name]).column(0))
    except (pa.ArrowException, OSError) as error:
        kind = type(error).__name__
        problems.append(f"{file.source.name}: column {name!r} cannot be read ({kind}); write or copy the file again")
        return pl.Series(dtype=pl.Binary)
    if pa.types.is_integer(ids.type):
        ids = ids.cast(pa.string())
    encoded = [value if value and value.strip() else None for value in ids.cast(pa.large_binary()).to_pylist()]
    return pl.Series(encoded, dtype=pl.Binary)


def _duplicate_rows(ids: list[pl.Series]) -> list[list[int]]:
    """For each file, the rows whose id stands in an earlier row of any file. A missing id repeats nothing."""
    everywhere = pl.concat(ids)
    repeated = ~everywhere.is_first_distinct() & everywhere.is_not_null()
    rows, start = [], 0
    for series in ids:
        rows.append(repeated.slice(start, len(series)).arg_true().to_list())
        start += len(series)
    return rows


def _row_ranges(group_rows: tuple[int, ...], rows_per_shard: int) -> list[tuple[int, int]]:
    """(start, length) of the shards of one file: whole row groups while they fit, larger ones cut evenly."""
    ranges: list[tuple[int, int]] = []
    start = length = 0
    for rows in group_rows:
        if length and length + rows > rows_per_shard:
            ranges.append((start, length))
            start, length = start + length, 0
        length += rows
        if length > rows_per_shard:
            pieces = -(-length // rows_per_shard)
            cuts = [start + length * piece // pieces for piece in range(pieces + 1)]
            ranges += [(low, high - low) for low, high in pairwise(cuts)]
            start, length = start + length, 0
    return [*ranges, (start, length)] if length else ranges
