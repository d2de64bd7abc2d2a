"""The report in a terminal: the funnel in one line, then one row for each task."""

import io
from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.reporting.numbers import count, number, signed
from pipelines.reporting.score_tables import BASE, TRAINED, TUNED, headline_rows

_WIDTH = 200  # the table takes what its names need, and is not wrapped
VERDICT_MARKS = {"better": "▲", "worse": "▼", "no difference shown": "○"}


def summary_lines(report: Mapping[str, Any]) -> str:
    """The short table.

    Args:
        report: the document that `write_report` writes as report.json.
    """
    buffer = io.StringIO()
    console = Console(file=buffer, width=_WIDTH, color_system=None)
    console.print(Text(_funnel(report["funnel"])), soft_wrap=True)
    table = Table("task", "metric", box=SIMPLE_HEAD, pad_edge=False)
    for model in (BASE, TRAINED, TUNED):
        table.add_column(model, justify="right")
    for model in (TRAINED, TUNED):
        table.add_column(f"{model}: improvement", no_wrap=True)
    for task in headline_rows(report["scores"]):
        rows = task["rows"]
        values = [number(rows[model]["value"]) if model in rows else "–" for model in (BASE, TRAINED, TUNED)]
        metric = f"{task['metric']} {'↓' if task['lower_is_better'] else '↑'}"
        differences = [_difference(rows.get(model)) for model in (TRAINED, TUNED)]
        table.add_row(*(Text(cell) for cell in (task["task"], metric, *values, *differences)))
    console.print(table)
    console.print(
        "↑ higher is better, ↓ lower is better; improvement over the baseline: + is better, whatever the metric"
    )
    return "\n".join(row.rstrip() for row in buffer.getvalue().splitlines())


def _funnel(funnel: Mapping[str, Any]) -> str:
    past = [f"{stage['stage']} {count(stage['num_out'])}" for stage in funnel["stages"][:-1]]
    uses = (
        f"{count(funnel['num_for_training'])} for training, {count(funnel['num_for_validation'])} for validation, "
        f"{count(funnel['num_held_out'])} held out"
    )
    line = " → ".join([f"{count(funnel['num_notes_read'])} notes read", *past, uses])
    skipped = len(funnel["skipped_files"])
    return f"{line}; unreadable files skipped: {count(skipped)}" if skipped else line


def _difference(row: Mapping[str, Any] | None) -> str:
    if row is None or row["verdict"] is None:
        return "not compared"
    low, high = row["improvement_ci_low"], row["improvement_ci_high"]
    interval = f"[{signed(low)}, {signed(high)}]" if low is not None and high is not None else "[interval not known]"
    return f"{signed(row['improvement'])} {interval}\n{VERDICT_MARKS[row['verdict']]} {row['verdict']}"
