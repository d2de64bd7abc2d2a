"""Programs that take turns at training steps on one machine, so that whatever slows one slows the other too.

A program runs in processes of its own and calls `Turns.begin` and `Turns.end` around each step; the benchmark holds a
`Contestant` for it and lets it run some steps at a time:

    benchmark  Contestant.run(2) ──▶                                            ──▶ Block(wall_s, cpu_s, losses)
    program    Turns.begin waits ──▶ step, Turns.end, begin, step, end, begin (reports, and waits again)

Start-up lies before the first `begin`, and the first steps are warm-up: neither is in a figure. A pair is ABBA, so that
a machine which grows slower or faster in the meantime favours neither:

    A  step 1               step 2        A  step 3, step 4
    B          step 1, step 2             B  ...

Each pair gives one ratio, and what may be claimed is the lower bound of their median's bootstrap interval. A pair
should take seconds: other work on a machine comes and goes in longer waves, and many short pairs say more than few
long ones.
"""

import contextlib
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

import numpy as np
from step_counter import StepCounter, StepCounts

LOSS_TOLERANCE = 1e-5
WARM_UP_STEPS = 2
_RESAMPLES = 10_000
Step = TypeVar("Step")


class StoppedError(Exception):
    """The benchmark needs no more steps of this program."""


@dataclass(frozen=True)
class Block:
    """What some steps in a row took.

    Attributes:
        wall_s: from leave to begin to the end of the last step.
        cpu_s: user and system seconds of all the program's threads and processes.
        wait_s: part of `wall_s` in which the step had no data.
        losses: one a step, in nats per target token.
        counts: where they were asked for.
    """

    wall_s: float
    cpu_s: float
    wait_s: float
    losses: list[float]
    counts: StepCounts | None = None

    def __add__(self, later: "Block") -> "Block":
        """Both blocks as one."""
        return Block(
            self.wall_s + later.wall_s,
            self.cpu_s + later.cpu_s,
            self.wait_s + later.wait_s,
            self.losses + later.losses,
            self.counts or later.counts,
        )


class Turns:
    """In a program's process: waits for its turn before a step, and tells what the turn took.

    Args:
        connection: to the benchmark.
        vocab_size: of the model, by which logits are known; None where no step will be counted.
    """

    def __init__(self, connection: Connection, vocab_size: int | None = None):
        self._connection = connection
        self._vocab_size = vocab_size
        self._counter: StepCounter | None = None
        self._steps_left = 0
        self._block: Block | None = None
        self._losses: list[float] = []
        self._wait_s = self._wall_from = self._cpu_from = 0.0

    def begin(self) -> None:
        """Before a step and its data. Raises StoppedError where no more are needed."""
        if self._steps_left == 0:
            self._connection.send(self._block)
            try:
                self._steps_left, is_counted = self._connection.recv()
            except EOFError:  # the benchmark is gone
                raise StoppedError from None
            if self._steps_left == 0:
                raise StoppedError
            self._counter = StepCounter(self._vocab_size) if is_counted and self._vocab_size else None
            self._losses, self._wait_s = [], 0.0
            self._wall_from, self._cpu_from = time.perf_counter(), time.process_time()
        if self._counter is not None:
            self._counter.__enter__()

    def end(self, loss: float) -> None:
        """After a step and what belongs to it."""
        if self._counter is not None:
            self._counter.__exit__(None, None, None)
        self._losses.append(loss)
        self._steps_left -= 1
        if self._steps_left == 0:
            wall_s = time.perf_counter() - self._wall_from
            cpu_s = time.process_time() - self._cpu_from
            counts = self._counter.counts() if self._counter else None
            self._block = Block(wall_s, cpu_s, self._wait_s, self._losses, counts)

    def around(self, steps: Iterable[Step], loss: Callable[[], float]) -> Iterator[Step]:
        """The steps, each when its turn has come. `loss` is asked once the loop's body is through with one."""
        iterator = iter(steps)
        while True:
            self.begin()
            asked = time.perf_counter()
            step = next(iterator)
            self._wait_s += time.perf_counter() - asked
            yield step
            self.end(loss())


@dataclass
class Contestant:
    """In the benchmark: a program whose processes wait at `Turns.begin`.

    Attributes:
        name: for messages.
        connections: one to each of its processes.
        processes: those that this one started.
    """

    name: str
    connections: list[Connection]
    processes: list[BaseProcess] = field(default_factory=list)

    def wait_until_ready(self) -> None:
        """Wait until every process stands before its first step."""
        self._received()

    def run(self, num_steps: int, *, is_counted: bool = False) -> Block:
        """Let it take steps. Wall time is the slowest process's, CPU time all processes' sum.

        Counting slows a program down, and later steps of it too: it belongs after everything that is timed.
        """
        for connection in self.connections:
            connection.send((num_steps, is_counted))
        blocks = self._received()
        first = blocks[0]
        return Block(
            max(block.wall_s for block in blocks),
            sum(block.cpu_s for block in blocks),
            max(block.wait_s for block in blocks),
            first.losses,
            first.counts,
        )

    def stop(self) -> None:
        """End its processes."""
        for connection in self.connections:
            connection.send((0, False))
        for process in self.processes:
            process.join()

    def _received(self) -> list[Any]:
        try:
            return [connection.recv() for connection in self.connections]
        except EOFError:
            raise SystemExit(f"{self.name} ended before its steps were done: its message stands above") from None


