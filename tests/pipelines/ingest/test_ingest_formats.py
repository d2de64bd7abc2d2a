"""Every format: 10,000 rows with bad ones of every kind lose no good row, and each bad one is explained."""

import base64
import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingest.config import IngestConfig
from pipelines.ingest.formats import text_records
from pipelines.ingest.plan import IngestPlan, plan_ingest
from pipelines.ingest.read import read_shard
from pipelines.stage.ledger import LedgerRows, reconcile
from schemas.errors import InputError
from schemas.ledger import Stage

NUM_ROWS = 10_000
COLUMNS = ("note_id", "patient_id", "text", "written_at", "age")
TEXT = 'Fièvre ≥ 38,5 °C; "naïve", 5" scar.\r\nPLAN:\n\n  rest, fluids\t{} 🫁'
# What every format can be given: (note_id, patient_id, text, written_at, age), reason
BAD_VALUES: list[tuple[tuple[str | None, ...], str]] = [
    ((None, "p", TEXT, None, None), "missing_note_id"),
    (("b1", " ", TEXT, None, None), "missing_patient_id"),
    (("b2", "p", "\n ", None, None), "empty_text"),
    (("b3", "p", TEXT, "last May", None), "bad_written_at"),
    (("b4", "p", TEXT, None, "forty"), "bad_age"),
    (("b5", "p", "x" * 50_001, None, None), "oversize"),
    (("b6", "p", "FiÃ¨vre", None, None), "mojibake"),
]


def read_all(config: IngestConfig) -> tuple[pa.Table, pa.Table, IngestPlan]:
    plan = plan_ingest(config)
    notes, ledger = [], LedgerRows()
    for shard in plan.shards:
        notes.append(read_shard(shard, config, plan.carried, ledger))
    return pa.concat_tables(notes), ledger.table(), plan


def good_row(index: int) -> tuple[str | None, ...]:
    text = "x" * 40_000 if index == 77 else TEXT.format(index)
    return f"n{index}", f"p{index % 900}", text, "2180-05-06 22:23:00", str(index % 90)


def csv_line(row: tuple[str | None, ...], index: int = 0) -> bytes:
    sink = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if index % 2 else csv.QUOTE_MINIMAL
    csv.writer(sink, lineterminator="\r\n" if index % 3 else "\n", quoting=quoting).writerow(v or "" for v in row)
    return sink.getvalue().encode()


def json_line(row: tuple[str | None, ...], index: int = 0) -> bytes:
    values = {name: value for name, value in zip(COLUMNS, row, strict=True) if value is not None or index % 2}
    return json.dumps(values, ensure_ascii=index % 2 == 0).encode() + b"\n"


def fhir_resource(row: tuple[str | None, ...]) -> dict:
    note_id, patient_id, text, written_at, _ = row
    data = base64.b64encode((text or "").encode()).decode()
    return {
        "resourceType": "DocumentReference",
        "id": note_id,
        "subject": {"reference": f"Patient/{patient_id}".rstrip("/ ")} if (patient_id or "").strip() else {},
        "date": written_at,
        "content": [{"attachment": {"contentType": "text/plain", "data": data}}],
    }


def fhir_line(row: tuple[str | None, ...], index: int = 0) -> bytes:
    patient = b"" if index % 5 else json.dumps({"resourceType": "Patient", "id": row[1]}).encode() + b"\n"
    return patient + json.dumps(fhir_resource(row)).encode() + b"\n"


CSV_DAMAGE = [
    (b"m1,p,too few\n", "malformed_row"),
    (b'm2,p,"too",many,fields,here\n', "malformed_row"),
    (b'm3,p,"so-called "flu" season\nand more",,\n', "malformed_row"),
    (b'm4,p,"never closed,,\n', "malformed_row"),
    (b'm5,p,"caf\xe9",,\n', "mojibake"),
]
JSON_DAMAGE = [
    (b'{"note_id": "m1", "text": "torn\n', "malformed_row"),
    (b'["m2", "p", "text"]\n', "malformed_row"),
    (b"null\n", "malformed_row"),
    (b'{"note_id": "m4", "patient_id": "p", "text": "caf\xe9"}\n', "mojibake"),
    (b'{"note_id": "m5", "patient_id": "p", "text": "half \\ud83d"}\n', "mojibake"),
    (b"[" * 100_000 + b"\n", "malformed_row"),
]
FHIR_DAMAGE = [
    (b'{"resourceType": "DocumentReference", "id": \n', "malformed_row"),
    (b'{"id": "m2"}\n', "malformed_row"),
    (b'{"resourceType": "DocumentReference", "id": "m3", "subject": {"reference": "Patient/1"}}\n', "empty_text"),
]


