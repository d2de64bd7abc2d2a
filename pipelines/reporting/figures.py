"""How charts look, and how they get into a page: colours that colour-blind readers can tell apart, names escaped."""

import html
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import plotly.graph_objects as go

# Okabe and Ito's palette: distinct for every common kind of colour vision.
COLOURS = SimpleNamespace(
    blue="#0072B2",
    vermillion="#D55E00",
    green="#009E73",
    yellow="#E69F00",
    sky="#56B4E9",
    purple="#CC79A7",
    grey="#8A93A0",
    ink="#1F2933",
)
SERIES_COLOURS = (
    COLOURS.blue,
    COLOURS.vermillion,
    COLOURS.green,
    COLOURS.yellow,
    COLOURS.purple,
    COLOURS.sky,
    COLOURS.grey,
)
_GRID = "#E4E7EB"
_BAR_PIXELS = 34


def label(name: str) -> str:
    """A name as text of a chart: Plotly would read tags in it, links included."""
    return html.escape(name, quote=False)


def styled(figure: go.Figure, height: int, *, x_title: str = "", y_title: str = "") -> go.Figure:
    """The figure with the look that all charts share. `height` is in pixels; the width is the reader's."""
    title = {"standoff": 8, "font": {"size": 13}}
    axis = {"gridcolor": _GRID, "zerolinecolor": _GRID, "automargin": True, "title": title}
    figure.update_layout(
        template=None,
        height=height,
        margin={"l": 8, "r": 14, "t": 34, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 13, "color": COLOURS.ink},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "xanchor": "left"},
        hoverlabel={"font": {"size": 13}},
        hovermode="closest",
    )
    figure.update_xaxes(**axis, title_text=x_title)
    figure.update_yaxes(**axis, title_text=y_title)
    return figure


def horizontal_bars(
    names: Sequence[str], series: Mapping[str, Sequence[float]], colours: Mapping[str, str], unit: str
) -> go.Figure:
    """Stacked horizontal bars, the first name on top.

    Args:
        names: of the bars.
        series: name → a value for each bar.
        colours: of the series.
        unit: what is counted.
    """
    figure = go.Figure()
    for name, values in series.items():
        figure.add_bar(
            y=[label(bar) for bar in names],
            x=list(values),
            name=label(name),
            orientation="h",
            marker={"color": colours[name], "line": {"color": "white", "width": 1}},
            text=[f"{value:,g}" if value else "" for value in values],
            textposition="inside",
            textangle=0,
            insidetextanchor="middle",
            hovertemplate=f"%{{y}}: %{{x:,}} {label(unit)}, {label(name)}<extra></extra>",
        )
    styled(figure, 70 + _BAR_PIXELS * max(len(names), 2), x_title=label(unit))
    figure.update_layout(barmode="stack", bargap=0.3, legend={"traceorder": "normal"})
    figure.update_layout(uniformtext={"minsize": 11, "mode": "hide"})  # a number that does not fit is in the table
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False, ticksuffix=" ")
    figure.update_xaxes(rangemode="tozero")
    return figure


def line(
    xs: Sequence[float | None],
    ys: Sequence[float | None],
    name: str,
    colour: str,
    *,
    dash: str = "solid",
    markers: bool = False,
    **more: Any,
) -> go.Scatter:
    """One line of a chart. A null in `ys` leaves a gap."""
    return go.Scatter(
        x=list(xs),
        y=list(ys),
        name=label(name),
        mode="lines+markers" if markers else "lines",
        line={"color": colour, "width": 2, "dash": dash},
        marker={"size": 7},
        **more,
    )
