"""The rules of selection and their order."""

from typing import Any

import pyarrow as pa
import pytest
from selection_survey import note, numbered_words, survey_of

from pipelines.selection.config import SelectionConfig
from pipelines.selection.decisions import decide
from schemas.selection import DECISIONS

BY_TIME = SelectionConfig(split_by="time", validation_from="2023-01-01", test_from="2024-01-01")
TEXT = numbered_words(0)
GROWN = numbered_words(0, 230)  # TEXT copied forward: a similarity of 0.87
OTHER, ANOTHER = numbered_words(1000), numbered_words(2000)


def decisions(*notes: dict[str, Any], config: SelectionConfig | None = None) -> dict[str, tuple[str, str | None]]:
    """note_id → "outcome:reason" and the twin; "#2" is added to the id of a second row that has it."""
    survey = survey_of(*notes)
    table = decide(survey, config or SelectionConfig())
    assert table.schema.equals(DECISIONS)
    assert table["source_row"].to_pylist() == list(range(len(notes))), "in the order of the survey"
    found: dict[str, tuple[str, str | None]] = {}
    for note_id, row in zip(survey["note_id"].to_pylist(), table.to_pylist(), strict=True):
        name = f"{note_id}#2" if note_id in found else note_id
        found[name] = (f"{row['outcome']}:{row['reason']}".rstrip(":"), row["twin"])
    return found


def test_of_rows_with_one_id_the_first_is_kept() -> None:
    found = decisions(note("a", "p", TEXT), note("b", "p", OTHER), note("a", "q", ANOTHER))
    assert found == {
        "a": ("accepted", None),
        "b": ("accepted", None),
        "a#2": ("duplicate:duplicate_note_id", "a"),
    }


def test_a_note_that_grew_replaces_what_it_was_copied_from() -> None:
    found = decisions(note("day 1", "p", TEXT), note("day 2", "p", GROWN), note("visit", "p", OTHER))
    assert found["day 1"] == ("duplicate:near_text", "day 2")
    assert found["day 2"] == found["visit"] == ("accepted", None)


def test_the_same_text_in_other_case_and_spacing_is_named_as_such() -> None:
    found = decisions(note("a", "p", TEXT), note("b", "p", TEXT.upper().replace(" ", "\n  ")))
    assert found == {"a": ("accepted", None), "b": ("duplicate:same_text", "a")}


def test_across_sides_the_copy_that_models_are_tested_on_stays() -> None:
    found = decisions(
        note("train", "p", numbered_words(0, 203), "train"),
        note("test", "q", TEXT, "test"),
        note("validation", "r", TEXT, "validation"),
    )
    assert found["test"] == ("accepted", None)
    assert found["train"] == ("duplicate:near_text", "test")
    assert found["validation"] == ("duplicate:same_text", "test")


def test_notes_of_different_patients_have_a_threshold_of_their_own() -> None:
    """Of either note's sequences, 0.93 stand in the other."""
    notes = note("a", "p", TEXT), note("b", "q", numbered_words(13))
    assert decisions(*notes)["b"] == ("accepted", None)
    loose = SelectionConfig(across_patients=0.9)
    assert decisions(*notes, config=loose)["b"] == ("duplicate:near_text", "a")


@pytest.mark.parametrize(
    ("off", "same_patient", "other_patient"),
    [("within_patient", "accepted", "duplicate:same_text"), ("across_patients", "duplicate:same_text", "accepted")],
)
def test_a_scope_that_is_off_keeps_even_the_same_text(off: str, same_patient: str, other_patient: str) -> None:
    notes = [note("a", "p", TEXT), note("b", "p", TEXT), note("c", "q", TEXT)]
    settings: dict[str, Any] = {off: None}
    found = decisions(*notes, config=SelectionConfig(**settings))
    assert (found["b"][0], found["c"][0]) == (same_patient, other_patient)


def test_a_twin_is_a_note_that_is_kept_however_long_the_chain() -> None:
    found = decisions(
        note("a", "p", TEXT),
        note("a", "q", OTHER),
        note("b", "p", TEXT),
        note("c", "p", GROWN),
        note("d", "q", ANOTHER),
    )
    assert found["c"] == ("accepted", None)
    assert found["a"] == ("duplicate:near_text", "c")
    assert found["b"] == ("duplicate:same_text", "c"), "not a, which is gone"
    assert found["a#2"] == ("duplicate:duplicate_note_id", "c")


class TestSplitByTime:
    def test_the_day_decides_the_side(self) -> None:
        survey = survey_of(
            note("a", "p", TEXT, day="2022-12-31T23:59:59"),
            note("b", "q", OTHER, day="2023-01-01"),
            note("c", "r", ANOTHER, day="2024-01-01"),
        )
        assert decide(survey, BY_TIME)["split"].to_pylist() == ["train", "validation", "test"]
        assert decide(survey, SelectionConfig())["split"].to_pylist() == ["train"] * 3

    def test_a_note_without_a_time_is_on_no_side(self) -> None:
        assert decisions(note("a", "p", TEXT), config=BY_TIME)["a"] == ("rejected:missing_written_at", None)

    def test_earlier_notes_of_a_patient_who_comes_back_are_dropped(self) -> None:
        found = decisions(
            note("a", "p", TEXT, day="2022-05-01"),
            note("b", "p", OTHER, day="2023-05-01"),
            note("c", "p", ANOTHER, day="2024-05-01"),
            note("d", "q", numbered_words(3000), day="2022-05-01"),
            config=BY_TIME,
        )
        assert found["a"] == found["b"] == ("rejected:patient_in_later_split", None)
        assert found["c"] == found["d"] == ("accepted", None)

    def test_a_note_that_is_rejected_displaces_no_copy(self) -> None:
        found = decisions(
            note("early", "p", GROWN, day="2022-05-01"),
            note("late", "p", OTHER, day="2024-05-01"),
            note("copy", "q", GROWN, day="2022-05-01"),
            config=BY_TIME,
        )
        assert found["early"] == ("rejected:patient_in_later_split", None)
        assert found["copy"] == ("accepted", None)


def test_decisions_do_not_depend_on_how_the_survey_is_chunked() -> None:
    survey = survey_of(*(note(f"n{place}", f"p{place % 7}", numbered_words(place * 12)) for place in range(40)))
    chunked = pa.concat_tables([survey.slice(0, 11), survey.slice(11, 0), survey.slice(11)])
    assert decide(chunked, SelectionConfig()).equals(decide(survey, SelectionConfig()))
    assert decide(survey.slice(0, 0), SelectionConfig()).num_rows == 0
