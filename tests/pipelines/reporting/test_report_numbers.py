"""report.json holds the numbers that the stages wrote."""

import json

import pytest
from reporting_run import FINAL, FOUND, INGEST, SCORED

from pipelines.reporting.config import ReportingConfig
from pipelines.reporting.report import build_report, write_report
from schemas.errors import InputError, LedgerError

CONFIG = ReportingConfig(title="A run", remarks=["The base model's weights were random."])


@pytest.fixture(scope="module")
def report(written_run):
    return build_report(CONFIG, *written_run.stages)


def test_funnel_holds_the_ledgers_counts(report):
    funnel = report["funnel"]
    assert {bucket["bucket"]: bucket["num_notes"] for bucket in funnel["final_buckets"]} == FINAL
    assert funnel["final_buckets_sum"] == funnel["num_notes_read"] == 1200
    assert [(stage["stage"], stage["num_in"], stage["num_out"]) for stage in funnel["stages"]] == [
        ("ingest", 1200, 1182),
        ("select", 1182, 1170),
        ("screen", 1170, 1150),
        ("split", 1150, 1080),
        ("pack", 1080, 1070),
    ]
    assert funnel["stages"][0]["outcomes"] == INGEST
    assert (funnel["num_for_training"], funnel["num_for_validation"], funnel["num_held_out"]) == (790, 120, 160)


