"""The list of towns."""

import pytest

from pipelines.screening.towns import is_only_town, is_town, towns


def test_towns_are_kept_folded():
    assert {"springfield", "ann arbor", "sao paulo"} <= towns()
    assert all(name == name.lower() for name in towns())


@pytest.mark.parametrize("name", ["Tacoma", "ANN ARBOR", "São Paulo", "evanston"])
def test_a_town_is_found_however_it_is_written(name):
    assert is_only_town(name)


@pytest.mark.parametrize("name", ["Reading", "Mobile", "Bath", "Orange", "Nice"])
def test_a_town_that_is_a_word_of_notes_needs_a_cue(name):
    assert is_town(name)
    assert not is_only_town(name)


@pytest.mark.parametrize("name", ["Lasix", "Edema", "Ohio"])
def test_terms_and_states_are_no_towns(name):
    assert not is_only_town(name)
