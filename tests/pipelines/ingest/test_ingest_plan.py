"""Planning a read: every kind of unusable input is refused with its name and the remedy; rows are cut into shards."""

import os
import pickle
import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingest.config import IngestConfig
from pipelines.ingest.plan import Shard, plan_ingest
from pipelines.ingest.read import read_shard
from pipelines.stage.ledger import LedgerRows
from schemas.errors import ConfigError, InputError

SECRET = "Unmistakable note text"


def table(num_rows: int = 3, prefix: str = "n", **columns: pa.Array) -> pa.Table:
    data = {
        "note_id": pa.array([f"{prefix}{i}" for i in range(num_rows)], pa.string()),
        "patient_id": pa.array([f"p{i}" for i in range(num_rows)], pa.string()),
        "text": pa.array([SECRET] * num_rows, pa.string()),
    }
    return pa.table({**data, **columns})


def write(path: Path, *args: object, row_group_size: int | None = None, **columns: pa.Array) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table(*args, **columns), path, row_group_size=row_group_size)  # type: ignore[arg-type]
    return str(path)


def refusal(notes: str | list[str], **settings: object) -> str:
    with pytest.raises(InputError) as raised:
        plan_ingest(IngestConfig(notes=notes, **settings))  # type: ignore[arg-type]
    message = str(raised.value)
    assert "\n" not in message
    assert SECRET not in message
    return message


def test_missing_path(tmp_path: Path) -> None:
    message = refusal(str(tmp_path / "nowhere.parquet"))
    assert "nowhere.parquet" in message
    assert "no such file" in message


def test_unknown_file_system() -> None:
    assert "nosuch://bucket/notes" in refusal("nosuch://bucket/notes")


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_file_without_permission(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "notes.parquet"))
    path.chmod(0)
    assert "notes.parquet" in refusal(str(path))
    path.chmod(stat.S_IRUSR)


def test_unreadable_file_that_is_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "notes.parquet")
    assert "notes.parquet" in refusal(str(tmp_path / "notes.parquet"))


def test_folders_without_notes_and_unknown_suffixes(tmp_path: Path) -> None:
    assert "no file of notes in this folder" in refusal(str(tmp_path))
    (tmp_path / "notes.doc").write_text(SECRET)
    assert ".parquet" in refusal(str(tmp_path))
    assert "no file of notes matches" in refusal(str(tmp_path / "*.doc"))
    assert "no known suffix" in refusal(str(tmp_path / "notes.doc"))


def test_a_folder_of_several_formats_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "notes.parquet")
    (tmp_path / "labels.csv").write_text("note_id,label\nn1,yes\n")
    assert "holds files of CSV and Parquet" in refusal(str(tmp_path))
    assert plan_ingest(IngestConfig(notes=str(tmp_path / "*.parquet"))).num_rows == 3


def test_file_that_is_not_parquet(tmp_path: Path) -> None:
    (tmp_path / "notes.parquet").write_text(SECRET * 100)
    assert "not a whole Parquet file" in refusal(str(tmp_path / "notes.parquet"))
    (tmp_path / "empty.parquet").write_bytes(b"")
    assert "empty.parquet" in refusal(str(tmp_path / "empty.parquet"))


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_truncated_parquet(tmp_path: Path, kept: float) -> None:
    path = Path(write(tmp_path / "notes.parquet", 500))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    assert "not a whole Parquet file" in refusal(str(path))


def test_missing_column_lists_what_is_there_and_suggests_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "notes.parquet"
    pq.write_table(table().rename_columns(["note_id", "patient_id", "body"]), path)
    message = refusal(str(path))
    assert "'text'" in message
    assert "note_id, patient_id, body" in message
    assert "columns: {text: ...}" in message
    assert "'boddy'" in refusal(str(path), columns={"text": "boddy"})
    assert plan_ingest(IngestConfig(notes=str(path), columns={"text": "body"})).num_rows == 3


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("text", pa.array([1, 2, 3])),
        ("text", pa.array([b"a", b"b", b"c"])),
        ("note_id", pa.array([1.0, 2.0, 3.0])),
        ("patient_id", pa.nulls(3)),
        ("written_at", pa.array([1, 2, 3])),
        ("age", pa.array([True, False, True])),
        ("diagnosis", pa.array([["a"], ["b"], ["c"]])),
    ],
)
def test_wrongly_typed_column(tmp_path: Path, column: str, values: pa.Array) -> None:
    message = refusal(write(tmp_path / "notes.parquet", **{column: values}))
    assert f"column {column!r} is {str(values.type).split('<')[0]}" in message
    assert "convert it" in message


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("note_id", pa.array([1, 2, 3])),
        ("patient_id", pa.array(["a", "b", "a"]).dictionary_encode()),
        ("text", pa.array(["a", "b", "c"], pa.large_string())),
        ("written_at", pa.array(["2020-01-01", None, "2020-01-02T10:00:00Z"])),
        ("age", pa.array([40.0, None, 41.0])),
        ("sex", pa.nulls(3)),
    ],
)
def test_types_that_can_be_cast(tmp_path: Path, column: str, values: pa.Array) -> None:
    assert plan_ingest(IngestConfig(notes=write(tmp_path / "notes.parquet", **{column: values}))).num_rows == 3


