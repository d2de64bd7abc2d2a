"""What the screen found and did, counted by kind of identifier. The identifiers themselves are nowhere in its table."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import polars as pl
import pyarrow as pa

from pipelines.reporting.figures import COLOURS, horizontal_bars
from schemas.errors import LedgerError
from schemas.findings import Action

_ACTION_COLOURS = {
    Action.PASS.value: COLOURS.grey,
    Action.SURROGATE.value: COLOURS.sky,
    Action.REDACT.value: COLOURS.blue,
    Action.QUARANTINE.value: COLOURS.vermillion,
}
_CHART_KINDS = 25


def findings_section(findings: pa.Table, num_by_kind: Mapping[str, int]) -> dict[str, Any]:
    """Counts of findings.

    Args:
        findings: rows of the FINDINGS schema.
        num_by_kind: what the manifest says: entity type → number of findings.

    Raises:
        LedgerError: the table holds other numbers than the manifest.
    """
    frame = pl.DataFrame(findings.select(["note_id", "entity_type", "action", "recogniser"]))
    counted = dict(frame.group_by("entity_type").len().iter_rows())
    if counted != dict(num_by_kind):
        wrong = sorted(kind for kind in {*counted, *num_by_kind} if counted.get(kind) != num_by_kind.get(kind))
        raise LedgerError(f"the findings table and the prepare manifest count different findings of {wrong}")
    kinds: dict[str, dict[str, Any]] = {}
    by_kind_and_action = frame.group_by("entity_type", "action").len()
    for kind, action, count in by_kind_and_action.iter_rows():
        entry = kinds.setdefault(kind, {"kind": kind, "num_findings": 0, "actions": {a.value: 0 for a in Action}})
        entry["num_findings"] += count
        entry["actions"][Action(action).value] += count
    recognisers = frame.group_by("recogniser").len().sort(["len", "recogniser"], descending=[True, False])
    return {
        "num_findings": frame.height,
        "num_notes_with_findings": frame["note_id"].n_unique(),
        "actions": {action.value: sum(k["actions"][action.value] for k in kinds.values()) for action in Action},
        "kinds": sorted(kinds.values(), key=lambda entry: (-entry["num_findings"], entry["kind"])),
        "recognisers": [{"recogniser": name, "num_findings": count} for name, count in recognisers.iter_rows()],
    }


def findings_figure(findings: Mapping[str, Any]) -> go.Figure:
    """A bar for each kind, most frequent first, coloured by what was done; at most 25 kinds."""
    kinds = findings["kinds"][:_CHART_KINDS]
    series = {action.value: [kind["actions"][action.value] for kind in kinds] for action in Action}
    used = {action: values for action, values in series.items() if any(values)}
    return horizontal_bars([kind["kind"] for kind in kinds], used, _ACTION_COLOURS, "findings")
