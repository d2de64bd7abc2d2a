"""The HTML file: whole, offline, escaped."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from plotly.offline import get_plotlyjs

from pipelines.reporting.config import ReportingConfig
from pipelines.reporting.report import build_report, write_report

HOSTILE = "</script><img src=x onerror=alert(1)>&amp;"


class Elements(HTMLParser):
    """Collects start tags, ids and text outside scripts."""

    def __init__(self):
        super().__init__()
        self.tags, self.links, self.ids, self.text = [], [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        found = dict(attrs)
        self.links += [found[name] for name in ("src", "href", "action", "data") if name in found]
        self.ids += [found["id"]] if "id" in found else []

    def handle_data(self, data):
        if self.lasttag not in ("script", "style"):
            self.text += data


def written(run, tmp_path, **settings):
    return write_report(ReportingConfig(**settings), *run.stages, tmp_path / "report").read_text()


def parsed(page):
    elements = Elements()
    elements.feed(page.replace(get_plotlyjs(), ""))
    return elements


def chart_blocks(page):
    return dict(re.findall(r'<script type="application/json" data-chart="([^"]+)">(.*?)</script>', page, re.DOTALL))


def test_plotly_is_embedded_once_and_nothing_is_loaded(page):
    assert page.count(get_plotlyjs()) == 1
    elements = parsed(page)
    assert elements.tags.count("script") == len(chart_blocks(page)) + 2
    assert all(link.startswith("#") for link in elements.links)
    assert not {"link", "iframe", "img", "object", "base"} & set(elements.tags)
    assert "url(" not in page.replace(get_plotlyjs(), "")
    assert "@import" not in page.replace(get_plotlyjs(), "")


def test_policy_allows_the_two_scripts_by_hash_and_no_connection(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy.startswith("default-src 'none';")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 2
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "http" not in policy


def test_contents_lead_to_sections(page):
    elements = parsed(page)
    assert len(elements.links) == 8
    assert {link.removeprefix("#") for link in elements.links} <= set(elements.ids)
    assert len(elements.ids) == len(set(elements.ids))


def test_charts_are_drawn_where_they_stand(page):
    blocks = chart_blocks(page)
    assert blocks.keys() <= set(parsed(page).ids)
    for section in ("funnel", "findings", "training", "tuning", "scores", "labels"):
        assert f"chart-{section}-0" in blocks
    assert all(json.loads(block)["data"] for block in blocks.values())


def test_forest_plot_points_right_for_better(page):
    figure = json.loads(chart_blocks(page)["chart-scores-0"])
    (trace,) = figure["data"]
    assert trace["name"] == "better"
    assert trace["x"] == [0.81, 0.55]  # the nats fell: to the right
    assert trace["error_x"]["array"] == pytest.approx([0.09, 0.11])
    assert trace["error_x"]["arrayminus"] == pytest.approx([0.09, 0.10])


def test_the_page_shows_remarks_sums_and_verdicts(page):
    text = parsed(page).text
    assert "The base model's weights were random." in text
    assert "The buckets sum to 1,200; the notes read are 1,200." in text
    for words in ("does better than base", "does worse than base", "This does not show that they are equal"):
        assert words in text


def test_skipped_files_are_named_with_what_is_unknown(run, tmp_path):
    assert "skipped by choice" not in parsed(written(run, tmp_path)).text
    copy = run.copied_to(tmp_path / "copy")
    torn = {"file": "/hospital/notes/torn.parquet", "num_rows": None, "why": "not a whole file"}
    copy.change("prepare", lambda results: results.update(skipped_files=[torn]))
    page = parsed(written(copy, tmp_path)).text
    assert "1 file could not be read and was skipped by choice: the number of its notes is unknown" in page
    assert "/hospital/notes/torn.parquet: not a whole file" in page


def test_early_stopped_trial_is_marked_in_table_and_charts(page):
    row = re.search(r"<tr[^>]*><th scope=\"row\"><code>7f01_00001</code>.*?</tr>", page, re.DOTALL)[0]
    assert "stopped early" in row
    assert "one label" in row
    assert page.count("✕ stopped early") == 1
    for block in (block for name, block in chart_blocks(page).items() if name.startswith("chart-tuning")):
        lines = {trace["name"]: trace for trace in json.loads(block)["data"]}
        assert lines["7f01_00001 (stopped early)"]["line"]["dash"] == "dot"
        assert lines["7f01_00001 (stopped early)"]["marker"]["symbol"][-1] == "x"
        assert lines["7f01_00002 (best)"]["line"]["dash"] == "solid"


def test_hostile_names_stay_text(run, tmp_path):
    run.rewrite_scores(lambda row: row | {"task": HOSTILE} if row["task"] == "general" else row)
    run.change("score", lambda results: results["models"].update(base=HOSTILE))
    run.change("tune", lambda results: results.update(task=HOSTILE))
    run.change("tune", lambda results: results["trials"][0]["settings"].update({HOSTILE: HOSTILE}))
    page = written(run, tmp_path, title=HOSTILE, remarks=[HOSTILE])
    elements = parsed(page)
    assert "img" not in elements.tags
    assert HOSTILE in elements.text
    assert elements.tags.count("script") == len(chart_blocks(page)) + 2
    forest = json.loads(chart_blocks(page)["chart-scores-1"])
    names = [name for trace in forest["data"] for name in trace["y"]]
    assert any("&lt;img" in name for name in names)  # Plotly turns entities into text, tags into elements
    assert not any("<" in name for name in names)


def test_a_run_without_findings_validations_or_labels_has_a_page(run, tmp_path):
    for path in (run.prepare.path / "findings").iterdir():
        path.unlink()
    run.change("prepare", lambda results: results.update(findings={}))
    for path in (run.score.path / "predictions").iterdir():
        path.unlink()
    log = run.train.path / "run" / "steps.jsonl"
    steps = [line for line in log.read_text().splitlines(keepends=True) if '"kind": "step"' in line]
    without_numbers = json.dumps({"kind": "validation", "step": 1000, "progress": 1.0}) + "\n"
    log.write_text("".join([*steps, without_numbers]))
    text = parsed(written(run, tmp_path, title="A run")).text
    assert "The screen found no identifier." in text
    assert "No task was scored whose items all have the same labels." in text
    assert build_report(ReportingConfig(), *run.stages)["training"]["validations"] == []
