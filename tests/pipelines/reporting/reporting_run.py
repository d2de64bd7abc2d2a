"""A small run of all four stages, of the shape that the stages write, with every kind of outcome in it."""

import json
import math
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.stage.output import StageOutput, write_table
from schemas.findings import FINDINGS
from schemas.ledger import LEDGER
from schemas.predictions import PREDICTIONS
from schemas.scores import SCORES

INGEST = {"accepted": 1182, "rejected:missing_patient_id": 8, "quarantined:oversize": 10}
SELECT = {"accepted": 1170, "duplicate:duplicate_note_id": 5, "duplicate:near_text": 7}
SCREEN = {"accepted": 200, "redacted": 950, "quarantined:oversize": 20}
SPLIT = {"accepted": 1080, "rejected:no_target": 70}
PACK = {"accepted": 700, "accepted:prompt_cut": 90, "accepted:validation": 120, "accepted:held_out": 160}
PACK |= {"rejected:no_room_for_target": 10}
FINAL = {
    "ingest/rejected:missing_patient_id": 8,
    "ingest/quarantined:oversize": 10,
    "select/duplicate:duplicate_note_id": 5,
    "select/duplicate:near_text": 7,
    "screen/quarantined:oversize": 20,
    "split/rejected:no_target": 70,
    **{f"pack/{name}": count for name, count in PACK.items()},
}
PREPARED = {name: count for name, count in FINAL.items() if not name.startswith("pack/")} | {"split/accepted": 1080}
FOUND = {
    ("PERSON", "redact", "name_lexicon"): 64,
    ("PERSON", "pass", "name_lexicon"): 9,
    ("DATE_TIME", "redact", "date"): 41,
    ("DATE_TIME", "quarantine", "date"): 3,
    ("MEDICAL_RECORD_NUMBER", "redact", "identifiers"): 22,
    ("PHONE_NUMBER", "redact", "contacts"): 11,
    ("AGE_OVER_89", "redact", "ages"): 2,
}

# model, task, metric: value, interval; for the others than the baseline: difference, interval, corrected p, verdict.
SCORED: list[tuple[Any, ...]] = [
    ("base", "mdm", "nll_per_token", 2.91, 2.80, 3.02),
    ("trained", "mdm", "nll_per_token", 2.10, 2.01, 2.19, -0.81, -0.90, -0.72, 0.0004, "better"),
    ("tuned", "mdm", "nll_per_token", 2.36, 2.25, 2.47, -0.55, -0.66, -0.45, 0.0004, "better"),
    ("large", "mdm", "nll_per_token", 2.55, 2.44, 2.66),  # other tokens: not compared
    ("base", "assigned_diagnosis", "accuracy", 0.41, 0.34, 0.48),
    ("trained", "assigned_diagnosis", "accuracy", 0.58, 0.51, 0.65, 0.17, 0.10, 0.24, 0.0012, "better"),
    ("tuned", "assigned_diagnosis", "accuracy", 0.52, 0.45, 0.59, 0.11, 0.03, 0.19, 0.021, "better"),
    ("large", "assigned_diagnosis", "accuracy", 0.63, 0.56, 0.70, 0.22, 0.14, 0.30, 0.0004, "better"),
    ("base", "general", "accuracy", 0.52, 0.48, 0.56),
    ("trained", "general", "accuracy", 0.47, 0.43, 0.51, -0.05, -0.08, -0.02, 0.014, "worse"),
    ("tuned", "general", "accuracy", 0.505, 0.46, 0.55, -0.015, -0.045, 0.015, 1.0, "no difference shown"),
    ("base", "cardiac_arrest", "accuracy", 0.50, 0.40, 0.60),
    ("trained", "cardiac_arrest", "accuracy", 0.50, 0.40, 0.60, 0.0, -0.02, 0.02, 1.0, "no difference shown"),
    ("tuned", "cardiac_arrest", "accuracy", 0.80, 0.70, 0.90, 0.30, 0.18, 0.42, 0.0004, "better"),
    ("base", "cardiac_arrest", "balanced_accuracy", 0.50, 0.44, 0.56),
    ("trained", "cardiac_arrest", "balanced_accuracy", 0.50, 0.46, 0.54, 0.0, -0.05, 0.05, 1.0, "no difference shown"),
    ("tuned", "cardiac_arrest", "balanced_accuracy", 0.80, 0.70, 0.90, 0.30, 0.18, 0.42, 0.0004, "better"),
    ("base", "cardiac_arrest", "collapsed", 1.0, 1.0, 1.0),
    ("trained", "cardiac_arrest", "collapsed", 1.0, float("nan"), float("nan")),
    ("tuned", "cardiac_arrest", "collapsed", 0.0, 0.0, 0.0),
]


