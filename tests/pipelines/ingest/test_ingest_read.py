"""Reading shards: good rows survive among bad ones, every row has one outcome, text stays as it is."""

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingest import read as read_module
from pipelines.ingest import sources as sources_module
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.mojibake import is_mojibake
from pipelines.ingest.plan import IngestPlan, plan_ingest
from pipelines.ingest.read import read_shard
from pipelines.stage.ledger import LedgerRows, reconcile
from schemas.errors import InputError, StageError
from schemas.ledger import Outcome, Stage
from schemas.notes import notes_schema

GOOD = "Fièvre, 38,5 °C – “naïve” patient ≥ 70 y.\r\nSÃO PAULO; CÂMARA.\tñ 漢字 🫁"


def read_all(config: IngestConfig) -> tuple[pa.Table, pa.Table, IngestPlan]:
    plan = plan_ingest(config)
    notes, ledgers = [], []
    for shard in plan.shards:
        ledger = LedgerRows()
        notes.append(read_shard(shard, config, plan.carried, ledger))
        ledgers.append(ledger.table())
    return pa.concat_tables(notes), pa.concat_tables(ledgers), plan


def strings(values: list[bytes | str | None]) -> pa.Array:
    """A string array that may hold bytes which are not UTF-8."""
    raw = [value.encode() if isinstance(value, str) else value for value in values]
    binary = pa.array(raw, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(binary), binary.buffers())


BAD_ROWS = [
    # note_id, patient_id, text, outcome, reason
    (None, "p", GOOD, Outcome.REJECTED, "missing_note_id"),
    ("  ", "p", GOOD, Outcome.REJECTED, "missing_note_id"),
    ("b1", None, GOOD, Outcome.REJECTED, "missing_patient_id"),
    ("b2", "p", None, Outcome.REJECTED, "empty_text"),
    ("b3", "p", "", Outcome.REJECTED, "empty_text"),
    ("b4", "p", " \r\n\t", Outcome.REJECTED, "empty_text"),
    ("b5", "p", "x" * 5001, Outcome.QUARANTINED, "oversize"),
    ("b6", "p", "FiÃ¨vre", Outcome.QUARANTINED, "mojibake"),
    ("b7", "p", "donâ€™t", Outcome.QUARANTINED, "mojibake"),
    ("b8", "p", "F\ufffdvre", Outcome.QUARANTINED, "mojibake"),
    ("b9", "p", "cough\x00\x01\x02", Outcome.QUARANTINED, "mojibake"),
    ("c1", "p", b"f\xe8vre latin-1", Outcome.QUARANTINED, "mojibake"),
    (b"c\xff2", "p", GOOD, Outcome.QUARANTINED, "mojibake"),
    ("c3", b"\xfe", GOOD, Outcome.QUARANTINED, "mojibake"),
]


@pytest.fixture
def mixed(tmp_path: Path) -> IngestConfig:
    good = [(f"g{i}", f"p{i}", GOOD, Outcome.ACCEPTED, "") for i in range(10)]
    rows = [*good[:5], *BAD_ROWS, *good[5:]]
    data = {name: strings([row[i] for row in rows]) for i, name in enumerate(("id", "patient_id", "text"))}
    data["expected"] = strings([f"{row[3]}:{row[4]}" for row in rows])
    pq.write_table(pa.table(data), tmp_path / "notes.parquet", row_group_size=9)
    return IngestConfig(
        notes=str(tmp_path), columns={"note_id": "id"}, carry=["expected"], rows_per_shard=4, max_note_bytes=5000
    )


def test_good_rows_survive_among_bad_ones(mixed: IngestConfig) -> None:
    notes, ledger, plan = read_all(mixed)
    assert notes.schema == notes_schema(plan.carried)
    assert notes.column("note_id").to_pylist() == [f"g{i}" for i in range(10)]
    assert set(notes.column("text").to_pylist()) == {GOOD}
    notes.validate(full=True)
    ledger.validate(full=True)
    assert set(notes.column("expected").to_pylist()) == {"accepted:"}


def test_every_row_has_its_outcome_and_the_ledger_reconciles(mixed: IngestConfig) -> None:
    _, ledger, plan = read_all(mixed)
    expected = pq.read_table(plan.shards[0].pieces[0].file).column("expected").to_pylist()
    assert [f"{row['outcome']}:{row['reason']}" for row in ledger.to_pylist()] == expected
    assert ledger.column("source_row").to_pylist() == list(range(plan.num_rows))
    assert sum(reconcile(ledger, plan.num_rows, [Stage.INGEST])["ingest"].values()) == 24