@pytest.mark.parametrize(
    ("stage", "change", "says"),
    [
        ("train", lambda r: r["final_buckets"].update({"split/rejected:no_target": 69}), "1199 notes, 1200 were read"),
        ("prepare", lambda r: r["final_buckets"].update({"split/accepted": 1}), "final buckets of prepare"),
        ("prepare", lambda r: r.update(num_rows_read=1199), "prepare read 1199 notes and train 1200"),
        ("train", lambda r: r["outcomes"]["screen"].update(accepted=199), "stage screen: 1170 notes in, 1169"),
        ("prepare", lambda r: r["outcomes"]["split"].update(accepted=1079), "stage split: prepare and train"),
        (  # still sums to the notes read, but the note ended elsewhere
            "train",
            lambda r: r["final_buckets"].update({"split/rejected:no_target": 69, "ingest/quarantined:oversize": 11}),
            "stage ingest: its outcomes and the final buckets disagree",
        ),
        ("prepare", lambda r: r["findings"].update(PERSON=1), r"different findings of \['PERSON'\]"),
    ],
)
def test_counts_that_do_not_add_up_are_refused(run, stage, change, says, tmp_path):
    run.change(stage, change)
    with pytest.raises(LedgerError, match=says):
        write_report(CONFIG, *run.stages, tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_findings_are_counted_by_kind_and_action(report):
    findings = report["findings"]
    assert findings["num_findings"] == sum(FOUND.values())
    assert findings["actions"] == {"pass": 9, "redact": 140, "surrogate": 0, "quarantine": 3}
    assert findings["kinds"][0] == {
        "kind": "PERSON",
        "num_findings": 73,
        "actions": {"pass": 9, "surrogate": 0, "redact": 64, "quarantine": 0},
    }
    assert findings["recognisers"][0] == {"recogniser": "name_lexicon", "num_findings": 73}


def test_scores_are_those_of_the_table_and_improvement_is_turned_where_lower_is_better(report):
    rows = {(row["model"], row["task"], row["metric"]): row for row in report["scores"]["rows"]}
    assert len(rows) == len(SCORED)
    for model, task, metric, value, *_ in SCORED:
        assert rows[model, task, metric]["value"] == value
    nll = rows["trained", "mdm", "nll_per_token"]
    assert (nll["difference"], nll["improvement"]) == (-0.81, 0.81)
    assert (nll["improvement_ci_low"], nll["improvement_ci_high"]) == (0.72, 0.90)
    accuracy = rows["trained", "general", "accuracy"]
    assert accuracy["improvement"] == accuracy["difference"] == -0.05
    assert rows["trained", "cardiac_arrest", "collapsed"]["ci_low"] is None  # NaN in the table


def test_a_task_of_labels_is_headed_by_balanced_accuracy(report):
    assert report["scores"]["headlines"] == {
        "mdm": "nll_per_token",
        "assigned_diagnosis": "accuracy",
        "general": "accuracy",
        "cardiac_arrest": "balanced_accuracy",
    }
    assert report["scores"]["models"] == ["base", "trained", "tuned", "large"]


def test_a_verdict_against_its_difference_is_refused(run):
    run.rewrite_scores(lambda row: row | {"verdict": "better"} if row.get("verdict") == "worse" else row)
    with pytest.raises(InputError, match=r"'general'.*contradicts the difference -0\.05"):
        build_report(CONFIG, *run.stages)


def test_label_shares_show_the_collapse(report):
    (task,) = report["labels"]  # the other tasks have no fixed labels
    assert task["task"] == "cardiac_arrest"
    assert task["labels"] == ["no", "yes"]
    assert task["truth"] == {"no": 0.75, "yes": 0.25}
    base, trained, tuned = task["models"]
    assert base["shares"] == {"no": 1.0}
    assert base["collapsed"] is True
    assert (trained["shares"], trained["no_answer"]) == ({"no": 0.95}, 0.05)
    assert tuned["shares"] == {"no": 0.8, "yes": 0.2}
    assert tuned["collapsed"] is False


def test_trials_say_which_stopped_early_and_which_gave_one_label(report):
    best, second, stopped = report["tuning"]["trials"]
    assert (best["is_best"], best["stopped_early"], best["collapsed"]) == (True, False, False)
    assert (second["is_best"], second["stopped_early"]) == (False, False)
    assert (stopped["stopped_early"], stopped["collapsed"]) == (True, True)
    assert [entry["step"] for entry in best["curve"]] == [0, 10, 20, 30, 40, 50, 60]
    assert [entry["step"] for entry in stopped["curve"]] == [0, 10, 20]  # the half-written line is left out


def test_training_keeps_the_totals_and_thins_the_curve(report, written_run):
    training = report["training"]
    assert (training["num_steps"], training["num_target_tokens"]) == (1000, 944_512)
    assert len(training["points"]) == 334
    assert training["steps_per_point"] == 3
    written = [json.loads(line) for line in (written_run.train.path / "run" / "steps.jsonl").read_text().splitlines()]
    steps = [entry for entry in written if entry["kind"] == "step"]
    first = steps[:3]
    targets = [step["num_target_tokens"] for step in first]
    expected = sum(step["loss"] * n for step, n in zip(first, targets, strict=True)) / sum(targets)
    assert training["points"][0]["loss"] == pytest.approx(expected)
    assert training["points"][-1]["step"] == 1000
    assert training["step_seconds"] == pytest.approx(sum(step["seconds"] for step in steps))
    assert [entry["step"] for entry in training["validations"]] == list(range(0, 1001, 100))


def test_a_log_that_cannot_be_read_is_named(run):
    log = run.train.path / "run" / "steps.jsonl"
    log.write_text(log.read_text() + "half a line\n")
    with pytest.raises(InputError, match=r"steps\.jsonl line \d+"):
        build_report(CONFIG, *run.stages)
    log.unlink()
    with pytest.raises(InputError, match="no step log"):
        build_report(CONFIG, *run.stages)


def test_files_are_the_same_for_the_same_outputs_and_json_is_strict(run, tmp_path):
    html = write_report(CONFIG, *run.stages, tmp_path / "one")
    again = write_report(CONFIG, *run.stages, tmp_path / "two")
    assert html == tmp_path / "one" / "report.html"
    assert html.read_bytes() == again.read_bytes()
    document = html.with_name("report.json").read_text()
    assert "NaN" not in document
    assert json.loads(document) == json.loads(json.dumps(build_report(CONFIG, *run.stages)))


def test_provenance_names_directories_and_versions(report, written_run):
    stages = report["provenance"]["stages"]
    assert [stage["stage"] for stage in stages] == ["prepare", "train", "tune", "score"]
    assert [stage["directory"] for stage in stages] == [str(output.path) for output in written_run.stages]
    assert len({stage["config_hash"] for stage in stages}) == 4
    assert set(report["provenance"]["versions"]["ray"]) == {"prepare", "train", "tune", "score"}
