"""Planning a read: every kind of unusable input is refused with its name and the remedy; rows are cut into shards."""

import os
import pickle
import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingest.config import IngestConfig
from pipelines.ingest.plan import plan_ingest
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


def test_empty_folder_and_folder_without_parquet(tmp_path: Path) -> None:
    assert "no Parquet file in this folder" in refusal(str(tmp_path))
    (tmp_path / "notes.csv").write_text("note_id,text")
    assert ".parquet" in refusal(str(tmp_path))
    assert "no Parquet file matches" in refusal(str(tmp_path / "*.parquet"))


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


def test_shards_hold_every_row_once_and_keep_to_row_groups(tmp_path: Path) -> None:
    path = write(tmp_path / "notes.parquet", 95, row_group_size=20)
    plan = plan_ingest(IngestConfig(notes=path, rows_per_shard=45))
    assert [(s.start_row, s.num_rows) for s in plan.shards] == [(0, 40), (40, 40), (80, 15)]
    cut = plan_ingest(IngestConfig(notes=path, rows_per_shard=15)).shards
    assert [row for s in cut for row in range(s.start_row, s.start_row + s.num_rows)] == list(range(95))
    assert max(s.num_rows for s in cut) <= 15
    assert [s.index for s in cut] == list(range(len(cut)))


def test_duplicates_are_found_across_files_and_missing_ids_are_none(tmp_path: Path) -> None:
    ids = pa.array(["a", "b", "a", None, None, " ", " "])
    write(tmp_path / "1.parquet", 7, note_id=ids)
    write(tmp_path / "2.parquet", 3, note_id=pa.array(["c", "b", "d"]))
    first, second = plan_ingest(IngestConfig(notes=str(tmp_path))).shards
    assert first.duplicate_rows == (2,)
    assert second.duplicate_rows == (1,)


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
    tables = [read_shard(shard, config, plan.carried, LedgerRows()) for shard in plan.shards]
    assert [table["arrest"].to_pylist() for table in tables] == [[None], ["yes"]]
