"""The page: one HTML file that holds all it needs, and whose own policy forbids it to load or send anything.

Charts are data blocks, drawn by one script of ours with the embedded plotly.js. The policy names those two scripts by
their hashes: text that found its way in unescaped could still not run. Cost: plotly.js makes the file about 5 MB.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from pipelines.reporting import numbers
from pipelines.reporting.findings import findings_figure
from pipelines.reporting.forest import forest_figures
from pipelines.reporting.funnel import funnel_figure
from pipelines.reporting.label_shares import labels_figure
from pipelines.reporting.memorisation import verdict_rows
from pipelines.reporting.score_tables import BASE, TRAINED, TUNED, headline_rows
from pipelines.reporting.terminal import VERDICT_MARKS
from pipelines.reporting.training_curves import training_figures
from pipelines.reporting.trials import trials_figures

_PACKAGE = "pipelines.reporting"
_FILTERS = ("count", "number", "signed", "percent", "p_value", "setting", "duration", "moment")
_ROLES = {
    BASE: "the model that training started from",
    TRAINED: "base, trained on the notes",
    TUNED: "trained, then tuned on the labelled task",
}


@dataclass(frozen=True)
class Chart:
    """A chart in the page.

    Attributes:
        element_id: of the element that it is drawn in.
        title: shown above it, and read out.
        json: data and layout, safe inside a script element.
        height: in pixels, so that the page does not jump while charts are drawn.
    """

    element_id: str
    title: str
    json: Markup
    height: int


def render_page(report: Mapping[str, Any]) -> str:
    """The HTML of a report.

    Args:
        report: the document that `build_report` gives.
    """
    # Jinja escapes every value; what is Markup below was made here.
    environment = Environment(
        loader=PackageLoader(_PACKAGE, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({name: getattr(numbers, name) for name in _FILTERS})
    environment.filters.update(in_groups=_in_groups, settings_json=_settings_json)
    plotly_js, draw_js = get_plotlyjs(), _file("draw.js")
    return environment.get_template("template.html").render(
        report=report,
        headlines=headline_rows(report["scores"]),
        verdicts=verdict_rows(report["memorisation"]) if report["memorisation"] else [],
        roles=_ROLES,
        marks=VERDICT_MARKS,
        charts=_charts(report),
        style=Markup(_file("style.css")),
        plotly_js=Markup(plotly_js),
        draw_js=Markup(draw_js),
        script_hashes=Markup(" ".join(_csp_hash(script) for script in (plotly_js, draw_js))),
    )


def _charts(report: Mapping[str, Any]) -> dict[str, list[Chart]]:
    """Section → its charts."""
    findings, labels = report["findings"], report["labels"]
    figures = {
        "funnel": {"Notes at each stage": funnel_figure(report["funnel"])},
        "findings": {"Findings by kind": findings_figure(findings)} if findings["kinds"] else {},
        "training": training_figures(report["training"]),
        "tuning": trials_figures(report["tuning"]) if report["tuning"] else {},
        "scores": forest_figures(report["scores"]),
        "labels": {f"{task['task']}: share of each label": labels_figure(task) for task in labels},
    }
    return {
        section: [_chart(f"chart-{section}-{index}", title, figure) for index, (title, figure) in enumerate(of.items())]
        for section, of in figures.items()
    }


def _chart(element_id: str, title: str, figure: go.Figure) -> Chart:
    # Escaped as JSON allows, "<" cannot end the script element that holds the block.
    data = str(figure.to_json()).replace("<", "\\u003c")
    return Chart(element_id, title, Markup(data), int(figure.layout.height))


def _in_groups(rows: Iterable[Mapping[str, Any]], key: str) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Neighbouring rows that share a value, in their order; Jinja's own groupby would sort them."""
    return [(value, list(group)) for value, group in groupby(rows, key=lambda row: row[key])]


def _settings_json(config: Any) -> str:
    return json.dumps(config, indent=2, ensure_ascii=False)


def _file(name: str) -> str:
    return resources.files(_PACKAGE).joinpath(name).read_text(encoding="utf-8")


def _csp_hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
