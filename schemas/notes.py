"""The notes table: what ingest accepts and screening makes safe."""

import enum

import pyarrow as pa

REQUIRED_COLUMNS = ("note_id", "patient_id", "text")
OPTIONAL_COLUMNS = (
    "encounter_id",
    "note_type",
    "written_at",
    "diagnosis",
    "diagnosis_code",
    "age",
    "sex",
    "zip3",
)

COLUMN_TYPES: dict[str, pa.DataType] = {
    "note_id": pa.string(),
    "patient_id": pa.string(),
    "text": pa.string(),
    "encounter_id": pa.string(),
    "note_type": pa.string(),
    "written_at": pa.timestamp("us"),
    "diagnosis": pa.string(),
    "diagnosis_code": pa.string(),
    "age": pa.int64(),
    "sex": pa.string(),
    "zip3": pa.string(),
}

# Added by ingest to every accepted note, carried through every later table.
PROVENANCE_FIELDS = (
    pa.field("source_file", pa.string(), nullable=False),
    pa.field("source_row", pa.int64(), nullable=False),
    pa.field("split", pa.string(), nullable=False),
)


class Split(enum.StrEnum):
    """Which side of the patient-level split a note is on."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


def notes_schema(carried: tuple[pa.Field, ...] = ()) -> pa.Schema:
    """Schema of an accepted notes table: contract columns, provenance, then the columns carried untouched."""
    contract = [pa.field(name, kind, nullable=name not in REQUIRED_COLUMNS) for name, kind in COLUMN_TYPES.items()]
    return pa.schema([*contract, *PROVENANCE_FIELDS, *carried])
