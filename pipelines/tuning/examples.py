"""From safe notes and a label column to task examples, and from those to what training takes."""

import hashlib
from collections import Counter

import polars as pl
import pyarrow as pa

from pipelines.tuning.config import TaskConfig
from schemas.errors import InputError
from schemas.examples import EXAMPLES, TASK_EXAMPLES

_SEPARATOR = "\u241f"  # symbol for unit separator: in no id


def task_examples(notes: pa.Table, task: TaskConfig) -> pa.Table:
    """Labelled examples of the TASK_EXAMPLES schema; notes without a label, null or blank, are left out.

    Args:
        notes: safe notes with the task's label column.

    Raises:
        InputError: the column is missing, or holds a value that is no label, or no note has a label.
    """
    if task.label_column not in notes.column_names:
        raise InputError(
            f"tuning.task.label_column: the notes have no column {task.label_column!r}: add it to ingest.carry"
        )
    label = pl.col(task.label_column).cast(pl.String).str.strip_chars()
    frame = pl.DataFrame(notes).filter(label.str.len_chars() > 0)
    unknown = frame.filter(~label.is_in(task.labels)).height
    if unknown:
        raise InputError(f"column {task.label_column!r} of {unknown} notes is none of the task's labels {task.labels}")
    if not frame.height:
        raise InputError(f"column {task.label_column!r} holds no label at all")
    examples = frame.select(
        pl.col("note_id").alias("example_id"),
        pl.col("patient_id").alias("group_id"),
        "split",
        "text",
        label.alias("label"),
    )
    return examples.to_arrow().cast(TASK_EXAMPLES)


def sample(examples: pa.Table, max_examples: int) -> pa.Table:
    """At most `max_examples`: an equal share for each label, and what a rare one leaves over for the others.

    Which examples of a label, only their ids decide.
    """
    by_label: dict[str, list[dict[str, str]]] = {}
    for row in examples.to_pylist():
        by_label.setdefault(row["label"], []).append(row)
    chosen: list[dict[str, str]] = []
    rarest_first = sorted(by_label, key=lambda label: (len(by_label[label]), label))
    for place, label in enumerate(rarest_first):
        share = (max_examples - len(chosen)) // (len(rarest_first) - place)
        chosen += sorted(by_label[label], key=lambda row: hashlib.sha256(row["example_id"].encode()).digest())[:share]
    return pa.Table.from_pylist(chosen, schema=TASK_EXAMPLES)


def training_rows(examples: pa.Table, task: TaskConfig, *, balance: bool) -> pa.Table:
    """Rows of the EXAMPLES schema whose target is the label.

    With `balance`, examples of the rarer labels are repeated, each under an id of its own, until all are as frequent.
    """
    rows = examples.to_pylist()
    counts = Counter(row["label"] for row in rows)
    most = max(counts.values(), default=0)
    repeated = []
    for label in sorted(counts):
        members = [row for row in rows if row["label"] == label]
        wanted = most if balance else len(members)
        for place in range(wanted):
            copy, index = divmod(place, len(members))
            row = members[index]
            repeated.append(_row(row, f"{row['example_id']}{_SEPARATOR}{copy}", task, row["label"]))
    return pa.Table.from_pylist(repeated, schema=EXAMPLES)


def validation_rows(examples: pa.Table, task: TaskConfig) -> pa.Table:
    """Rows of the EXAMPLES schema: each example once with each label; the id says which and which is right."""
    rows = [
        _row(row, choice_id(row["example_id"], index, task.labels.index(row["label"])), task, label)
        for row in examples.to_pylist()
        for index, label in enumerate(task.labels)
    ]
    return pa.Table.from_pylist(rows, schema=EXAMPLES)


def choice_id(example_id: str, choice: int, answer: int) -> str:
    """Id of a document that scores one choice of an example."""
    return f"{example_id}{_SEPARATOR}{choice}{_SEPARATOR}{answer}"


def parse_choice_id(document_id: str) -> tuple[str, int, int]:
    """The parts of a `choice_id`: example, choice, answer."""
    example_id, choice, answer = document_id.rsplit(_SEPARATOR, 2)
    return example_id, int(choice), int(answer)


def _row(row: dict[str, str], example_id: str, task: TaskConfig, target: str) -> dict[str, object]:
    return {
        "example_id": example_id,
        "note_id": row["example_id"],
        "patient_id": row["group_id"],
        "split": row["split"],
        "system": task.system,
        "prompt": row["text"],
        "target": target,
        "sections": [],
        "diagnosis": None,
        "diagnosis_code": None,
        "source_file": "",
        "source_row": 0,
    }
