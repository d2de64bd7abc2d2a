"""Says how far training is, from the step logs that runs write: the driver sees them wherever the workers are."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.training.step_log import LOG

logger = logging.getLogger(__name__)

INTERVAL_S = 15.0


@contextmanager
def reported(root: Path, interval_s: float = INTERVAL_S) -> Iterator[None]:
    """While inside, log a line for each run below `root` whenever it has moved on.

    Args:
        root: directory of one run, or of the folders of several.
        interval_s: seconds between looks.
    """
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(root, interval_s, over), name="progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(root: Path, interval_s: float, over: threading.Event) -> None:
    seen: dict[Path, int] = {}
    while True:
        ended = over.wait(interval_s)
        for path in sorted([*root.glob(LOG), *root.glob(f"*/{LOG}")]):
            entries = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
            if len(entries) > seen.get(path, 0):
                seen[path] = len(entries)
                logger.info("%s: %s", path.parent.name, progress_line(entries))
        if ended:
            return


def progress_line(entries: list[dict[str, Any]]) -> str:
    """A run's newest numbers in words, from its step log's entries."""
    steps = [entry for entry in entries if entry["kind"] == "step"]
    validations = [entry for entry in entries if entry["kind"] == "validation"]
    parts = []
    if steps:
        last = steps[-1]
        recent = steps[-20:]
        tokens_per_s = sum(entry["num_tokens"] for entry in recent) / sum(entry["seconds"] for entry in recent)
        progress = last["progress"]
        parts.append(f"step {last['step']}, {progress:.0%}, loss {last['loss']:.3f}, {tokens_per_s:,.0f} tokens/s")
        spent_s = sum(entry["seconds"] for entry in steps)
        if 0.0 < progress < 1.0:
            parts.append(f"about {spent_s * (1 - progress) / progress:,.0f} s left")
    if validations:
        named = {k: v for k, v in validations[-1].items() if k.endswith(("loss", "accuracy", "share"))}
        parts.append("validation " + ", ".join(f"{name} {value:.3f}" for name, value in named.items()))
    return "; ".join(parts)
