"""No text of a note leaves the guard, by whatever way an error is shown or sent."""

import pickle
import traceback

import pytest

from pipelines.stage.guard import no_text_escapes
from schemas.errors import InputError, StageError

PLANTED = "Margarethe Quillfeather"


def test_an_error_with_note_text_comes_out_without_it() -> None:
    with pytest.raises(StageError) as raised, no_text_escapes("screen", "note-7"):
        raise ValueError(f"cannot parse {PLANTED!r}")
    assert str(raised.value) == "stage 'screen' failed with ValueError at note-7: rerun this shard alone to see why"
    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
    assert PLANTED not in shown
    assert PLANTED.encode() not in pickle.dumps(raised.value)


def test_errors_written_for_users_pass_unchanged() -> None:
    with pytest.raises(InputError, match="column 'text'"), no_text_escapes("ingest", "shard 3"):
        raise InputError("column 'text' is missing")