@dataclass(frozen=True)
class Run:
    """The four stages of a run."""

    prepare: StageOutput
    train: StageOutput
    tune: StageOutput
    score: StageOutput

    @property
    def stages(self) -> tuple[StageOutput, StageOutput, StageOutput, StageOutput]:
        return self.prepare, self.train, self.tune, self.score

    def copied_to(self, storage: Path) -> "Run":
        """A copy that a test may change."""
        shutil.copytree(self.prepare.path.parent, storage)
        return Run(*(StageOutput(storage, output.stage, output.identity) for output in self.stages))

    def change(self, stage: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the results of a committed manifest in place."""
        path = getattr(self, stage).path / "manifest.json"
        manifest = json.loads(path.read_text())
        change(manifest["results"])
        path.write_text(json.dumps(manifest))

    def rewrite_scores(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Write the scores again with each row changed."""
        write_table(self.score.path / "scores.parquet", score_rows(change))


def score_rows(change: Callable[[dict[str, Any]], dict[str, Any]] = lambda row: row) -> pa.Table:
    """SCORES rows of SCORED."""
    names = ("model", "task", "metric", "value", "ci_low", "ci_high")
    compared = ("difference", "difference_ci_low", "difference_ci_high", "p_value", "verdict")
    rows = []
    for written in SCORED:
        row = dict(zip(names, written, strict=False)) | {"num_items": 200, "num_errors": 0}
        if len(written) > len(names):
            row |= dict(zip(compared, written[len(names) :], strict=True)) | {"baseline": "base"}
        rows.append(change(row))
    return pa.Table.from_pylist(rows, schema=SCORES)


def prediction_rows() -> pa.Table:
    """Predictions on a yes/no task, in which base and trained say "no" always, and on one with choices of its own."""
    rows = []
    for index in range(20):
        truth = "yes" if index % 4 == 0 else "no"
        said = {"base": "no", "trained": "no", "tuned": "yes" if index % 5 == 0 else "no"}
        for model, parsed in said.items():
            gave_up = model == "trained" and index == 3
            rows.append(
                _prediction(model, "cardiac_arrest", f"c{index}", truth, None if gave_up else parsed)
                | ({"error": "no_room", "choice_loglikelihoods": None} if gave_up else {})
            )
            rows.append(_prediction(model, "assigned_diagnosis", f"d{index}", f"disease {index}", f"disease {index}"))
            likelihood = _prediction(model, "mdm", f"m{index}", None, None)
            rows.append(likelihood | {"choice_loglikelihoods": None, "loglikelihood": -20.0, "num_tokens": 9})
    return pa.Table.from_pylist(rows, schema=PREDICTIONS)


def _prediction(model: str, task: str, item_id: str, answer: str | None, parsed: str | None) -> dict[str, Any]:
    return {
        "model": model,
        "task": task,
        "item_id": item_id,
        "group_id": item_id,
        "prompt_sha256": "0" * 64,
        "choice_loglikelihoods": [-1.0, -2.0],
        "parsed": parsed,
        "answer": answer,
        "correct": answer == parsed,
    }


def finding_rows() -> pa.Table:
    """FINDINGS rows of FOUND."""
    rows = [
        {
            "note_id": f"note-{index % 40}",
            "start": index,
            "end": index + 5,
            "entity_type": kind,
            "score": 0.9,
            "recogniser": recogniser,
            "action": action,
            "value_hmac": f"{index:064x}",
        }
        for (kind, action, recogniser), count in FOUND.items()
        for index in range(count)
    ]
    return pa.Table.from_pylist(rows, schema=FINDINGS)


def findings_by_kind() -> dict[str, int]:
    """Entity type → findings of FOUND."""
    counts: dict[str, int] = {}
    for (kind, _, _), count in FOUND.items():
        counts[kind] = counts.get(kind, 0) + count
    return counts


def write_step_log(path: Path, num_steps: int, *, every: int, validation: Callable[[float], dict[str, float]]) -> None:
    """A log as the training loop writes it, a validation before the first step and twice after the last."""
    rng = random.Random(num_steps)
    lines: list[dict[str, Any]] = [{"kind": "validation", "step": 0, "progress": 0.0, **validation(0.0)}]
    for step in range(1, num_steps + 1):
        share = step / num_steps
        lines.append(
            {
                "kind": "step",
                "step": step,
                "epoch": 0,
                "progress": share,
                "loss": 2.0 + math.exp(-4 * share) + rng.gauss(0, 0.06),
                "token_accuracy": 0.55 - 0.3 * math.exp(-4 * share) + rng.gauss(0, 0.01),
                "learning_rate": 1e-5 * min(share / 0.05, 1.0) * (0.1 + 0.45 * (1 + math.cos(math.pi * share))),
                "num_tokens": 4000 + rng.randrange(90),
                "num_target_tokens": 900 + rng.randrange(90),
                "gradient_norm": None,
                "seconds": 1.7 + rng.random() / 5,
            }
        )
        if step % every == 0 or step == num_steps:
            lines.append({"kind": "validation", "step": step, "progress": share, **validation(share)})
    lines.append({"kind": "validation", "step": num_steps, "progress": 1.0, **validation(1.0)})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(entry) + "\n" for entry in lines))