def mixture(
    line: Callable[[tuple[str | None, ...], int], bytes], damage: list[tuple[bytes, str]], reasons: set[str]
) -> tuple[bytes, list[str]]:
    """The lines of 10,000 rows, a bad one after every 400 good ones, and the reason of each row."""
    bad = [(line(row, 1), reason) for row, reason in BAD_VALUES if reason in reasons] + damage
    content, expected = [], []
    for index in range(NUM_ROWS):
        if index % 400 == 13:
            raw, reason = bad[index // 400 % len(bad)]
        else:
            raw, reason = line(good_row(index), index), ""
        content.append(raw)
        expected.append(reason)
    return b"".join(content), expected


def as_csv() -> tuple[bytes, list[str]]:
    content, expected = mixture(csv_line, CSV_DAMAGE, {reason for _, reason in BAD_VALUES})
    return b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n" + content, expected


def as_json_lines() -> tuple[bytes, list[str]]:
    content, expected = mixture(json_line, JSON_DAMAGE, {reason for _, reason in BAD_VALUES})
    return b"\xef\xbb\xbf" + content.replace(b"\n", b"\n\r\n", 7), expected


def as_fhir_lines() -> tuple[bytes, list[str]]:
    return mixture(fhir_line, FHIR_DAMAGE, {reason for _, reason in BAD_VALUES} - {"bad_age"})


@pytest.mark.parametrize(
    ("suffix", "made"),
    [
        (".csv", as_csv),
        (".csv.gz", as_csv),
        (".jsonl", as_json_lines),
        (".jsonl.gz", as_json_lines),
        (".ndjson", as_fhir_lines),
    ],
)
def test_no_good_row_is_lost_and_every_bad_one_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, made: Callable[[], tuple[bytes, list[str]]]
) -> None:
    monkeypatch.setattr(text_records, "CHUNK_BYTES", 100_000)  # many chunks, as a large file has
    content, expected = made()
    path = tmp_path / f"notes{suffix}"
    path.write_bytes(gzip.compress(content, 1) if suffix.endswith(".gz") else content)
    notes, ledger, plan = read_all(IngestConfig(notes=str(path), rows_per_shard=3000, max_note_bytes=50_000))
    assert [shard.num_rows for shard in plan.shards] == [3000, 3000, 3000, 1000]
    assert ledger["reason"].to_pylist() == expected
    assert ledger["source_row"].to_pylist() == list(range(NUM_ROWS))
    assert sum(reconcile(ledger, plan.num_rows, [Stage.INGEST])["ingest"].values()) == NUM_ROWS
    good = [good_row(index) for index, reason in enumerate(expected) if not reason]
    assert notes["note_id"].to_pylist() == [row[0] for row in good]
    assert notes["patient_id"].to_pylist() == [row[1] for row in good]
    assert notes["text"].to_pylist() == [row[2] for row in good]
    assert set(map(str, notes["written_at"].to_pylist())) == {"2180-05-06 22:23:00"}
    if suffix != ".ndjson":
        assert notes["age"].to_pylist() == [int(row[4] or 0) for row in good]


def test_a_fhir_bundle_is_one_extent(tmp_path: Path) -> None:
    rows = [good_row(index) for index in range(NUM_ROWS)]
    rows[7], rows[9] = (None, *rows[7][1:]), (*rows[9][:2], "", *rows[9][3:])
    entries: list = [{"resource": fhir_resource(row)} for row in rows]
    entries[5:5] = [{"resource": {"resourceType": "Patient"}}, "no entry"]
    (tmp_path / "bundle.json").write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    notes, ledger, plan = read_all(IngestConfig(notes=str(tmp_path), rows_per_shard=3000))
    assert [shard.num_rows for shard in plan.shards] == [NUM_ROWS]
    reasons = ledger["reason"].to_pylist()
    assert {index: reason for index, reason in enumerate(reasons) if reason} == {7: "missing_note_id", 9: "empty_text"}
    assert notes["text"].to_pylist() == [row[2] for index, row in enumerate(rows) if index not in (7, 9)]


