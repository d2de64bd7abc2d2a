"""The frontier's page: what was chosen and why, names escaped, and intervals that are not known."""

import json
import re
from typing import Any

from pipelines.reporting.frontier import frontier_figure, render_frontier


def change(of: float, low: float | None, high: float | None) -> dict[str, Any]:
    return {"value": 0.5 + of, "change": of, "ci_low": low, "ci_high": high}


def retention(alpha: float, **more: Any) -> dict[str, Any]:
    none = change(0.0, 0.0, 0.0)
    return {
        "task": "mdm/nll_per_token",
        "probe": "general/accuracy",
        "max_probe_loss": 0.02,
        "origin": "base",
        "finetuned": "trained",
        "alpha": alpha,
        "model": "/storage/retain/model",
        "num_items": {"mdm": 1200, "general": 300},
        "points": [
            {"alpha": 0.0, "task": none, "probe": none, "keeps_probe": True},
            {"alpha": 0.4, "task": change(0.3, 0.2, 0.5), "probe": change(0.0, -0.01, 0.01), "keeps_probe": True},
            {"alpha": 1.0, "task": change(0.9, 0.8, 1.0), "probe": change(-0.1, None, None), "keeps_probe": False},
        ],
    } | more


def test_each_alpha_is_drawn_with_its_intervals_and_the_margin() -> None:
    figure = json.loads(frontier_figure(retention(0.4)).to_json())
    drawn = {trace["name"]: trace for trace in figure["data"] if trace.get("text")}
    assert {name: trace["text"] for name, trace in drawn.items()} == {
        "chosen": ["α = 0.4"],
        "keeps the probe": ["α = 0"],
        "not shown to keep it": ["α = 1"],
    }
    assert [round(reach, 6) for reach in drawn["chosen"]["error_y"]["array"]] == [0.2]
    assert [round(reach, 6) for reach in drawn["chosen"]["error_y"]["arrayminus"]] == [0.1]
    assert drawn["not shown to keep it"]["error_x"]["array"] == [0.0], "an interval that is not known"
    assert figure["layout"]["shapes"][0]["x0"] == -0.02
    assert figure["layout"]["xaxis"]["range"][0] < -0.1
    assert "general/accuracy" in figure["layout"]["xaxis"]["title"]["text"]
    assert "mdm/nll_per_token" in figure["layout"]["yaxis"]["title"]["text"]


def test_the_page_says_what_was_chosen_and_runs_no_script_of_others() -> None:
    page = render_frontier(retention(0.4, model="/storage/<script>alert(1)</script>"))
    assert "α = 0.4</strong>, that share of the trained model" in page
    assert "interval not known" in page
    assert "1,200 of <code>mdm</code>" in page
    assert "<script>alert(1)" not in page
    assert len(re.findall(r"'sha256-[^']+'", page)) == 2


def test_the_page_says_where_nothing_was_shown() -> None:
    assert "Chosen: <strong>the base model as it is</strong>" in render_frontier(retention(0.0))
