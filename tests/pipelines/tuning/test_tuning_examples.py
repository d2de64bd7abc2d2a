"""Task examples: labels checked, rare ones kept and balanced, each validation example once with each label."""

from collections import Counter

import pyarrow as pa
import pytest

from pipelines.tuning.config import TaskConfig
from pipelines.tuning.examples import parse_choice_id, sample, task_examples, training_rows, validation_rows
from schemas.errors import ConfigError, InputError

TASK = TaskConfig(name="arrest", question="Arrest?", label_column="arrest", labels=["yes", "no"], positive="yes")


def _notes(labels: list[str | None]) -> pa.Table:
    count = len(labels)
    return pa.table(
        {
            "note_id": [f"n{index}" for index in range(count)],
            "patient_id": [f"p{index // 2}" for index in range(count)],
            "split": ["train"] * count,
            "text": [f"Note {index}." for index in range(count)],
            "arrest": labels,
        }
    )


def test_notes_without_a_label_are_left_out() -> None:
    examples = task_examples(_notes(["yes", None, "no ", " "]), TASK).to_pylist()
    assert [(row["example_id"], row["group_id"], row["label"]) for row in examples] == [
        ("n0", "p0", "yes"),
        ("n2", "p1", "no"),
    ]


def test_wrong_labels_are_refused_without_quoting_a_note() -> None:
    with pytest.raises(InputError, match=r"2 notes is none of the task's labels \['yes', 'no'\]"):
        task_examples(_notes(["yes", "maybe", "Note 7 says"]), TASK)
    with pytest.raises(InputError, match="no label at all"):
        task_examples(_notes([None, None]).set_column(4, "arrest", pa.array([None, None], pa.string())), TASK)
    with pytest.raises(InputError, match=r"ingest\.carry"):
        task_examples(_notes(["yes"]).drop_columns(["arrest"]), TASK)
    with pytest.raises(ConfigError, match=r"tuning\.task\.positive"):
        TaskConfig(name="a", question="?", label_column="a", labels=["yes", "no"], positive="maybe")


def test_a_sample_keeps_the_rare_label_and_does_not_depend_on_the_order() -> None:
    examples = task_examples(_notes(["yes"] * 3 + ["no"] * 50), TASK)
    kept = sample(examples, 10)
    assert Counter(kept["label"].to_pylist()) == {"yes": 3, "no": 7}
    backwards = examples.take(list(reversed(range(examples.num_rows))))
    assert sample(backwards, 10).equals(kept)


def test_no_label_crowds_another_out_of_a_sample() -> None:
    examples = task_examples(_notes(["yes"] * 30 + ["no"] * 50), TASK)
    assert Counter(sample(examples, 20)["label"].to_pylist()) == {"yes": 10, "no": 10}
    assert sample(examples, 500).num_rows == 80


def test_balancing_repeats_the_rare_label_under_ids_of_its_own() -> None:
    examples = task_examples(_notes(["yes"] * 3 + ["no"] * 10), TASK)
    rows = training_rows(examples, TASK, balance=True)
    assert Counter(rows["target"].to_pylist()) == {"yes": 10, "no": 10}
    assert len(set(rows["example_id"].to_pylist())) == 20
    assert Counter(training_rows(examples, TASK, balance=False)["target"].to_pylist()) == {"yes": 3, "no": 10}


def test_validation_has_each_example_with_each_label() -> None:
    rows = validation_rows(task_examples(_notes(["yes", "no"]), TASK), TASK).to_pylist()
    assert [(*parse_choice_id(row["example_id"]), row["target"]) for row in rows] == [
        ("n0", 0, 0, "yes"),
        ("n0", 1, 0, "no"),
        ("n1", 0, 1, "yes"),
        ("n1", 1, 1, "no"),
    ]
