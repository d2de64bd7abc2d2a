"""Prints how the splitter does on public notes whose authors marked the sections.

    python -m tests.benchmarks.splitting_gold --notes FOLDER

ACI-Bench: does the target begin and end where the authors' assessment and plan does; F1 of its characters. MTS-Dialog:
labelled sections set together as notes, with their labels as headers, in several layouts; which role each gets.
PriMock57, MedR-Bench, MACCROBAT: how many have a target, and what was taken out of their prompts.
"""

import argparse
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from pipelines.splitting.split import Rejection, SectionSpan, SplitNote, split_note
from schemas.examples import SectionRole

# label → (header in words, role that its section must get beside an assessment and plan)
LABELS = {
    "CC": ("chief complaint", "presentation"),
    "GENHX": ("history of present illness", "presentation"),
    "PASTMEDICALHX": ("past medical history", "presentation"),
    "PASTSURGICAL": ("past surgical history", "presentation"),
    "GYNHX": ("gynecologic history", "presentation"),
    "OTHER_HISTORY": ("other history", "presentation"),
    "IMMUNIZATIONS": ("immunizations", "presentation"),
    "FAM/SOCHX": ("family and social history", "presentation"),
    "ALLERGY": ("allergies", "presentation"),
    "MEDICATIONS": ("medications", "presentation"),
    "ROS": ("review of systems", "presentation"),
    "EXAM": ("physical exam", "presentation"),
    "LABS": ("labs", "presentation"),
    "IMAGING": ("imaging", "presentation"),
    "PROCEDURES": ("procedures", "presentation"),
    "EDCOURSE": ("emergency department course", "target"),
    "ASSESSMENT": ("assessment", "target"),
    "DIAGNOSIS": ("diagnosis", "target"),
    "PLAN": ("plan", "target"),
    "DISPOSITION": ("disposition", "dropped"),
}
LAYOUTS = {
    "CAPITALS, own line": ("{upper}\n\n{text}", "\n\n"),
    "CAPITALS: inline": ("{upper}: {text}", "\n"),
    "CAPITALS: lost line breaks": ("{upper}: {text}", " "),
    "Title: own line": ("{title}:\n{text}", "\n\n"),
    "Title: lost line breaks": ("{title}: {text}", " "),
    "**Title:** inline": ("**{title}:** {text}", "\r\n"),
    "## Title": ("## {title}\n{text}", "\n\n"),
    "- Title: list": ("- {title}: {text}", "\n"),
    "1. Title: numbered": ("{number}. {title}: {text}", "\n"),
    "Title | table": ("| {title} | {text} |", "\n"),
    "    indented CAPITALS:": ("    {upper}:\n    {text}", "\n"),
    "raw label: inline": ("{label}: {text}", "\n"),
}


def character_f1(span: tuple[int, int], gold: tuple[int, int]) -> float:
    """F1 of two spans of code points."""
    shared = max(0, min(span[1], gold[1]) - max(span[0], gold[0]))
    return 2 * shared / (span[1] - span[0] + gold[1] - gold[0])


def target_of(split: SplitNote) -> SectionSpan:
    """The piece that is the target."""
    return next(span for span in split.sections if span.role is SectionRole.TARGET)


def aci_bench(notes: Path) -> dict[str, float]:
    """Agreement with the authors' division, over all notes; a note without a target counts as nought."""
    scores, starts, ends, shares = [], [], [], []
    for text, gold in (
        pl.read_parquet(notes / "aci_bench_train_valid.parquet").select("note", "gold_assessment_and_plan").iter_rows()
    ):
        split = split_note(text, "clinic")
        start = text.index(gold.strip())
        gold_span = (start, start + len(gold.strip()))
        span = target_of(split) if isinstance(split, SplitNote) else None
        scores.append(character_f1((span.start, span.end), gold_span) if span else 0.0)
        starts.append(span is not None and span.start == gold_span[0])
        ends.append(span is not None and span.end == gold_span[1])
        shares.append(split.copied_share if isinstance(split, SplitNote) else 0.0)
    num = len(scores)
    return {
        "notes": num,
        "found": sum(score > 0 for score in scores) / num,
        "character F1": sum(scores) / num,
        "same start": sum(starts) / num,
        "same end": sum(ends) / num,
        "copied share, mean": sum(shares) / num,
        "copied share, largest": max(shares),
    }


def assembled(
    notes: Path, layout: str, num_notes: int, seed: int = 0
) -> Iterator[tuple[str, dict[str, tuple[int, int]]]]:
    """Notes of one labelled section each, in the order of LABELS, and where each label's text stands."""
    frame = pl.read_parquet(notes / "mts_dialog_train_valid.parquet")
    texts = {label: frame.filter(section_header=label)["section_text"].to_list() for label in LABELS}
    shape, gap = LAYOUTS[layout]
    draw = random.Random(seed)
    for _ in range(num_notes):
        optional = [label for label in LABELS if label not in ("GENHX", "ASSESSMENT")]
        chosen = {"GENHX", "ASSESSMENT", *draw.sample(optional, 10)}
        note, spans = "", {}
        for number, label in enumerate((label for label in LABELS if label in chosen), 1):
            body = " ".join(draw.choice(texts[label]).split())
            words = LABELS[label][0]
            section = shape.format(upper=words.upper(), title=words.title(), label=label, number=number, text=body)
            start = len(note) + section.rindex(body)
            spans[label] = (start, start + len(body))
            note += section + gap
        yield note, spans


