"""Columns from side tables: the diagnosis of a note's visit, the name of a code.

    ingest:
      joins:
        - table: /data/diagnosis.csv.gz
          key: {stay_id: stay_id}              # the notes' column: the table's column
          order_by: seq_num
          take: {diagnosis: icd_title}        # of the first row
          collect: {all_diagnoses: icd_title} # of all rows, a line each

A side table may have hundreds of millions of rows. One of at most `MAX_KEPT_BYTES` is read once in a process; a larger
one is scanned for each shard, and of it only the needed columns of the rows that the shard's notes ask for come into
memory. So a large table belongs into Parquet, where a scan reads those columns alone; a large CSV file costs every
shard the whole file.

All values arrive as text (`pipelines.ingest.plain_text`), so that a key that one side holds as a number and the other
as digits still meets. Keys written as "123.0" count as 123 where a whole column is written so.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa

from pipelines.ingest.plain_text import is_float_written, text_series
from pipelines.ingest.scanned_table import ScannedTable, listed, open_table
from schemas.errors import ConfigError, InputError

MAX_KEPT_BYTES = 64 * 1024 * 1024
_MAX_KEPT_TABLES = 4


@dataclass(frozen=True, kw_only=True)
class Join:
    """Columns that a side table adds to the notes. Several joins are made in turn; a later one may use what an earlier
    one has added.

    Attributes:
        table: Parquet, CSV or NDJSON (or .gz of the latter two) by its suffix: a file, folder, glob or URI; or a name
            that `ingest.tables` gives a path.
        key: column of the notes → column of the table; a row of the table belongs to a note where all are equal.
        take: new column → the table's column, from the first row that belongs to the note.
        collect: new column → the table's column, from all rows that belong to the note, in order, a line each.
        where: the table's column → value; other rows are passed over.
        prefer: the table's column → values, best first; rows with an earlier value come first, others after them.
        order_by: the table's column or columns, ascending, as numbers where they are; after `prefer`. Rows that are
            equal in all of them stay in the table's order.
    """

    table: str
    key: dict[str, str]
    take: dict[str, str] = field(default_factory=dict)
    collect: dict[str, str] = field(default_factory=dict)
    where: dict[str, int | str] = field(default_factory=dict)
    prefer: dict[str, list[int | str]] = field(default_factory=dict)
    order_by: str | list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.table.strip():
            raise ConfigError("joins: table is empty: give the path of the side table")
        if not self.key:
            raise ConfigError(f"joins: key is empty for {self.table}: give the notes' column and the table's column")
        if not self.added:
            raise ConfigError(f"joins: take and collect are empty for {self.table}: name a column to add")
        if len(set(self.key.values())) < len(self.key):
            raise ConfigError(
                f"joins: key names a column of {self.table} twice: a column can be equal to one other only"
            )
        twice = sorted(self.take.keys() & self.collect.keys())
        if twice:
            raise ConfigError(f"joins: {twice[0]!r} is in take and in collect for {self.table}: keep one of them")

    @property
    def added(self) -> tuple[str, ...]:
        """The new columns."""
        return (*self.take, *self.collect)

    @property
    def order_columns(self) -> list[str]:
        """`order_by` as a list."""
        return [self.order_by] if isinstance(self.order_by, str) else list(self.order_by)

    @property
    def table_columns(self) -> list[str]:
        """Columns of the table that the join reads, each once."""
        named = (self.key, self.take, self.collect)
        read = [column for mapping in named for column in mapping.values()]
        return list(dict.fromkeys([*read, *self.where, *self.prefer, *self.order_columns]))


def side_inputs(joins: Sequence[Join]) -> tuple[list[dict[str, Any]], list[str]]:
    """Look at the side tables: their fingerprints for the run's inputs, and what keeps them from being joined."""
    inputs: dict[str, dict[str, Any]] = {}
    problems = []
    for join in joins:
        try:
            table = open_table(join.table)
            table.scan(join.table_columns)
            inputs |= {file["file"]: file for file in table.fingerprints()}
        except InputError as error:
            problems.append(str(error))
    return list(inputs.values()), problems


