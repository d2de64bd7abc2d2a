"""Carrying out what the assessment decided, on one patient's note: wide age bands, tags for what is rare.

Spans are found anew in the text at hand, so the screened text may be given: what the screen replaced is not there.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import regex

from pipelines.risk.attributes import diagnosis_values
from pipelines.risk.config import RiskConfig, age_band, band_start
from pipelines.risk.keyed import patient_key
from pipelines.risk.mentions import Mention, mentions
from schemas.errors import LedgerError
from schemas.risk import Attribute, RiskAction

# Attribute → the categories to act upon; None for all of them.
Actions = Mapping[Attribute, frozenset[str] | None]

_COLUMNS = ("text", "written_at", "diagnosis", "diagnosis_code", "age", "zip3")


class Protection:
    """What is to be done about each patient; built once, used for many notes.

    Args:
        actions: rows of the RISK_ACTIONS schema.
        key: the audit key that the assessment was made with.
        config: the settings that it was made with.
    """

    def __init__(self, actions: pa.Table, key: bytes, config: RiskConfig):
        self._key = key
        self._width = config.wide_age_band_years
        self._quarantined: set[str] = set()
        self._actions: dict[str, dict[Attribute, frozenset[str] | None]] = {}
        for row in actions.to_pylist():
            if row["action"] == RiskAction.QUARANTINE:
                self._quarantined.add(row["patient_key"])
                continue
            own = self._actions.setdefault(row["patient_key"], {})
            attribute = Attribute(row["attribute"])
            values = own.get(attribute, frozenset())
            own[attribute] = None if row["value"] is None or values is None else values | {row["value"]}

    def is_quarantined(self, patient_id: str) -> bool:
        """True where none of the patient's notes may be used."""
        return patient_key(self._key, patient_id) in self._quarantined

    def changes(self, patient_id: str) -> bool:
        """True where the patient's notes are to be changed."""
        return patient_key(self._key, patient_id) in self._actions

    def protect(self, notes: pa.Table) -> pa.Table:
        """The notes with text and columns changed where it was decided, in their order and schema.

        Raises:
            LedgerError: a note is of a quarantined patient; its outcome had to be recorded before.
        """
        patients = notes["patient_id"].to_pylist()
        if any(self.is_quarantined(patient) for patient in patients):
            raise LedgerError("a note of a patient quarantined for a rare combination came through: record it first")
        columns: dict[str, list[Any]] = {name: notes[name].to_pylist() for name in _COLUMNS}
        for index, patient in enumerate(patients):
            actions = self._actions.get(patient_key(self._key, patient))
            if actions:
                row = {name: values[index] for name, values in columns.items()}
                for name, value in protect_note(row, actions, self._key, self._width).items():
                    columns[name][index] = value
        for name, values in columns.items():
            position = notes.schema.get_field_index(name)
            field = notes.schema.field(position)
            notes = notes.set_column(position, field, pa.array(values, field.type))
        return notes


def protect_note(row: Mapping[str, Any], actions: Actions, key: bytes, width: int) -> dict[str, Any]:
    """One note with a patient's actions carried out; applied again, it changes nothing more.

    Args:
        row: the columns text, written_at, diagnosis, diagnosis_code, age and zip3.
        width: of the wide age bands, in years.

    Returns:
        The same columns. A generalised `age` is the lower bound of its band.
    """
    new = dict(row)
    found = [mention for mention in mentions(row["text"], key) if _is_meant(mention, actions)]
    values = actions.get(Attribute.DIAGNOSIS, frozenset())
    if Attribute.DIAGNOSIS in actions and (values is None or not values.isdisjoint(diagnosis_values(row, key))):
        found += _stated(row["text"], row["diagnosis"])
        new |= {"diagnosis": None, "diagnosis_code": None}
    if Attribute.AGE in actions and row["age"] is not None:
        new["age"] = band_start(row["age"], width)
    if Attribute.REGION in actions:
        new["zip3"] = None
    if Attribute.YEAR in actions:
        new["written_at"] = None
    new["text"] = _rewritten(row["text"], found, width)
    return new


def _is_meant(mention: Mention, actions: Actions) -> bool:
    if mention.attribute not in actions:
        return False
    values = actions[mention.attribute]
    return values is None or mention.value in values


def _stated(text: str, diagnosis: str | None) -> list[Mention]:
    """Where the text names the diagnosis of its own column."""
    words = (diagnosis or "").split()
    if not words:
        return []
    stated = regex.compile(rf"(?<!\w){'[ ]+'.join(map(regex.escape, words))}(?!\w)", regex.IGNORECASE)
    spans = [match.span() for match in stated.finditer(text)]
    return [Mention(start=start, end=end, attribute=Attribute.DIAGNOSIS, value="") for start, end in spans]


def _rewritten(text: str, found: list[Mention], width: int) -> str:
    """The mentions replaced from right to left; of two that overlap, the first and longer."""
    chosen: list[Mention] = []
    for mention in sorted(found, key=lambda m: (m.start, -m.end)):
        if not chosen or mention.start >= chosen[-1].end:
            chosen.append(mention)
    for mention in reversed(chosen):
        is_age = mention.attribute is Attribute.AGE
        new = age_band(int(mention.value), width) if is_age else f"[{mention.attribute.value.upper()}]"
        text = text[: mention.start] + new + text[mention.end :]
    return text
