import time

import numpy as np
import pytest
from scipy.stats import binomtest

from pipelines.scoring.resampling import (
    Floats,
    bootstrap_totals,
    group_sums,
    percentile_interval,
    permutation_p_value,
)


def rate(sums: Floats) -> Floats:
    return sums[..., 0] / sums[..., 1]


def correct(values: np.ndarray) -> Floats:
    return np.stack([values.astype(float), np.ones(len(values))], axis=1)


def test_group_sums_by_hand() -> None:
    sums = group_sums(np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0]]), ["b", "a", "b"])
    assert sums.tolist() == [[0.0, 1.0], [2.0, 2.0]]


def test_interval_has_the_width_that_theory_gives() -> None:
    values = np.repeat([1.0, 0.0], [240, 160])
    draws = rate(bootstrap_totals(correct(values), 4000, np.random.default_rng(0)))
    assert draws.std() == pytest.approx((0.6 * 0.4 / 400) ** 0.5, rel=0.05)  # not divided by sqrt(draws)
    low, high = percentile_interval(draws)
    assert high - low == pytest.approx(2 * 1.96 * (0.6 * 0.4 / 400) ** 0.5, rel=0.06)


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Patients with 1 to 6 notes each, whose answers resemble each other."""
    rng = np.random.default_rng(1)
    covered = {"patients": 0, "items": 0}
    for _ in range(200):
        sizes = rng.integers(1, 7, size=80)
        chances = np.repeat(rng.beta(0.6, 0.4, size=80), sizes)  # mean 0.6, and size tells nothing of it
        values = rng.random(len(chances)) < chances
        patients = np.repeat(np.arange(80).astype(str), sizes)
        for name, groups in (("patients", patients), ("items", np.arange(len(values)).astype(str))):
            sums = group_sums(correct(values), groups.tolist())
            low, high = percentile_interval(rate(bootstrap_totals(sums, 1000, rng)))
            covered[name] += low <= 0.6 <= high
    assert 180 <= covered["patients"] <= 198
    assert covered["items"] < 170  # what resampling items would claim


def test_pairing_narrows_the_interval_of_a_difference() -> None:
    rng = np.random.default_rng(2)
    difficulty = rng.random(600)
    base, tuned = difficulty < 0.6, difficulty < 0.65  # tuned answers 5 % more, and the same others
    sums = np.concatenate([correct(base), correct(tuned)], axis=1)
    together = bootstrap_totals(sums, 2000, rng)
    paired = rate(together[:, 2:]) - rate(together[:, :2])
    apart = rate(bootstrap_totals(sums[:, 2:], 2000, rng)) - rate(bootstrap_totals(sums[:, :2], 2000, rng))
    assert percentile_interval(paired)[0] > 0
    assert percentile_interval(apart)[0] < 0
    assert paired.std() < apart.std() / 2


def test_permutation_p_value_is_mcnemars_for_single_items() -> None:
    base = np.array([1] * 40 + [0] * 13 + [1] * 4 + [0] * 20)
    tuned = np.array([1] * 40 + [1] * 13 + [0] * 4 + [0] * 20)
    found = permutation_p_value(correct(tuned), correct(base), rate, np.random.default_rng(0))
    assert found == pytest.approx(binomtest(4, 17, 0.5).pvalue, abs=0.006)  # 0.049


def test_permutation_p_values_are_uniform_where_models_are_alike() -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(100):
        sizes = rng.integers(1, 6, size=40)
        groups = np.repeat(np.arange(40).astype(str), sizes).tolist()
        shared = np.repeat(rng.normal(size=(2, 40)), sizes, axis=1)  # each model has patients that suit it
        values = rng.normal(size=shared.shape) + shared
        first, second = (group_sums(np.stack([row, np.ones_like(row)], axis=1), groups) for row in values)
        found.append(permutation_p_value(first, second, rate, rng))
    assert np.mean(np.array(found) < 0.05) <= 0.12
    assert 0.35 < np.mean(found) < 0.65


def test_equal_models_have_p_one() -> None:
    sums = correct(np.array([1, 0, 1]))
    assert permutation_p_value(sums, sums, rate, np.random.default_rng(0)) == 1.0


def test_thirty_right_of_thirty_is_not_certain() -> None:
    draws = rate(bootstrap_totals(correct(np.ones(30)), 1000, np.random.default_rng(0)))
    low, high = percentile_interval(draws, num_groups=30)
    assert (low, high) == pytest.approx((0.9, 1.1))  # the caller ends a share at 1


def test_two_thousand_resamples_of_two_thousand_items_are_quick() -> None:
    sums = correct(np.arange(2000) % 2)
    start = time.process_time()
    bootstrap_totals(sums, 2000, np.random.default_rng(0))
    assert time.process_time() - start < 2.0  # some 0.1 s; room for a busy machine
