"""What each mixture gains and what it loses, and the rule that picks one.

Both are changes from the origin with a 95 % interval that resamples whole patients or passages, the same ones for every
model, and each is read at its unfavourable end:

- A mixture may be chosen only if the lower bound of its probe's change is no lower than minus the loss put up with: a
  test of non-inferiority. Few items make a wide interval, and so nothing passes that has not been shown.
- Of those, the one whose task's change has the highest lower bound, if that is above zero: what may be noise is not
  gained. Of equals, the one nearest to the origin; where there is none, the origin itself.

The best of several is chosen on the items that it is measured with, so its own figures flatter it a little; those to
believe are of items that were not used here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.retention.config import RetentionConfig, measure
from schemas.errors import InputError


def role_of(alpha: float) -> str:
    """The name under which a mixture is scored."""
    return f"alpha-{alpha:g}"


@dataclass(frozen=True)
class Change:
    """A metric of one mixture and how it differs from the origin's.

    Attributes:
        value: the metric itself.
        change: from the origin; above zero is better, whatever the metric.
        ci_low: of the change's 95 % interval.
        ci_high: likewise.
    """

    value: float
    change: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class Point:
    """One mixture.

    Attributes:
        alpha: share of the fine-tuned model.
        task: what it gains.
        probe: what it keeps.
    """

    alpha: float
    task: Change
    probe: Change

    def keeps(self, max_probe_loss: float) -> bool:
        """Whether it is shown to lose no more of the probe. An interval that is not known, NaN, shows nothing."""
        return self.probe.ci_low >= -max_probe_loss


def frontier(scores: pa.Table, config: RetentionConfig, higher_is_better: Mapping[str, bool]) -> list[Point]:
    """The points, by rising alpha.

    Args:
        scores: SCORES rows of every mixture, under its `role_of`, with the origin as the baseline.
        config: which alphas, task and probe.
        higher_is_better: for each of `config.task` and `config.probe`, the metric's direction.

    Raises:
        InputError: a metric is undefined for a mixture, or is not compared with the origin's.
    """
    changes = {
        setting: [_change(scores, alpha, setting, higher_is_better[setting]) for alpha in config.points]
        for setting in (config.task, config.probe)
    }
    return [Point(*of) for of in zip(config.points, changes[config.task], changes[config.probe], strict=True)]


def choose(points: Sequence[Point], max_probe_loss: float) -> Point:
    """The point that the rule at the top of this module picks.

    Args:
        points: with the origin among them.
    """
    better = [point for point in points if point.task.ci_low > 0 and point.keeps(max_probe_loss)]
    origin = [point for point in points if point.alpha == 0]
    return min(better or origin, key=lambda point: (-point.task.ci_low, point.alpha))


def _change(scores: pa.Table, alpha: float, setting: str, higher_is_better: bool) -> Change:
    task, metric = measure(setting)
    wanted = {"model": role_of(alpha), "task": task, "metric": metric}
    rows = scores.to_pylist()
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    if len(found) != 1:
        raise InputError(f"{setting} is not defined at alpha {alpha:g}: give more items, or choose another metric")
    row = found[0]
    if alpha == 0:
        return Change(row["value"], 0.0, 0.0, 0.0)
    if row["difference"] is None:
        raise InputError(f"{setting} at alpha {alpha:g} is not comparable with the origin's: some items have errors")
    change = (row["difference"], row["difference_ci_low"], row["difference_ci_high"])
    if higher_is_better:
        return Change(row["value"], *change)
    return Change(row["value"], -change[0], -change[2], -change[1])
