import re
from dataclasses import dataclass

import pyarrow as pa
import pytest

from pipelines.canaries.config import CanaryConfig
from pipelines.canaries.rates import PLANTS
from pipelines.canaries.shadow import Plant
from pipelines.canaries.trial import CanaryTrial, is_missed
from pipelines.canaries.wording import Kind, strata
from pipelines.screening.policy import ScreeningConfig
from pipelines.screening.screener import Screener
from schemas.findings import Action

TEXT = "The patient was seen for a cough. Lungs were clear on both sides. Antibiotics were not needed today."


@dataclass(frozen=True)
class Span:
    start: int
    end: int
    action: Action = Action.REDACT


class DigitScreen:
    """Finds words with a digit in them and nothing else; fails on texts that hold `breaks_on`."""

    def __init__(self, breaks_on=None):
        self.breaks_on = breaks_on

    def find(self, texts):
        return [
            None
            if self.breaks_on and self.breaks_on in text
            else [Span(match.start(), match.end()) for match in re.finditer(r"\S*\d\S*", text)]
            for text in texts
        ]


def notes(num, text=TEXT):
    return pa.table({"note_id": [f"n{i}" for i in range(num)], "text": [text] * num})


def test_one_row_an_identifier_and_the_misses_of_a_screen_for_digits_alone():
    plants = CanaryTrial(CanaryConfig(num_notes=300), DigitScreen(), num_notes=100).run(notes(100), shard=7)
    assert plants.schema == PLANTS
    assert plants.num_rows == 500
    assert set(plants["shard"].to_pylist()) == {7}
    assert sorted(set(plants["note"].to_pylist())) == list(range(100))
    missed = {kind: [row["missed"] for row in plants.to_pylist() if row["kind"] == kind] for kind in ("NAME", "SSN")}
    assert all(missed["NAME"])
    assert not all(missed["SSN"])


def test_a_rerun_and_other_shards_draw_the_same_notes():
    trial = CanaryTrial(CanaryConfig(num_notes=300), DigitScreen(), num_notes=1000)
    table = notes(400)
    whole = trial.run(table, shard=0)
    assert whole.equals(trial.run(table, shard=0))
    halves = [trial.run(table.slice(0, 200), shard=0), trial.run(table.slice(200), shard=0)]
    columns = ["kind", "cue", "format", "missed"]
    assert pa.concat_tables(halves).select(columns).equals(whole.select(columns))
    assert 80 < whole.num_rows / 5 < 160


def test_a_note_that_the_screen_fails_on_is_neither_missed_nor_caught():
    table = pa.concat_tables([notes(1), pa.table({"note_id": ["broken"], "text": ["tripwire"]})])
    plants = CanaryTrial(CanaryConfig(num_notes=300), DigitScreen("tripwire"), num_notes=2).run(table, shard=0)
    assert [row["missed"] is None for row in plants.to_pylist()] == [False] * 5 + [True] * 5


@pytest.mark.parametrize(
    ("findings", "missed"),
    [
        ([Span(3, 14)], False),
        ([Span(3, 6), Span(7, 14)], False),
        ([Span(3, 13)], True),
        ([Span(4, 14)], True),
        ([Span(0, 20, Action.PASS)], True),
        ([Span(0, 20, Action.QUARANTINE)], False),
        ([Span(0, 20, Action.SURROGATE)], False),
        ([], True),
    ],
    ids=["all", "all but a hyphen", "end left", "start left", "passed", "quarantined", "surrogate", "nothing"],
)
def test_an_uncovered_letter_is_a_miss(findings, missed):
    plant = Plant(stratum=strata(Kind.SSN)[0], start=3, end=14)
    assert is_missed("No 812-33-0917 was it.", plant, findings) is missed


def test_a_shard_without_a_drawn_note_gives_an_empty_table():
    trial = CanaryTrial(CanaryConfig(num_notes=300), DigitScreen(), num_notes=10**9)
    assert trial.run(notes(5), shard=0).equals(PLANTS.empty_table())
    assert trial.run(notes(0), shard=0).equals(PLANTS.empty_table())


def test_the_real_screener_catches_what_has_a_label():
    trial = CanaryTrial(
        CanaryConfig(num_notes=300), Screener(ScreeningConfig(), b"a key of 32 bytes for the tests!"), num_notes=60
    )
    rows = trial.run(notes(60), shard=0).to_pylist()
    easy = [row["missed"] for row in rows if row["kind"] in ("PHONE", "EMAIL") and row["cue"] == "label"]
    assert len(easy) > 5
    assert not any(easy)
