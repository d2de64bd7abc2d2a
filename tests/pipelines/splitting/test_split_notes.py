"""Tables of notes: the EXAMPLES schema, one outcome for each row, thresholds, and errors without text."""

import pyarrow as pa
import pytest

from pipelines.splitting import split as split_module
from pipelines.splitting.config import SplittingConfig
from pipelines.splitting.copying import copied_share
from pipelines.splitting.lexicon import Lexicon, NoteType, load_lexicon, normalise
from pipelines.splitting.split import split_notes
from pipelines.stage.ledger import LedgerRows, reconcile
from schemas.errors import ConfigError, StageError
from schemas.examples import EXAMPLES
from schemas.ledger import Stage
from schemas.notes import notes_schema

STORY = (
    "HISTORY: Two days of fever and a wet cough that is worse at night, no pain.\nEXAM: Crackles on the left, warm.\n"
)
REASONING = "ASSESSMENT: Pneumonia of the left lower lobe is likely.\nPLAN: Amoxicillin for five days."


def notes(texts: list[str]) -> pa.Table:
    carried = (pa.field("arrest", pa.bool_()),)
    rows = [
        {
            "note_id": f"n{i}",
            "patient_id": f"p{i}",
            "text": text,
            "diagnosis": "pneumonia",
            "source_file": "notes.parquet",
            "source_row": 10 + i,
            "split": "train",
            "arrest": False,
        }
        for i, text in enumerate(texts)
    ]
    return pa.Table.from_pylist(rows, schema=notes_schema(carried))


def test_accepted_rows_have_the_examples_schema_and_every_row_an_outcome() -> None:
    texts = [STORY + REASONING, STORY, REASONING, "HPI: Fever.\n" + REASONING, STORY + "PLAN: Rest."]
    ledger = LedgerRows()
    examples = split_notes(notes(texts), SplittingConfig(), ledger)
    assert examples.schema == EXAMPLES
    (row,) = examples.to_pylist()
    assert (row["example_id"], row["note_id"], row["patient_id"], row["source_row"]) == ("n0", "n0", "p0", 10)
    assert (row["diagnosis"], row["diagnosis_code"], row["split"]) == ("pneumonia", None, "train")
    assert row["prompt"] == STORY.strip()
    assert row["target"] == REASONING
    (span,) = [s for s in row["sections"] if s["role"] == "target"]
    assert texts[0][span["start"] : span["end"]] == row["target"]
    reasons = ["", "no_target", "empty_presentation", "short_presentation", "short_target"]
    assert ledger.table().column("reason").to_pylist() == reasons
    assert ledger.table().column("source_row").to_pylist() == [10, 11, 12, 13, 14]


def test_a_target_that_stands_in_its_prompt_is_rejected() -> None:
    sentence = "Likely pneumonia of the left lower lobe because of fever and crackles and the wet cough at night."
    ledger = LedgerRows()
    table = notes([f"{STORY}Told by phone: {sentence}\nASSESSMENT: {sentence}"])
    assert split_notes(table, SplittingConfig(), ledger).num_rows == 0
    assert ledger.table().column("reason").to_pylist() == ["target_in_prompt"]
    assert split_notes(table, SplittingConfig(max_copied_share=1.0), LedgerRows()).num_rows == 1


def test_no_rows_give_an_empty_table() -> None:
    assert split_notes(notes([]), SplittingConfig(), LedgerRows()).schema == EXAMPLES


def test_an_unexpected_error_names_the_note_and_holds_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str, note_type: str | None) -> None:
        raise KeyError(text)

    monkeypatch.setattr(split_module, "split_note", fail)
    with pytest.raises(StageError) as raised:
        split_notes(notes([STORY + REASONING]), SplittingConfig(), LedgerRows())
    assert "n0" in str(raised.value)
    assert "crackles" not in repr(raised.value).lower()
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("target", "presentation", "share"),
    [
        ("one two three four five six seven eight nine", "ONE two, three four five six seven eight!", 0.5),
        ("short target", "a short target", 1.0),
        ("short target", "target short", 0.0),
        ("...", "...", 0.0),
    ],
)
def test_copied_share(target: str, presentation: str, share: float) -> None:
    assert copied_share(target, presentation) == share


@pytest.mark.parametrize(
    "setting", [{"system": " "}, {"min_target_chars": 0}, {"min_presentation_chars": -1}, {"max_copied_share": 0.0}]
)
def test_settings_check_themselves(setting: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        SplittingConfig(**setting)


@pytest.mark.parametrize(
    ("note_type", "expected"),
    [
        (None, NoteType.DEFAULT),
        ("Progress Note", NoteType.DEFAULT),
        ("ED Provider Note", NoteType.EMERGENCY),
        ("A&E", NoteType.EMERGENCY),
        ("Operative Report", NoteType.UNSUITABLE),
        ("CT/MRI", NoteType.UNSUITABLE),
        ("Radiation oncology", NoteType.DEFAULT),
        ("Interventional radiology consult", NoteType.DEFAULT),
        ("Medical record", NoteType.DEFAULT),
    ],
)
def test_note_types(note_type: str | None, expected: NoteType) -> None:
    assert load_lexicon().note_type(note_type) is expected


def test_headers_compare_in_one_form() -> None:
    assert normalise("Assessment / Plan (cont.):") == normalise("ASSESSMENT & PLAN") == "assessment and plan"
    assert normalise("IMPRESSION ON 2/6/89") == "impression"


def test_a_lexicon_with_a_phrase_of_two_kinds_is_refused() -> None:
    kind = {"family": "story", "headers": ["history"]}
    rest = {
        "qualifiers": ["brief"],
        "note_types": {},
        "preference": {},
        "signature_lines": ["signed"],
        "bare_headers": {},
    }
    with pytest.raises(ValueError, match="history"):
        Lexicon({"kinds": {"one": kind, "two": kind}, **rest})


def test_the_ledger_of_a_split_reconciles() -> None:
    ledger = LedgerRows()
    split_notes(notes([STORY + REASONING, STORY]), SplittingConfig(), ledger)
    assert reconcile(ledger.table(), 2, [Stage.SPLIT]) == {"split": {"accepted": 1, "rejected:no_target": 1}}
