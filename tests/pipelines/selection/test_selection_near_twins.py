"""Near copies by banded signatures: found where they are looked for, within their scope, and the twin stays."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.selection.near_twins import MIN_JACCARD_ACROSS, MIN_JACCARD_WITHIN, find_near_twins, rows_per_band
from schemas.selection import NUM_PERMUTATIONS

ONE_PATIENT = [0, 0, 0]
THREE_PATIENTS = [0, 1, 2]


def signature(seed: int) -> NDArray[np.uint32]:
    return np.random.default_rng(seed).integers(0, 2**32, NUM_PERMUTATIONS, dtype=np.uint32)


def altered(original: NDArray[np.uint32], share_kept: float, seed: int) -> NDArray[np.uint32]:
    """A signature that equals another in a share of places, which are drawn at random."""
    rng = np.random.default_rng(seed)
    places = rng.choice(NUM_PERMUTATIONS, int(NUM_PERMUTATIONS * (1 - share_kept)), replace=False)
    copy = original.copy()
    copy[places] = rng.integers(0, 2**32, len(places), dtype=np.uint32)
    return copy


def twins(
    notes: list[NDArray[np.uint32]],
    patients: list[int],
    within: float | None,
    across: float | None,
    sizes: list[int] | None = None,
) -> list[int]:
    """The twins of notes that are of one length where no sizes are given."""
    lengths = np.array(sizes or [100] * len(notes))
    return find_near_twins(np.stack(notes), lengths, np.array(patients, np.uint64), within, across).tolist()


def test_each_scope_has_its_threshold() -> None:
    notes = [signature(1), altered(signature(1), 0.86, 2), signature(3)]  # 0.92 of the first stands in the second
    assert twins(notes, ONE_PATIENT, 0.9, 0.95) == [-1, 0, -1]
    assert twins(notes, THREE_PATIENTS, 0.9, 0.95) == [-1, -1, -1]
    assert twins(notes, THREE_PATIENTS, 0.95, 0.9) == [-1, 0, -1]
    assert twins(notes, ONE_PATIENT, 0.95, 0.9) == [-1, -1, -1]


def test_a_scope_that_is_off_finds_nothing() -> None:
    notes = [signature(1)] * 3
    assert twins(notes, ONE_PATIENT, None, 0.95) == [-1, -1, -1]
    assert twins(notes, THREE_PATIENTS, 0.9, None) == [-1, -1, -1]
    assert twins(notes, THREE_PATIENTS, None, None) == [-1, -1, -1]
    assert twins(notes, [0, 0, 1], None, 0.95) == [-1, -1, 0]


def test_a_note_that_stands_in_a_longer_one_is_a_copy_and_one_of_equal_length_and_likeness_is_not() -> None:
    longer, shorter = signature(1), altered(signature(1), 0.6, 2)
    assert twins([longer, shorter], [0, 0], 0.9, 0.95, sizes=[100, 60]) == [-1, 0]
    assert twins([longer, shorter], [0, 0], 0.9, 0.95, sizes=[100, 100]) == [-1, -1]


def test_a_few_sequences_in_common_with_a_far_longer_note_say_nothing() -> None:
    """Two equal values of 128 could stand for every sequence of a short note: too few to tell."""
    longer, shorter = signature(1), altered(signature(1), 0.3, 2)
    assert twins([longer, shorter], [0, 0], 0.9, 0.95, sizes=[1000, 100]) == [-1, -1]


def test_the_twin_of_a_copy_is_a_note_that_is_kept() -> None:
    """A chain in which each note is like its neighbours alone: a copy of a copy is kept, for its twin would be gone."""
    chain = [signature(1)]
    for step in range(1, 6):
        chain.append(altered(chain[-1], 0.85, step))
    assert twins(chain, [0] * 6, 0.9, None) == [-1, 0, -1, 2, -1, 4]


def test_a_copy_names_the_kept_note_that_it_is_most_like() -> None:
    kept = signature(1)
    close, closer = altered(kept, 0.76, 2), altered(kept, 0.98, 3)
    assert twins([close, kept, closer], ONE_PATIENT, 0.9, None) == [-1, -1, 1]


@pytest.mark.parametrize(
    ("within", "across", "jaccard", "shorter"),
    [(0.9, None, MIN_JACCARD_WITHIN, 50), (None, 0.95, MIN_JACCARD_ACROSS, 75)],
)
def test_few_copies_are_missed_where_they_are_looked_for(
    within: float | None, across: float | None, jaccard: float, shorter: int
) -> None:
    originals = [signature(seed) for seed in range(300)]
    copies = [altered(original, jaccard, 1000 + seed) for seed, original in enumerate(originals)]
    patients = [*range(300), *range(300)] if within else list(range(600))
    found = np.array(twins([*originals, *copies], patients, within, across, sizes=[100] * 300 + [shorter] * 300))
    assert np.all(found[:300] == -1)
    assert np.mean(found[300:] == np.arange(300)) >= 0.98


def test_bands_are_as_long_as_the_rule_allows() -> None:
    for min_jaccard in (MIN_JACCARD_WITHIN, MIN_JACCARD_ACROSS):
        rows = rows_per_band(min_jaccard)
        missed = [(1 - min_jaccard**length) ** (NUM_PERMUTATIONS // length) for length in (rows, rows + 1)]
        assert missed[0] <= 0.01 < missed[1]
