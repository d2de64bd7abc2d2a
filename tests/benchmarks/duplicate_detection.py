"""How well copies of notes are found, and what deciding costs: prints a table.

    python tests/benchmarks/duplicate_detection.py
    python tests/benchmarks/duplicate_detection.py --scale 500000 [--template-share 0.8]

Each note is copied in stated ways. A copy is judged beside its original alone, once as a note of the same patient and
once as another patient's, by the settings as they are; `contained` is the mean share of
the shorter note's sequences that stand in the other, counted and not estimated. Rows named
"template" are no copies: notes of different patients with one wording and other words in some places.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from pipelines.selection.config import SelectionConfig
from pipelines.selection.decisions import decide
from pipelines.selection.fingerprints import WORDS_PER_SEQUENCE, Fingerprinter, survey, words
from pipelines.stage.output import read_tables
from pipelines.synthetic.notes import SyntheticConfig, write_notes
from schemas.notes import notes_schema
from schemas.selection import KEY_BYTES, NUM_PERMUTATIONS, SIGNATURE_BYTES, SURVEY

PUBLIC_NOTES = Path(__file__).resolve().parents[2] / "../shared/data/notes/aci_bench_train_valid.parquet"
SHARES = (0.05, 0.1, 0.2, 0.4)

Copy = Callable[[str, random.Random, list[str]], str]


def base_notes(num_patients: int) -> dict[str, list[str]]:
    """Source → texts, each of 50 words at least."""
    with tempfile.TemporaryDirectory() as folder:
        made = read_tables(write_notes(SyntheticConfig(num_patients=num_patients), Path(folder)))["text"].to_pylist()
    found = {"synthetic": made}
    if PUBLIC_NOTES.is_file():
        found["ACI-Bench"] = pl.read_parquet(PUBLIC_NOTES)["note"].to_list()
    return {source: [text for text in texts if len(text.split()) >= 50] for source, texts in found.items()}


def respaced(text: str, rng: random.Random, _: list[str]) -> str:
    return "".join(rng.choice(["\n", "  ", "\r\n", "\t"]) if char == " " else char for char in text)


def grown(share: float) -> Copy:
    """The whole note, and new text after it: `share` of the copy's words are new."""

    def copy(text: str, rng: random.Random, others: list[str]) -> str:
        num_words = round(len(text.split()) * share / (1 - share))
        return f"{text}\n{_excerpt(rng, others, num_words)}"

    return copy


def rewritten(share: float) -> Copy:
    """One passage replaced by new text: `share` of the copy's words are new."""

    def copy(text: str, rng: random.Random, others: list[str]) -> str:
        old = text.split()
        num_words = round(len(old) * share)
        start = rng.randrange(len(old) - num_words + 1)
        return " ".join([*old[:start], _excerpt(rng, others, num_words), *old[start + num_words :]])

    return copy


def template(share: float) -> Copy:
    """The same wording with other words in `share` of the places, drawn at random."""

    def copy(text: str, rng: random.Random, others: list[str]) -> str:
        return " ".join(f"{word}{rng.randrange(1000)}" if rng.random() < share else word for word in text.split())

    return copy


def _excerpt(rng: random.Random, others: list[str], num_words: int) -> str:
    """So many words that follow one another in other notes."""
    found: list[str] = []
    while len(found) < num_words:
        found += rng.choice(others).split()
    return " ".join(found[-num_words:]) if num_words else ""


COPIES: dict[str, Copy] = {
    "same text": lambda text, rng, others: text,
    "white space": respaced,
    **{f"grown, {share:.0%} new": grown(share) for share in SHARES},
    **{f"rewritten, {share:.0%} new": rewritten(share) for share in SHARES},
    **{f"template, {share:.0%} differ": template(share) for share in (0.02, 0.05, 0.1)},
}


def exact_containment(first: str, second: str) -> float:
    """Share of the shorter one's five-word sequences that stand in the other, counted."""
    a, b = (set(_sequences(words(text))) for text in (first, second))
    return len(a & b) / min(len(a), len(b))


def _sequences(text: list[str]) -> Iterator[tuple[str, ...]]:
    for start in range(max(1, len(text) - WORDS_PER_SEQUENCE + 1)):
        yield tuple(text[start : start + WORDS_PER_SEQUENCE])


def called_copies(pairs: list[tuple[str, str]], same_patient: bool, config: SelectionConfig) -> list[bool]:
    """Of each pair, whether one of the two is dropped, when all pairs are in one data set."""
    rows = []
    for place, pair in enumerate(pairs):
        for side, text in enumerate(pair):
            row = {"note_id": f"{place}-{side}", "patient_id": f"{place}-{0 if same_patient else side}", "text": text}
            rows.append({**row, "source_file": "notes.parquet", "source_row": 2 * place + side, "split": "train"})
    table = pa.Table.from_pylist(rows, schema=notes_schema())
    dropped = [
        outcome == "duplicate"
        for outcome in decide(survey(table, Fingerprinter(bytes(32))), config)["outcome"].to_pylist()
    ]
    return [first or second for first, second in zip(dropped[::2], dropped[1::2], strict=True)]


