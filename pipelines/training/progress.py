"""Says how far training is, from the step logs that runs write: the driver sees them wherever the workers are.

At a terminal a bar for each run moves; anywhere else, as in a job's log, a plain line is logged now and then.
"""

import functools
import json
import logging
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from pipelines.training.config import TrainingConfig
from pipelines.training.schedule import run_progress
from pipelines.training.state import TrainState
from pipelines.training.step_log import LOG

logger = logging.getLogger(__name__)

LINE_INTERVAL_S = 15.0
BAR_INTERVAL_S = 1.0
_RECENT_STEPS = 20  # over which speed is measured


class RunProgress:
    """How far one run is: reads what its step log has gained since the last look.

    Args:
        path: of the log.
        config: with the limits that may end the run before its rows do; null where there are none.
    """

    def __init__(self, path: Path, config: TrainingConfig | None = None):
        self.name = path.parent.name
        self._path = path
        self._config = config
        self._start_anew()

    def _start_anew(self) -> None:
        self._offset = 0
        self._num_tokens = 0
        self._steps: deque[dict[str, Any]] = deque(maxlen=_RECENT_STEPS + 1)
        self._validation: dict[str, Any] = {}

    def look(self) -> bool:
        """Read on; whether there was anything new."""
        if self._path.stat().st_size < self._offset:
            self._start_anew()  # a run that was resumed has cut its log back
        try:
            return self._read_on()
        except ValueError:  # cut back, and already longer than before: this was the middle of a line
            self._start_anew()
            return self._read_on()

    def _read_on(self) -> bool:
        with self._path.open("rb") as file:
            file.seek(self._offset)
            written = file.read()
        whole = written[: written.rfind(b"\n") + 1]
        for line in whole.splitlines():
            entry = json.loads(line)
            if entry["kind"] == "step":
                self._steps.append(entry)
                self._num_tokens += entry["num_tokens"]
            else:
                self._validation = entry
        self._offset += len(whole)
        return bool(whole)

    @property
    def share(self) -> float:
        """Share of the run that is done, 0..1."""
        return self._share(self._steps[-1], self._num_tokens) if self._steps else 0.0

    def _share(self, step: dict[str, Any], num_tokens: int) -> float:
        if self._config is None:
            return float(step["progress"])
        state = TrainState(step=step["step"], progress=step["progress"], num_tokens=num_tokens)
        return run_progress(self._config, state)

    @property
    def seconds_left(self) -> float | None:
        """At the speed of the latest steps; null where it cannot be told yet."""
        if len(self._steps) < 2:
            return None
        recent = list(self._steps)[1:]
        before = self._share(self._steps[0], self._num_tokens - sum(step["num_tokens"] for step in recent))
        gained = self.share - before
        return _seconds(recent) * (1.0 - self.share) / gained if gained > 0.0 else None

    def _numbers(self) -> list[str]:
        parts = []
        if self._steps:
            last = self._steps[-1]
            recent = list(self._steps)[-_RECENT_STEPS:]
            tokens_per_s = sum(step["num_tokens"] for step in recent) / _seconds(recent)
            parts += [f"step {last['step']}", f"loss {last['loss']:.3f}", f"lr {last['learning_rate']:.2e}"]
            parts += [f"{tokens_per_s:,.0f} tokens/s"]
        for name, value in self._validation.items():
            if name.endswith(("loss", "accuracy", "share")):
                parts.append(f"{name.replace('_', ' ')} {value:.3f}")
        return parts

    @property
    def line(self) -> str:
        """Share, time left and the newest numbers in one line."""
        left = self.seconds_left
        time_left = [f"{_duration(left)} left"] if left else []
        return ", ".join([f"{self.share:.0%}", *time_left, *self._numbers()])


def _seconds(steps: list[dict[str, Any]]) -> float:
    return sum(step["seconds"] + step["data_wait_seconds"] for step in steps)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


@contextmanager
def reported(root: Path, config: TrainingConfig | None = None) -> Iterator[None]:
    """While inside, show on stderr how far each run below `root` is.

    Args:
        root: directory of one run, or of the folders of several.
        config: with the limits that may end a run before its rows do; null where there are none.
    """
    console = Console(stderr=True)
    # Asked of the stream itself: rich also takes an environment variable's word for a terminal.
    has_terminal = sys.stderr.isatty() and not console.is_dumb_terminal
    over = threading.Event()
    show = functools.partial(_show_bars, console=console) if has_terminal else _show_lines
    watcher = threading.Thread(target=show, args=(_Runs(root, config), over), name="progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


class _Runs:
    """The runs below a folder that have moved on since the last look."""

    def __init__(self, root: Path, config: TrainingConfig | None):
        self._root = root
        self._config = config
        self._known: dict[Path, RunProgress] = {}

    def moved_on(self) -> list[RunProgress]:
        for path in sorted([*self._root.glob(LOG), *self._root.glob(f"*/{LOG}")]):
            self._known.setdefault(path, RunProgress(path, self._config))
        return [run for run in self._known.values() if run.look()]


def _show_lines(runs: _Runs, over: threading.Event) -> None:
    while True:
        ended = over.wait(LINE_INTERVAL_S)
        for run in runs.moved_on():
            logger.info("%s: %s", run.name, run.line)
        if ended:
            return


def _show_bars(runs: _Runs, over: threading.Event, console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.fields[line]}"))
    tasks: dict[str, TaskID] = {}
    terminal = sys.stderr
    with Progress(*columns, console=console, redirect_stdout=False) as bars, _logged_above_bars(terminal):
        while True:
            ended = over.wait(BAR_INTERVAL_S)
            for run in runs.moved_on():
                if run.name not in tasks:
                    tasks[run.name] = bars.add_task(run.name, total=1.0, line="")
                bars.update(tasks[run.name], completed=run.share, line=run.line)
            if ended:
                return


@contextmanager
def _logged_above_bars(terminal: TextIO) -> Iterator[None]:
    """Have log lines for the terminal go through what `rich` has put in its place, which lifts them over the bars."""
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is terminal
    ]
    for handler in handlers:
        handler.setStream(sys.stderr)
    try:
        yield
    finally:
        for handler in handlers:
            handler.setStream(terminal)
