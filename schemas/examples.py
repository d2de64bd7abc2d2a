"""Prompt/target examples, and labelled task examples."""

import enum

import pyarrow as pa


class SectionRole(enum.StrEnum):
    """What a section of a note is used for."""

    PRESENTATION = "presentation"
    TARGET = "target"
    DROPPED = "dropped"  # leaks the label, or follows the plan


SECTIONS = pa.list_(
    pa.struct(
        [
            pa.field("name", pa.string(), nullable=False),
            pa.field("start", pa.int64(), nullable=False),  # code points into the screened text
            pa.field("end", pa.int64(), nullable=False),
            pa.field("role", pa.string(), nullable=False),
        ]
    )
)

EXAMPLES = pa.schema(
    [
        pa.field("example_id", pa.string(), nullable=False),
        pa.field("note_id", pa.string(), nullable=False),
        pa.field("patient_id", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("system", pa.string(), nullable=False),
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
        pa.field("sections", SECTIONS, nullable=False),
        pa.field("diagnosis", pa.string()),
        pa.field("diagnosis_code", pa.string()),
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_row", pa.int64(), nullable=False),
    ]
)

TASK_EXAMPLES = pa.schema(
    [
        pa.field("example_id", pa.string(), nullable=False),
        pa.field("group_id", pa.string(), nullable=False),  # the patient: intervals resample groups
        pa.field("split", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
    ]
)
