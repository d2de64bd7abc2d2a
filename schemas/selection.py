"""Tables of selection: what a survey of all notes keeps of each, what was decided, and the keys of examples.

No text in any of them. What is derived from text or from a patient's id is keyed with the storage's audit key, so that
without the key nothing can be tested against it; equal values have equal keys within one storage folder.
"""

import pyarrow as pa

KEY_BYTES = 16
NUM_PERMUTATIONS = 128
SIGNATURE_BYTES = 4 * NUM_PERMUTATIONS

KEY = pa.binary(KEY_BYTES)

# One row for each note that ingest accepted, in the order in which the shard holds them.
SURVEY = pa.schema(
    [
        pa.field("note_id", pa.string(), nullable=False),
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_row", pa.int64(), nullable=False),
        pa.field("split", pa.string(), nullable=False),  # by patient, as ingest gave it
        pa.field("written_at", pa.timestamp("us")),
        pa.field("patient_key", KEY, nullable=False),
        pa.field("text_key", KEY, nullable=False),  # of the text without regard to case and white space
        pa.field("num_sequences", pa.int64(), nullable=False),  # different five-word sequences
        pa.field("signature", pa.binary(SIGNATURE_BYTES), nullable=False),  # (NUM_PERMUTATIONS,) little-endian uint32
    ]
)

# One row for each row of SURVEY, in the same order.
DECISIONS = pa.schema(
    [
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_row", pa.int64(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("twin", pa.string()),  # as in the ledger
        pa.field("split", pa.string()),  # the side that the note is on; null where it has none
    ]
)

# One row for each example: whether two sides of the split share anything is read off these alone.
EXAMPLE_KEYS = pa.schema(
    [
        pa.field("split", pa.string(), nullable=False),
        pa.field("patient_key", KEY, nullable=False),
        pa.field("prompt_key", KEY, nullable=False),
        pa.field("target_key", KEY, nullable=False),
    ]
)