def column_problems(joins: Sequence[Join], columns: Iterable[str]) -> list[str]:
    """What keeps a file with these columns from being joined."""
    present = set(columns)
    problems = []
    for join in joins:
        has = listed(sorted(present), join.key)
        for name in join.key:
            if name not in present:
                problems.append(f"has no column {name!r}, the key of the join with {join.table}, but {has}")
        for name in join.added:
            if name in present:
                problems.append(f"has a column {name!r}, which the join with {join.table} adds: add it by another name")
        present |= set(join.added)
    return problems


def file_columns(joins: Sequence[Join]) -> list[str]:
    """Columns that the joins need from the notes' own file."""
    added = {name for join in joins for name in join.added}
    return sorted({name for join in joins for name in join.key} - added)


def join_tables(notes: pa.Table, joins: Sequence[Join]) -> pa.Table:
    """The notes with the columns that the joins add, as strings, null where no row belongs.

    Args:
        notes: (num_rows,) rows of a file, as read; rows and their order stay.
        joins: made in turn.

    Raises:
        InputError: a side table is gone or damaged.
    """
    for join in joins:
        keys = pl.DataFrame([_key(notes, name) for name in join.key])
        found = keys.join(_first_rows(join, keys), on=list(join.key), how="left", maintain_order="left")
        for name in join.added:
            notes = notes.append_column(pa.field(name, pa.string()), found[name].to_arrow().cast(pa.string()))
    return notes


def _key(notes: pa.Table, name: str) -> pl.Series:
    series = text_series(name, notes.column(name))
    return series.str.strip_suffix(".0") if is_float_written(series) else series


def _first_rows(join: Join, keys: pl.DataFrame) -> pl.DataFrame:
    """One row for each key that the table has: the key, by the names that the notes have for it, and `join.added`."""
    table = _opened(join.table)
    table_key = list(join.key.values())
    wanted = keys.unique().rename(join.key)
    rows = _rows(table, join.table_columns, wanted)
    for name, value in join.where.items():
        rows = rows.filter(pl.col(name) == str(value))
    matching = rows.join(wanted, on=table_key, how="semi", maintain_order="left")
    order = _order(join)
    ordered = matching.sort(order, nulls_last=True, maintain_order=True) if order else matching
    first = [pl.col(column).first().alias(name) for name, column in join.take.items()]
    every = [pl.col(column).drop_nulls().str.join("\n").alias(name) for name, column in join.collect.items()]
    keyed = [pl.col(column).alias(f"key {place}") for place, column in enumerate(table_key)]
    grouped = ordered.group_by(keyed, maintain_order=True).agg(*first, *every)
    return grouped.rename({f"key {place}": name for place, name in enumerate(join.key)})


def _rows(table: ScannedTable, columns: list[str], wanted: pl.DataFrame) -> pl.DataFrame:
    """The table's rows that may be wanted; all rows of a small table."""
    if table.num_bytes > MAX_KEPT_BYTES:
        return _collected(table, columns, wanted)
    return _kept(table.path, table.num_bytes, tuple(columns))


@functools.lru_cache(maxsize=32)
def _opened(path: str) -> ScannedTable:
    return open_table(path)


@functools.lru_cache(maxsize=_MAX_KEPT_TABLES)
def _kept(path: str, num_bytes: int, columns: tuple[str, ...]) -> pl.DataFrame:
    """A small table in memory. Its size stands for the file: another size is another table."""
    return _collected(_opened(path), list(columns), None)


def _collected(table: ScannedTable, columns: list[str], wanted: pl.DataFrame | None) -> pl.DataFrame:
    try:
        return table.scan(columns, wanted).collect(engine="streaming")
    except (OSError, pl.exceptions.ComputeError) as error:
        kind = type(error).__name__
        raise InputError(f"{table.path} is damaged ({kind}): write or copy it again") from None


def _order(join: Join) -> list[pl.Expr]:
    keys: list[pl.Expr] = []
    for column, values in join.prefer.items():
        places = {str(value): place for place, value in enumerate(values)}
        keys.append(pl.col(column).replace_strict(places, default=len(places), return_dtype=pl.Int64))
    for column in join.order_columns:
        keys += [pl.col(column).cast(pl.Float64, strict=False), pl.col(column)]
    return keys
