"""What the verdicts are turned into, and the short table."""

import pytest

from pipelines.reporting.config import ReportingConfig
from pipelines.reporting.numbers import duration, number, p_value, signed
from pipelines.reporting.report import build_report, summary_lines
from pipelines.reporting.summary import sentence


@pytest.fixture(scope="module")
def report(written_run):
    return build_report(ReportingConfig(title="A run"), *written_run.stages)


def test_better_is_learnt(report):
    assert report["summary"]["learnt"][0] == (
        "trained does better than base on mdm: nll_per_token 2.100 against 2.910 (lower is better), "
        "a gain of 0.810 (95 % CI 0.720 to 0.900; 200 items)."
    )


def test_worse_is_forgotten(report):
    assert report["summary"]["forgotten"] == [
        "trained does worse than base on general: accuracy 0.470 against 0.520, "
        "a loss of 0.050 (95 % CI 0.020 to 0.080; 200 items)."
    ]


def test_no_difference_shown_is_never_called_equal(report):
    not_shown = report["summary"]["not_shown"]
    assert not_shown[0] == (
        "No difference between tuned and base is shown on general: accuracy 0.505 against 0.520, "
        "an estimated improvement of −0.015 (95 % CI −0.045 to +0.015; 200 items). "
        "This does not show that they are equal: a loss of 0.045 and a gain of 0.015 both remain possible."
    )
    assert all("does not show that they are equal" in text for text in not_shown)


def test_an_interval_without_zero_does_not_overrule_the_corrected_test(report):
    row = next(row for row in report["scores"]["rows"] if row["verdict"] == "no difference shown")
    text = sentence(row | {"improvement": -0.03, "improvement_ci_low": -0.06, "improvement_ci_high": -0.01})
    assert "corrected for the number of comparisons" in text
    assert "remain possible" not in text


def test_rivals_learnt_nothing_here(report):
    groups = report["summary"]
    assert len(groups["other_models"]) == 1
    assert groups["other_models"][0].startswith("large does better than base on assigned_diagnosis")
    assert not any(text.startswith("large") for text in groups["learnt"])


def test_a_second_metric_is_heard_only_where_it_says_something_else(report, run):
    assert not any("cardiac_arrest: accuracy" in text for group in report["summary"].values() for text in group)
    worse = {"difference": -0.1, "difference_ci_low": -0.2, "difference_ci_high": -0.05, "verdict": "worse"}
    run.rewrite_scores(
        lambda row: (
            row | worse
            if (row["model"], row["task"], row["metric"]) == ("tuned", "cardiac_arrest", "accuracy")
            else row
        )
    )
    changed = build_report(ReportingConfig(title="A run"), *run.stages)
    assert any("tuned does worse than base on cardiac_arrest: accuracy" in t for t in changed["summary"]["forgotten"])


def test_short_table_has_the_funnel_and_a_row_for_each_task(report):
    lines = summary_lines(report).splitlines()
    assert lines[0] == (
        "1,200 notes read → ingest 1,182 → select 1,170 → screen 1,150 → split 1,080 → "
        "790 for training, 120 for validation, 160 held out"
    )
    row = next(line for line in lines if "assigned_diagnosis" in line)
    assert row.split()[:6] == ["assigned_diagnosis", "accuracy", "↑", "0.410", "0.580", "0.520"]
    assert "+0.170 [+0.100, +0.240]" in row
    assert "+0.810 [+0.720, +0.900]" in next(line for line in lines if "nll_per_token ↓" in line)
    text = "\n".join(lines)
    assert all(mark in text for mark in ("▲ better", "▼ worse", "○ no difference shown"))
    assert max(map(len, lines)) <= 130


def test_numbers_read_well():
    assert signed(-0.0004) == "0.000"
    assert signed(None) == "–"
    assert number(-0.0) == "0.000"
    assert p_value(0.0002) == "< 0.001"
    assert duration(3725) == "1 h 2 min"
    assert duration(7199) == "2 h 0 min"
