"""The blind review: two people read the same random sample of passed notes and mark what still identifies someone.

    passed notes ──sample──▶ worksheet.csv ──▶ worksheet-a.csv, worksheet-b.csv ──▶ agreement, leaks, upper bound
                             offsets, no text     one copy each, one column filled

A worksheet row is a sentence: note_id, and where the sentence starts and ends in the safe text, in code points. Each
annotator fills the own column of the own copy with 1 where the sentence holds an identifier and with 0 where it holds
none, without seeing the other's.
"""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import regex
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from pipelines.stage.output import StageOutput
from schemas.errors import ConfigError, InputError

WORKSHEET = "worksheet.csv"
ANNOTATORS = ("a", "b")
CONFIDENCE = 0.95
_NUM_RESAMPLES = 2000
_PLACE = ["note_id", "start", "end"]
_SENTENCE = regex.compile(r"\S(?:[^\r\n]*?[.!?](?=\s)|[^\r\n]*)")


@dataclass(frozen=True, kw_only=True)
class ReviewConfig:
    """Settings of the blind review.

    Attributes:
        num_notes: notes to review, or all where there are fewer. With none found to leak in 300, fewer than one in
            100 notes leaks, at 95 % confidence.
        seed: of the sample, and of the intervals' resampling.

    Raises:
        ConfigError: a value is out of its range.
    """

    num_notes: int = 300
    seed: int = 17

    def __post_init__(self) -> None:
        if self.num_notes < 1:
            raise ConfigError(f"review.num_notes is {self.num_notes}: give at least 1")


def worksheet(prepare: StageOutput, config: ReviewConfig) -> pl.DataFrame:
    """The sample: a row for each sentence of each sampled note, the annotators' columns empty.

    The same outputs and seed give the same sample. Raises as polars where a notes file is missing.
    """
    files = list(prepare.files("notes"))
    note_ids = sorted(pl.scan_parquet(files).select("note_id").collect()["note_id"])
    sampled = random.Random(config.seed).sample(note_ids, min(config.num_notes, len(note_ids)))
    notes = pl.scan_parquet(files).filter(pl.col("note_id").is_in(sampled)).select("note_id", "text").collect()
    rows = [
        {"note_id": note_id, "start": start, "end": end}
        for note_id, text in notes.sort("note_id").iter_rows()
        for start, end in sentence_spans(text)
    ]
    schema = {"note_id": pl.String, "start": pl.Int64, "end": pl.Int64}
    columns = [pl.lit(None, dtype=pl.Int64).alias(_column(name)) for name in ANNOTATORS]
    return pl.DataFrame(rows, schema=schema).with_columns(columns)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Sentences, and lines that are none, as they follow each other: all that is not white space is in one."""
    return [(m.start(), m.start() + len(m.group().rstrip())) for m in _SENTENCE.finditer(text)]


def review_section(directory: Path, sample: pl.DataFrame, seed: int) -> dict[str, Any] | None:
    """What the two filled worksheets of a directory say; None while there are none.

    Args:
        sample: what `worksheet` gave; each annotator has filled all of its rows.
        seed: of the interval's resampling.

    Returns:
        num_notes and num_sentences reviewed; sentences that each annotator marked, and both; `kappa` (Cohen's, over
        sentences) with a 95 % interval from resampling notes, null where both saw one class alone; notes that leak,
        which is where either annotator marked a sentence; and `leak_upper`, the one-sided 95 % Clopper–Pearson bound
        on the share of all passed notes that leak.

    Raises:
        InputError: one worksheet is missing or of another sample, or a row is not filled with 0 or 1.
    """
    paths = [directory / f"worksheet-{name}.csv" for name in ANNOTATORS]
    missing = [path for path in paths if not path.is_file()]
    if len(missing) == len(paths):
        return None
    if missing:
        raise InputError(f"no {missing[0].name} in {directory}: put the other annotator's filled worksheet there too")
    first, second = (_filled(path, _column(name)) for path, name in zip(paths, ANNOTATORS, strict=True))
    for path, filled in zip(paths, (first, second), strict=True):
        if not filled.select(_PLACE).equals(sample.select(_PLACE).sort(_PLACE)):
            raise InputError(f"{path} has other rows than {WORKSHEET} now has: fill a copy of that, and keep every row")
    labels = first.with_columns(second[_column("b")])
    a, b = labels[_column("a")].to_numpy(), labels[_column("b")].to_numpy()
    leaks = labels.group_by("note_id").agg(pl.max_horizontal(_column("a"), _column("b")).max().alias("leaks"))
    num_notes, num_leaking = leaks.height, int(leaks["leaks"].sum())
    low, high = _kappa_interval(labels, seed)
    return {
        "num_notes": num_notes,
        "num_sentences": labels.height,
        "num_marked": {"a": int(a.sum()), "b": int(b.sum()), "both": int((a & b).sum())},
        "kappa": float(cohen_kappa_score(a, b)) if len({*a, *b}) > 1 else None,
        "kappa_low": low,
        "kappa_high": high,
        "num_leaking_notes": num_leaking,
        "leak_share": num_leaking / num_notes,
        "leak_upper": leak_upper_bound(num_leaking, num_notes),
    }


def leak_upper_bound(num_leaking: int, num_notes: int) -> float:
    """One-sided 95 % Clopper–Pearson upper bound on the share of notes that leak."""
    test = binomtest(num_leaking, num_notes, alternative="less")
    return float(test.proportion_ci(CONFIDENCE, method="exact").high)


def _kappa_interval(labels: pl.DataFrame, seed: int) -> tuple[float | None, float | None]:
    """Percentile interval of kappa over resampled notes; sentences of one note are not independent."""
    a, b = pl.col(_column("a")), pl.col(_column("b"))
    cells = labels.group_by("note_id", maintain_order=True).agg(
        pl.len().alias("num"), a.sum().alias("a"), b.sum().alias("b"), (a * b).sum().alias("both")
    )
    counts = cells.drop("note_id").to_numpy().astype(float)  # (num_notes, 4)
    weights = np.random.default_rng(seed).multinomial(len(counts), [1 / len(counts)] * len(counts), _NUM_RESAMPLES)
    num, in_a, in_b, both = (weights @ counts).T  # (num_resamples,) each
    observed = (num - in_a - in_b + 2 * both) / num
    chance = (in_a * in_b + (num - in_a) * (num - in_b)) / num**2
    kappas = (observed - chance)[chance < 1] / (1 - chance[chance < 1])
    if len(kappas) < _NUM_RESAMPLES / 2:
        return None, None
    low, high = np.quantile(kappas, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _filled(path: Path, column: str) -> pl.DataFrame:
    try:
        frame = pl.read_csv(path, schema_overrides={"note_id": pl.String, column: pl.String})
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path} cannot be read as CSV ({type(error).__name__}): save it as {WORKSHEET} was") from None
    missing = {*_PLACE, column} - set(frame.columns)
    if missing:
        raise InputError(f"{path} lacks the columns {', '.join(sorted(missing))}: fill a copy of {WORKSHEET}")
    if not frame.height:
        raise InputError(f"{path} has no rows: fill a copy of {WORKSHEET}")
    marks = frame[column].str.strip_chars()
    wrong = (~marks.is_in(["0", "1"]).fill_null(False)).arg_true()
    if len(wrong):
        raise InputError(f"{path}, line {wrong[0] + 2}: {column} is neither 0 nor 1, as in {len(wrong)} rows in all")
    return frame.select(*_PLACE, marks.cast(pl.Int64).alias(column)).sort(_PLACE)


def _column(annotator: str) -> str:
    return f"annotator_{annotator}"