def started(name: str, program: Callable[..., None], num_processes: int = 1, **arguments: Any) -> Contestant:
    """Start a program: `program(connection, rank, **arguments)` in each of its processes."""
    context = multiprocessing.get_context("spawn")
    connections: list[Connection] = []
    processes: list[BaseProcess] = []
    for rank in range(num_processes):
        ours, theirs = context.Pipe()
        process = context.Process(target=_run, args=(program, theirs, rank, arguments), daemon=True)
        process.start()
        theirs.close()
        connections.append(ours)
        processes.append(process)
    return Contestant(name, connections, processes)


def _run(program: Callable[..., None], connection: Connection, rank: int, arguments: dict[str, Any]) -> None:
    with contextlib.suppress(StoppedError):
        program(connection, rank, **arguments)


@dataclass
class Pairs:
    """Blocks of two programs on the same steps, pair by pair.

    Attributes:
        ours: the program whose worth is asked.
        theirs: what it is compared with.
        worst_loss_difference: over all steps, those of the warm-up too, in nats per target token.
        ours_counts: of a step.
        theirs_counts: of the same.
    """

    ours: list[Block] = field(default_factory=list)
    theirs: list[Block] = field(default_factory=list)
    worst_loss_difference: float = 0.0
    ours_counts: StepCounts | None = None
    theirs_counts: StepCounts | None = None

    def add_untimed(self, ours: Block, theirs: Block) -> None:
        """Keep everything of a pair but its times."""
        self.ours_counts = self.ours_counts or ours.counts
        self.theirs_counts = self.theirs_counts or theirs.counts
        self._compare_losses(ours, theirs)

    def _compare_losses(self, ours: Block, theirs: Block) -> None:
        differences = [abs(a - b) for a, b in zip(ours.losses, theirs.losses, strict=True)]
        self.worst_loss_difference = max([self.worst_loss_difference, *differences])

    def add(self, ours: Block, theirs: Block) -> None:
        """Add a pair."""
        self._compare_losses(ours, theirs)
        self.ours.append(ours)
        self.theirs.append(theirs)

    @property
    def is_equal_work(self) -> bool:
        """The losses of all steps agree: the same documents, weights, gradients and updates."""
        return self.worst_loss_difference <= LOSS_TOLERANCE

    @property
    def wall_ratio(self) -> "Ratio":
        """How many times as fast as theirs ours is."""
        return Ratio([b.wall_s / a.wall_s for a, b in zip(self.ours, self.theirs, strict=True)])

    @property
    def cpu_ratio(self) -> "Ratio":
        """How many times the CPU seconds of ours theirs takes."""
        return Ratio([b.cpu_s / a.cpu_s for a, b in zip(self.ours, self.theirs, strict=True)])


@dataclass(frozen=True)
class Ratio:
    """A ratio measured several times."""

    values: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def lower_bound(self) -> float:
        """2.5th percentile of the median over bootstrap resamples: of a 95 % interval, the end that may be claimed."""
        generator = np.random.default_rng(0)
        resamples = generator.choice(np.asarray(self.values), (_RESAMPLES, len(self.values)))
        return float(np.percentile(np.median(resamples, axis=1), 2.5))

    def __str__(self) -> str:
        return f"{self.median:.3f} | {self.lower_bound:.3f}"


def run_pairs(ours: Contestant, theirs: Contestant, num_pairs: int, steps_per_turn: int = 1) -> Pairs:
    """The warm-up, whose times are not kept, then the pairs: two turns of each program, which begin by turns too."""
    pairs = Pairs()
    ours.wait_until_ready()
    theirs.wait_until_ready()
    for _ in range(WARM_UP_STEPS):
        pairs.add_untimed(ours.run(1), theirs.run(1))
    for number in range(num_pairs):
        outer, inner = (theirs, ours) if number % 2 else (ours, theirs)
        first = outer.run(steps_per_turn)
        between = inner.run(2 * steps_per_turn)
        around = first + outer.run(steps_per_turn)
        pairs.add(*((between, around) if number % 2 else (around, between)))
    return pairs


def steps_of(num_pairs: int, steps_per_turn: int = 1) -> int:
    """Steps that `run_pairs` takes of each program."""
    return WARM_UP_STEPS + 2 * steps_per_turn * num_pairs


def load_average() -> str:
    """How busy the machine is, for the foot of a table."""
    one, five, _ = os.getloadavg()
    return f"load average {one:.1f} (1 min), {five:.1f} (5 min) on {os.cpu_count()} cores"
