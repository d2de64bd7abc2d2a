"""The step log: a JSON line for each step and validation of a run, whatever the tracker that watches it."""

import json
from pathlib import Path
from typing import Any

from pipelines.stage.output import write_atomically

LOG = "steps.jsonl"


class StepLog:
    """Appends to a run's log, cut back to the checkpoint that a resumed run starts from.

    Args:
        path: of the log.
        step: of that checkpoint; 0 for a new log.
    """

    def __init__(self, path: Path, step: int):
        kept = []
        if path.exists() and step > 0:
            for line in path.read_text().splitlines():
                # A kill can leave half a line at the end.
                if line.endswith("}") and json.loads(line)["step"] <= step:
                    kept.append(line)
        write_atomically(path, "".join(f"{line}\n" for line in kept).encode())
        self._file = path.open("a", buffering=1)

    def write(self, entry: dict[str, Any]) -> None:
        """Append one line."""
        self._file.write(json.dumps(entry) + "\n")
