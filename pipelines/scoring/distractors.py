"""Distractors that give nothing away: a model that knows only which diagnoses are common stays at chance.

Drawn evenly, distractors are rare diseases, and the commonest choice is usually right. Drawn by prevalence, one after
the other, they still favour the true one: it was drawn first, when the common diagnoses had not been taken yet. So the
draw has weights w for which every set of choices is equally likely to have come from any of its members. For
prevalence p that is the conditional Poisson design (Chen, Dempster and Liu 1994) with

    p_a proportional to w_a * e(num_choices - 1; weights other than a),

e being the elementary symmetric polynomial: the true diagnosis a comes with probability p_a, its distractors with
probability proportional to the product of their weights. Then no function of the choices alone, prevalence, length or
spelling, beats 1 / num_choices.

A diagnosis that more than one patient in num_choices has cannot be balanced by any draw: always naming it beats chance.
Its prevalence is capped for the weights, and the majority baseline has to be read beside the score.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from schemas.errors import InputError

# Inclusion probabilities near 1 need weights without bound.
_LARGEST_INCLUSION = 0.98
_TOLERANCE = 1e-10
_MAX_ROUNDS = 2000
_DRAWS_AT_ONCE = 64


def normalised(diagnosis: str) -> str:
    """Two spellings of a diagnosis are the same if this is: case and spaces do not count."""
    return " ".join(diagnosis.split()).casefold()


class DistractorSampler:
    """Draws the distractors of a diagnosis from the diagnoses of the training split.

    Args:
        training_diagnoses: one for each training example, in any order.
        num_choices: the true diagnosis and its distractors.

    Raises:
        InputError: the training split has too few different diagnoses.
    """

    def __init__(self, training_diagnoses: Iterable[str], num_choices: int):
        spellings: dict[str, Counter[str]] = defaultdict(Counter)
        for diagnosis in training_diagnoses:
            spellings[normalised(diagnosis)][" ".join(diagnosis.split())] += 1
        spellings.pop("", None)
        if len(spellings) <= num_choices:
            raise InputError(
                f"the training split has {len(spellings)} different diagnoses, and scoring.diagnosis.num_choices is "
                f"{num_choices}: it needs more diagnoses than choices; add notes or lower num_choices"
            )
        self._names = sorted(spellings)
        self._index = {name: index for index, name in enumerate(self._names)}
        # One spelling for a diagnosis, or its capitals would tell the true one from the distractors.
        self._spelling = {
            name: min(counts, key=lambda spelling: (-counts[spelling], spelling)) for name, counts in spellings.items()
        }
        counts = np.array([spellings[name].total() for name in self._names], dtype=np.float64)
        self._num_distractors = num_choices - 1
        weights = balanced_weights(counts / counts.sum(), num_choices)
        self._shares = weights / weights.sum()

    def spelling(self, diagnosis: str) -> str:
        """The usual spelling of a diagnosis in the training split, or its own where it is new."""
        return self._spelling.get(normalised(diagnosis), " ".join(diagnosis.split()))

    def draw(self, diagnosis: str, rng: np.random.Generator) -> list[str]:
        """Distractors for a true diagnosis: different from it and from each other."""
        true = normalised(diagnosis)
        shares = self._shares.copy()
        if true in self._index:
            shares[self._index[true]] = 0.0
            shares /= shares.sum()
        while True:  # rejection of repeats leaves exactly the product of the weights
            for drawn in rng.choice(len(shares), size=(_DRAWS_AT_ONCE, self._num_distractors), p=shares).tolist():
                if len(set(drawn)) == len(drawn):
                    return [self._spelling[self._names[index]] for index in drawn]


def balanced_weights(prevalence: NDArray[np.float64], num_choices: int) -> NDArray[np.float64]:
    """Weights of the conditional Poisson design whose sets of `num_choices` include each member as its prevalence says.

    Args:
        prevalence: (num_diagnoses,) positive, sums to 1; more diagnoses than `num_choices`.

    Returns:
        (num_diagnoses,) positive, sums to 1.
    """
    inclusion = _capped(prevalence * num_choices, float(num_choices))
    weights = inclusion / inclusion.sum()
    for _ in range(_MAX_ROUNDS):
        others = np.ones_like(weights)  # e(0; all but a), then e(1; all but a), ...
        for degree in range(1, num_choices):
            # The sum over all sets counts each member once: degree * e(degree) = sum of w_a * e(degree - 1; all but a).
            total = float((weights * others).sum()) / degree
            others = total - weights * others
        updated = inclusion / others
        updated /= updated.sum()
        if float(np.abs(updated / weights - 1).max()) < _TOLERANCE:
            return updated
        weights = updated
    return weights


def _capped(inclusion: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Inclusion probabilities under the largest allowed, what is cut off being shared by the others in proportion."""
    capped = np.zeros(len(inclusion), dtype=bool)
    result = inclusion.copy()
    while (over := (result > _LARGEST_INCLUSION) & ~capped).any():
        capped |= over
        if capped.all():
            break
        result[capped] = _LARGEST_INCLUSION
        free = ~capped
        result[free] = inclusion[free] * (total - _LARGEST_INCLUSION * capped.sum()) / inclusion[free].sum()
    return result
