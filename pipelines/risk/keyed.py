"""Keyed hashes of values that no list of categories has: equal ones can be counted, none can be read or guessed."""

import hashlib
import hmac
import json

HASH_HEX_DIGITS = 24


def keyed_hash(key: bytes, kind: str, value: str) -> str:
    """HMAC-SHA256 of a value, case and white space folded; of another kind it gives another hash.

    Args:
        key: the audit key.
        kind: what the value is, such as "patient".
    """
    folded = " ".join(value.casefold().split())
    return _digest(key, kind, folded)


def patient_key(key: bytes, patient_id: str) -> str:
    """What stands for a patient in every table of the risk stage. Ids that differ in case alone are two patients."""
    return _digest(key, "patient of the risk stage", patient_id)


def _digest(key: bytes, *what: str) -> str:
    return hmac.new(key, json.dumps(what).encode(), hashlib.sha256).hexdigest()[:HASH_HEX_DIGITS]
