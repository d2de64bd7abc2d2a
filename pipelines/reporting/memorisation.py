"""The privacy audit, as the page and the terminal show it: verdicts first, then what they rest on."""

import io
from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.reporting.numbers import NONE, number, p_value, percent
from pipelines.stage.output import StageOutput

_WIDTH = 200  # the table takes what its cells need, and is not wrapped
_VALUES = {
    "exposure": ("mean exposure of the canaries, bits", number),
    "extraction": ("trained-on targets reproduced", percent),
    "membership": ("AUC, calibrated loss", number),
    "disclosure": ("patients with a new identifier", percent),
}


def memorisation_section(audit: StageOutput) -> dict[str, Any]:
    """The report's section: the audit's results, as they are in its manifest, and its settings.

    Raises:
        InputError: the audit has not finished.
    """
    manifest = audit.manifest()
    return {**manifest["results"], "settings": manifest["config"]["memorisation"]}


def verdict_rows(results: Mapping[str, Any]) -> list[dict[str, str]]:
    """Verdicts as readers see them: measure, quantity, value, interval, p, verdict and rule."""
    rows = []
    for verdict in results["verdicts"]:
        quantity, shown = _VALUES[verdict["measure"]]
        low, high = verdict["low"], verdict["high"]
        rows.append(
            {
                "measure": verdict["measure"],
                "quantity": quantity,
                "value": shown(verdict["value"]),
                "interval": NONE if low is None else f"{shown(low)} to {shown(high)}",
                "p": p_value(verdict["p_value"]),
                "verdict": verdict["conclusion"],
                "rule": verdict["rule"],
            }
        )
    return rows


def memorisation_lines(results: Mapping[str, Any]) -> str:
    """The short table.

    Args:
        results: of the audit's manifest.
    """
    buffer = io.StringIO()
    console = Console(file=buffer, width=_WIDTH, color_system=None)
    table = Table("measure", "of", "value", "95 % interval", "p", "verdict", box=SIMPLE_HEAD, pad_edge=False)
    rows = verdict_rows(results)
    for row in rows:
        table.add_row(*(Text(row[name]) for name in ("measure", "quantity", "value", "interval", "p", "verdict")))
    console.print(table)
    for row in rows:
        console.print(Text(f"{row['measure']}: {row['rule']}"), soft_wrap=True)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())
