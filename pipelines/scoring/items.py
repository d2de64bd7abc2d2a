"""Items to score a model on, from the examples held out and from a task's labels.

Every function gives a BENCHMARK_ITEMS table that is the same for the same input and seed, whatever the input's order.
"""

import hashlib
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.scoring.config import TASK_NAME, ScoringConfig
from pipelines.scoring.distractors import DistractorSampler, normalised
from schemas.benchmarks import BENCHMARK_ITEMS, ItemKind
from schemas.errors import ConfigError, InputError

MDM_TASK = "mdm"
DIAGNOSIS_TASK = "assigned_diagnosis"


def _hash_key(seed: int, name: str) -> bytes:
    return hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=16).digest()


def item_rng(seed: int, task: str, item_id: str) -> np.random.Generator:
    """Random numbers of one item: the same in any order, on any machine."""
    return np.random.default_rng(int.from_bytes(_hash_key(seed, f"{task}:{item_id}"), "big"))


def sampled(rows: list[dict[str, Any]], config: ScoringConfig, id_column: str = "item_id") -> list[dict[str, Any]]:
    """At most `max_items_per_task` of a task's rows, in the order of a hash of their ids.

    Raises:
        InputError: an id comes twice, so that predictions could not be told apart.
    """
    ordered = sorted(rows, key=lambda row: _hash_key(config.seed, row[id_column]))
    for first, second in itertools.pairwise(ordered):
        if first[id_column] == second[id_column]:
            raise InputError(f"{id_column} {first[id_column]!r} comes twice in one task; ids must be unique")
    return ordered[: config.max_items_per_task]


def mdm_likelihood_items(examples: pa.Table, instruction: str, config: ScoringConfig) -> pa.Table:
    """How likely a model finds the paragraph that the clinician wrote.

    Args:
        examples: EXAMPLES rows of the split to score on.
        instruction: the one that training used (`packing.instruction`); with another, the score is of another task.
    """
    rows = [
        {
            "item_id": row["example_id"],
            "task": MDM_TASK,
            "kind": ItemKind.LIKELIHOOD.value,
            "system": row["system"],
            "prompt": row["prompt"],
            "instruction": instruction,
            "answer_prefix": "",
            "choices": None,
            "answer": row["target"],
            "group_id": row["patient_id"],
        }
        for row in sampled(examples.to_pylist(), config, "example_id")
    ]
    return pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS)


def assigned_diagnosis_items(test_examples: pa.Table, train_examples: pa.Table, config: ScoringConfig) -> pa.Table:
    """The diagnosis assigned to a patient against diagnoses assigned to training patients.

    Distractors are balanced (see `distractors`), so that knowing how common diagnoses are gains nothing. The order of
    the choices is random, so that ties gain nothing. Examples without a diagnosis ask nothing, and give no item.

    Args:
        test_examples: EXAMPLES rows of the split to score on.
        train_examples: EXAMPLES rows of the training split.

    Raises:
        InputError: the training split has too few different diagnoses.
    """
    task = config.diagnosis
    known = [diagnosis for diagnosis in train_examples["diagnosis"].to_pylist() if diagnosis]
    sampler = DistractorSampler(known, task.num_choices)
    columns = ["example_id", "patient_id", "system", "prompt", "diagnosis"]
    diagnosed = [row for row in test_examples.select(columns).to_pylist() if normalised(row["diagnosis"] or "")]
    rows = []
    for row in sampled(diagnosed, config, "example_id"):
        rng = item_rng(config.seed, DIAGNOSIS_TASK, row["example_id"])
        answer = sampler.spelling(row["diagnosis"])
        choices = [answer, *sampler.draw(answer, rng)]
        rng.shuffle(choices)
        rows.append(
            {
                "item_id": row["example_id"],
                "task": DIAGNOSIS_TASK,
                "kind": ItemKind.MULTIPLE_CHOICE.value,
                "system": row["system"],
                "prompt": row["prompt"],
                "instruction": task.instruction,
                "answer_prefix": task.answer_prefix,
                "choices": choices,
                "answer": answer,
                "group_id": row["patient_id"],
            }
        )
    return pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS)


def label_items(
    task_examples: pa.Table,
    question: str,
    labels: Sequence[str],
    config: ScoringConfig,
    *,
    task: str,
    system: str = "",
    answer_prefix: str = "",
) -> pa.Table:
    """A classification task: the same labels for every item.

    Args:
        task_examples: TASK_EXAMPLES rows of the split to score on.
        question: follows the text in the user's turn.
        labels: every label, as the model is to write it.
        task: its name: letters, digits and underscores.
        system: system message, as in training.
        answer_prefix: begins the assistant's turn, as in training.

    Raises:
        ConfigError: the task's name or the labels are unusable.
        InputError: an example's label is not among them.
    """
    if not TASK_NAME.fullmatch(task):
        raise ConfigError(f"task name {task!r}: use letters, digits and underscores")
    if len(labels) < 2 or len(set(labels)) < len(labels) or not all(label.strip() for label in labels):
        raise ConfigError(f"task {task!r}: labels are {list(labels)}: give two or more, all different and none empty")
    rows = []
    for row in sampled(task_examples.to_pylist(), config, "example_id"):
        if row["label"] not in labels:
            raise InputError(
                f"task {task!r}, example {row['example_id']!r}: its label is none of {list(labels)}; correct the "
                "example or add the label"
            )
        rows.append(
            {
                "item_id": row["example_id"],
                "task": task,
                "kind": ItemKind.MULTIPLE_CHOICE.value,
                "system": system,
                "prompt": row["text"],
                "instruction": question,
                "answer_prefix": answer_prefix,
                "choices": list(labels),
                "answer": row["label"],
                "group_id": row["group_id"],
            }
        )
    return pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS)
