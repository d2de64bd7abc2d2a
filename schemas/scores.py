"""Scores: one row per model, task and metric, with its interval and its difference from the baseline."""

import enum

import pyarrow as pa


class Verdict(enum.StrEnum):
    """What the comparison with the baseline shows, after correction for the number of comparisons."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE_SHOWN = "no difference shown"


SCORES = pa.schema(
    [
        pa.field("model", pa.string(), nullable=False),
        pa.field("task", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("ci_low", pa.float64(), nullable=False),
        pa.field("ci_high", pa.float64(), nullable=False),
        pa.field("num_items", pa.int64(), nullable=False),
        pa.field("num_errors", pa.int64(), nullable=False),
        pa.field("baseline", pa.string()),
        pa.field("difference", pa.float64()),
        pa.field("difference_ci_low", pa.float64()),
        pa.field("difference_ci_high", pa.float64()),
        pa.field("p_value", pa.float64()),
        pa.field("verdict", pa.string()),
    ]
)