def test_shard_size_changes_nothing(mixed: IngestConfig) -> None:
    whole = IngestConfig(
        notes=mixed.notes, columns=mixed.columns, carry=mixed.carry, max_note_bytes=mixed.max_note_bytes
    )
    assert read_all(mixed)[0].equals(read_all(whole)[0])
    assert read_all(mixed)[1].equals(read_all(whole)[1])


def test_one_source_column_may_serve_two_and_a_literal_one(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["a"], "note": ["text"], "note_type": ["ignored"]}), tmp_path / "n.parquet")
    config = IngestConfig(
        notes=str(tmp_path),
        columns={"note_id": "id", "patient_id": "id", "text": "note"},
        constants={"note_type": "clinic"},
    )
    (note,) = read_all(config)[0].to_pylist()
    assert (note["note_id"], note["patient_id"], note["text"], note["note_type"]) == ("a", "a", "text", "clinic")
    assert (note["source_file"], note["source_row"]) == (str(tmp_path / "n.parquet"), 0)


def cast(tmp_path: Path, column: str, values: list | pa.Array, **settings: str) -> list[tuple]:
    """(value, reason) of each row of a column; a rejected row has no value."""
    ids = [f"n{i}" for i in range(len(values))]
    data = {"note_id": ids, "patient_id": ids, "text": ["text"] * len(values), column: values}
    pq.write_table(pa.table(data), tmp_path / "n.parquet")
    notes, ledger, _ = read_all(IngestConfig(notes=str(tmp_path), **settings))  # type: ignore[arg-type]
    accepted = dict(zip(notes["note_id"].to_pylist(), notes[column].to_pylist(), strict=True))
    return [(accepted.get(row["note_id"]), row["reason"]) for row in ledger.to_pylist()]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2020-03-01T12:00:00+02:00", datetime(2020, 3, 1, 10)),
        ("2180-05-06 22:23:00", datetime(2180, 5, 6, 22, 23)),
        ("2180-05-06 22:23:00 UTC", datetime(2180, 5, 6, 22, 23)),
        ("2020-03-01", datetime(2020, 3, 1)),
        ("20200301", datetime(2020, 3, 1)),
        ("202003011205", datetime(2020, 3, 1, 12, 5)),
        ("20200301120506", datetime(2020, 3, 1, 12, 5, 6)),
        ("2020/03/01 12:05", datetime(2020, 3, 1, 12, 5)),
        ("01-MAR-2020", datetime(2020, 3, 1)),
        ("01MAR2020:12:05:06", datetime(2020, 3, 1, 12, 5, 6)),
        ("  ", None),
        ("NULL", None),
        (None, None),
    ],
)
def test_written_at_takes_what_is_not_ambiguous(tmp_path: Path, written: str | None, expected: datetime | None) -> None:
    assert cast(tmp_path, "written_at", pa.array([written], pa.string())) == [(expected, "")]


@pytest.mark.parametrize("written", ["last May", "03/01/2020", "2020-03", "2020030112", "31-FEB-2020", "2020"])
def test_written_at_guesses_nothing(tmp_path: Path, written: str) -> None:
    assert cast(tmp_path, "written_at", [written]) == [(None, "bad_written_at")]


def test_written_at_in_the_format_that_the_settings_give(tmp_path: Path) -> None:
    values = ["01/03/2020 12:05", "2020-03-01"]
    assert cast(tmp_path, "written_at", values, written_at_format="%d/%m/%Y %H:%M") == [
        (datetime(2020, 3, 1, 12, 5), ""),
        (None, "bad_written_at"),
    ]
    zoned = cast(tmp_path, "written_at", ["1.3.2020 12:05 +0200"], written_at_format="%d.%m.%Y %H:%M %z")
    assert zoned == [(datetime(2020, 3, 1, 10, 5), "")]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([40.0, None, 42.5, -1.0]), [(40, ""), (None, ""), (None, "bad_age"), (None, "bad_age")]),
        (["40", "", "> 89", "90+", "forty"], [(40, ""), (None, ""), (90, ""), (90, ""), (None, "bad_age")]),
        (["NA", "\\N", "nan"], [(None, "")] * 3),
        (pa.array([float("nan"), float("inf")]), [(None, ""), (None, "bad_age")]),
        (pa.array([0, 300]), [(0, ""), (None, "bad_age")]),
    ],
)
def test_ages(tmp_path: Path, values: list | pa.Array, expected: list) -> None:
    assert cast(tmp_path, "age", values) == expected


@pytest.mark.parametrize(
    "values",
    [
        pa.array([date(2020, 3, 1)]),
        pa.array([datetime(2020, 3, 1)], pa.timestamp("ns")),
        pa.array([datetime(2020, 3, 1)], pa.timestamp("ms", tz="UTC")),
    ],
)
def test_written_at_takes_dates_and_timestamps(tmp_path: Path, values: pa.Array) -> None:
    data = {"note_id": ["a"], "patient_id": ["a"], "text": ["text"], "written_at": values}
    pq.write_table(pa.table(data), tmp_path / "n.parquet")
    assert read_all(IngestConfig(notes=str(tmp_path)))[0].column("written_at").to_pylist() == [datetime(2020, 3, 1)]


