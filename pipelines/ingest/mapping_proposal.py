"""The `ingest:` settings that would read an unknown table, by a preset or by the names and content of its columns."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import yaml

from pipelines.ingest.presets import load_preset, preset_names
from schemas.notes import COLUMN_TYPES, REQUIRED_COLUMNS

FHIR_PRESET = "fhir"
# Shorter than this at the median is no note.
_MIN_NOTE_CHARS = 80
# Usual names of a contract's column, most telling first; compared without case and punctuation.
_USUAL_NAMES = {
    "note_id": ("noteid", "documentid", "docid", "reportid", "notekey", "noteguid", "rowid", "id"),
    "patient_id": ("patientid", "subjectid", "personid", "patid", "patientkey", "mrn", "mrnhash", "patient", "subject"),
    "text": ("text", "notetext", "note", "body", "content", "reporttext", "documenttext", "fulltext", "report"),
    "encounter_id": (
        *("encounterid", "visitid", "visitoccurrenceid", "hadmid", "stayid", "csn", "patencid", "encounter", "visit"),
    ),
    "note_type": ("notetype", "doctype", "documenttype", "type", "category", "notecategory", "notetitle", "title"),
    "written_at": (
        *("writtenat", "notedatetime", "charttime", "notetime", "notedate", "createdat", "filedat", "storetime"),
        *("servicedate", "timestamp", "datetime", "date", "chartdate", "created"),
    ),
    "diagnosis": ("diagnosis", "diagnosisname", "primarydiagnosis", "dxname", "dx", "icdtitle"),
    "diagnosis_code": ("diagnosiscode", "icdcode", "icd10", "icd10code", "icd", "dxcode"),
    "age": ("age", "ageyears", "patientage", "anchorage", "ageatvisit"),
    "sex": ("sex", "gender", "patientsex", "patientgender"),
    "zip3": ("zip3", "zipcode3"),
}


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """How a table could be read.

    Attributes:
        path: of the table.
        preset: name of the preset whose shape it has.
        tables: name of a side table of the preset → a file beside the table, None where there is none.
        columns: contract column → column of the table; those of the preset where there is one.
        missing: contract columns without which nothing can be read, and that no column seems to be.
    """

    path: str
    preset: str | None = None
    tables: dict[str, str | None] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def yaml(self) -> str:
        """The settings, ready to paste."""
        lines = ["ingest:"]
        if self.preset:
            lines.append(f"  preset: {self.preset}")
        lines.append(f"  notes: {_flow(self.path)}")
        if self.preset:
            lines += self._table_lines(self.preset)
        elif self.columns:
            lines.append("  columns:")
            lines += [f"    {name}: {_flow(source)}" for name, source in self.columns.items()]
        lines += [f"  # {name} is missing: no column looks like it, and it is required" for name in self.missing]
        return "\n".join(lines)

    def _table_lines(self, preset: str) -> list[str]:
        optional = load_preset(preset).optional_tables
        lines = ["  tables:" if any(self.tables.values()) else "  # tables:"] if self.tables else []
        for name, path in self.tables.items():
            need = "optional" if name in optional else "required"
            lines.append(f"    {name}: {_flow(path)}" if path else f"    # {name}: PATH   ({need}; not found beside)")
        return lines


def propose_mapping(path: str, rows: pl.DataFrame, is_fhir: bool) -> Proposal:
    """Settings for a table.

    Args:
        path: of the table.
        rows: some of its rows, all columns.
        is_fhir: it holds FHIR resources, and `rows` is what became of them.
    """
    preset = FHIR_PRESET if is_fhir else _preset_of(rows)
    if preset:
        known = load_preset(preset)
        tables = {name: _beside(path, name) for name in known.tables}
        return Proposal(
            path=path,
            preset=preset,
            tables=tables,
            columns=dict(known.mapping.columns) or {name: name for name in rows.columns},
        )
    columns = _by_name(rows)
    if "text" not in columns:
        columns |= _longest_text(rows, taken=set(columns.values()))
    if "note_id" not in columns:
        columns |= _row_key(rows, taken=set(columns.values()))
    ordered = {name: columns[name] for name in COLUMN_TYPES if name in columns}
    missing = tuple(name for name in REQUIRED_COLUMNS if name not in ordered)
    return Proposal(path=path, columns=ordered, missing=missing)


def _preset_of(rows: pl.DataFrame) -> str | None:
    """The preset of the largest shape that the table has."""
    fitting = []
    for preset in map(load_preset, preset_names()):
        if not preset.shape or not set(preset.shape) <= set(rows.columns):
            continue
        if all(rows[name].drop_nulls().unique().to_list() == [value] for name, value in preset.values.items()):
            fitting.append((len(preset.shape), preset.name))
    return max(fitting)[1] if fitting else None


def _by_name(rows: pl.DataFrame) -> dict[str, str]:
    plain = {re.sub(r"[\W_]", "", name.casefold()): name for name in reversed(rows.columns)}
    found: dict[str, str] = {}
    for contract, names in _USUAL_NAMES.items():
        source = next((plain[name] for name in names if name in plain and plain[name] not in found.values()), None)
        if source is not None and _can_serve(contract, rows[source]):
            found[contract] = source
    return found


def _can_serve(contract: str, values: pl.Series) -> bool:
    if contract == "note_id":
        return values.n_unique() == len(values)
    return contract != "text" or values.dtype == pl.String


def _longest_text(rows: pl.DataFrame, taken: set[str]) -> dict[str, str]:
    lengths = {
        name: rows[name].str.len_chars().median()
        for name, dtype in rows.schema.items()
        if dtype == pl.String and name not in taken
    }
    notes = {name: float(str(length)) for name, length in lengths.items() if length is not None}
    longest = max(notes, key=lambda name: notes[name], default=None)
    return {"text": longest} if longest is not None and notes[longest] >= _MIN_NOTE_CHARS else {}


def _row_key(rows: pl.DataFrame, taken: set[str]) -> dict[str, str]:
    """A column without nulls whose values differ in every row and whose name speaks of an id."""
    for name, dtype in rows.schema.items():
        speaks_of_id = re.search(r"id$|key$|guid|uuid|num(ber)?$", name.casefold()) is not None
        is_plain = dtype == pl.String or dtype.is_integer()
        is_candidate = speaks_of_id and is_plain and name not in taken and not rows[name].null_count()
        if is_candidate and rows[name].n_unique() == rows.height:
            return {"note_id": name}
    return {}


def _beside(path: str, name: str) -> str | None:
    """A file of this name in the table's folder, whatever its case and suffix."""
    folder = Path(path).parent
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return next((str(file) for file in files if file.name.partition(".")[0].casefold() == name), None)


def _flow(value: str) -> str:
    """A string as YAML writes it, quoted where it must be."""
    return yaml.safe_dump(value, width=10_000, allow_unicode=True).removesuffix("...\n").strip()
