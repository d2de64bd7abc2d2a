"""Notes cut anywhere, and notes that are no notes: spans stay valid and the target exact."""

import random
from pathlib import Path

import polars as pl
import pytest

from pipelines.splitting.split import SplitNote, join_presentation, split_note
from schemas.examples import SectionRole

NOTES = Path(__file__).resolve().parents[3] / "../shared/data/notes"


def check(text: str, result: SplitNote) -> None:
    (target,) = [piece for piece in result.sections if piece.role is SectionRole.TARGET]
    assert text[target.start : target.end] == result.target != ""
    end = 0
    for piece in result.sections:
        assert end <= piece.start < piece.end <= len(text)
        assert not text[end : piece.start].strip()
        end = piece.end
    assert not text[end:].strip()
    assert join_presentation(text, result.sections) == result.prompt == result.prompt.strip() != ""


@pytest.mark.skipif(not NOTES.is_dir(), reason="public notes are not on this machine")
@pytest.mark.parametrize(
    ("name", "column"),
    [("aci_bench_train_valid", "note"), ("primock57_day1to3", "note"), ("medrbench_diagnosis_open", "case_summary")],
)
def test_random_cuts_of_real_notes_split_or_are_refused(name: str, column: str) -> None:
    draw = random.Random(7)
    texts = pl.read_parquet(NOTES / f"{name}.parquet")[column].to_list()
    num_split = 0
    for _ in range(250):
        first, second = draw.choice(texts), draw.choice(texts)
        text = (
            first[draw.randrange(len(first)) :]
            + draw.choice(["", " ", "\n", "\r\n"])
            + second[: draw.randrange(len(second))]
        )
        if draw.random() < 0.3:
            text = text.replace("\n", draw.choice([" ", "", "\r\n", "\t"]))
        result = split_note(text, draw.choice([None, "ED"]), diagnosis=draw.choice([None, "hypertension", "(["]))
        if isinstance(result, SplitNote):
            check(text, result)
            num_split += 1
    assert num_split > 20 or column == "case_summary"


@pytest.mark.parametrize(
    "unit",
    [" ", "\n", "\t", "PLAN:", "PLAN: Rest.\n", "A: ", "A ", "Aa ", "AA ", "**", "#", "| ", "(", "[", "1. ", "- ", "__",
     ".", ". A", "\r", "Exam: ok. ", "x", ":", "?! ", "HPI: fever. PLAN: rest. ", "Dx: flu. Seen. ", "=", "a-", "É",
     f"Plan on {'1' * 50}x: a\n"],
)  # fmt: skip
def test_notes_of_one_thing_alone(unit: str) -> None:
    text = "HPI: Fever.\n" + unit * (30_000 // len(unit)) + "\nPLAN: Rest."
    result = split_note(text, None, diagnosis="influenza")
    if isinstance(result, SplitNote):
        check(text, result)
