from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.scoring.benchmark_files import benchmark_items
from pipelines.scoring.config import BenchmarkSource, ScoringConfig
from pipelines.scoring.items import mdm_likelihood_items
from schemas.benchmarks import BENCHMARK_ITEMS
from schemas.errors import InputError
from schemas.examples import EXAMPLES

BENCH = Path(__file__).resolve().parents[3] / "../shared/data/bench"
CONFIG = ScoringConfig(max_items_per_task=10_000)


def source(tmp_path: Path, rows: list[dict[str, Any]], **mapping: Any) -> BenchmarkSource:
    path = tmp_path / "bench.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return BenchmarkSource(**({"name": "bench", "path": str(path), "prompt": "{q}"} | mapping))


def test_prompt_joins_lists_and_leaves_braces_of_values_alone(tmp_path: Path) -> None:
    rows = [{"id": 3, "q": "Is {x} so?", "contexts": ["One.", "Two."], "passage": "p1", "answer": "no"}]
    prompt = "{contexts}\n\nQuestion: {q} {{sic}}"
    mapping = source(
        tmp_path, rows, prompt=prompt, choices=["yes", "no"], group_column="passage", instruction="Answer."
    )
    row = benchmark_items(mapping, CONFIG).to_pylist()[0]
    assert row["prompt"] == "One.\nTwo.\n\nQuestion: Is {x} so? {sic}"
    assert (row["item_id"], row["group_id"], row["answer"], row["instruction"]) == ("3", "p1", "no", "Answer.")


@pytest.mark.parametrize(
    ("answer_format", "answer"), [("text", "blue"), ("letter", "b"), ("index", 1), ("index_from_1", "2")]
)
def test_answer_formats_mean_the_same(tmp_path: Path, answer_format: str, answer: Any) -> None:
    rows = [{"id": "a", "q": "?", "o1": "red", "o2": "blue", "answer": answer}]
    mapping = source(tmp_path, rows, choice_columns=["o1", "o2"], answer_format=answer_format)
    assert benchmark_items(mapping, CONFIG)["answer"].to_pylist() == ["blue"]


def test_a_list_column_holds_choices(tmp_path: Path) -> None:
    rows = [{"id": "a", "q": "?", "options": ["x", "y", "z"], "answer": 2}]
    mapping = source(tmp_path, rows, choice_columns=["options"], answer_format="index")
    assert benchmark_items(mapping, CONFIG)["choices"].to_pylist() == [["x", "y", "z"]]


@pytest.mark.parametrize(
    ("row", "mapping", "message"),
    [
        ({}, {"answer_column": "label"}, "has no column label; it has id, q, o1, o2, answer"),
        ({"answer": "C"}, {"answer_format": "letter"}, "row 0: column 'answer' is 'C'; give a letter from A to B"),
        ({"answer": "0"}, {"answer_format": "index_from_1"}, "'answer' is '0'; give a number from 1 to 2"),
        ({"answer": "x"}, {"answer_format": "index"}, "'answer' is 'x'; give a number from 0 to 1"),
        ({"answer": "Red"}, {}, "the answer is 'Red', which is none of its 2 choices"),
        ({"answer": "Seen by Dr. Watson in Baker Street"}, {}, "the answer is a text of 34 characters"),
        ({"o2": "red"}, {}, "two or more choices, all different"),
        ({"o2": None}, {}, "is null"),
        ({"q": None}, {}, "column 'q' of the prompt is null"),
    ],
)
def test_rows_that_cannot_be_read_name_file_row_value_and_remedy(
    tmp_path: Path, row: dict[str, Any], mapping: dict[str, Any], message: str
) -> None:
    rows = [{"id": "a", "q": "?", "o1": "red", "o2": "blue", "answer": "red"} | row]
    with pytest.raises(InputError, match=message) as caught:
        benchmark_items(source(tmp_path, rows, choice_columns=["o1", "o2"], **mapping), CONFIG)
    assert "bench.parquet" in str(caught.value)
    assert "Watson" not in str(caught.value)


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        benchmark_items(BenchmarkSource(name="a", path=str(tmp_path / "none"), format="items"), CONFIG)
    (tmp_path / "text").write_text("not parquet")
    with pytest.raises(InputError, match="not readable as Parquet"):
        benchmark_items(BenchmarkSource(name="a", path=str(tmp_path / "text"), format="items"), CONFIG)


def test_a_file_of_items_takes_the_configured_name(tmp_path: Path) -> None:
    row = dict.fromkeys(BENCHMARK_ITEMS.names, "x") | {"kind": "multiple_choice", "choices": ["x", "y"]}
    path = tmp_path / "items.parquet"
    pq.write_table(pa.Table.from_pylist([row], schema=BENCHMARK_ITEMS), path)
    items = benchmark_items(BenchmarkSource(name="own", path=str(path), format="items"), CONFIG)
    assert items["task"].to_pylist() == ["own"]
    pq.write_table(pa.Table.from_pylist([row | {"kind": "essay"}], schema=BENCHMARK_ITEMS), path)
    with pytest.raises(InputError, match="kind is 'essay'; give one of"):
        benchmark_items(BenchmarkSource(name="own", path=str(path), format="items"), CONFIG)


def test_empty_splits_give_empty_tables() -> None:
    assert mdm_likelihood_items(EXAMPLES.empty_table(), "x", CONFIG).schema == BENCHMARK_ITEMS


@pytest.mark.skipif(not BENCH.is_dir(), reason="public benchmark files are not here")
def test_public_benchmarks_map() -> None:
    pubmedqa = BenchmarkSource(
        name="pubmedqa",
        path=str(BENCH / "pubmedqa_pqal_cv500.parquet"),
        prompt="{contexts}\n\nQuestion: {question}",
        instruction="Answer yes, no or maybe.",
        choices=["yes", "no", "maybe"],
        answer_column="final_decision",
    )
    items = benchmark_items(pubmedqa, CONFIG)
    assert items.num_rows == 500
    assert set(items["answer"].to_pylist()) == {"yes", "no", "maybe"}
    medqa = BenchmarkSource(
        name="medqa",
        path=str(BENCH / "medqa_us_test_open.parquet"),
        prompt="{question}",
        choice_columns=["option_a", "option_b", "option_c", "option_d"],
        answer_format="letter",
    )
    gold = pq.read_table(medqa.path, columns=["id", "answer_text"]).to_pylist()
    answers = {row["item_id"]: row["answer"] for row in benchmark_items(medqa, CONFIG).to_pylist()}
    assert answers == {row["id"]: row["answer_text"] for row in gold}
