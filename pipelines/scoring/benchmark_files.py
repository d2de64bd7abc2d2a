"""Benchmarks from Parquet files, by the mapping of their columns that the configuration gives.

A row that cannot be read stops the run: a benchmark without its hard or odd rows is another benchmark.
"""

import string
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.scoring.config import BenchmarkSource, ScoringConfig
from pipelines.scoring.items import sampled
from schemas.benchmarks import BENCHMARK_ITEMS, ItemKind
from schemas.errors import InputError

# Longer values of an answer column may be text of a note; messages give their length instead.
_LONGEST_SHOWN = 20


def benchmark_items(source: BenchmarkSource, config: ScoringConfig) -> pa.Table:
    """Items of one benchmark, sampled.

    Raises:
        InputError: the file or a column is missing, or a row's choices or answer cannot be used.
    """
    table = _read(source)
    rows = _checked_rows(source, table) if source.format == "items" else _mapped_rows(source, table)
    if not rows:
        raise InputError(f"benchmark {source.name!r}: {source.path} has no rows; give a file with rows")
    return pa.Table.from_pylist(sampled(rows, config), schema=BENCHMARK_ITEMS)


def _read(source: BenchmarkSource) -> pa.Table:
    path = Path(source.path).expanduser()
    if not path.is_file():
        raise InputError(f"benchmark {source.name!r}: no file {source.path!r}; correct its path")
    try:
        table = pq.read_table(path, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"benchmark {source.name!r}: {source.path} is not readable as Parquet ({type(error).__name__}); "
            "convert the file to Parquet"
        ) from None
    if source.format == "items":
        needed = BENCHMARK_ITEMS.names
    else:
        needed = [source.id_column, *source.prompt_columns, *source.choice_columns, source.answer_column]
        needed += [source.group_column] if source.group_column else []
    if missing := sorted(set(needed) - set(table.column_names)):
        raise InputError(
            f"benchmark {source.name!r}: {source.path} has no column {', '.join(missing)}; it has "
            f"{', '.join(table.column_names)}"
        )
    return table.select(list(dict.fromkeys(needed)))


def _checked_rows(source: BenchmarkSource, table: pa.Table) -> list[dict[str, Any]]:
    """Rows of a file that claims to hold items, under the name that the configuration gives to the task."""
    try:
        rows = table.cast(BENCHMARK_ITEMS).to_pylist()
    except (pa.ArrowException, ValueError):
        raise InputError(
            f"benchmark {source.name!r}: {source.path} does not have the types of the BENCHMARK_ITEMS schema; "
            "write it with that schema, or use format: columns"
        ) from None
    kinds = {kind.value for kind in ItemKind}
    for index, row in enumerate(rows):
        where = _where(source, index)
        if any(row[name] is None for name in BENCHMARK_ITEMS.names if name != "choices"):
            raise InputError(f"{where}: only choices may be null; fill the row's empty columns")
        if row["kind"] not in kinds:
            raise InputError(f"{where}: kind is {_shown(row['kind'])}; give one of {sorted(kinds)}")
        if row["kind"] == ItemKind.MULTIPLE_CHOICE:
            _require_choices(where, row["choices"] or [], row["answer"])
        row["task"] = source.name
    if len({row["kind"] for row in rows}) > 1:
        raise InputError(f"benchmark {source.name!r}: {source.path} mixes kinds; give each kind a file of its own")
    return rows


def _mapped_rows(source: BenchmarkSource, table: pa.Table) -> list[dict[str, Any]]:
    rows = []
    for index, row in enumerate(table.to_pylist()):
        where = _where(source, index)
        group_column = source.group_column or source.id_column
        for column in (source.id_column, group_column, source.answer_column):
            if row[column] is None:
                raise InputError(f"{where}: column {column!r} is null; fill it or remove the row")
        choices = list(source.choices) or _choices(where, source, row)
        answer = _answer(where, source, row[source.answer_column], choices)
        _require_choices(where, choices, answer)
        rows.append(
            {
                "item_id": str(row[source.id_column]),
                "task": source.name,
                "kind": ItemKind.MULTIPLE_CHOICE.value,
                "system": source.system,
                "prompt": _prompt(where, source, row),
                "instruction": source.instruction,
                "answer_prefix": source.answer_prefix,
                "choices": choices,
                "answer": answer,
                "group_id": str(row[group_column]),
            }
        )
    return rows


def _prompt(where: str, source: BenchmarkSource, row: dict[str, Any]) -> str:
    parts: list[str] = []
    for literal, column in source.prompt_pieces:
        parts.append(literal)
        if column is None:
            continue
        value = row[column]
        if value is None:
            raise InputError(f"{where}: column {column!r} of the prompt is null; fill it or remove the row")
        parts.append("\n".join(map(str, value)) if isinstance(value, list) else str(value))
    return "".join(parts)


def _choices(where: str, source: BenchmarkSource, row: dict[str, Any]) -> list[str]:
    choices: list[Any] = []
    for column in source.choice_columns:
        choices += row[column] if isinstance(row[column], list) else [row[column]]
    if any(choice is None for choice in choices):
        raise InputError(f"{where}: a choice in {source.choice_columns} is null; fill it or remove the row")
    return [str(choice) for choice in choices]


def _answer(where: str, source: BenchmarkSource, value: Any, choices: list[str]) -> str:
    """The text of the right choice."""
    if source.answer_format == "text":
        return str(value)
    problem = f"{where}: column {source.answer_column!r} is {_shown(value)}"
    if source.answer_format == "letter":
        letter = str(value).strip().upper()
        index = string.ascii_uppercase.find(letter) if len(letter) == 1 else -1
        remedy = f"give a letter from A to {string.ascii_uppercase[len(choices) - 1]}, or another answer_format"
    else:
        first = 1 if source.answer_format == "index_from_1" else 0
        remedy = f"give a number from {first} to {len(choices) - 1 + first}, or another answer_format"
        try:
            index = int(value) - first
        except (TypeError, ValueError):
            raise InputError(f"{problem}; {remedy}") from None
    if not 0 <= index < len(choices):
        raise InputError(f"{problem}; {remedy}")
    return choices[index]


def _require_choices(where: str, choices: list[str], answer: str) -> None:
    if len(choices) < 2 or len(set(choices)) < len(choices) or not all(choice.strip() for choice in choices):
        raise InputError(f"{where}: it needs two or more choices, all different and none empty; correct the row")
    if answer not in choices:
        raise InputError(
            f"{where}: the answer is {_shown(answer)}, which is none of its {len(choices)} choices; correct the row, "
            "or the mapping's choices, answer_column and answer_format"
        )


def _where(source: BenchmarkSource, index: int) -> str:
    return f"benchmark {source.name!r}: {source.path}, row {index}"


def _shown(value: Any) -> str:
    text = str(value)
    return repr(text) if len(text) <= _LONGEST_SHOWN else f"a text of {len(text)} characters"
