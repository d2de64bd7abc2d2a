"""FHIR: bulk exports (`.ndjson`, a resource a line) and JSON files of one resource or Bundle (`.json`).

Each DocumentReference is a row, with the contract's column names; `pipelines.ingest.fhir` says how it is read. Other
resources are no rows: the files of a bulk export that hold them may stay where they are. A line that is no JSON object,
or no resource, is a malformed row.
"""

import hashlib
import json
from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.ingest.fhir import note_rows
from pipelines.ingest.formats.json_lines import lines, parse_object
from pipelines.ingest.formats.note_format import (
    ChangedFileError,
    Extent,
    RowBlock,
    Survey,
    UnusableFileError,
    string_table,
)
from pipelines.ingest.formats.text_records import BOM, Records, head, read_records, scan, split_lines

_DECODER = json.JSONDecoder()
_SCHEMA = pa.schema([pa.field(name, pa.string()) for name in note_rows({"resourceType": "DocumentReference"})[0]])


class FhirLines:
    """NDJSON of FHIR resources."""

    name = "FHIR"
    has_open_schema = False

    def survey(self, stream: pa.NativeFile, max_rows: int) -> Survey:
        """Parse every line to count its notes, without decoding their attachments."""
        first = head(stream)
        start = len(BOM) if first.startswith(BOM) else 0
        some = lines(first[start:], split_lines(first[start:], True))
        if some and not any(_is_resource(parse_object(line, _DECODER)) for line in some):
            raise UnusableFileError("its lines are no FHIR resources; end the name of a table of JSON lines in .jsonl")
        extents, digest = scan(stream, first, start, _split_resources, max_rows)
        return Survey(schema=_SCHEMA, extents=tuple(extents), digest=digest)

    def read(self, stream: pa.NativeFile, extent: Extent, columns: Collection[str]) -> RowBlock:
        """Read the notes of the extent's lines."""
        rows: list[dict[str, str | None] | None] = []
        for line in lines(*read_records(stream, extent, _split_resources)):
            resource = parse_object(line, _DECODER)
            rows += note_rows(resource) if resource is not None and _is_resource(resource) else [None]
        return _block(rows, extent, columns)


class FhirBundle:
    """One FHIR resource, as a rule a Bundle, in a JSON file; read as a whole."""

    name = "FHIR"
    has_open_schema = False

    def survey(self, stream: pa.NativeFile, max_rows: int) -> Survey:
        """Parse the file to count its notes, without decoding their attachments."""
        data = stream.read()
        resource = parse_object(data.removeprefix(BOM), _DECODER)
        if not _is_resource(resource):
            raise UnusableFileError("no FHIR resource in JSON; write or copy it again, or leave it out of `notes`")
        num_rows = _num_notes(resource)
        extents = (Extent(start_row=0, num_rows=num_rows, end_byte=len(data)),) if num_rows else ()
        return Survey(schema=_SCHEMA, extents=extents, digest=hashlib.sha256(data).hexdigest())

    def read(self, stream: pa.NativeFile, extent: Extent, columns: Collection[str]) -> RowBlock:
        """Read all notes of the file."""
        resource = parse_object(stream.read().removeprefix(BOM), _DECODER)
        return _block(list(note_rows(resource or {})), extent, columns)


def _split_resources(buffer: bytes, is_last: bool) -> Records:
    """Records as lines; each counts as many rows as it has notes."""
    records = split_lines(buffer, is_last)
    counts = records.num_rows.copy()
    for index, line in zip(np.flatnonzero(counts).tolist(), lines(buffer, records), strict=True):
        resource = parse_object(line, _DECODER)
        counts[index] = _num_notes(resource) if _is_resource(resource) else 1
    return Records(records.ends, counts)


def _is_resource(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str)


def _num_notes(resource: Any) -> int:
    """As many as `note_rows` gives; an entry of a Bundle may be a Bundle."""
    if not isinstance(resource, dict):
        return 0
    if resource.get("resourceType") != "Bundle":
        return int(resource.get("resourceType") == "DocumentReference")
    entries = resource.get("entry")
    return (
        sum(_num_notes(e.get("resource")) for e in entries if isinstance(e, dict)) if isinstance(entries, list) else 0
    )


def _block(rows: list[dict[str, str | None] | None], extent: Extent, columns: Collection[str]) -> RowBlock:
    if len(rows) != extent.num_rows:
        raise ChangedFileError
    malformed = frozenset(index for index, row in enumerate(rows) if row is None)
    return RowBlock(table=string_table(rows, [name for name in _SCHEMA.names if name in columns]), malformed=malformed)