def detection(num_patients: int) -> None:
    """Print how many copies of each kind are found."""
    config = SelectionConfig()
    print(f"thresholds: {config.within_patient} within a patient, {config.across_patients} across patients")
    for source, texts in base_notes(num_patients).items():
        rng = random.Random(17)
        started = time.process_time()
        found = sum(called_copies([(text, f"note {place}") for place, text in enumerate(texts)], False, config))
        num_words = sum(len(text.split()) for text in texts)
        print(f"\n{source}: {len(texts)} notes of {num_words / len(texts):.0f} words; {found} called copies")
        print(f"{'copy':24} {'contained':>9} {'same patient':>13} {'other patient':>14}")
        judged: dict[bool, list[tuple[bool, bool]]] = {True: [], False: []}
        for name, copy in COPIES.items():
            pairs = [(text, copy(text, rng, [other for other in texts[:50] if other != text])) for text in texts]
            exact = [exact_containment(*pair) for pair in pairs]
            shares = []
            for same_patient, threshold in ((True, config.within_patient), (False, config.across_patients)):
                assert threshold is not None
                called = called_copies(pairs, same_patient, config)
                judged[same_patient] += [(share >= threshold, call) for share, call in zip(exact, called, strict=True)]
                shares.append(np.mean(called))
            print(f"{name:24} {np.mean(exact):9.2f} {shares[0]:13.1%} {shares[1]:14.1%}")
        for same_patient, verdicts in judged.items():
            hits = sum(is_copy and called for is_copy, called in verdicts)
            precision = hits / sum(called for _, called in verdicts)
            recall = hits / sum(is_copy for is_copy, _ in verdicts)
            where = "within a patient" if same_patient else "across patients"
            print(f"{where}, against the counted share: precision {precision:.1%}, recall {recall:.1%}")
        print(f"({time.process_time() - started:.1f} CPU s)")


def synthetic_survey(num_notes: int, template_share: float) -> pa.Table:
    """A survey of random signatures: a tenth are copied forward, a fifth are of 20 templates."""
    rng = np.random.default_rng(1)
    signatures = rng.integers(0, 2**32, (num_notes, NUM_PERMUTATIONS), dtype=np.uint32)
    patients = rng.integers(0, max(1, num_notes // 8), num_notes).astype(np.uint64)
    written = rng.choice(num_notes, num_notes // 5, replace=False)
    templates = rng.integers(0, 2**32, (20, NUM_PERMUTATIONS), dtype=np.uint32)
    alike = rng.random((len(written), NUM_PERMUTATIONS)) < template_share
    signatures[written] = np.where(alike, templates[rng.integers(0, 20, len(written))], signatures[written])
    copies, sources = rng.choice(num_notes, num_notes // 10, replace=False), rng.choice(num_notes, num_notes // 10)
    kept = rng.random((len(copies), NUM_PERMUTATIONS)) < 0.93
    signatures[copies] = np.where(kept, signatures[sources], signatures[copies])
    patients[copies] = patients[sources]
    columns = {
        "note_id": pa.array([f"note-{place:09d}" for place in range(num_notes)]),
        "source_file": pa.array([f"s3://notes/part-{place // 2000:05d}.parquet" for place in range(num_notes)]),
        "source_row": pa.array(np.arange(num_notes) % 2000),
        "split": pa.array(np.where(rng.random(num_notes) < 0.2, "test", "train")),
        "written_at": pa.nulls(num_notes, pa.timestamp("us")),
        "patient_key": _binary(np.stack([patients, patients], axis=1), KEY_BYTES),
        "text_key": _binary(rng.integers(0, 2**63, (num_notes, 2), dtype=np.uint64), KEY_BYTES),
        "num_sequences": pa.array(rng.integers(50, 2000, num_notes)),
        "signature": _binary(signatures, SIGNATURE_BYTES),
    }
    return pa.table(columns, schema=SURVEY)


def _binary(values: np.ndarray, width: int) -> pa.Array:
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(values), [None, data])


def scale(num_notes: int, template_share: float) -> None:
    """Print what deciding costs."""
    table = synthetic_survey(num_notes, template_share)
    before, started = _peak_gb(), time.process_time()
    decisions = pl.DataFrame(decide(table, SelectionConfig()))
    counts = dict(decisions.group_by("outcome").len().sort("outcome").iter_rows())
    print(
        f"{num_notes} notes, a survey of {table.nbytes / 1e9:.2f} GB: {time.process_time() - started:.1f} CPU s, "
        f"peak {_peak_gb():.2f} GB ({before:.2f} before); {counts}"
    )


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def cost_of_a_survey(num_patients: int) -> None:
    """Print what fingerprints cost."""
    for source, texts in base_notes(num_patients).items():
        fingerprinter, split = Fingerprinter(bytes(32)), [words(text) for text in texts]
        started = time.process_time()
        for text in split:
            fingerprinter.signature(text)
        spent, num_words = time.process_time() - started, sum(map(len, split))
        print(f"{source}: {1000 * spent / len(texts):.2f} ms a note, {1e6 * spent / num_words:.2f} ms a thousand words")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=120, help="of the synthetic hospital")
    parser.add_argument("--scale", type=int, default=0, help="notes of a synthetic survey to decide about instead")
    parser.add_argument("--template-share", type=float, default=0.6, help="values that notes of one template share")
    options = parser.parse_args()
    if options.scale:
        scale(options.scale, options.template_share)
    else:
        detection(options.patients)
        print()
        cost_of_a_survey(options.patients)
