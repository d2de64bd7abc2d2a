"""The page of a report: every section of the document, with its charts."""

from collections.abc import Mapping
from typing import Any

from pipelines.reporting.document import Chart, render
from pipelines.reporting.findings import findings_figure
from pipelines.reporting.forest import forest_figures
from pipelines.reporting.funnel import funnel_figure
from pipelines.reporting.label_shares import labels_figure
from pipelines.reporting.memorisation import verdict_rows
from pipelines.reporting.score_tables import BASE, TRAINED, TUNED, headline_rows
from pipelines.reporting.terminal import VERDICT_MARKS
from pipelines.reporting.training_curves import training_figures
from pipelines.reporting.trials import trials_figures

_ROLES = {
    BASE: "the model that training started from",
    TRAINED: "base, trained on the notes",
    TUNED: "trained, then tuned on the labelled task",
}


def render_page(report: Mapping[str, Any]) -> str:
    """The HTML of a report.

    Args:
        report: the document that `build_report` gives.
    """
    return render(
        "template.html",
        has_charts=True,
        report=report,
        headlines=headline_rows(report["scores"]),
        verdicts=verdict_rows(report["memorisation"]) if report["memorisation"] else [],
        roles=_ROLES,
        marks=VERDICT_MARKS,
        charts=_charts(report),
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
        section: [
            Chart.of(f"chart-{section}-{index}", title, figure) for index, (title, figure) in enumerate(of.items())
        ]
        for section, of in figures.items()
    }
