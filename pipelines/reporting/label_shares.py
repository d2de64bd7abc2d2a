"""How often each model gives each label, beside how often it is right: shows a model that says only one thing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import polars as pl
import pyarrow as pa

from pipelines.reporting.figures import COLOURS, SERIES_COLOURS, horizontal_bars

TRUTH = "truth"
NO_ANSWER = "(no answer)"

_COLLAPSED = "collapsed"  # metric of the scores table: 1 where a model gives one label whatever the item


def labels_section(predictions: pa.Table, scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One entry for each task whose items all have the same few choices.

    Args:
        predictions: rows of the PREDICTIONS schema.
        scores: the scores' section, for the order and for the verdict on collapse.

    Returns:
        Tasks with their labels, the shares in the items' answers, and each model's shares; with the share of items
        without an answer they sum to 1.
    """
    columns = ["model", "task", "item_id", "answer", "parsed", "choice_loglikelihoods"]
    frame = pl.DataFrame(predictions.select(columns)).with_columns(
        pl.col("choice_loglikelihoods").list.len().alias("num_choices")
    )
    return [
        _task(task, rows, scores)
        for task in scores["tasks"]
        if _has_fixed_labels(rows := frame.filter(pl.col("task") == task))
    ]


def labels_figure(task: Mapping[str, Any]) -> go.Figure:
    """A full-width bar for the truth and for each model, split into labels."""
    names = [TRUTH, *(entry["model"] for entry in task["models"])]
    shares = [task["truth"], *(entry["shares"] for entry in task["models"])]
    series = {name: [100 * share.get(name, 0.0) for share in shares] for name in task["labels"]}
    series[NO_ANSWER] = [0.0, *(100 * entry["no_answer"] for entry in task["models"])]
    colours = {name: SERIES_COLOURS[index % len(SERIES_COLOURS)] for index, name in enumerate(task["labels"])}
    colours[NO_ANSWER] = COLOURS.grey
    used = {name: [round(value, 1) for value in values] for name, values in series.items() if any(values)}
    figure = horizontal_bars(names, used, colours, "% of items")
    figure.update_xaxes(range=[0, 100])
    return figure


def _has_fixed_labels(rows: pl.DataFrame) -> bool:
    """Whether answers and predictions are no more different texts than an item has choices."""
    num_choices = rows["num_choices"].drop_nulls().unique().to_list()
    texts = pl.concat([rows["answer"], rows["parsed"]]).drop_nulls().n_unique()
    return len(num_choices) == 1 and rows["item_id"].n_unique() > 1 and texts <= num_choices[0]


def _task(task: str, rows: pl.DataFrame, scores: Mapping[str, Any]) -> dict[str, Any]:
    truth = rows.unique("item_id", keep="first", maintain_order=True)["answer"].to_list()
    labels = sorted({*truth, *rows["parsed"].drop_nulls().to_list()})
    flagged = {
        row["model"]: row["value"] > 0 for row in scores["rows"] if row["task"] == task and row["metric"] == _COLLAPSED
    }
    models = []
    for model in scores["models"]:
        given = rows.filter(pl.col("model") == model)["parsed"].to_list()
        if given:
            entry = {"model": model, "num_items": len(given), "collapsed": flagged.get(model)}
            missing = given.count(None) / len(given)
            models.append({**entry, "shares": _shares(given), "no_answer": missing})
    return {"task": task, "labels": labels, "truth": _shares(truth), "models": models}


def _shares(given: Sequence[str | None]) -> dict[str, float]:
    """Of all items, those without an answer included."""
    return {name: count / len(given) for name, count in sorted(Counter(filter(None, given)).items())}
