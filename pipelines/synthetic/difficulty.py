"""How hard the tasks are, before any language model: a floor to beat and a ceiling that a lookup does not reach.

    python -m pipelines.synthetic.difficulty [--num_patients N] [--seed S]

The patients of one third of the hospital are held out. Bag-of-words models see the presentation alone for the diagnosis
and the whole note for the mention of an arrest. Takes about a minute for 900 patients.
"""

import argparse
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.pipeline import Pipeline, make_pipeline

from pipelines.stage.output import read_tables
from pipelines.synthetic.notes import ARREST_COLUMN, SyntheticConfig, write_notes

HELD_OUT = 3  # every third patient
NUM_CHOICES = 4

ARREST_KEYWORDS = re.compile(
    r"cardiac arrest|code blue|\bcoded\b|\barrested\b|\b(?:PEA|VF) arrest|\bROSC\b|\bCPR\b|asystol|fibrillation"
    r"|pulseless|(?:lost|no|without a) pulses?\b|compressions|resuscitated",
    re.IGNORECASE,
)


def measure(notes: pa.Table, truth: pa.Table, seed: int = 0) -> dict[tuple[str, str], dict[str, float]]:
    """Score the baselines on held-out patients.

    Args:
        notes: rows of `notes.NOTES`.
        truth: rows of `notes.TRUTH`, in the same order.
        seed: of the distractors drawn.

    Returns:
        (task, baseline) → metric → value, shares of one.
    """
    rows = [note | fact for note, fact in zip(notes.to_pylist(), truth.to_pylist(), strict=True)]
    held_out = [int(row["patient_id"][1:]) % HELD_OUT == 0 for row in rows]
    train = [row for row, out in zip(rows, held_out, strict=True) if not out]
    test = [row for row, out in zip(rows, held_out, strict=True) if out]
    return _diagnosis(train, test, np.random.default_rng(seed)) | _arrest(train, test)


def _diagnosis(
    train: list[dict[str, Any]], test: list[dict[str, Any]], rng: np.random.Generator
) -> dict[tuple[str, str], dict[str, float]]:
    train, test = ([row for row in rows if row["target_start"] is not None] for rows in (train, test))
    model = _bag_of_words().fit([_presentation(row) for row in train], [row["diagnosis"] for row in train])
    names: list[str] = list(model.classes_)
    counts = {name: sum(row["diagnosis"] == name for row in train) for name in names}
    known = [row for row in test if row["diagnosis"] in counts]  # of a diagnosis never seen nothing can be learnt
    scores = model.predict_log_proba([_presentation(row) for row in known])  # (num_notes, num_diagnoses)
    prior = np.log([counts[name] for name in names])
    column = {name: index for index, name in enumerate(names)}
    choices = [[column[name] for name in _choices(row["diagnosis"], counts, rng)] for row in known]
    gold = np.array([column[row["diagnosis"]] for row in known])

    def four_way(values: np.ndarray) -> float:
        picked = [options[int(np.argmax(value[options]))] for value, options in zip(values, choices, strict=True)]
        return float(np.mean(gold == picked))

    seen = len(known) / len(test)
    return {
        ("diagnosis, all", "majority"): {"top-1": float(np.mean(gold == prior.argmax())) * seen},
        ("diagnosis, all", "bag of words"): {"top-1": float(np.mean(gold == scores.argmax(axis=1))) * seen},
        ("diagnosis, one of four", "majority"): {"accuracy": four_way(np.tile(prior, (len(known), 1)))},
        ("diagnosis, one of four", "bag of words"): {"accuracy": four_way(scores)},
    }


def _choices(right: str, counts: dict[str, int], rng: np.random.Generator) -> list[str]:
    """The right diagnosis and three drawn from the twelve nearest to it in frequency, in random order."""
    near = sorted(
        (name for name in counts if name != right), key=lambda name: (abs(counts[name] - counts[right]), name)
    )
    return list(rng.permutation([right, *rng.choice(near[:12], NUM_CHOICES - 1, replace=False)]))


def _arrest(train: list[dict[str, Any]], test: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, float]]:
    gold = [row[ARREST_COLUMN] == "yes" for row in test]
    model = _bag_of_words(class_weight="balanced")
    model.fit([row["text"] for row in train], [row[ARREST_COLUMN] == "yes" for row in train])
    answers: dict[str, Sequence[bool]] = {
        "majority": [False] * len(test),
        "keywords": [ARREST_KEYWORDS.search(row["text"]) is not None for row in test],
        "bag of words": model.predict([row["text"] for row in test]),
    }
    return {
        ("arrest in hospital", name): {
            "F1": float(f1_score(gold, answer, zero_division=0.0)),
            "balanced accuracy": float(balanced_accuracy_score(gold, answer)),
        }
        for name, answer in answers.items()
    }


def _presentation(row: dict[str, Any]) -> str:
    return row["text"][: row["target_start"]]


def _bag_of_words(**options: Any) -> Pipeline:
    vectoriser = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    return make_pipeline(vectoriser, LogisticRegression(C=20.0, max_iter=300, **options))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="How hard the synthetic tasks are.")
    parser.add_argument("--num_patients", type=int, default=SyntheticConfig.num_patients)
    parser.add_argument("--seed", type=int, default=SyntheticConfig.seed)
    parser.add_argument("--prevalence_skew", type=float, default=SyntheticConfig.prevalence_skew)
    config = SyntheticConfig(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory() as folder:
        notes = read_tables(write_notes(config, Path(folder)))
        truth = read_tables(Path(folder))
    print(f"| task ({notes.num_rows} notes) | baseline | score |\n|---|---|---|")
    for (task, baseline), metrics in measure(notes, truth).items():
        print(f"| {task} | {baseline} | {', '.join(f'{name} {value:.3f}' for name, value in metrics.items())} |")


if __name__ == "__main__":
    main()
