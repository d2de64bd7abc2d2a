"""The formats in which note tables come, one file each, all behind `NoteFormat`.

    stream ──survey──▶ columns, extents, digest          (planning: once, in bounded memory)
    stream, extent ──read──▶ rows, which are malformed   (reading: an extent at a time)

A format is told by a file's suffix. Text formats infer nothing: every value is a string, and `columns` casts it.
"""

from pipelines.ingest.formats.csv_table import CsvTable
from pipelines.ingest.formats.fhir_resources import FhirBundle, FhirLines
from pipelines.ingest.formats.json_lines import JsonLines
from pipelines.ingest.formats.note_format import NoteFormat
from pipelines.ingest.formats.parquet import Parquet

GZIP_SUFFIX = ".gz"
_TEXT_FORMATS: dict[str, NoteFormat] = {
    ".csv": CsvTable(),
    ".tsv": CsvTable(),
    ".jsonl": JsonLines(),
    ".ndjson": FhirLines(),  # the suffix of FHIR bulk exports
    ".json": FhirBundle(),
}
_FORMATS: dict[str, NoteFormat] = {
    **dict.fromkeys((".parquet", ".parq", ".pq"), Parquet()),
    **_TEXT_FORMATS,
    **{suffix + GZIP_SUFFIX: text_format for suffix, text_format in _TEXT_FORMATS.items()},
}
SUFFIXES = tuple(_FORMATS)


def format_of(name: str) -> NoteFormat | None:
    """The format that a file's suffix stands for, whatever its case; None for a suffix that none has."""
    lower = name.lower()
    return next((_FORMATS[suffix] for suffix in SUFFIXES if lower.endswith(suffix)), None)
