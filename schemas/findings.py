"""Findings of the screen: where an identifier stood and what was done. Never the identifier itself."""

import enum

import pyarrow as pa


class Action(enum.StrEnum):
    """What the policy does with a finding, mildest first."""

    PASS = "pass"
    REDACT = "redact"
    QUARANTINE = "quarantine"


FINDINGS = pa.schema(
    [
        pa.field("note_id", pa.string(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),  # code points into the unscreened text
        pa.field("end", pa.int64(), nullable=False),
        pa.field("entity_type", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("recogniser", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("value_hmac", pa.string(), nullable=False),  # keyed: equal values can be linked, none read
    ]
)
