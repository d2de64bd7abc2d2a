"""The forest plot: every difference from the baseline with its 95 % interval, more to the right is better."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from pipelines.reporting.figures import COLOURS, label, styled
from schemas.scores import Verdict

_ROW_PIXELS = 32
_MARKS = {
    Verdict.BETTER.value: ("triangle-right", COLOURS.blue),
    Verdict.WORSE.value: ("triangle-left", COLOURS.vermillion),
    Verdict.NO_DIFFERENCE_SHOWN.value: ("circle-open", COLOURS.grey),
}


def forest_figures(scores: Mapping[str, Any]) -> dict[str, go.Figure]:
    """Title → chart, one for each metric: differences of different metrics share no scale."""
    judged = [row for row in scores["rows"] if row["verdict"] is not None]
    metrics = list(dict.fromkeys(row["metric"] for row in sorted(judged, key=lambda row: not row["is_headline"])))
    figures = {}
    for metric in metrics:
        rows = [row for row in judged if row["metric"] == metric]
        turned = " (sign turned: lower is better)" if rows[0]["lower_is_better"] else ""
        figures[f"{metric}: improvement over {rows[0]['baseline']}{turned}"] = _forest(rows)
    return figures


def _forest(rows: list[dict[str, Any]]) -> go.Figure:
    figure = go.Figure()
    names = [f"{row['task']} · {row['model']}" for row in rows]
    for verdict, (symbol, colour) in _MARKS.items():
        chosen = [(name, row) for name, row in zip(names, rows, strict=True) if row["verdict"] == verdict]
        if chosen:
            figure.add_trace(_marks(verdict, symbol, colour, chosen))
    styled(figure, 110 + _ROW_PIXELS * max(len(rows), 2), x_title="◀ worse     difference     better ▶")
    figure.add_vline(x=0, line={"color": COLOURS.ink, "width": 1.5})
    order = [label(name) for name in names]
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=order, autorange="reversed")
    figure.update_yaxes(ticksuffix=" ")
    figure.update_xaxes(tickformat="+.3~f", nticks=9, range=_range_around_zero(rows))
    figure.update_layout(showlegend=True)
    return figure


def _marks(verdict: str, symbol: str, colour: str, chosen: list[tuple[str, dict[str, Any]]]) -> go.Scatter:
    gains = [row["improvement"] for _, row in chosen]
    # An interval that is not known is drawn as none.
    above = [_reach(row["improvement_ci_high"], row["improvement"]) for _, row in chosen]
    below = [_reach(row["improvement"], row["improvement_ci_low"]) for _, row in chosen]
    return go.Scatter(
        x=gains,
        y=[label(name) for name, _ in chosen],
        mode="markers",
        name=verdict,
        marker={"symbol": symbol, "size": 12, "color": colour, "line": {"color": colour, "width": 2}},
        error_x={"type": "data", "array": above, "arrayminus": below, "color": colour, "thickness": 2, "width": 5},
        customdata=[[row["improvement_ci_low"], row["improvement_ci_high"]] for _, row in chosen],
        hovertemplate="%{y}: %{x:+.3f} (95 % CI %{customdata[0]:+.3f} to %{customdata[1]:+.3f})"
        f"<extra>{verdict}</extra>",
    )


def _range_around_zero(rows: list[dict[str, Any]]) -> list[float]:
    """Both sides of zero are always seen, so that a lone difference still shows its direction."""
    names = ("improvement", "improvement_ci_low", "improvement_ci_high")
    values = [row[name] for row in rows for name in names if row[name] is not None]
    low, high = min(0.0, *values), max(0.0, *values)
    margin = 0.12 * (high - low) or 1.0
    return [low - margin, high + margin]


def _reach(far: float | None, near: float | None) -> float:
    return max(far - near, 0.0) if far is not None and near is not None else 0.0
