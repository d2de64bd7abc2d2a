"""Replay: general instructions among the medical examples while training runs, so that less is forgotten.

A window of `n` examples gets about `rate * n` rows of a file. Seed, epoch and window decide which, and neither workers
nor the order of arrival do: a run that is resumed sees the same. They are no notes, so the ledger knows nothing of
them, and the medical instruction is not asked of them: encode them with an empty one.

Rows that a benchmark's items overlap with are left out beforehand: a model must not learn what it is scored on.
"""

import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import ConfigError, InputError
from schemas.examples import EXAMPLES
from schemas.notes import Split

_SEPARATOR = "\u241f"  # symbol for unit separator: in no id of a note
REPLAY_PREFIX = f"replay{_SEPARATOR}"

# Overlap in so many words is what is commonly taken for contamination (Brown et al., Language models are few-shot
# learners, 2020, appendix C); shorter items are compared as a whole.
OVERLAP_WORDS = 13

_WORD = re.compile(r"\w+")
_REPLAY = pa.schema(
    [
        pa.field("system", pa.string()),
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True, kw_only=True)
class ReplayConfig:
    """Which general instructions are replayed, and how many.

    Attributes:
        path: Parquet file with the columns `system` (may be null), `prompt` and `target`.
        rate: replayed rows for each medical example: 0.1 adds one to ten.

    Raises:
        ConfigError: a value is missing or out of its range.
    """

    path: str
    rate: float

    def __post_init__(self) -> None:
        if not self.path.strip():
            raise ConfigError("replay.path is empty: give a Parquet file with system, prompt and target")
        if not 0 < self.rate <= 10:
            raise ConfigError(f"replay.rate is {self.rate}: give more than 0, up to 10 rows for each example")


def read_replay(path: str) -> pa.Table:
    """The rows of a replay file, (num_rows,) with system, prompt and target; a null system becomes an empty one.

    Raises:
        InputError: the file or a column is missing, it has no rows, or a prompt or target is null or blank.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise InputError(f"replay.path: no file {path!r}: correct the path")
    try:
        table = pq.read_table(file, partitioning=None)
        if missing := [name for name in _REPLAY.names if name not in table.column_names]:
            raise InputError(f"replay.path: {path} has no column {', '.join(missing)}: add it")
        table = table.select(_REPLAY.names).cast(pa.schema([field.with_nullable(True) for field in _REPLAY]))
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"replay.path: {path} is not a Parquet file with text in system, prompt and target "
            f"({type(error).__name__}): convert it"
        ) from None
    if not table.num_rows:
        raise InputError(f"replay.path: {path} has no rows: give a file with rows")
    for name in ("prompt", "target"):
        blank = [row for row, value in enumerate(table[name].to_pylist()) if not (value or "").strip()]
        if blank:
            raise InputError(f"replay.path: {path}, row {blank[0]}: {name} is empty: fill it or remove the row")
    return table.set_column(0, "system", pa.compute.fill_null(table["system"], "")).cast(_REPLAY)


def decontaminated(replay: pa.Table, items: pa.Table) -> pa.Table:
    """The rows that share no 13 words in a row with an item, and are no short item themselves.

    Args:
        replay: with prompt and target.
        items: BENCHMARK_ITEMS rows of public benchmarks: their prompts and answers are compared.
    """
    long: set[tuple[str, ...]] = set()
    short: set[tuple[str, ...]] = set()
    for row in items.select(["prompt", "answer"]).to_pylist():
        words = _words(f"{row['prompt']} {row['answer']}")
        long.update(_sequences(words))
        if len(words) < OVERLAP_WORDS:
            short.add(_words(row["prompt"]))
    clean = []
    for row in replay.select(["prompt", "target"]).to_pylist():
        prompt = _words(row["prompt"])
        clean.append(prompt not in short and long.isdisjoint(_sequences(prompt + _words(row["target"]))))
    return replay.filter(pa.array(clean, pa.bool_()))


def replay_rows(replay: pa.Table, num_examples: int, rate: float, *, seed: int, epoch: int, window: int) -> pa.Table:
    """The rows to add to one window of medical examples.

    Drawn without replacement; where more are wanted than there are, every row comes as often as any other, give or take
    one. The fraction of a row that `rate * num_examples` ends with is a row with that probability. Another window draws
    anew, and may draw a row again.

    Args:
        replay: with system, prompt and target; the file's order matters.
        num_examples: medical examples of the window.
        rate: rows for each of them.

    Returns:
        EXAMPLES rows of the training split; each id begins with REPLAY_PREFIX and is unique in the window.
    """
    digest = hashlib.blake2b(f"replay:{seed}:{epoch}:{window}".encode(), digest_size=16).digest()
    rng = np.random.default_rng(int.from_bytes(digest, "big"))
    fraction, whole = math.modf(rate * num_examples)
    num_rows = int(whole) + int(rng.random() < fraction)
    order = rng.permutation(replay.num_rows)
    chosen = np.resize(order, num_rows)
    copies = np.arange(num_rows) // replay.num_rows
    ids = [f"{REPLAY_PREFIX}{row}{_SEPARATOR}{copy}" for row, copy in zip(chosen, copies, strict=True)]
    texts = replay.take(pa.array(chosen))
    constants = {"note_id": "", "patient_id": "", "split": Split.TRAIN.value, "source_file": "", "source_row": 0}
    empty: dict[str, Any] = {"sections": [], "diagnosis": None, "diagnosis_code": None}
    rows = [
        {"example_id": example_id, **text, **constants, **empty}
        for example_id, text in zip(ids, texts.to_pylist(), strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=EXAMPLES)


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


def _sequences(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {words[start : start + OVERLAP_WORDS] for start in range(len(words) - OVERLAP_WORDS + 1)}
