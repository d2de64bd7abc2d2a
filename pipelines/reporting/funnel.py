"""From notes in to notes trained on: what each stage let through, and where every other note ended.

The report counts nothing from data: it takes the counts of the ledger and proves again that they add up. Files that
could not even be opened, and were skipped by choice, are named beside it: how many notes they hold, nobody knows.
"""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from pipelines.reporting.figures import COLOURS, horizontal_bars
from schemas.errors import LedgerError
from schemas.ledger import PASSING, Outcome, Stage
from schemas.notes import Split

# Reasons with which packing accepts a note that is not trained on.
_HELD_OUT = "held_out"
_VALIDATION = Split.VALIDATION.value

_MEANINGS = {
    Outcome.ACCEPTED: "went through unchanged",
    Outcome.REDACTED: "went through with identifiers replaced",
    Outcome.QUARANTINED: "set aside: not safe or not sound enough to use",
    Outcome.REJECTED: "cannot be used",
    Outcome.DUPLICATE: "repeats a note that was kept",
    Outcome.CONTAMINATED: "overlaps with what models are scored on",
    Outcome.UNKNOWN: "could not be read, and was skipped by choice",
}
_USES = {
    "": "for training",
    "prompt_cut": "for training, its prompt cut to fit",
    _VALIDATION: "for validation",
    _HELD_OUT: "held out, to score models on",
}


def funnel_section(prepare: Mapping[str, Any], train: Mapping[str, Any]) -> dict[str, Any]:
    """The funnel as data.

    Args:
        prepare: results of the prepare stage.
        train: results of the train stage, which accounts for all four stages.

    Raises:
        LedgerError: counts do not add up to the notes read, or the two stages disagree.
    """
    num_read = train["num_rows_read"]
    if prepare["num_rows_read"] != num_read:
        raise LedgerError(f"prepare read {prepare['num_rows_read']} notes and train {num_read}")
    for stage, results in (("prepare", prepare), ("train", train)):
        total = sum(results["final_buckets"].values())
        if total != num_read:
            raise LedgerError(f"the final buckets of {stage} hold {total} notes, {num_read} were read")
    final = [_final_bucket(name, count) for name, count in train["final_buckets"].items()]
    stages = [_stage(stage, train["outcomes"][stage.value]) for stage in Stage]
    _prove(stages, prepare["outcomes"], final, num_read)
    packed = [bucket for bucket in final if bucket["stage"] == Stage.PACK and bucket["outcome"] in PASSING]
    num_validation = _total(bucket for bucket in packed if bucket["reason"] == _VALIDATION)
    num_held_out = _total(bucket for bucket in packed if bucket["reason"] == _HELD_OUT)
    return {
        "num_notes_read": num_read,
        "skipped_files": prepare["skipped_files"],
        "num_for_training": _total(packed) - num_validation - num_held_out,
        "num_for_validation": num_validation,
        "num_held_out": num_held_out,
        "examples": {split.value: prepare["examples"][split.value] for split in Split},
        "stages": stages,
        "final_buckets": sorted(final, key=lambda bucket: (list(Stage).index(bucket["stage"]), -bucket["num_notes"])),
        "final_buckets_sum": _total(final),
    }


def funnel_figure(funnel: Mapping[str, Any]) -> go.Figure:
    """A bar for each stage: what went on, what was set apart and what ended there."""
    names, series = ["notes read"], {"went on": [funnel["num_notes_read"]], "went on, redacted": [0]}
    series |= {"validation": [0], "held out": [0], "ended here": [0]}
    for stage in funnel["stages"]:
        is_last = stage["stage"] == Stage.PACK
        apart = {"validation": funnel["num_for_validation"], "held out": funnel["num_held_out"]}
        redacted = stage["outcomes"].get(Outcome.REDACTED.value, 0)
        names.append(stage["stage"])
        for name in apart:
            series[name].append(apart[name] if is_last else 0)
        series["went on, redacted"].append(redacted)
        series["ended here"].append(stage["num_ended"])
        series["went on"].append(stage["num_out"] - redacted - (sum(apart.values()) if is_last else 0))
    palette = (COLOURS.blue, COLOURS.sky, COLOURS.green, COLOURS.yellow, COLOURS.vermillion)
    colours = dict(zip(series, palette, strict=True))
    return horizontal_bars(names, {name: values for name, values in series.items() if any(values)}, colours, "notes")


def _stage(stage: Stage, outcomes: Mapping[str, int]) -> dict[str, Any]:
    num_out = sum(count for name, count in outcomes.items() if _outcome(name)[0] in PASSING)
    num_in = sum(outcomes.values())
    return {
        "stage": stage.value,
        "num_in": num_in,
        "num_out": num_out,
        "num_ended": num_in - num_out,
        "outcomes": {name: outcomes[name] for name in sorted(outcomes, key=_outcome_order)},
    }


def _prove(
    stages: list[dict[str, Any]], prepared: Mapping[str, Mapping[str, int]], final: list[dict[str, Any]], num_read: int
) -> None:
    expected = num_read
    for stage in stages:
        name = stage["stage"]
        if stage["num_in"] != expected:
            raise LedgerError(f"stage {name}: {expected} notes in, {stage['num_in']} outcomes")
        if name in prepared and dict(prepared[name]) != stage["outcomes"]:
            raise LedgerError(f"stage {name}: prepare and train count different outcomes")
        is_last = stage is stages[-1]
        buckets = {b["bucket"]: b["num_notes"] for b in final if b["stage"] == name}
        ending = {
            f"{name}/{outcome}": count
            for outcome, count in stage["outcomes"].items()
            if is_last or _outcome(outcome)[0] not in PASSING
        }
        if buckets != ending:
            raise LedgerError(f"stage {name}: its outcomes and the final buckets disagree")
        expected = stage["num_out"]


def _final_bucket(bucket: str, num_notes: int) -> dict[str, Any]:
    stage, _, rest = bucket.partition("/")
    if stage not in list(Stage):
        raise LedgerError(f"final bucket {bucket!r} is of no known stage")
    outcome, reason = _outcome(rest)
    return {
        "bucket": bucket,
        "stage": stage,
        "outcome": outcome.value,
        "reason": reason,
        "num_notes": num_notes,
        "meaning": _USES.get(reason, _MEANINGS[outcome])
        if stage == Stage.PACK and outcome in PASSING
        else _MEANINGS[outcome],
    }


def _outcome(name: str) -> tuple[Outcome, str]:
    outcome, _, reason = name.partition(":")
    if outcome not in list(Outcome):
        raise LedgerError(f"{outcome!r} is no outcome of the ledger")
    return Outcome(outcome), reason


def _outcome_order(name: str) -> tuple[int, str]:
    outcome, reason = _outcome(name)
    return list(Outcome).index(outcome), reason


def _total(buckets: Any) -> int:
    return sum(bucket["num_notes"] for bucket in buckets)
