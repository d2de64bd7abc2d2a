"""CSV and its relatives: one row of column names, then rows of strings.

The delimiter is the one of comma, semicolon, tab and vertical bar that is most frequent in the line of names. Fields
may be quoted as in RFC 4180; see `csv_records` for what is done with broken quotation. An empty field is null.
"""

import csv
import re
import sys
from collections.abc import Collection

import pyarrow as pa

from pipelines.ingest.formats.csv_records import CsvSplitter
from pipelines.ingest.formats.note_format import (
    ChangedFileError,
    Extent,
    RowBlock,
    Survey,
    UnusableFileError,
    string_table,
)
from pipelines.ingest.formats.text_records import BOM, head, read_records, scan

_DELIMITERS = (b",", b";", b"\t", b"|")
_MAX_HEADER_BYTES = 256 * 1024
_UNFIT_FOR_A_NAME = re.compile("[\r\n\ud800-\udfff]")
# The csv module's own limit is 128 KiB, less than a long discharge summary with its laboratory values.
csv.field_size_limit(sys.maxsize)


class CsvTable:
    """Comma-separated values in UTF-8, with or without byte order mark, lines ended by LF or CRLF."""

    name = "CSV"
    has_open_schema = False

    def survey(self, stream: pa.NativeFile, max_rows: int) -> Survey:
        """Find the rows' ends in one pass; no value is looked at. The digest is of the whole content."""
        first = head(stream)
        header = _Header(first)
        extents, digest = scan(stream, first, header.end, CsvSplitter(header.delimiter), max_rows)
        schema = pa.schema([pa.field(name, pa.string()) for name in header.names])
        return Survey(schema=schema, extents=tuple(extents), digest=digest)

    def read(self, stream: pa.NativeFile, extent: Extent, columns: Collection[str]) -> RowBlock:
        """Read the line of names and the extent's bytes. A row with another number of fields is malformed."""
        try:
            header = _Header(first := head(stream, _MAX_HEADER_BYTES))
        except UnusableFileError:
            raise ChangedFileError from None
        data, records = read_records(stream, extent, CsvSplitter(header.delimiter), first)
        rows: list[dict[str, str | None] | None] = []
        start = 0
        for end, num_rows in zip(records.ends.tolist(), records.num_rows.tolist(), strict=True):
            if num_rows == 1:
                rows.append(header.row(data[start:end]))
            else:
                rows += [None] * num_rows
            start = end
        malformed = frozenset(index for index, row in enumerate(rows) if row is None)
        return RowBlock(table=string_table(rows, [n for n in header.names if n in columns]), malformed=malformed)


class _Header:
    """The line of column names, and with it the file's dialect."""

    def __init__(self, first: bytes):
        start = len(BOM) if first.startswith(BOM) else 0
        data = first[start:_MAX_HEADER_BYTES]
        self.delimiter = max(_DELIMITERS, key=data.partition(b"\n")[0].count)
        ends = CsvSplitter(self.delimiter)(data, len(first) < _MAX_HEADER_BYTES).ends
        names = self._fields(data[: int(ends[0])]) if len(ends) else None
        if not names or any(_UNFIT_FOR_A_NAME.search(name) for name in names):
            raise UnusableFileError(
                "its first line does not name columns; write their names there in UTF-8, and end lines with LF or CRLF"
            )
        self.end = start + int(ends[0])
        self.names = [name.strip() for name in names]

    def row(self, record: bytes) -> dict[str, str | None] | None:
        """Column → value of one row, None for empty fields; None for a malformed row."""
        fields = self._fields(record)
        if fields is None or len(fields) != len(self.names):
            return None
        return dict(zip(self.names, (field or None for field in fields), strict=True))

    def _fields(self, record: bytes) -> list[str] | None:
        # Each byte that is not UTF-8 becomes a lone surrogate and ends in `string_table` as what it is: not UTF-8.
        text = record.decode("utf-8", "surrogateescape")
        delimiter = self.delimiter.decode()
        if '"' not in text:  # the csv module refuses a carriage return in a field that is not quoted, and writes such
            return text.removesuffix("\n").removesuffix("\r").split(delimiter)
        try:
            return next(csv.reader([text], delimiter=delimiter, strict=True), None)
        except csv.Error:
            return None
