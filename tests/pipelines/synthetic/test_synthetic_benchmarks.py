"""The benchmarks are in the scoring format, balanced, and have one right choice."""

from collections import Counter

import pyarrow.parquet as pq
import pytest

from pipelines.synthetic.benchmarks import NUM_ITEMS, write_benchmarks
from pipelines.synthetic.notes import SyntheticConfig
from schemas.benchmarks import BENCHMARK_ITEMS


@pytest.mark.parametrize("task", ["general", "biomedical"])
def test_items(task, tmp_path):
    path = write_benchmarks(SyntheticConfig(), tmp_path) / f"{task}.parquet"
    table = pq.read_table(path)
    assert table.schema.equals(BENCHMARK_ITEMS)
    rows = table.to_pylist()
    assert len(rows) == NUM_ITEMS
    assert len({row["item_id"] for row in rows}) == len({row["prompt"] for row in rows}) == NUM_ITEMS
    places = Counter(row["choices"].index(row["answer"]) for row in rows)
    assert set(places.values()) == {NUM_ITEMS // 4}
    for row in rows:
        assert len(set(row["choices"])) == 4
        assert row["group_id"] == row["item_id"]
        assert row["prompt"].endswith("Answer:")
    first = path.read_bytes()
    assert (write_benchmarks(SyntheticConfig(), tmp_path / "again") / path.name).read_bytes() == first


def test_wording_of_the_choices_gives_little_away(tmp_path):
    """Always taking the longest choice must be near chance."""
    rows = pq.read_table(write_benchmarks(SyntheticConfig(), tmp_path) / "biomedical.parquet").to_pylist()
    longest = sum(max(row["choices"], key=len) == row["answer"] for row in rows) / len(rows)
    assert longest < 0.4
