"""Accepted notes made of a few words, for the tests of selection."""

from datetime import datetime
from typing import Any

import pyarrow as pa

from pipelines.selection.fingerprints import Fingerprinter, survey
from schemas.notes import notes_schema

SECRET = bytes(range(1, 33))


def numbered_words(start: int, count: int = 200) -> str:
    """A text of different words; two texts share the words whose numbers they share."""
    return " ".join(f"w{number}" for number in range(start, start + count))


def note(note_id: str, patient_id: str, text: str, split: str = "train", day: str | None = None) -> dict[str, Any]:
    """A note, written on a day where one is given."""
    written_at = datetime.fromisoformat(day) if day else None
    return {"note_id": note_id, "patient_id": patient_id, "text": text, "split": split, "written_at": written_at}


def note_table(*notes: dict[str, Any]) -> pa.Table:
    """Notes as rows 0, 1, ... of one file."""
    rows = [{**row, "source_file": "notes.parquet", "source_row": place} for place, row in enumerate(notes)]
    return pa.Table.from_pylist(rows, schema=notes_schema())


def survey_of(*notes: dict[str, Any]) -> pa.Table:
    """The survey of such notes, with a fixed secret."""
    return survey(note_table(*notes), Fingerprinter(SECRET))
