"""What every format of note tables can do: survey a file once, then read its extents one by one."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa


class UnusableFileError(Exception):
    """A file that is not what its suffix says; the message says why and what to do, without its content."""


class ChangedFileError(Exception):
    """A file is no longer the one that was surveyed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extent:
    """Rows of one file that are read together.

    Attributes:
        start_row: first row, counted from 0 in the file.
        num_rows: rows from there.
        start_byte: where the first row begins, after decompression; 0 in formats that find rows without it.
        end_byte: where the last row ends; 0 likewise.
    """

    start_row: int
    num_rows: int
    start_byte: int = 0
    end_byte: int = 0

    @property
    def row_range(self) -> str:
        """First and last row, for messages."""
        return f"{self.start_row}-{self.start_row + self.num_rows - 1}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What is known about a file once it was looked through.

    Attributes:
        schema: the file's columns; those of text formats are strings.
        extents: together they hold each row once, in order.
        digest: SHA-256 that changes with the file's content, in hex.
    """

    schema: pa.Schema
    extents: tuple[Extent, ...]
    digest: str


@dataclass(frozen=True, kw_only=True)
class RowBlock:
    """The rows of an extent.

    Attributes:
        table: (num_rows,) the columns asked for that the file has. Strings are as in the file, also where their bytes
            are not UTF-8.
        malformed: rows of the block that could not be taken apart; all their values are null.
    """

    table: pa.Table
    malformed: frozenset[int] = frozenset()


class NoteFormat(Protocol):
    """One format of note tables.

    Attributes:
        name: as users know it.
        has_open_schema: an absent column means nulls, not another table: rows name their own columns.
    """

    name: str
    has_open_schema: bool

    def survey(self, stream: pa.NativeFile, max_rows: int) -> Survey:
        """Look through a file and cut it.

        Args:
            stream: the file from its start, decompressed.
            max_rows: most rows of an extent, where the format can cut at all.

        Raises:
            UnusableFileError: the file is not of this format.
            OSError, pyarrow.ArrowException: it cannot be read.
        """
        ...

    def read(self, stream: pa.NativeFile, extent: Extent, columns: Collection[str]) -> RowBlock:
        """Read an extent.

        Args:
            stream: the file from its start, decompressed.
            extent: from `survey` of the same file.
            columns: columns to read; those that the file lacks are left out, or null where the schema is open.

        Raises:
            ChangedFileError: the extent is not what was surveyed.
            OSError, pyarrow.ArrowException: it cannot be read.
        """
        ...


def string_table(rows: Sequence[dict[str, str | None] | None], columns: Iterable[str]) -> pa.Table:
    """Rows as a table of strings; a row that is None is null in every column.

    A lone surrogate, which stands for a byte that was not UTF-8 or for half a character in a JSON escape, becomes bytes
    that are not UTF-8, so that these rows are found as they are found in Parquet.
    """
    arrays = {}
    for name in columns:
        values = (None if row is None else row.get(name) for row in rows)
        encoded = pa.array(
            [None if value is None else value.encode("utf-8", "surrogatepass") for value in values], pa.binary()
        )
        chunks = encoded.chunks if isinstance(encoded, pa.ChunkedArray) else [encoded]
        arrays[name] = pa.chunked_array([chunk.view(pa.string()) for chunk in chunks], pa.string())
    return pa.table(arrays)