def _likelihood(share: float) -> dict[str, float]:
    loss = 2.05 + 0.9 * math.exp(-4 * share)
    return {
        "validation_loss": loss,
        "validation_perplexity": math.exp(loss),
        "validation_token_accuracy": 0.53 - 0.3 * math.exp(-4 * share),
        "num_validation_examples": 120.0,
    }


def _labels(best: float, collapses: bool) -> Callable[[float], dict[str, float]]:
    def metrics(share: float) -> dict[str, float]:
        grown = (1 - math.exp(-3 * share)) * best
        return {
            "label_loss": 0.72 - 0.4 * grown,
            "balanced_accuracy": 0.5 if collapses else 0.5 + 0.4 * grown,
            "positive_f1": 0.0 if collapses else 0.1 + 0.7 * grown,
            "majority_prediction_share": 1.0 if collapses else 0.99 - 0.3 * grown,
            "num_validation_examples": 100.0,
        }

    return metrics


def build_run(storage: Path) -> Run:
    """Write the outputs of all four stages."""
    prepare = StageOutput(storage, "prepare", "aaaaaaaaaaaa")
    write_table(prepare.path / "findings" / "shard-000000.parquet", finding_rows())
    write_table(prepare.path / "ledger" / "shard-000000.parquet", LEDGER.empty_table())
    prepare.commit(
        config={"ingest": {"notes": "/hospital/notes"}, "screening": {"language": "en"}},
        inputs={"shard-000000.parquet": 1200},
        results={
            "num_rows_read": 1200,
            "outcomes": {"ingest": INGEST, "select": SELECT, "screen": SCREEN, "split": SPLIT},
            "final_buckets": PREPARED,
            "examples": {"train": 800, "validation": 120, "test": 160},
            "findings": findings_by_kind(),
            "skipped_files": [],
        },
    )
    train = StageOutput(storage, "train", "bbbbbbbbbbbb")
    write_step_log(train.path / "run" / "steps.jsonl", 1000, every=100, validation=_likelihood)
    train.commit(
        config={"training": {"learning_rate": 1e-5, "epochs": 1}},
        inputs={"notes": {"shard-000000.parquet": 1200}, "model": "/models/base"},
        results={
            "num_rows_read": 1200,
            "outcomes": {"ingest": INGEST, "select": SELECT, "screen": SCREEN, "split": SPLIT, "pack": PACK},
            "final_buckets": FINAL,
            "steps": 1000,
            "tokens": 4_044_210,
            "target_tokens": 944_512,
            "model": str(train.path / "run" / "model"),
        },
    )
    tune = StageOutput(storage, "tune", "cccccccccccc")
    trials = []
    for trial_id, rate, best, collapses, stops in (
        ("7f01_00002", 3.1e-5, 0.9, False, False),
        ("7f01_00000", 8.4e-6, 0.5, False, False),
        ("7f01_00001", 1.2e-6, 0.1, True, True),
    ):
        directory = tune.path / f"trial-{trial_id}"
        metrics = _labels(best, collapses)
        write_step_log(directory / "steps.jsonl", 60, every=10, validation=metrics)
        share = 1.0
        if stops:
            lines = (directory / "steps.jsonl").read_text().splitlines(keepends=True)
            (directory / "steps.jsonl").write_text("".join(lines[:23]) + lines[23][:17])  # killed while it wrote
            share = 1 / 3
        last = {name: value for name, value in metrics(share).items() if name != "num_validation_examples"}
        trials.append(
            {
                "trial_id": trial_id,
                "settings": {"learning_rate": rate, "warmup_share": 0.1},
                "metrics": {**last, "step": 60 * share, "progress": share},
                "model": None if stops else str(directory / "model"),
            }
        )
    tune.commit(
        config={"tuning": {"num_trials": 3}},
        inputs={"prepare": prepare.identity},
        results={
            "task": "cardiac_arrest",
            "labels": ["no", "yes"],
            "label_counts": {"train": {"no": 600, "yes": 120}, "validation": {"no": 75, "yes": 25}},
            "trials": trials,
            "model": trials[0]["model"],
        },
    )
    score = StageOutput(storage, "score", "dddddddddddd")
    write_table(score.path / "scores.parquet", score_rows())
    write_table(score.path / "predictions" / "all.parquet", prediction_rows())
    score.commit(
        config={"scoring": {"seed": 0}},
        inputs={"prepare": prepare.identity},
        results={
            "models": {
                "base": "/models/base",
                "trained": str(train.path / "run" / "model"),
                "tuned": trials[0]["model"],
                "large": "/models/large",
            }
        },
    )
    return Run(prepare, train, tune, score)
