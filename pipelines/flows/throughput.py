"""How fast each step of the way from notes to examples is: notes and CPU seconds, summed over shards.

CPU seconds are those of the process, all its threads included, so that busy neighbours do not count. They differ from
run to run, and stand in a part of their own for that.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import polars as pl
import pyarrow as pa

THROUGHPUT = pa.schema(
    [
        pa.field("step", pa.string(), nullable=False),
        pa.field("num_notes", pa.int64(), nullable=False),  # that went into the step
        pa.field("cpu_s", pa.float64(), nullable=False),
    ]
)


class StepClock:
    """Measures the steps of one shard."""

    def __init__(self) -> None:
        self._rows: list[dict[str, str | int | float]] = []

    @contextmanager
    def step(self, name: str, num_notes: int) -> Iterator[None]:
        """Measure what happens inside."""
        started = time.process_time()
        yield
        self._rows.append({"step": name, "num_notes": num_notes, "cpu_s": time.process_time() - started})

    def table(self) -> pa.Table:
        """The steps in their order, as rows of THROUGHPUT."""
        return pa.Table.from_pylist(self._rows, schema=THROUGHPUT)


def throughput(steps: pa.Table) -> dict[str, dict[str, float]]:
    """Step → notes, `cpu_s` and `notes_per_core_s`, in the order of the steps.

    Args:
        steps: rows of THROUGHPUT, of any number of shards.
    """
    sums = pl.DataFrame(steps).group_by("step", maintain_order=True).agg(pl.col("num_notes", "cpu_s").sum())
    return {
        row["step"]: {
            "num_notes": row["num_notes"],
            "cpu_s": round(row["cpu_s"], 3),
            "notes_per_core_s": round(row["num_notes"] / row["cpu_s"], 1) if row["cpu_s"] > 0 else 0.0,
        }
        for row in sums.iter_rows(named=True)
    }


def throughput_line(measured: Mapping[str, Mapping[str, float]]) -> str:
    """One line for people: notes per core-second of each step."""
    return ", ".join(f"{step} {values['notes_per_core_s']:g}" for step, values in measured.items())