def test_carried_columns_keep_their_type(tmp_path: Path) -> None:
    data = {
        "note_id": ["a", "b"],
        "patient_id": ["a", "b"],
        "text": ["text", ""],
        "arrest": [True, None],
        "codes": [["I46"], []],
        "ward": pa.array(["x", "y"]).dictionary_encode(),
    }
    pq.write_table(pa.table(data), tmp_path / "n.parquet")
    notes, _, plan = read_all(IngestConfig(notes=str(tmp_path), carry=["ward", "arrest", "codes"]))
    assert [str(field.type) for field in plan.carried[:2]] == ["string", "bool"]
    assert notes.select(["ward", "arrest", "codes"]).to_pylist() == [{"ward": "x", "arrest": True, "codes": ["I46"]}]


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources_module, "BACKOFF_S", (0.0, 0.0))


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("compression", "depth"), [("zstd", 0.0), ("zstd", 0.9), ("none", 0.9)], ids=["header", "body", "checksum"]
)
def test_a_damaged_page_names_the_file_and_the_rows_but_no_text(tmp_path: Path, compression: str, depth: float) -> None:
    path = tmp_path / "n.parquet"
    ids = [f"n{i}" for i in range(200)]
    texts = [f"Secret {i} " * 40 for i in range(200)]
    data = pa.table({"note_id": ids, "patient_id": ids, "text": texts})
    pq.write_table(
        data, path, row_group_size=100, compression=compression, use_dictionary=False, write_page_checksum=True
    )
    column = pq.ParquetFile(path).metadata.row_group(1).column(2)
    raw = bytearray(path.read_bytes())
    start = column.data_page_offset + int(column.total_compressed_size * depth)
    raw[start : start + 40] = bytes(b ^ 0xFF for b in raw[start : start + 40])
    path.write_bytes(raw)
    config = IngestConfig(notes=str(path), rows_per_shard=100)
    plan = plan_ingest(config)
    first, second = plan.shards
    assert read_shard(first, config, plan.carried, LedgerRows()).num_rows == 100
    with pytest.raises(InputError) as raised:
        read_shard(second, config, plan.carried, LedgerRows())
    assert str(path) in str(raised.value)
    assert "rows 100-199" in str(raised.value)
    assert "Secret" not in str(raised.value)
    assert raised.value.__cause__ is None
    ledger = LedgerRows()
    skipping = IngestConfig(notes=str(path), rows_per_shard=100, on_bad_file="skip")
    assert read_shard(second, skipping, plan.carried, ledger).num_rows == 0
    assert {(row["outcome"], row["reason"], row["note_id"]) for row in ledger.table().to_pylist()} == {
        ("unknown", "unreadable_file", None)
    }
    assert ledger.table()["source_row"].to_pylist() == list(range(100, 200))


def test_a_file_that_changed_since_the_plan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "n.parquet"
    ids = ["a", "b", "c"]
    data = pa.table({"note_id": ids, "patient_id": ids, "text": ids})
    pq.write_table(data, path)
    config = IngestConfig(notes=str(path))
    plan = plan_ingest(config)
    pq.write_table(data.slice(0, 2), path)
    skipping = IngestConfig(notes=str(path), on_bad_file="skip")
    for settings in (config, skipping):
        with pytest.raises(InputError, match="not the file that was planned"):
            read_shard(plan.shards[0], settings, plan.carried, LedgerRows())
    path.unlink()
    for settings in (config, skipping):
        with pytest.raises(InputError, match="rows 0-2"):
            read_shard(plan.shards[0], settings, plan.carried, LedgerRows())


def test_an_unexpected_error_holds_no_text(mixed: IngestConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> bool:
        raise RuntimeError(text)

    monkeypatch.setattr(read_module, "is_mojibake", fail)
    with pytest.raises(StageError) as raised:
        read_all(mixed)
    assert "naïve" not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("text", ["Ã©", "â€™", "Â°", "ï»¿x", "ðŸ™‚", "\x85" * 3, "a\ufffd", "\x1b" * 2 + "x" * 99])
def test_mojibake(text: str) -> None:
    assert is_mojibake(text)


@pytest.mark.parametrize(
    "text", ["", GOOD, "é ü ß ø", "IRMÃ E CÂNCER", "a\tb\r\n\x0cc", "x" * 99 + "\x1b", "€ 5 – 10 ™"]
)
def test_text_that_is_not_mojibake(text: str) -> None:
    assert not is_mojibake(text)
