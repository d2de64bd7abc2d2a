"""How training went: loss, validation, learning rate, throughput."""

import statistics
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from pipelines.reporting.figures import COLOURS, line, styled
from pipelines.reporting.step_log import StepLog, thinned

_HEIGHT = 290
_VALIDATION = ("validation_loss", "validation_perplexity", "validation_token_accuracy", "num_validation_examples")


def training_section(results: Mapping[str, Any], log: StepLog) -> dict[str, Any]:
    """The run's totals, and its curves thinned to what a chart can show.

    Args:
        results: of the train stage.
        log: of its run.
    """
    points = thinned(log.steps)
    rates = [step["num_tokens"] / step["seconds"] for step in log.steps if step["seconds"]]
    return {
        "num_steps": results["steps"],
        "num_tokens": results["tokens"],
        "num_target_tokens": results["target_tokens"],
        "model": results["model"],
        "step_seconds": sum(step["seconds"] for step in log.steps),
        "median_tokens_per_s": statistics.median(rates) if rates else None,
        "progress": log.steps[-1]["progress"] if log.steps else 0.0,
        "steps_per_point": max((point["num_steps"] for point in points), default=1),
        "points": points,
        # Without validation examples the loop logs a validation that holds no numbers.
        "validations": [
            {name: entry[name] for name in ("step", "progress", *_VALIDATION)}
            for entry in log.validations
            if "validation_loss" in entry
        ],
    }


def training_figures(training: Mapping[str, Any]) -> dict[str, go.Figure]:
    """Title → chart; those of which the log has no numbers are left out."""
    points, validations = training["points"], training["validations"]
    figures = {}
    loss = go.Figure(
        [
            line(_column(points, "step"), _column(points, "loss"), "training", COLOURS.sky),
            line(
                _column(validations, "step"),
                _column(validations, "validation_loss"),
                "validation",
                COLOURS.vermillion,
                markers=True,
            ),
        ]
    )
    figures["Loss (nats per target token)"] = styled(loss, _HEIGHT, x_title="step")
    accuracy = go.Figure(
        [
            line(_column(points, "step"), _column(points, "token_accuracy"), "training", COLOURS.sky),
            line(
                _column(validations, "step"),
                _column(validations, "validation_token_accuracy"),
                "validation",
                COLOURS.vermillion,
                markers=True,
            ),
        ]
    )
    figures["Share of target tokens predicted right"] = styled(accuracy, _HEIGHT, x_title="step")
    for title, name, colour in (
        ("Learning rate", "learning_rate", COLOURS.green),
        ("Throughput (tokens per second)", "tokens_per_s", COLOURS.blue),
        ("Norm of the gradient", "gradient_norm", COLOURS.purple),
    ):
        values = _column(points, name)
        if any(value is not None for value in values):
            figures[title] = styled(
                go.Figure(line(_column(points, "step"), values, title, colour)), _HEIGHT, x_title="step"
            )
            figures[title].update_layout(showlegend=False)
            figures[title].update_yaxes(rangemode="tozero", tickformat=".1e" if name == "learning_rate" else "~s")
    return figures


def _column(entries: list[dict[str, Any]], name: str) -> list[float | None]:
    return [entry.get(name) for entry in entries]
