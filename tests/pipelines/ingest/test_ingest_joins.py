"""Joins with side tables: which row belongs, which comes first, and what is refused."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingest import joins
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.joins import Join, column_problems, join_tables, side_inputs
from pipelines.ingest.plan import plan_ingest
from pipelines.ingest.read import read_shard
from pipelines.stage.ledger import LedgerRows
from schemas.errors import ConfigError, InputError

SECRET = "Unmistakable value"
VISITS = pl.DataFrame(
    {
        "visit": [1, 2, 1, 3, 1, 2],
        "rank": [10, 1, 9, 1, 2, None],
        "kind": ["x", "x", "y", "x", "x", "y"],
        "code": ["a", "b", "c", "d", None, "f"],
    }
)


@pytest.fixture(params=["kept", "scanned"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once as a small table that stays in memory, once as a large one that is scanned for each shard."""
    if request.param == "scanned":
        monkeypatch.setattr(joins, "MAX_KEPT_BYTES", 0)


@pytest.fixture(params=["csv", "parquet", "ndjson"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / f"visits.{request.param}"
    getattr(VISITS, f"write_{request.param}")(path)
    return str(path)


def joined(notes: pa.Table, table: str, column: str = "found", **settings: Any) -> list[str | None]:
    values = {"take": {"found": "code"}, "key": {"visit_id": "visit"}, **settings}
    result: list[str | None] = join_tables(notes, [Join(table=table, **values)])[column].to_pylist()
    return result


def notes(*visits: Any, kind: pa.DataType | None = None) -> pa.Table:
    return pa.table({"visit_id": pa.array(visits, kind)})


@pytest.mark.usefixtures("_both_ways")
class TestBothWays:
    def test_the_first_row_in_the_tables_order(self, table: str) -> None:
        assert joined(notes(2, 3, 1, 9, 2, None), table) == ["b", "d", "a", None, "b", None]

    def test_order_by_counts_numbers_as_numbers_and_nulls_last(self, table: str) -> None:
        assert joined(notes(1, 2), table, order_by="rank") == [None, "b"]
        assert joined(notes(1, 2), table, order_by=["kind", "rank"]) == [None, "b"]

    def test_preferred_values_come_first(self, table: str) -> None:
        assert joined(notes(1, 2, 3), table, prefer={"kind": ["y"]}) == ["c", "f", "d"]
        assert joined(notes(1, 2, 3), table, prefer={"rank": [9]}, order_by="rank") == ["c", "b", "d"]

    def test_where_passes_other_rows_over(self, table: str) -> None:
        assert joined(notes(1, 2, 3), table, where={"kind": "y"}) == ["c", "f", None]
        assert joined(notes(1, 2, 3), table, where={"rank": 1}) == [None, "b", "d"]

    def test_all_rows_are_collected_in_order(self, table: str) -> None:
        every = {"take": {}, "collect": {"found": "code"}, "order_by": "rank"}
        assert joined(notes(1, 2, 9), table, **every) == ["c\na", "b\nf", None]

    @pytest.mark.parametrize(
        "keys",
        [
            pa.array([1, 3], pa.int32()),
            pa.array(["1", " 3 "]),
            pa.array([1.0, 3.0]),
            pa.array(["1.0", "3.0"]),
            pa.array(["1", "3"]).dictionary_encode(),
        ],
    )
    def test_keys_meet_whatever_their_types(self, table: str, keys: pa.Array) -> None:
        assert joined(pa.table({"visit_id": keys}), table) == ["a", "d"]

    def test_several_key_columns(self, table: str) -> None:
        both = pa.table({"visit_id": [1, 1, 2], "kind_id": ["x", "y", "z"]})
        assert joined(both, table, key={"visit_id": "visit", "kind_id": "kind"}) == ["a", "c", None]


def test_a_later_join_uses_what_an_earlier_one_has_added(tmp_path: Path, table: str) -> None:
    pl.DataFrame({"code": ["a", "d"], "name": ["Alpha", "Delta"]}).write_csv(tmp_path / "names.csv")
    first = Join(table=table, key={"visit_id": "visit"}, take={"code": "code"})
    second = Join(table=str(tmp_path / "names.csv"), key={"code": "code"}, take={"name": "name"})
    assert join_tables(notes(3, 2, 1), [first, second])["name"].to_pylist() == ["Delta", None, "Alpha"]


def test_integers_that_pandas_wrote_as_floats_meet_and_codes_stay(tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text("visit,code\n1.0,250.0\n2.0,V10\n,x\n")
    assert joined(notes(1, 2), str(tmp_path / "visits.csv")) == ["250.0", "V10"]


def test_a_key_that_is_not_utf8_belongs_to_nothing(tmp_path: Path, table: str) -> None:
    broken = pa.array([b"1", b"\xff\xfe"], pa.binary()).view(pa.string())
    assert joined(pa.table({"visit_id": broken}), table) == ["a", None]


def test_a_folder_of_parquet_files_is_one_table(tmp_path: Path) -> None:
    (tmp_path / "visits").mkdir()
    for place in range(2):
        VISITS.slice(place * 3, 3).write_parquet(tmp_path / "visits" / f"part-{place}.parquet")
    assert joined(notes(1, 3), str(tmp_path / "visits")) == ["a", "d"]


@pytest.mark.parametrize("separator", ["\t", ";", "|"])
def test_csv_with_other_separators_and_a_byte_order_mark(tmp_path: Path, separator: str) -> None:
    text = VISITS.write_csv(separator=separator)
    (tmp_path / "visits.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert joined(notes(3), str(tmp_path / "visits.csv")) == ["d"]


def test_the_side_tables_are_inputs_of_the_run(tmp_path: Path, table: str) -> None:
    join = Join(table=table, key={"visit_id": "visit"}, take={"found": "code"})
    inputs, problems = side_inputs([join, join])
    assert not problems
    assert [file["file"] for file in inputs] == [table]
    Path(table).write_bytes(Path(table).read_bytes().replace(b"d", b"e"))
    assert side_inputs([join])[0] != inputs


def test_problems_name_the_table_the_column_and_the_remedy(tmp_path: Path, table: str) -> None:
    absent = Join(table=str(tmp_path / "absent.csv"), key={"visit_id": "visit"}, take={"found": "code"})
    mistyped = Join(table=table, key={"visit_id": "visit"}, take={"found": "coode"})
    _, (first, second) = side_inputs([absent, mistyped])
    assert "absent.csv" in first
    assert "'coode'" in second
    assert "visit, rank, kind, code" in second
    assert "'visit_id'" in column_problems([mistyped], ["note_id"])[0]
    assert "another name" in column_problems([mistyped], ["visit_id", "found"])[0]


def test_a_table_without_a_header_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text(f"{SECRET},2\n3,4\n")
    join = Join(table=str(tmp_path / "visits.csv"), key={"visit_id": "visit"}, take={"found": "code"})
    _, (problem,) = side_inputs([join])
    assert SECRET not in problem


def test_a_damaged_table_is_named_without_its_values(tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("visit,code\n1,a\n" * 1200 + f"2,{SECRET},too,many\n")
    with pytest.raises(InputError) as refused:
        joined(notes(1), str(path))
    assert "visits.csv" in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"key": {}}, "key is empty"),
        ({"take": {}}, "take and collect are empty"),
        ({"collect": {"found": "rank"}}, "'found' is in take and in collect"),
        ({"key": {"a": "visit", "b": "visit"}}, "twice"),
        ({"table": " "}, "table is empty"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        Join(**{"table": "t.csv", "key": {"visit_id": "visit"}, "take": {"found": "code"}, **settings})


def test_a_shard_of_several_files_is_joined_and_carries_what_was_added(tmp_path: Path, table: str) -> None:
    (tmp_path / "notes").mkdir()
    for place, visit in enumerate((3, 1)):
        row = {"note_id": f"n{place}", "patient_id": "p", "text": "Cough.", "visit_id": visit}
        pq.write_table(pa.Table.from_pylist([row]), tmp_path / "notes" / f"{place}.parquet")
    take = {"diagnosis_code": "code", "kind": "kind"}
    join = Join(table=table, key={"visit_id": "visit"}, take=take)
    config = IngestConfig(notes=str(tmp_path / "notes"), joins=[join], carry=["kind"])
    plan = plan_ingest(config)
    (shard,) = plan.shards
    found = read_shard(shard, config, plan.carried, LedgerRows())
    assert found.select(["diagnosis_code", "kind"]).to_pylist() == [
        {"diagnosis_code": "d", "kind": "x"},
        {"diagnosis_code": "a", "kind": "x"},
    ]
    assert table in [file["file"] for file in plan.inputs]


def test_notes_in_json_lines_are_joined(tmp_path: Path, table: str) -> None:
    row = {"note_id": "n", "patient_id": "p", "text": "Cough.", "visit_id": 2}
    (tmp_path / "notes.jsonl").write_text(json.dumps(row) + "\n")
    join = Join(table=table, key={"visit_id": "visit"}, take={"diagnosis": "code"})
    config = IngestConfig(notes=str(tmp_path / "notes.jsonl"), joins=[join])
    plan = plan_ingest(config)
    (shard,) = plan.shards
    assert read_shard(shard, config, plan.carried, LedgerRows())["diagnosis"].to_pylist() == ["b"]
