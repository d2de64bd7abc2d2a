import importlib.metadata

import pytest

from pipelines.screening import gazetteer
from pipelines.screening.gazetteer import (
    fold,
    is_family_name,
    is_given_name,
    is_listed_word,
    is_ordinary,
    may_be_name,
    name_lists,
)
from schemas.errors import ScreeningError


def test_the_lists_are_the_size_that_was_measured():
    assert [round(len(words), -3) for words in name_lists()] == [97_000, 161_000, 195_000]


@pytest.mark.parametrize(
    ("word", "folded"), [("José", "jose"), ("ØSTERGÅRD", "ostergard"), ("Wałęsa", "walesa"), ("e\u0301", "e")]
)
def test_words_are_folded_as_the_lists_spell_them(word, folded):
    assert fold(word) == folded


def test_names_and_other_words():
    assert is_given_name("Thaddeus")
    assert is_family_name("O’Donnell")
    assert is_family_name("Kristensen-Xyz")
    assert may_be_name("Will")
    assert not is_given_name("Will")
    assert is_ordinary("Carnitine")
    assert is_listed_word("Young")
    assert not is_ordinary("Young")


def test_a_missing_package_is_an_error_with_its_remedy(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    with pytest.raises(ScreeningError, match="pip install philter-lite"):
        gazetteer.name_lists.__wrapped__()
