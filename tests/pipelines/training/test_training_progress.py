"""A bar for a person at a terminal, plain lines for a job's log, and the same numbers in both."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.training.config import TrainingConfig
from pipelines.training.progress import RunProgress
from pipelines.training.step_log import LOG

ESCAPE = "\x1b"


def step(number: int, progress: float, **other: Any) -> dict[str, Any]:
    usual = {"kind": "step", "loss": 2.5, "learning_rate": 1e-4, "num_tokens": 300, "seconds": 1.0}
    return {**usual, "step": number, "progress": progress, "data_wait_seconds": 0.5, **other}


VALIDATION = {"kind": "validation", "step": 2, "progress": 0.2, "validation_loss": 1.75, "num_validation_examples": 9.0}


def write(path: Path, *entries: dict[str, Any], end: str = "\n") -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(json.dumps(entry) for entry in entries) + end)


def test_the_line_holds_share_time_left_and_the_newest_numbers(tmp_path: Path) -> None:
    write(tmp_path / LOG, *(step(n, n / 10) for n in range(1, 5)), VALIDATION)
    run = RunProgress(tmp_path / LOG)
    assert run.look()
    assert run.seconds_left == pytest.approx(6 * 1.5)
    assert run.line == ("40%, 9 s left, step 4, loss 2.500, lr 1.00e-04, 200 tokens/s, validation loss 1.750")
    assert not run.look()


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    run = RunProgress(tmp_path / LOG)
    write(tmp_path / LOG, step(1, 0.1), step(2, 0.2), end="")
    assert run.look()
    assert run.share == 0.1
    write(tmp_path / LOG, step(1, 0.1), step(2, 0.2))
    assert run.look()
    assert run.share == 0.2


@pytest.mark.parametrize("regrown", [0, 40])
def test_a_log_that_a_resumed_run_cut_back_is_read_anew(tmp_path: Path, regrown: int) -> None:
    run = RunProgress(tmp_path / LOG)
    write(tmp_path / LOG, *(step(n, n / 100) for n in range(1, 21)))
    assert run.look()
    write(tmp_path / LOG, *(step(n, n / 100, note="x" * n) for n in range(1, 11 + regrown)))
    assert run.look()
    assert run.share == (10 + regrown) / 100


def test_a_limit_of_steps_or_tokens_is_the_whole(tmp_path: Path) -> None:
    write(tmp_path / LOG, *(step(n, n / 1000) for n in range(1, 6)))
    for config in (TrainingConfig(max_steps=10), TrainingConfig(max_tokens=3000)):
        run = RunProgress(tmp_path / LOG, config)
        run.look()
        assert run.share == 0.5
        assert run.seconds_left == pytest.approx(5 * 1.5)


# Two runs move while a third thing is logged.
WATCHED = """
import json, logging, pathlib, sys, time
from pipelines.training import progress
logging.basicConfig(level=logging.INFO, format="%(message)s")
root = pathlib.Path(sys.argv[1])
progress.BAR_INTERVAL_S = progress.LINE_INTERVAL_S = 0.05
with progress.reported(root):
    for log in sorted(root.glob("*/later.jsonl")):
        log.rename(log.with_name("steps.jsonl"))
        time.sleep(0.3)
        logging.info("logged meanwhile")
        print("result")
"""


@pytest.fixture
def trials(tmp_path: Path) -> Path:
    for name in ("trial-a", "trial-b"):
        write(tmp_path / name / "later.jsonl", step(1, 0.25), step(2, 0.5))
    return tmp_path


def test_at_a_terminal_a_bar_for_each_run_moves(trials: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    watched = subprocess.Popen(
        [sys.executable, "-c", WATCHED, str(trials)], stderr=theirs, stdout=subprocess.PIPE, env=environment, text=True
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # how a terminal says that nobody writes to it any more
        pass
    assert watched.communicate()[0] == "result\nresult\n", "what is no terminal gets what was printed, and only that"
    assert watched.returncode == 0
    text = shown.decode()
    assert ESCAPE in text
    for name in ("trial-a", "trial-b"):
        assert f"{name} " in text
    assert "50%, 3 s left, step 2, loss 2.500" in text
    assert text.count("logged meanwhile") == 2


def test_what_is_no_terminal_gets_plain_lines(trials: Path) -> None:
    environment = {**os.environ, "FORCE_COLOR": "1", "TERM": "xterm"}
    watched = subprocess.run(
        [sys.executable, "-c", WATCHED, str(trials)], capture_output=True, env=environment, text=True, check=True
    )
    assert watched.stdout == "result\nresult\n"
    assert ESCAPE not in watched.stderr
    assert "\r" not in watched.stderr
    lines = watched.stderr.splitlines()
    assert [line.split(",")[0] for line in lines if line.startswith("trial")] == ["trial-a: 50%", "trial-b: 50%"]