def mts_dialog(notes: Path, num_notes: int) -> dict[str, Counter[str]]:
    """layout → for each label, its sections, and those with more than half of their characters in the right role."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for layout in LAYOUTS:
        for text, spans in assembled(notes, layout, num_notes):
            split = split_note(text, None)
            pieces = split.sections if isinstance(split, SplitNote) else ()
            for label, (start, end) in spans.items():
                role = LABELS[label][1]
                inside = sum(
                    max(0, min(end, piece.end) - max(start, piece.start))
                    for piece in pieces
                    if piece.role.value == role
                )
                counts[layout][f"{label} sections"] += 1
                counts[layout][f"{label} agreed"] += 2 * inside > end - start
            whole = target_of(split) if isinstance(split, SplitNote) else None
            last = max(
                (span for label, span in spans.items() if LABELS[label][1] == "target"), key=lambda span: span[1]
            )
            counts[layout]["notes"] += 1
            counts[layout]["same end"] += whole is not None and text[whole.start : whole.end].strip(" |") == (
                text[whole.start : last[1]].strip(" |")
            )
    return counts


def fates(splits: Iterable[SplitNote | Rejection]) -> Counter[str]:
    """How often each kind of target, rejection and leak."""
    counts: Counter[str] = Counter()
    for split in splits:
        if isinstance(split, Rejection):
            counts[f"rejected: {split.reason}"] += 1
        else:
            counts[f"target: {target_of(split).name}"] += 1
            counts.update(f"removed: {leak.value}" for leak in split.leaks)
    return counts


def other_corpora(notes: Path) -> dict[str, Counter[str]]:
    """corpus → fates of its notes."""

    def rows(name: str, *columns: str) -> Iterator[tuple[str, ...]]:
        return pl.read_parquet(notes / f"{name}.parquet").select(columns).iter_rows()

    diagnosed = list(
        rows(
            "medrbench_diagnosis_open",
            "case_summary",
            "differential_diagnosis",
            "final_diagnosis",
            "diagnosis",
            "raw_case",
        )
    )
    treated = list(
        rows("medrbench_treatment_open", "case_summary", "treatment_planning_analysis", "treatment_plan", "raw_case")
    )
    return {
        "PriMock57": fates(split_note(text, None) for (text,) in rows("primock57_day1to3", "note")),
        "MACCROBAT (no sections)": fates(split_note(text, None) for (text,) in rows("maccrobat2020_open", "text")),
        "MedR-Bench diagnosis, fields": fates(
            split_note(f"{s}\n- **Assessment:**\n{d}\n{f}", None, diagnosis=x) for s, d, f, x, _ in diagnosed
        ),
        "MedR-Bench diagnosis, article": fates(split_note(raw, None, diagnosis=x) for *_, x, raw in diagnosed),
        "MedR-Bench treatment, fields": fates(
            split_note(f"{s}\n\nAssessment:\n{a}\n\nTreatment Plan:\n{p}", None) for s, a, p, _ in treated
        ),
        "MedR-Bench treatment, article": fates(split_note(raw, None) for *_, raw in treated),
    }


ODD_NOTES = {
    "1 MB of blanks": " " * 1_000_000,
    "1 MB under one header": "PLAN: " + "rest and tea " * 77_000,
    "10,000 headers": "HPI: Fever.\nPLAN: Rest in bed and drink a lot of tea.\n" * 5_000,
    "10,000 headers, one line": "HPI: Fever. PLAN: Rest in bed and drink a lot of tea. " * 5_000,
    "1 MB of story": "He walked to the shop and bought bread. " * 25_000 + "\nPLAN: Rest.",
}


def seconds(text: str) -> float:
    """CPU time that one note takes."""
    start = time.process_time()
    split_note(text, None, diagnosis="influenza")
    return time.process_time() - start


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=Path, required=True, help="folder of the public notes")
    parser.add_argument("--num_notes", type=int, default=40, help="notes set together in each layout")
    arguments = parser.parse_args()
    console = Console(width=160)
    table = Table(title="ACI-Bench, against the authors' division")
    scores = aci_bench(arguments.notes)
    for name in scores:
        table.add_column(name)
    table.add_row(*(f"{value:.4g}" for value in scores.values()))
    console.print(table)
    counts = mts_dialog(arguments.notes, arguments.num_notes)
    table = Table(title="MTS-Dialog set together: share of sections in the right role")
    table.add_column("label")
    for layout in LAYOUTS:
        table.add_column(layout)
    for label in LABELS:
        ratios = [c[f"{label} agreed"] / max(1, c[f"{label} sections"]) for c in counts.values()]
        table.add_row(label, *(f"{ratio:.2f}" for ratio in ratios))
    table.add_row("target's end", *(f"{c['same end'] / c['notes']:.2f}" for c in counts.values()))
    console.print(table)
    console.print("CPU seconds:", {name: round(seconds(text), 2) for name, text in ODD_NOTES.items()})
    for corpus, fate in other_corpora(arguments.notes).items():
        console.print(
            f"[bold]{corpus}[/] ({sum(n for k, n in fate.items() if not k.startswith('removed'))})", dict(fate)
        )


if __name__ == "__main__":
    main()
