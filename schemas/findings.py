"""Findings of the screen: where an identifier stood and what the policy decided. Never the identifier itself."""

import enum

import pyarrow as pa


class Action(enum.StrEnum):
    """What the policy does with a finding, mildest first: of overlapping findings the strictest action holds."""

    PASS = "pass"
    SURROGATE = "surrogate"  # another value of the same form, the same one wherever this patient's value stands
    REDACT = "redact"  # a typed tag
    QUARANTINE = "quarantine"  # the whole note is set aside


FINDINGS = pa.schema(
    [
        pa.field("note_id", pa.string(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),  # code points into the unscreened text
        pa.field("end", pa.int64(), nullable=False),
        pa.field("entity_type", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("recogniser", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),  # with screening.flag_only: what would have been done
        pa.field("value_hmac", pa.string(), nullable=False),  # keyed: equal values can be linked, none read
    ]
)
