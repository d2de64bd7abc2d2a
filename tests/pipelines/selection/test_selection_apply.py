"""Decisions about a shard, done to its notes."""

import pytest
from selection_survey import note, note_table, numbered_words, survey_of

from pipelines.selection.apply import select_notes
from pipelines.selection.config import SelectionConfig
from pipelines.selection.decisions import decide
from pipelines.stage.ledger import LedgerRows
from schemas.errors import InputError

NOTES = [
    note("a", "p", numbered_words(0), day="2024-03-01"),
    note("b", "p", numbered_words(0), day="2024-03-02"),
    note("c", "q", numbered_words(500), day="2022-03-02"),
]
BY_TIME = SelectionConfig(split_by="time", validation_from="2023-01-01", test_from="2024-01-01")


def test_used_notes_go_on_with_their_side_and_every_row_is_recorded() -> None:
    ledger = LedgerRows()
    notes = note_table(*NOTES)
    used = select_notes(notes, decide(survey_of(*NOTES), BY_TIME), ledger)
    assert used.schema.equals(notes.schema)
    assert used.select(["note_id", "split"]).to_pylist() == [
        {"note_id": "b", "split": "test"},  # of two alike the one written last
        {"note_id": "c", "split": "train"},
    ]
    recorded = ledger.table().to_pylist()
    assert [(row["note_id"], row["outcome"], row["reason"], row["twin"]) for row in recorded] == [
        ("a", "duplicate", "same_text", "b"),
        ("b", "accepted", "", None),
        ("c", "accepted", "", None),
    ]
    assert {row["stage"] for row in recorded} == {"select"}
    assert [row["source_row"] for row in recorded] == [0, 1, 2]


@pytest.mark.parametrize("surveyed", [NOTES[:2], []])
def test_notes_that_no_survey_saw_are_refused(surveyed: list[dict[str, object]]) -> None:
    decisions = decide(survey_of(*surveyed), SelectionConfig())
    with pytest.raises(InputError, match=f"found {len(surveyed)} notes and 3 were read now"):
        select_notes(note_table(*NOTES), decisions, LedgerRows())


def test_other_rows_of_the_same_number_are_refused() -> None:
    decisions = decide(survey_of(*NOTES), SelectionConfig())
    with pytest.raises(InputError, match="or others"):
        select_notes(note_table(NOTES[0], *NOTES).slice(1), decisions, LedgerRows())
