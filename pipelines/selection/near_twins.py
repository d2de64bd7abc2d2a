"""Which notes are near copies of a note that is kept: MinHash signatures, banded and compared.

Two notes are alike where most sequences of the shorter one stand in the other. Their containment follows from the
Jaccard index J of the sets, which is the share of equal values in the signatures, and from the sets' sizes: they have
J (|A| + |B|) / (1 + J) sequences in common (Broder 1997).

Few pairs are compared. A signature is cut into b bands of r values; two notes have a band in common with probability
1 - (1 - J^r)^b (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4). The notes of each patient
have a banding of their own: one that finds copies grown to twice their length would, across patients, pair half of all
notes that were written from one template.

Notes are walked in an order of preference, and compared with those that were kept before: so the twin of a copy is
always a note that stays, and a bucket grows by kept notes alone, however many copies there are.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from schemas.selection import NUM_PERMUTATIONS

# The least Jaccard index at which a pair is looked for; below it containment cannot be estimated well.
MIN_JACCARD_WITHIN = 0.5
MIN_JACCARD_ACROSS = 0.75
MAX_MISSED = 0.01  # probability that a pair at that index shares no band
# So many kept notes with one band have a template in common; two that are copies share further bands.
MAX_KEPT_PER_BUCKET = 1000
NEVER = np.inf


def rows_per_band(min_jaccard: float) -> int:
    """Most values a band may have (fewer pairs to compare) so that few pairs at the index are missed."""
    return max(
        rows
        for rows in range(1, NUM_PERMUTATIONS + 1)
        if (1 - min_jaccard**rows) ** (NUM_PERMUTATIONS // rows) <= MAX_MISSED
    )


def find_near_twins(
    signatures: NDArray[np.uint32],
    sizes: NDArray[np.int64],
    patients: NDArray[np.uint64],
    within_patient: float | None,
    across_patients: float | None,
) -> NDArray[np.int64]:
    """For each note the kept note that it is most like, or -1 where it is kept itself.

    Args:
        signatures: (num_notes, NUM_PERMUTATIONS), the preferred note first.
        sizes: (num_notes,) number of sequences that each signature is of.
        patients: (num_notes,) equal for notes of one patient.
        within_patient: two notes of one patient are copies from this containment on; None for never.
        across_patients: two notes of different patients.

    Returns:
        (num_notes,) positions in `signatures`.
    """
    scopes: list[tuple[float, NDArray[np.uint64] | None]] = []
    if within_patient is not None:
        scopes.append((MIN_JACCARD_WITHIN, patients))
    if across_patients is not None:
        scopes.append((MIN_JACCARD_ACROSS, None))
    notes, buckets = _shared_buckets(signatures, scopes)
    twins = np.full(len(signatures), -1, dtype=np.int64)
    same = NEVER if within_patient is None else within_patient
    other = NEVER if across_patients is None else across_patients
    kept: dict[int, list[int]] = defaultdict(list)
    starts = np.append(np.flatnonzero(np.diff(notes, prepend=-1)), len(notes))
    for start, stop in pairwise(starts):
        note = int(notes[start])
        own = buckets[start:stop].tolist()
        candidates = np.array(sorted(set().union(*(kept[bucket] for bucket in own))), dtype=np.int64)
        if len(candidates):
            jaccard = (signatures[candidates] == signatures[note]).mean(axis=1)
            in_common = jaccard / (1 + jaccard) * (sizes[candidates] + sizes[note])
            containment = np.minimum(in_common / np.minimum(sizes[candidates], sizes[note]), 1)
            is_same = patients[candidates] == patients[note]
            is_copy = containment >= np.where(is_same, same, other)
            is_copy &= jaccard >= np.where(is_same, MIN_JACCARD_WITHIN, MIN_JACCARD_ACROSS)
            best = int(np.where(is_copy, containment + jaccard, -1).argmax())
            if is_copy[best]:
                twins[note] = candidates[best]
                continue
        for bucket in own:
            if len(kept[bucket]) < MAX_KEPT_PER_BUCKET:
                kept[bucket].append(note)
    return twins


def _shared_buckets(
    signatures: NDArray[np.uint32], scopes: Sequence[tuple[float, NDArray[np.uint64] | None]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (note, bucket) of all buckets with two notes or more, ordered by note."""
    notes: list[NDArray[np.int64]] = []
    buckets: list[NDArray[np.int64]] = []
    num_buckets = 0
    for min_jaccard, scope in scopes:
        rows = rows_per_band(min_jaccard)
        for first in range(0, NUM_PERMUTATIONS - rows + 1, rows):
            keys = _band_keys(signatures[:, first : first + rows], scope)
            _, bucket, sizes = np.unique(keys, return_inverse=True, return_counts=True)
            shared = np.flatnonzero(sizes[bucket] > 1)
            notes.append(shared)
            buckets.append(bucket[shared] + num_buckets)
            num_buckets += len(sizes)
    if not notes:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    joined = np.concatenate(notes)
    order = np.argsort(joined, kind="stable")
    return joined[order], np.concatenate(buckets)[order]


def _band_keys(band: NDArray[np.uint32], scope: NDArray[np.uint64] | None) -> NDArray[np.uint64]:
    """(num_notes,) hash of each note's band and scope. Two bands that collide cost a comparison, no more."""
    coefficients = np.random.default_rng(0).integers(0, 2**64, band.shape[1] + 1, dtype=np.uint64) | np.uint64(1)
    keys = np.zeros(len(band), dtype=np.uint64) if scope is None else scope * coefficients[-1]
    for column in range(band.shape[1]):
        keys += band[:, column] * coefficients[column]
    return keys
