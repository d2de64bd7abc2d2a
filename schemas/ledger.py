"""The ledger: one row per input row per stage, saying what became of it. Never any text."""

import enum

import pyarrow as pa


class Stage(enum.StrEnum):
    """Stages that decide a row's fate, in the order in which rows pass them."""

    INGEST = "ingest"
    SELECT = "select"  # duplicates, and earlier notes of patients of a later side: needs the whole data set
    SCREEN = "screen"
    SPLIT = "split"
    PACK = "pack"


class Outcome(enum.StrEnum):
    """What a stage did with a row."""

    ACCEPTED = "accepted"
    REDACTED = "redacted"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    CONTAMINATED = "contaminated"
    UNKNOWN = "unknown"  # in a file that could not be read, and that the user chose to skip


# A row with one of these outcomes goes on to the next stage; with any other it ends here.
PASSING = (Outcome.ACCEPTED, Outcome.REDACTED)

LEDGER = pa.schema(
    [
        pa.field("note_id", pa.string()),  # null where the input row had none
        pa.field("stage", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),  # a code such as "no_target"; "" where accepted plainly
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_row", pa.int64(), nullable=False),
        pa.field("twin", pa.string()),  # of a duplicate: note_id of the note that was kept in its place
    ]
)