def test_missing_carried_column(tmp_path: Path) -> None:
    assert "'arrest'" in refusal(write(tmp_path / "notes.parquet"), carry=["arrest"])


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.parquet"
    pq.write_table(table().append_column("text", pa.array(["x", "y", "z"])), path)
    assert "several columns named text" in refusal(str(path))


def test_files_that_disagree(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", 2, "a", age=pa.array([1, 2]))
    write(tmp_path / "b.parquet", 2, "b", age=pa.array(["1", "2"]))
    write(tmp_path / "c.parquet", 2, "c")
    message = refusal(str(tmp_path))
    assert "b.parquet: column 'age' is string, but int64 in" in message
    assert "c.parquet: column 'age' is missing" in message


def test_columns_that_nothing_reads_may_differ(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", 2, "a", extra=pa.array([1, 2]))
    write(tmp_path / "b.parquet", 2, "b")
    assert plan_ingest(IngestConfig(notes=str(tmp_path))).num_rows == 4


def test_zero_rows(tmp_path: Path) -> None:
    assert "no rows" in refusal(write(tmp_path / "notes.parquet", 0))
    write(tmp_path / "more.parquet", 2)
    assert plan_ingest(IngestConfig(notes=str(tmp_path))).num_rows == 2


def test_all_bad_inputs_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "torn.parquet").write_bytes(b"PAR1")
    pq.write_table(table().drop_columns("text"), tmp_path / "textless.parquet")
    message = refusal([str(tmp_path), str(tmp_path / "absent.parquet")])
    assert all(name in message for name in ("torn.parquet", "textless.parquet", "absent.parquet"))


def ranges(shard: Shard) -> list[tuple[int, int]]:
    return [(piece.start_row, piece.num_rows) for piece in shard.pieces]


def test_shards_hold_every_row_once_and_keep_to_row_groups(tmp_path: Path) -> None:
    path = write(tmp_path / "notes.parquet", 95, row_group_size=20)
    plan = plan_ingest(IngestConfig(notes=path, rows_per_shard=45))
    assert [ranges(shard) for shard in plan.shards] == [[(0, 40)], [(40, 40)], [(80, 15)]]
    cut = plan_ingest(IngestConfig(notes=path, rows_per_shard=15)).shards
    assert [row for s in cut for low, length in ranges(s) for row in range(low, low + length)] == list(range(95))
    assert max(s.num_rows for s in cut) <= 15
    assert [s.index for s in cut] == list(range(len(cut)))


def test_small_files_share_a_shard(tmp_path: Path) -> None:
    for index, num_rows in enumerate([3, 3, 3, 0, 3, 25, 2]):
        write(tmp_path / f"{index}.parquet", num_rows, f"{index}-")
    plan = plan_ingest(IngestConfig(notes=str(tmp_path), rows_per_shard=10))
    files = [
        [(Path(piece.file).stem, *rows) for piece, rows in zip(s.pieces, ranges(s), strict=True)] for s in plan.shards
    ]
    assert files == [
        [("0", 0, 3), ("1", 0, 3), ("2", 0, 3)],
        [("4", 0, 3)],
        [("5", 0, 8)],
        [("5", 8, 8)],
        [("5", 16, 9)],
        [("6", 0, 2)],
    ]


def test_a_file_that_cannot_be_opened_is_skipped_by_choice(tmp_path: Path) -> None:
    write(tmp_path / "good.parquet")
    torn = tmp_path / "torn.parquet"
    torn.write_bytes(b"PAR1" + SECRET.encode())
    refusal(str(tmp_path))
    plan = plan_ingest(IngestConfig(notes=str(tmp_path), on_bad_file="skip"))
    assert plan.num_rows == 3
    (skipped,) = plan.skipped
    assert (skipped.file, skipped.num_rows) == (str(torn), None)
    assert "not a whole Parquet file" in skipped.why
    assert SECRET not in skipped.why
    assert "1 cannot be opened" in refusal(str(torn), on_bad_file="skip")


def test_a_missing_column_is_an_error_also_where_bad_files_are_skipped(tmp_path: Path) -> None:
    pq.write_table(table().drop_columns("text"), tmp_path / "notes.parquet")
    assert "'text'" in refusal(str(tmp_path), on_bad_file="skip")


def test_columns_are_not_shown_where_they_may_be_a_patients_data(tmp_path: Path) -> None:
    (tmp_path / "headless.csv").write_text(f"7,12,{SECRET}\n8,13,{SECRET}\n")
    assert "no line of names" in refusal(str(tmp_path))


def test_many_bad_files_make_one_readable_line(tmp_path: Path) -> None:
    for index in range(100):
        (tmp_path / f"{index}.parquet").write_bytes(b"PAR1")
    message = refusal(str(tmp_path))
    assert "and 80 more" in message
    assert len(message) < 20 * (len(str(tmp_path)) + 150)


def test_a_note_id_made_of_several_columns(tmp_path: Path) -> None:
    write(tmp_path / "notes.parquet", seq=pa.array([1, 2, None]))
    config = IngestConfig(notes=str(tmp_path), note_id_from=["patient_id", "seq"])
    plan, ledger = plan_ingest(config), LedgerRows()
    assert read_shard(plan.shards[0], config, plan.carried, ledger)["note_id"].to_pylist() == ["p0-1", "p1-2"]
    assert ledger.table()["reason"].to_pylist() == ["", "", "missing_note_id"]
    assert "'visit', which `note_id_from` names" in refusal(str(tmp_path), note_id_from=["patient_id", "visit"])


def test_globs_folders_and_uris_lead_to_the_same_files(tmp_path: Path) -> None:
    write(tmp_path / "2023/a.parquet", 2, "a")
    write(tmp_path / "2024/b.parquet", 2, "b")
    write(tmp_path / "2024/_tmp.parquet", 2, "c")
    for notes, num_files in [
        (str(tmp_path), 2),
        (str(tmp_path / "*/*.parquet"), 2),
        (str(tmp_path / "**/*.parquet"), 2),
        (str(tmp_path / "202[4]/*"), 1),
        (f"file://{tmp_path}", 2),
        (f"file://{tmp_path}/2024/*.parquet", 1),
        ([str(tmp_path), str(tmp_path / "2024")], 2),
    ]:
        plan = plan_ingest(IngestConfig(notes=notes))
        assert len(plan.inputs) == num_files, notes
        assert plan.num_rows == 2 * num_files


def test_inputs_are_fingerprinted_by_content(tmp_path: Path) -> None:
    path = write(tmp_path / "notes.parquet")
    before = plan_ingest(IngestConfig(notes=path)).inputs
    os.utime(path, (0, 0))
    assert plan_ingest(IngestConfig(notes=path)).inputs == before
    write(tmp_path / "notes.parquet", 3, "m")
    assert plan_ingest(IngestConfig(notes=path)).inputs != before
    assert before[0].keys() == {"file", "size", "digest"}


def test_shards_are_small_to_send(tmp_path: Path) -> None:
    plan = plan_ingest(IngestConfig(notes=write(tmp_path / "notes.parquet", 200)))
    assert len(pickle.dumps(plan.shards[0])) < 500
    assert pickle.loads(pickle.dumps(plan)) == plan


@pytest.mark.parametrize(
    "settings",
    [
        {"notes": ""},
        {"notes": []},
        {"columns": {"body": "text"}},
        {"constants": {"note_id": "1"}},
        {"constants": {"sex": "f"}, "columns": {"sex": "gender"}},
        {"carry": ["text"]},
        {"carry": ["a", "a"]},
        {"rows_per_shard": 0},
        {"max_note_bytes": 0},
        {"test_share": 1.0},
        {"validation_share": -0.1},
        {"validation_share": 0.5, "test_share": 0.5},
        {"on_bad_file": "ignore"},
        {"note_id_from": ["a"]},
        {"note_id_from": ["a", "b"], "columns": {"note_id": "id"}},
        {"written_at_format": "%d/%m"},
        {"written_at_format": "DD.MM.YYYY"},
    ],
)
def test_settings_check_themselves(settings: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings)).split("_share")[0]):
        IngestConfig(**{"notes": "notes.parquet", **settings})


def test_notes_of_a_file_without_a_carried_column_carry_nulls(tmp_path: Path) -> None:
    notes = {"note_id": ["a"], "patient_id": ["p"], "text": ["Chest pain."]}
    pq.write_table(pa.table(notes), tmp_path / "1.parquet")
    pq.write_table(pa.table({**notes, "note_id": ["b"], "arrest": ["yes"]}), tmp_path / "2.parquet")
    config = IngestConfig(notes=str(tmp_path), carry=["arrest"])
    plan = plan_ingest(config)
    assert plan.carried == (pa.field("arrest", pa.string()),)
    (shard,) = plan.shards
    assert read_shard(shard, config, plan.carried, LedgerRows())["arrest"].to_pylist() == [None, "yes"]
