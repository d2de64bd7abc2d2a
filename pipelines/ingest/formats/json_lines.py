"""JSON lines: one object a line, its keys the columns.

Numbers stay as they are written; true, false, a list and an object become their JSON text, in which numbers stand as
strings; null, NaN and an absent key are null. A line that is no object is malformed.
"""

import json
import re
from collections.abc import Collection
from typing import Any

import pyarrow as pa

from pipelines.ingest.formats.note_format import Extent, RowBlock, Survey, string_table
from pipelines.ingest.formats.text_records import BOM, Records, head, read_records, scan, split_lines

_UNPAIRED = re.compile("[\ud800-\udfff]")  # a surrogate alone is no character and in no column's name
_AS_WRITTEN = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=lambda _: None)


class JsonLines:
    """JSON lines in UTF-8."""

    name = "JSON lines"
    has_open_schema = True

    def survey(self, stream: pa.NativeFile, max_rows: int) -> Survey:
        """Find the lines' ends in one pass. The columns are the keys of the first 4 MiB; `read` finds later ones."""
        first = head(stream)
        start = len(BOM) if first.startswith(BOM) else 0
        names: dict[str, None] = {}
        for line in lines(first[start:], split_lines(first[start:], True)):
            names |= dict.fromkeys(
                name for name in parse_object(line, _AS_WRITTEN) or () if _UNPAIRED.search(name) is None
            )
        extents, digest = scan(stream, first, start, split_lines, max_rows)
        schema = pa.schema([pa.field(name, pa.string()) for name in names])
        return Survey(schema=schema, extents=tuple(extents), digest=digest)

    def read(self, stream: pa.NativeFile, extent: Extent, columns: Collection[str]) -> RowBlock:
        """Parse the extent's lines."""
        parsed = [parse_object(line, _AS_WRITTEN) for line in lines(*read_records(stream, extent, split_lines))]
        rows = [
            None if item is None else {name: _text(item[name]) for name in columns if name in item} for item in parsed
        ]
        malformed = frozenset(index for index, row in enumerate(rows) if row is None)
        return RowBlock(table=string_table(rows, columns), malformed=malformed)


def lines(data: bytes, records: Records) -> list[bytes]:
    """The lines that are rows."""
    ends = records.ends.tolist()
    spans = zip([0, *ends], ends, records.num_rows.tolist(), strict=False)
    return [data[start:end] for start, end, num_rows in spans if num_rows]


def parse_object(line: bytes, decoder: json.JSONDecoder) -> dict[str, Any] | None:
    """The object that a line holds; None where it holds none."""
    try:
        value = decoder.decode(line.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
