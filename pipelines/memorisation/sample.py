"""Which examples are audited: a sample that seed and ids decide, whatever the order of the files."""

import hashlib

import pyarrow as pa

from schemas.benchmarks import BENCHMARK_ITEMS, ItemKind


def sample_examples(examples: pa.Table, num_examples: int, seed: int, *, one_a_patient: bool = False) -> pa.Table:
    """At most so many EXAMPLES rows, in the order of a hash of their ids.

    Args:
        one_a_patient: the first of each patient alone, so that the rows are independent of each other.
    """
    ids = examples["example_id"].to_pylist()
    order = sorted(range(len(ids)), key=lambda row: hashlib.blake2b(f"{seed}:{ids[row]}".encode()).digest())
    if one_a_patient:
        patients = examples["patient_id"].to_pylist()
        first = {patients[row]: row for row in reversed(order)}
        order = [row for row in order if first[patients[row]] == row]
    return examples.take(pa.array(order[:num_examples], pa.int64()))


def likelihood_items(examples: pa.Table, instruction: str, task: str) -> pa.Table:
    """BENCHMARK_ITEMS that score the targets of EXAMPLES as training saw them, grouped by patient."""
    rows = [
        {
            "item_id": row["example_id"],
            "task": task,
            "kind": ItemKind.LIKELIHOOD.value,
            "system": row["system"],
            "prompt": row["prompt"],
            "instruction": instruction,
            "answer_prefix": "",
            "choices": None,
            "answer": row["target"],
            "group_id": row["patient_id"],
        }
        for row in examples.to_pylist()
    ]
    return pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS)
