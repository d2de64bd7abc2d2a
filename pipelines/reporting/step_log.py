"""Reading a step log, and thinning it to what a chart can show."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import InputError

MAX_POINTS = 400


@dataclass(frozen=True)
class StepLog:
    """A run's log.

    Attributes:
        steps: one entry for each optimizer step, in order.
        validations: one entry for each step that was validated; the last one where a step was validated twice.
    """

    steps: list[dict[str, Any]]
    validations: list[dict[str, Any]]


def read_step_log(path: Path) -> StepLog:
    """Read a log of JSON lines.

    Raises:
        InputError: the file is missing, or a line of it is no entry.
    """
    if not path.is_file():
        raise InputError(f"no step log at {path}: the run that writes it has not started, or its folder was moved")
    text = path.read_text()
    # A trial is stopped by ending its process, which can leave half a line at the end.
    whole = text[: text.rfind("\n") + 1]
    steps: list[dict[str, Any]] = []
    validations: dict[int, dict[str, Any]] = {}
    for number, written in enumerate(whole.splitlines(), start=1):
        try:
            entry = json.loads(written)
            kind, step = entry["kind"], entry["step"]
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f"{path} line {number} is no entry of a step log: rerun the stage that writes it"
            ) from None
        if kind == "validation":
            validations[step] = entry
        else:
            steps.append(entry)
    return StepLog(steps, [validations[step] for step in sorted(validations)])


def thinned(steps: Sequence[dict[str, Any]], max_points: int = MAX_POINTS) -> list[dict[str, Any]]:
    """The steps as at most `max_points` points, each over as many consecutive steps.

    Loss and accuracy are means over target tokens, throughput is tokens over seconds, so that a point says of its
    steps what one large step would. Learning rate and progress are those of the last step.
    """
    size = -(-len(steps) // max_points) if steps else 1
    return [_point(steps[start : start + size]) for start in range(0, len(steps), size)]


def _point(steps: Sequence[dict[str, Any]]) -> dict[str, Any]:
    last = steps[-1]
    targets = sum(step["num_target_tokens"] for step in steps)
    seconds = sum(step["seconds"] for step in steps)
    norms = [step["gradient_norm"] for step in steps if step["gradient_norm"] is not None]

    def per_target(name: str) -> float | None:
        return sum(step[name] * step["num_target_tokens"] for step in steps) / targets if targets else None

    return {
        "step": last["step"],
        "epoch": last["epoch"],
        "progress": last["progress"],
        "num_steps": len(steps),
        "loss": per_target("loss"),
        "token_accuracy": per_target("token_accuracy"),
        "learning_rate": last["learning_rate"],
        "tokens_per_s": sum(step["num_tokens"] for step in steps) / seconds if seconds else None,
        "gradient_norm": sum(norms) / len(norms) if norms else None,
    }
