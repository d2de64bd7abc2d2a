import pytest

from pipelines.screening.recognisers.vocabulary import Reading, is_proper, reading


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Salazar", Reading.NAME),
        ("salazar", Reading.NAME),
        ("Petrosyan's", Reading.NAME),
        ("Achterberg-Okafor", Reading.NAME),
        ("Maple", Reading.MIXED),  # a surname that is written in lower case too
        ("Foley", Reading.MIXED),
        ("Young", Reading.MIXED),
        ("Abdomen", Reading.TERM),
        ("Left-sided", Reading.TERM),
        ("Lisinopril", Reading.TERM),
        ("hepatectomy", Reading.TERM),
        ("Zqwvortex", Reading.UNKNOWN),
    ],
)
def test_what_a_word_means_apart_from_its_place(word, expected):
    assert reading(word) is expected


def test_words_that_are_seldom_without_a_capital_letter_are_proper():
    assert is_proper("Shreveport")
    assert not is_proper("Kidney")
