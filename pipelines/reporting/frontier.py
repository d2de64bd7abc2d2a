"""The page about keeping general abilities: what each mixture of two models gains and loses, and which was chosen."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from pipelines.reporting.document import Chart, render
from pipelines.reporting.figures import COLOURS, label, styled

_HEIGHT = 460
# Kind of a point → symbol, colour and size in pixels.
_MARKS = {
    "chosen": ("star", COLOURS.vermillion, 18),
    "keeps the probe": ("circle", COLOURS.blue, 11),
    "not shown to keep it": ("circle-open", COLOURS.grey, 11),
}


def render_frontier(retention: Mapping[str, Any]) -> str:
    """The HTML of a frontier, one file that holds all it needs.

    Args:
        retention: results of the retain stage.
    """
    return render(
        "frontier.html",
        has_charts=True,
        retention=retention,
        chosen=next(point for point in retention["points"] if point["alpha"] == retention["alpha"]),
        chart=Chart.of("frontier", "change of the task against change of the probe", frontier_figure(retention)),
    )


def frontier_figure(retention: Mapping[str, Any]) -> go.Figure:
    """Change of the probe to the right, gain of the task upwards, a point for each alpha with both 95 % intervals."""
    points = retention["points"]
    figure = go.Figure(
        go.Scatter(
            x=[point["probe"]["change"] for point in points],
            y=[point["task"]["change"] for point in points],
            mode="lines",
            line={"color": COLOURS.grey, "width": 1.5},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for kind in _MARKS:
        members = [point for point in points if _kind(point, retention["alpha"]) == kind]
        if members:
            figure.add_trace(_marks(kind, members))
    styled(
        figure,
        _HEIGHT,
        x_title=f"{label(retention['probe'])}: change from the {label(retention['origin'])} model, better ▶",
        y_title=f"{label(retention['task'])}: change, better ▶",
    )
    figure.add_vline(
        x=-retention["max_probe_loss"],
        line={"color": COLOURS.vermillion, "width": 1.5, "dash": "dash"},
        annotation={"text": "margin", "font": {"color": COLOURS.vermillion}},
        annotation_position="bottom left",
    )
    figure.update_xaxes(tickformat="+.3~f", nticks=9, range=_span([point["probe"] for point in points]))
    figure.update_yaxes(tickformat="+.3~f", range=_span([point["task"] for point in points]))
    return figure


def _kind(point: Mapping[str, Any], chosen: float) -> str:
    if point["alpha"] == chosen:
        return "chosen"
    return "keeps the probe" if point["keeps_probe"] else "not shown to keep it"


def _marks(kind: str, points: list[Mapping[str, Any]]) -> go.Scatter:
    symbol, colour, size = _MARKS[kind]
    return go.Scatter(
        x=[point["probe"]["change"] for point in points],
        y=[point["task"]["change"] for point in points],
        mode="markers+text",
        name=kind,
        text=[f"α = {point['alpha']:g}" for point in points],
        textposition="top right",
        marker={"symbol": symbol, "size": size, "color": colour, "line": {"color": colour, "width": 2}},
        error_x=_interval([point["probe"] for point in points], colour),
        error_y=_interval([point["task"] for point in points], colour),
        hovertemplate="%{text}: probe %{x:+.3f}, task %{y:+.3f}<extra></extra>",
    )


def _interval(changes: list[Mapping[str, Any]], colour: str) -> dict[str, Any]:
    """Both sides of each interval; one that is not known is drawn as none."""
    return {
        "type": "data",
        "array": [_reach(change["ci_high"], change["change"]) for change in changes],
        "arrayminus": [_reach(change["change"], change["ci_low"]) for change in changes],
        "color": colour,
        "thickness": 1.2,
        "width": 4,
    }


def _span(changes: list[Mapping[str, Any]]) -> list[float]:
    """A range with room for every interval and, to the right of the last point, for its name."""
    names = ("change", "ci_low", "ci_high")
    values = [change[name] for change in changes for name in names if change[name] is not None]
    margin = 0.1 * (max(values) - min(values)) or 1.0
    return [min(values) - margin, max(values) + margin]


def _reach(far: float | None, near: float | None) -> float:
    return max(far - near, 0.0) if far is not None and near is not None else 0.0
