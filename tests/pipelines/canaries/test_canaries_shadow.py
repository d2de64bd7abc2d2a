import random
import re

import pytest

from pipelines.canaries.identifiers import compose
from pipelines.canaries.shadow import KINDS_PER_NOTE, is_drawn, shadow
from pipelines.canaries.wording import Kind, strata

NOTE = (
    "HPI: A 61-year-old man was seen by Dr. Lee for chest pain. It began at rest.\n\nPMH: hypertension, gout.\n"
    "He takes lisinopril 10 mg daily. Exam was normal. 🙂 He feels better now.\n"
)


def test_the_note_itself_is_in_the_copy_unchanged():
    copy = shadow(NOTE, note_id="n1", seed=3)
    rest, done = "", 0
    for plant in copy.plants:
        rest += copy.text[done : plant.start]
        done = plant.end
    letters = iter(rest + copy.text[done:])
    assert all(char in letters for char in NOTE)  # every character, in order


def test_spans_hold_what_the_pattern_says():
    digits = re.compile(r"\d{7}")
    for number in range(300):
        copy = shadow(NOTE, note_id=f"n{number}", seed=3)
        for plant in copy.plants:
            value = copy.text[plant.start : plant.end]
            assert value
            assert value == value.strip()
            if (plant.stratum.kind, plant.stratum.format) == (Kind.MRN, "seven"):
                assert digits.fullmatch(value)


def test_a_kind_stands_at_most_once_in_a_note():
    for number in range(50):
        kinds = [plant.stratum.kind for plant in shadow(NOTE, note_id=f"n{number}", seed=3).plants]
        assert len(set(kinds)) == len(kinds) == KINDS_PER_NOTE


def test_an_abbreviation_is_no_place_to_plant():
    copies = [shadow("Seen with Dr. Lee at home. It was late.", note_id=f"n{n}", seed=1).text for n in range(100)]
    assert all("Dr. Lee at home." in copy for copy in copies)


@pytest.mark.parametrize("text", ["", "one line", "no stop\nat all\n"])
def test_a_note_without_a_sentence_takes_them_too(text):
    copy = shadow(text, note_id="n", seed=1)
    assert len(copy.plants) == KINDS_PER_NOTE
    assert copy.text.startswith(text)


def test_the_copy_depends_on_seed_and_id_alone():
    assert shadow(NOTE, note_id="n1", seed=3) == shadow(NOTE, note_id="n1", seed=3)
    assert shadow(NOTE, note_id="n1", seed=3) != shadow(NOTE, note_id="n1", seed=4)
    assert shadow(NOTE, note_id="n1", seed=3) != shadow(NOTE, note_id="n2", seed=3)


def test_every_stratum_is_planted_in_time():
    planted = {plant.stratum for number in range(6000) for plant in shadow("", note_id=str(number), seed=5).plants}
    assert planted == {stratum for kind in Kind for stratum in strata(kind)}


def test_the_share_of_notes_is_drawn_and_grows_by_adding():
    ids = [f"n{number}" for number in range(4000)]
    tenth = {note_id for note_id in ids if is_drawn(note_id, seed=1, share=0.1)}
    fifth = {note_id for note_id in ids if is_drawn(note_id, seed=1, share=0.2)}
    assert 330 < len(tenth) < 470
    assert tenth < fifth
    assert all(is_drawn(note_id, seed=1, share=1.0) for note_id in ids)
    assert not any(is_drawn(note_id, seed=1, share=0.0) for note_id in ids)


def test_every_pattern_and_sentence_is_well_formed():
    rng = random.Random(2)
    for kind in Kind:
        assert strata(kind)
        for stratum in strata(kind):
            assert all(sentence.count("<>") == 1 for sentence in stratum.sentences), stratum
            assert not set("{}#%") & set(compose(stratum.pattern, rng)), stratum


def test_a_number_does_not_begin_with_a_zero_that_was_not_asked_for():
    rng = random.Random(2)
    values = [compose("###-0##", rng) for _ in range(300)]
    assert not any(value.startswith("0") for value in values)
    assert any(value[5] == "0" for value in values)


def test_check_digits_hold():
    rng = random.Random(2)
    for _ in range(50):
        digits = [int(char) for char in compose("{card}", rng) if char.isdigit()]
        doubled = [sum(divmod(2 * d, 10)) for d in digits[-2::-2]]
        assert len(digits) == 16
        assert (sum(doubled) + sum(digits[-1::-2])) % 10 == 0
        dea = [int(char) for char in compose("{dea_digits}", rng)]
        assert (dea[0] + dea[2] + dea[4] + 2 * (dea[1] + dea[3] + dea[5])) % 10 == dea[6]
