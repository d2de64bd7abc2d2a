"""Re-identification risk: what a note says that could single its patient out, and what is to be done about it.

Values are categories of a closed list, bands, or keyed hashes; never text of a note.
"""

import enum

import pyarrow as pa


class Attribute(enum.StrEnum):
    """Quasi-identifiers: attributes that name nobody, and in combination may single somebody out."""

    AGE = "age"
    SEX = "sex"
    RACE = "race"
    REGION = "region"
    YEAR = "year"
    OCCUPATION = "occupation"
    DIAGNOSIS = "diagnosis"
    EVENT = "event"


class RiskAction(enum.StrEnum):
    """What is done with a patient's attribute, or with the patient."""

    GENERALISE = "generalise"  # ages become wide bands
    SUPPRESS = "suppress"  # mentions become a typed tag, a column's value null
    QUARANTINE = "quarantine"  # none of the patient's notes is used


NOTE_ATTRIBUTES = pa.schema(
    [
        pa.field("patient_key", pa.string(), nullable=False),  # keyed hash of patient_id
        pa.field("age", pa.int64()),  # years; 90 for all that are older
        pa.field("sex", pa.string()),
        pa.field("race", pa.string()),
        pa.field("region", pa.string()),  # "zip3:" with a keyed hash, or the name of a state
        pa.field("year", pa.int64()),
        pa.field("occupation", pa.list_(pa.string()), nullable=False),
        pa.field("diagnosis", pa.list_(pa.string()), nullable=False),
        pa.field("event", pa.list_(pa.string()), nullable=False),
    ]
)

RISK_ACTIONS = pa.schema(
    [
        pa.field("patient_key", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("attribute", pa.string()),  # null where the patient is quarantined
        pa.field("value", pa.string()),  # the one category to suppress; null for all of the attribute's
    ]
)
