"""Columns that the files of notes do not have themselves: those that joins add, and a text composed of columns."""

import itertools
from collections.abc import Sequence

import pyarrow as pa

from pipelines.ingest.compose import compose_text, composed_columns
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.joins import column_problems, file_columns, join_tables
from pipelines.ingest.scanned_table import listed


def added_columns(config: IngestConfig) -> list[str]:
    """Columns that the joins add."""
    return [name for join in config.joins for name in join.added]


def derived_names(config: IngestConfig) -> list[str]:
    """All derived columns."""
    return added_columns(config) + (["text"] if config.compose else [])


def needed_columns(config: IngestConfig) -> list[str]:
    """Columns of the files that joins and composition read."""
    composed = [name for name in composed_columns(config.compose) if name not in added_columns(config)]
    return list(dict.fromkeys([*file_columns(config.joins), *composed]))


def derivation_problems(config: IngestConfig, schema: pa.Schema) -> list[str]:
    """What keeps a file with this schema from being joined and composed."""
    present = {*schema.names, *added_columns(config)}
    missing = [name for name in composed_columns(config.compose) if name not in present]
    has = listed(sorted(present), composed_columns(config.compose))
    problems = [f"has no column {name!r}, which `compose` shows, but {has}: take it out there" for name in missing]
    for name in needed_columns(config):
        if name in schema.names and pa.types.is_nested(schema.field(name).type):
            kind = schema.field(name).type
            problems.append(f"column {name!r} is {kind}, which no join or composition takes: write it as a plain value")
    return column_problems(config.joins, schema.names) + problems


def derived_schema(config: IngestConfig, schema: pa.Schema) -> pa.Schema:
    """The schema of a file with the derived columns; a composed text takes the place of a column `text`."""
    names = derived_names(config)
    kept = [field for field in schema if field.name not in names]
    return pa.schema([*kept, *(pa.field(name, pa.string()) for name in names)])


def with_derived_columns(tables: Sequence[pa.Table], config: IngestConfig) -> list[pa.Table]:
    """Tables of a shard's files with the derived columns. The joins are made once for all of them.

    Raises:
        InputError: a side table is gone or damaged.
    """
    added = added_columns(config)
    derived = list(tables)
    if added and tables:
        keys = [table.select(file_columns(config.joins)) for table in tables]
        joined = join_tables(pa.concat_tables(keys, promote_options="default"), config.joins).select(added)
        starts = itertools.accumulate((table.num_rows for table in tables), initial=0)
        pieces = [joined.slice(start, table.num_rows) for start, table in zip(starts, tables, strict=False)]
        derived = [_beside(table, piece) for table, piece in zip(tables, pieces, strict=True)]
    return [_composed(table, config) for table in derived] if config.compose else derived


def _beside(table: pa.Table, added: pa.Table) -> pa.Table:
    return pa.table([*table.columns, *added.columns], schema=pa.schema([*table.schema, *added.schema]))


def _composed(table: pa.Table, config: IngestConfig) -> pa.Table:
    text = compose_text(table, config.compose)
    kept = table.drop_columns("text") if "text" in table.column_names else table
    return kept.append_column(pa.field("text", pa.string()), text)