def test_fhir_numbers_stay_numbers(tmp_path: Path) -> None:
    def condition(name: str) -> dict:
        return {
            "resourceType": "Condition",
            "id": name,
            "encounter": {"reference": "Encounter/e"},
            "code": {"text": name},
        }

    ranked = [{"condition": {"reference": f"Condition/{name}"}, "rank": rank} for name, rank in (("b", 2), ("a", 1))]
    document = fhir_resource(good_row(1)) | {"context": {"encounter": [{"reference": "Encounter/e"}]}}
    encounter = {"resourceType": "Encounter", "id": "e", "diagnosis": ranked}
    resources = [document, encounter, condition("b"), condition("a")]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}
    (tmp_path / "1.ndjson").write_text(json.dumps(bundle) + "\n")
    (tmp_path / "2.json").write_text(json.dumps(bundle, indent=1))
    assert read_all(IngestConfig(notes=str(tmp_path)))[0]["diagnosis"].to_pylist() == ["a", "a"]


def test_parquet_loses_no_good_row_either(tmp_path: Path) -> None:
    bad = [*BAD_VALUES, (("b7", "p", b"caf\xe9", None, None), "mojibake")]
    rows: list[tuple] = []
    expected = []
    for index in range(NUM_ROWS):
        row, reason = bad[index // 400 % len(bad)] if index % 400 == 13 else (good_row(index), "")
        rows.append(row)
        expected.append(reason)
    columns = {}
    for position, name in enumerate(COLUMNS):
        values = [row[position] for row in rows]
        encoded = pa.array([v.encode() if isinstance(v, str) else v for v in values], pa.binary())
        columns[name] = encoded.view(pa.string())  # as writers that do not check leave it
    pq.write_table(pa.table(columns), tmp_path / "n.parquet", row_group_size=1500)
    notes, ledger, plan = read_all(IngestConfig(notes=str(tmp_path), rows_per_shard=700, max_note_bytes=50_000))
    assert ledger["reason"].to_pylist() == expected
    assert notes["text"].to_pylist() == [row[2] for row, reason in zip(rows, expected, strict=True) if not reason]
    assert max(shard.num_rows for shard in plan.shards) <= 700


def test_many_files_of_one_resource_share_a_shard(tmp_path: Path) -> None:
    for index in range(30):
        (tmp_path / f"{index:02d}.json").write_text(json.dumps(fhir_resource(good_row(index))))
    notes, _, plan = read_all(IngestConfig(notes=str(tmp_path)))
    assert len(plan.shards) == 1
    assert notes["note_id"].to_pylist() == [f"n{index}" for index in range(30)]
    assert len(set(notes["source_file"].to_pylist())) == 30


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_delimiters_and_null_fields(tmp_path: Path, delimiter: str) -> None:
    lines = ["note_id;patient_id; text ;ward", '1;2;"a;b,c|d\te";', '2;2;plain;"x"']
    (tmp_path / "n.tsv").write_text("\n".join(lines).replace(";", delimiter))
    notes, ledger, _ = read_all(IngestConfig(notes=str(tmp_path), carry=["ward"]))
    assert notes["text"].to_pylist() == ["a;b,c|d\te".replace(";", delimiter), "plain"]
    assert notes["ward"].to_pylist() == [None, "x"]
    assert ledger["reason"].to_pylist() == ["", ""]


def test_json_values_become_strings(tmp_path: Path) -> None:
    rows = [
        '{"note_id": 1, "patient_id": 12345678901234567890, "text": "a", "codes": ["I46", 1.50], "arrest": true}',
        '{"note_id": 2.50, "patient_id": "p", "text": "b", "codes": NaN, "age": 40.0}',
    ]
    (tmp_path / "n.jsonl").write_text("\n".join(rows))
    notes, _, _ = read_all(IngestConfig(notes=str(tmp_path), carry=["codes", "arrest"]))
    assert notes["note_id"].to_pylist() == ["1", "2.50"]
    assert notes["patient_id"].to_pylist() == ["12345678901234567890", "p"]
    assert notes["codes"].to_pylist() == ['["I46", "1.50"]', None]
    assert notes["arrest"].to_pylist() == ["true", None]
    assert notes["age"].to_pylist() == [None, 40]


def test_json_keys_that_come_late_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_records, "CHUNK_BYTES", 2000)
    rows = [{"note_id": i, "patient_id": i, "text": "a" * 50} | ({"age": 50} if i > 90 else {}) for i in range(100)]
    (tmp_path / "n.jsonl").write_text("\n".join(map(json.dumps, rows)))
    notes, _, _ = read_all(IngestConfig(notes=str(tmp_path)))
    assert notes["age"].to_pylist()[89:93] == [None, None, 50, 50]


