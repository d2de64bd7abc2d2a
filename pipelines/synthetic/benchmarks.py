"""Two small multiple-choice benchmarks: general knowledge, and medicine from the hospital's own diagnoses.

The right answer stands first, second, third and fourth equally often, and wrong choices are other questions' right
answers, so neither place nor wording gives anything away.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from pipelines.stage.output import write_table
from pipelines.synthetic.content import Diagnosis, diagnoses, several
from pipelines.synthetic.notes import SyntheticConfig
from schemas.benchmarks import BENCHMARK_ITEMS, ItemKind

NUM_ITEMS = 120
NUM_CHOICES = 4


@dataclass(frozen=True)
class _Question:
    text: str
    answer: str
    wrong: Sequence[str]  # at least three


def write_benchmarks(config: SyntheticConfig, directory: Path) -> Path:
    """Write `benchmarks/general.parquet` and `benchmarks/biomedical.parquet`, of `NUM_ITEMS` items each.

    Args:
        config: only its seed is read.

    Returns:
        `directory / "benchmarks"`.
    """
    for task, sources in (
        ("general", (_opposites, _categories, _calendar, _comparisons)),
        ("biomedical", (_treatments, _findings, _results, _organs)),
    ):
        rng = random.Random(f"{config.seed}/benchmark/{task}")
        write_table(directory / "benchmarks" / f"{task}.parquet", _items(rng, task, sources))
    return directory / "benchmarks"


def _items(rng: random.Random, task: str, sources: Sequence[Callable[[random.Random], list[_Question]]]) -> pa.Table:
    share = NUM_ITEMS // len(sources)
    questions = [question for source in sources for question in several(rng, source(rng), share)]
    assert len(questions) == NUM_ITEMS, f"{task}: {len(questions)} questions"
    places = [index % NUM_CHOICES for index in range(NUM_ITEMS)]
    rng.shuffle(places)
    rows = []
    for index, (question, place) in enumerate(zip(questions, places, strict=True)):
        choices = several(rng, sorted(set(question.wrong) - {question.answer}), NUM_CHOICES - 1)
        choices.insert(place, question.answer)
        item_id = f"{task}-{index:03}"
        rows.append(
            {
                "item_id": item_id,
                "task": task,
                "kind": ItemKind.MULTIPLE_CHOICE.value,
                "system": "",
                "prompt": f"Question: {question.text}\nAnswer:",
                "instruction": "",
                "answer_prefix": "",
                "choices": choices,
                "answer": question.answer,
                "group_id": item_id,
            }
        )
    return pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS)


@cache
def _facts() -> dict[str, Any]:
    return yaml.safe_load((Path(__file__).parent / "benchmarks.yaml").read_text(encoding="utf-8"))


def _opposites(rng: random.Random) -> list[_Question]:
    pairs: dict[str, str] = _facts()["opposites"]
    return [
        _Question(f"What is the opposite of {word}?", answer, list(pairs.values())) for word, answer in pairs.items()
    ]


def _categories(rng: random.Random) -> list[_Question]:
    groups: dict[str, list[str]] = _facts()["categories"]
    return [
        _Question(f"What kind of thing is meant by the word {member}?", name, list(groups))
        for name, members in groups.items()
        for member in members
    ]


def _calendar(rng: random.Random) -> list[_Question]:
    questions = []
    for cycle in _facts()["calendar"].values():
        for index, name in enumerate(cycle):
            following, preceding = cycle[(index + 1) % len(cycle)], cycle[index - 1]
            for text, answer in ((f"What comes after {name}?", following), (f"What comes before {name}?", preceding)):
                questions.append(_Question(text, answer, [other for other in cycle if other not in (name, answer)]))
    return questions


def _comparisons(rng: random.Random) -> list[_Question]:
    questions = []
    for index in range(NUM_ITEMS):
        numbers = rng.sample(range(2, 100), NUM_CHOICES)
        name, pick = (("largest", max), ("smallest", min))[index % 2]
        listed = ", ".join(map(str, numbers))
        questions.append(
            _Question(f"Which number is the {name}: {listed}?", str(pick(numbers)), list(map(str, numbers)))
        )
    return questions


def _treatments(rng: random.Random) -> list[_Question]:
    return _of_diagnoses(rng, "Which treatment is given for {name}?", lambda diagnosis: diagnosis.treatment)


def _findings(rng: random.Random) -> list[_Question]:
    return _of_diagnoses(rng, "Which finding on examination goes with {name}?", lambda diagnosis: diagnosis.exam)


def _results(rng: random.Random) -> list[_Question]:
    return _of_diagnoses(rng, "Which test result goes with {name}?", lambda diagnosis: diagnosis.tests)


def _organs(rng: random.Random) -> list[_Question]:
    organs: dict[str, str] = _facts()["organs"]
    return [
        _Question(f"Which organ is affected in {name}?", organ, list(organs.values())) for name, organ in organs.items()
    ]


def _of_diagnoses(rng: random.Random, text: str, features: Callable[[Diagnosis], tuple[str, ...]]) -> list[_Question]:
    """One question a diagnosis; wrong answers come from diagnoses of other complaints that share no word with it."""
    questions = []
    for diagnosis in diagnoses():
        answer = rng.choice(features(diagnosis))
        own_words = {word for feature in features(diagnosis) for word in feature.split()}
        wrong = {
            feature
            for other in diagnoses()
            if not set(other.complaints) & set(diagnosis.complaints)
            for feature in features(other)
            if not own_words & set(feature.split())
        }
        if not answer.startswith(("no ", "normal")):
            questions.append(_Question(text.format(name=diagnosis.name), answer, sorted(wrong)))
    return questions
