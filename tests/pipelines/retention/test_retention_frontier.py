"""The rule that picks a mixture, and the changes that it reads."""

import math
from typing import Any

import pyarrow as pa
import pytest

from pipelines.retention.config import RetentionConfig
from pipelines.retention.frontier import Change, Point, choose, frontier, role_of
from schemas.errors import ConfigError, InputError
from schemas.scores import SCORES

SETTINGS: dict[str, Any] = {"task": "mdm/nll_per_token", "probe": "general/accuracy", "max_probe_loss": 0.02}
CONFIG = RetentionConfig(**SETTINGS, alphas=[0.5])
ORIGIN = Point(0.0, Change(0.5, 0.0, 0.0, 0.0), Change(0.5, 0.0, 0.0, 0.0))


def point(alpha: float, gain_low: float, probe_low: float, *, gain: float = 0.5) -> Point:
    return Point(alpha, Change(0.5, gain, gain_low, 0.9), Change(0.5, 0.0, probe_low, 0.1))


def row(alpha: float, measure: str, **values: Any) -> dict[str, Any]:
    task, metric = measure.split("/")
    constants = {"ci_low": 0.0, "ci_high": 1.0, "num_items": 10, "num_errors": 0}
    return {"model": role_of(alpha), "task": task, "metric": metric, **constants, **values}


def scores(**of_the_middle: Any) -> pa.Table:
    between = {"difference": -0.4, "difference_ci_low": -0.6, "difference_ci_high": -0.1} | of_the_middle
    rows = [row(alpha, name, value=1.0 - alpha) for alpha in (0.0, 1.0) for name in (CONFIG.task, CONFIG.probe)]
    rows = [r | (between if r["model"] == role_of(1) else {}) for r in rows]
    rows += [row(0.5, name, value=0.5, **between) for name in (CONFIG.task, CONFIG.probe)]
    return pa.Table.from_pylist(rows, schema=SCORES)


DIRECTIONS = {CONFIG.task: False, CONFIG.probe: True}


def test_a_change_above_zero_is_better_whatever_the_metric() -> None:
    points = frontier(scores(), CONFIG, DIRECTIONS)
    assert [p.alpha for p in points] == [0.0, 0.5, 1.0]
    assert points[0] == Point(0.0, Change(1.0, 0.0, 0.0, 0.0), Change(1.0, 0.0, 0.0, 0.0))
    assert points[1].task == Change(0.5, 0.4, 0.1, 0.6), "fewer nats are a gain"
    assert points[1].probe == Change(0.5, -0.4, -0.6, -0.1), "less accuracy is a loss"


def test_what_is_not_compared_or_not_defined_is_refused() -> None:
    with pytest.raises(InputError, match=r"mdm/nll_per_token at alpha 0\.5 is not comparable"):
        frontier(scores(difference=None), CONFIG, DIRECTIONS)
    short = scores().filter(pa.compute.not_equal(scores()["task"], "general"))
    with pytest.raises(InputError, match="general/accuracy is not defined at alpha 0"):
        frontier(short, CONFIG, DIRECTIONS)


def test_the_largest_gain_that_is_shown_to_keep_the_probe_is_chosen() -> None:
    points = [ORIGIN, point(0.2, 0.1, -0.001), point(0.6, 0.3, -0.019), point(1.0, 0.6, -0.021)]
    assert choose(points, 0.02).alpha == 0.6
    assert choose(points, 0.03).alpha == 1.0
    assert choose(points, 0.01).alpha == 0.2


def test_gains_are_compared_at_their_lower_bounds_and_ties_go_to_the_origin_s_side() -> None:
    points = [ORIGIN, point(0.4, 0.2, 0.0), point(0.6, 0.2, 0.0), point(0.8, 0.1, 0.0, gain=0.8)]
    assert choose(points, 0.02).alpha == 0.4


def test_where_nothing_is_shown_the_origin_is_kept() -> None:
    for nothing in (
        point(1.0, 0.5, -0.5),  # forgets
        point(1.0, -0.01, 0.0),  # its gain may be noise
        point(1.0, 0.5, math.nan),  # its loss is not known
        point(1.0, math.nan, 0.0),
    ):
        assert choose([ORIGIN, nothing], 0.02) == ORIGIN


def test_both_ends_are_always_scored() -> None:
    assert RetentionConfig(**SETTINGS, alphas=[0.5, 1.0]).points == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "mdm"}, r"retention\.task is 'mdm': give task/metric"),
        ({"probe": "mdm/nll_per_token"}, "keep something else"),
        ({"max_probe_loss": 0.0}, r"retention\.max_probe_loss is 0\.0"),
        ({"max_probe_loss": math.inf}, r"retention\.max_probe_loss is inf"),
        ({"origin": "trained"}, "both 'trained'"),
        ({"alphas": [0.5, 1.2]}, r"retention\.alphas is \[0\.5, 1\.2\]"),
        ({"alphas": [0.5, 0.5000000001]}, "different shares"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        RetentionConfig(**(SETTINGS | change))
