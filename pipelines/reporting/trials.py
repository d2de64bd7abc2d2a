"""The search: settings tried, how far each came, and whether a trial began to give one label always."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from pipelines.reporting.figures import COLOURS, SERIES_COLOURS, line, styled
from pipelines.reporting.step_log import read_step_log
from schemas.notes import Split

_HEIGHT = 270
_LEGEND_ROW_PIXELS = 19
_METRICS = ("label_loss", "balanced_accuracy", "positive_f1", "majority_prediction_share", "step", "progress")
# As where models are scored: other labels given less than a fifth as often as they are true.
_COLLAPSE_RATIO = 0.2


def trials_section(results: Mapping[str, Any], directory: Path) -> dict[str, Any]:
    """The trials in the order of the manifest, best first, with their validation curves.

    Args:
        results: of the tune stage.
        directory: of the tune stage's output.

    Raises:
        InputError: a trial that reported metrics left no readable log.
    """
    commonest_share = _commonest_share(results["label_counts"].get(Split.VALIDATION.value, {}))
    return {
        "task": results["task"],
        "labels": list(results["labels"]),
        "label_counts": {
            split.value: dict(results["label_counts"][split.value])
            for split in Split
            if split.value in results["label_counts"]
        },
        "model": results["model"],
        "commonest_label_share": commonest_share,
        "setting_names": sorted({name for trial in results["trials"] for name in trial["settings"]}),
        "trials": [_trial(trial, results["model"], commonest_share, directory) for trial in results["trials"]],
    }


def trials_figures(tuning: Mapping[str, Any]) -> dict[str, go.Figure]:
    """Title → chart of one validation metric, a line for each trial; dashes and a cross mark those stopped early."""
    titles = {
        "label_loss": "Label loss on validation (lower is better)",
        "balanced_accuracy": "Balanced accuracy on validation",
        "majority_prediction_share": "Collapse watch: share of the label given most often",
    }
    figures = {}
    for metric, title in titles.items():
        figure = go.Figure()
        for index, trial in enumerate(tuning["trials"]):
            if trial["curve"]:
                figure.add_trace(_curve(trial, metric, SERIES_COLOURS[index % len(SERIES_COLOURS)]))
        styled(figure, _HEIGHT + _LEGEND_ROW_PIXELS * len(tuning["trials"]), x_title="share of the trial done")
        figure.update_xaxes(range=[-0.02, 1.04], tickformat=".0%")
        figure.update_layout(showlegend=True)
        if metric == "majority_prediction_share":
            figure.update_yaxes(range=[0, 1.05], tickformat=".0%")
            if tuning["commonest_label_share"] is not None:
                figure.add_hline(
                    y=tuning["commonest_label_share"],
                    line={"color": COLOURS.grey, "dash": "dot"},
                    annotation={"text": "commonest label, in truth", "font": {"size": 11, "color": COLOURS.ink}},
                    annotation_position="bottom right",
                )
        figures[title] = figure
    return figures


def _trial(trial: Mapping[str, Any], best: str, commonest_share: float | None, directory: Path) -> dict[str, Any]:
    metrics = {name: trial["metrics"].get(name) for name in _METRICS}
    share = metrics["majority_prediction_share"]
    # A trial that failed before its first report has no log to read.
    log = read_step_log(directory / f"trial-{trial['trial_id']}" / "steps.jsonl") if trial["metrics"] else None
    return {
        "trial_id": trial["trial_id"],
        "settings": dict(trial["settings"]),
        **metrics,
        "stopped_early": trial["model"] is None,
        "is_best": trial["model"] is not None and trial["model"] == best,
        "collapsed": (
            share is not None and commonest_share is not None and (1 - share) < _COLLAPSE_RATIO * (1 - commonest_share)
        ),
        "curve": [
            {name: entry[name] for name in _METRICS}
            for entry in (log.validations if log else [])
            if "label_loss" in entry
        ],
    }


def _commonest_share(counts: Mapping[str, int]) -> float | None:
    total = sum(counts.values())
    return max(counts.values()) / total if total else None


def _curve(trial: Mapping[str, Any], metric: str, colour: str) -> go.Scatter:
    curve = trial["curve"]
    ending = " (stopped early)" if trial["stopped_early"] else " (best)" if trial["is_best"] else ""
    trace = line(
        [entry["progress"] for entry in curve],
        [entry[metric] for entry in curve],
        f"{trial['trial_id']}{ending}",
        colour,
        dash="dot" if trial["stopped_early"] else "solid",
        markers=True,
    )
    last = "x" if trial["stopped_early"] else "star" if trial["is_best"] else "circle"
    trace.marker.symbol = ["circle"] * (len(curve) - 1) + [last]
    trace.marker.size = [5] * (len(curve) - 1) + [11]
    return trace