def test_files_of_json_lines_may_lack_keys(tmp_path: Path) -> None:
    for index, more in enumerate([{}, {"age": 3}]):
        row = {"note_id": index, "patient_id": "p", "text": "a", **more}
        (tmp_path / f"{index}.jsonl").write_text(json.dumps(row))
    assert read_all(IngestConfig(notes=str(tmp_path)))[0]["age"].to_pylist() == [None, 3]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("n.csv", b"", "does not name columns"),
        ("n.csv", "note_id,text\n".encode("utf-16"), "UTF-16"),
        ("n.csv", b"note_id,patient_id,text\r1,2,old Macintosh\r", "end lines with LF or CRLF"),
        ("n.csv", b"note_id,caf\xe9\n", "UTF-8"),
        ("n.csv", b"x" * 300_000, "does not name columns"),
        (
            "n.csv.gz",
            gzip.compress(b"note_id,patient_id,text\n" + b"1,2,secret\n" * 9999)[:-30],
            "not a whole CSV file",
        ),
        ("n.jsonl.gz", b"secret", "not a whole JSON lines file"),
        ("n.json", b'{"note_id": "secret"}', "no FHIR resource"),
        ("n.ndjson", b'{"note_id": "secret"}\n', "in .jsonl"),
    ],
)
def test_files_that_are_not_what_their_suffix_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, message: str
) -> None:
    monkeypatch.setattr("pipelines.ingest.sources.BACKOFF_S", (0.0, 0.0))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as raised:
        plan_ingest(IngestConfig(notes=str(tmp_path / name)))
    assert message in str(raised.value)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_field_that_never_ends_is_named_by_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_records, "CHUNK_BYTES", 4096)
    monkeypatch.setattr(text_records, "MAX_RECORD_BYTES", 20_000)
    content = 'note_id,patient_id,text\n1,2,fine\n3,4,"open\n' + "5,6,text\n" * 5000
    (tmp_path / "n.csv").write_text(content)
    with pytest.raises(InputError, match="row 1 does not end"):
        plan_ingest(IngestConfig(notes=str(tmp_path)))


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_any_edit_of_a_text_file_changes_its_digest(tmp_path: Path, suffix: str) -> None:
    digests = []
    for word in ("one", "two"):
        lines = [f"{i},p,{word if i == 15_000 else 'same'} text of a note" for i in range(30_000)]
        content = "\n".join(["note_id,patient_id,text", *lines]).encode()
        (tmp_path / f"n{suffix}").write_bytes(gzip.compress(content, 1) if suffix.endswith("gz") else content)
        digests.append(plan_ingest(IngestConfig(notes=str(tmp_path))).inputs[0]["digest"])
    assert digests[0] != digests[1]


def test_a_text_file_that_changed_since_the_plan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    path.write_text("note_id,patient_id,text\n1,1,a\n2,2,b\n")
    config = IngestConfig(notes=str(path), on_bad_file="skip")
    plan = plan_ingest(config)
    for changed in ("note_id,patient_id,body\n1,1,a\n2,2,b\n", "note_id,patient_id,text\n1,1,a\n2,2,b\n3,", "note_id"):
        path.write_text(changed)
        with pytest.raises(InputError, match="not the file that was planned"):
            read_shard(plan.shards[0], config, plan.carried, LedgerRows())


def test_parquet_and_csv_give_the_same_notes(tmp_path: Path) -> None:
    rows = [good_row(index) for index in range(200)]
    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)})
    pq.write_table(table, tmp_path / "n.parquet")
    (tmp_path / "n.csv").write_bytes(",".join(COLUMNS).encode() + b"\n" + b"".join(map(csv_line, rows)))
    paths = [str(tmp_path / name) for name in ("n.parquet", "n.csv")]
    tables = [read_all(IngestConfig(notes=path))[0].drop_columns("source_file") for path in paths]
    assert tables[0].equals(tables[1])
    assert read_all(IngestConfig(notes=paths))[0].num_rows == 400
