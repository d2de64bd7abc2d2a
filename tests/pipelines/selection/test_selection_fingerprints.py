"""Keyed hashes and signatures: equal where notes are alike, meaningless without the key."""

import numpy as np
import pytest
from selection_survey import SECRET, note, numbered_words, survey_of

from pipelines.selection.fingerprints import Fingerprinter, words
from schemas.errors import ConfigError
from schemas.selection import NUM_PERMUTATIONS, SURVEY


def similarity(first: str, second: str, secret: bytes = SECRET) -> float:
    fingerprinter = Fingerprinter(secret)
    return float(np.mean(fingerprinter.signature(words(first))[0] == fingerprinter.signature(words(second))[0]))


def test_case_and_white_space_make_no_difference() -> None:
    fingerprinter = Fingerprinter(SECRET)
    assert fingerprinter.text_key("Chest pain.\r\n  No fever.") == fingerprinter.text_key("chest PAIN. no\tfever.")
    assert fingerprinter.text_key("Chest pain.") != fingerprinter.text_key("Chest pain")
    assert similarity("Chest pain since Monday, no fever.", "chest pain  since monday,\nno FEVER.") == 1.0


def test_a_key_is_of_its_kind_and_of_its_secret() -> None:
    fingerprinter, other = Fingerprinter(SECRET), Fingerprinter(bytes(32))
    assert fingerprinter.key("patient", "p1") != fingerprinter.key("text", "p1")
    assert fingerprinter.key("patient", "p1") != other.key("patient", "p1")
    text = words(numbered_words(0))
    assert not np.any(fingerprinter.signature(text)[0] == other.signature(text)[0])


@pytest.mark.parametrize("num_shared", [180, 140, 100])
def test_equal_values_estimate_the_jaccard_index_of_the_word_sequences(num_shared: int) -> None:
    """Averaged over secrets, so that the standard deviation of the mean is below 0.01."""
    exact = (num_shared - 4) / (2 * 196 - (num_shared - 4))
    estimates = [
        similarity(numbered_words(0), numbered_words(200 - num_shared), secret.to_bytes(16, "big"))
        for secret in range(30)
    ]
    assert np.mean(estimates) == pytest.approx(exact, abs=0.03)


def test_short_texts_are_one_sequence() -> None:
    assert similarity("Well today.", "well TODAY.") == 1.0
    assert similarity("Well today.", "Unwell today.") == 0.0
    signature, num_sequences = Fingerprinter(SECRET).signature([])
    assert (signature.shape, num_sequences) == ((NUM_PERMUTATIONS,), 1)


def test_a_survey_holds_no_text_and_no_patient() -> None:
    table = survey_of(note("n1", "patient-77", "Severe crushing chest pain since this morning."))
    assert table.schema.equals(SURVEY)
    held = b"".join(
        value if isinstance(value, bytes) else str(value).encode() for value in table.to_pylist()[0].values()
    )
    assert not any(word in held for word in (b"patient-77", b"Severe", b"crushing", b"morning"))
    assert table["num_sequences"].to_pylist() == [3]


@pytest.mark.parametrize("num_bytes", [0, 15, 65])
def test_a_secret_that_is_none_is_refused(num_bytes: int) -> None:
    with pytest.raises(ConfigError, match=f"{num_bytes} bytes"):
        Fingerprinter(bytes(num_bytes))
