"""Findings as spans of a note's text: merging those that overlap, and cutting them out.

Offsets count code points of the note as it came in, as Python's own indices do: emoji, combining marks and CRLF need no
special case as long as nothing normalises the text before the edit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from schemas.findings import Action

Span = tuple[int, int]

# Actions that put something else in an identifier's place.
REPLACING = (Action.SURROGATE, Action.REDACT)

_PRIORITY = {action: rank for rank, action in enumerate(Action)}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """An identifier's place in a note. Holds no text."""

    start: int
    end: int
    entity_type: str
    score: float
    recogniser: str
    action: Action = Action.QUARANTINE


def subtract(start: int, end: int, holes: Iterable[Span]) -> list[Span]:
    """What is left of [start, end) outside the holes. The holes are in order and disjoint."""
    pieces = []
    for hole_start, hole_end in holes:
        if hole_end <= start:
            continue
        if hole_start >= end:
            break
        if hole_start > start:
            pieces.append((start, hole_start))
        start = max(start, hole_end)
    if start < end:
        pieces.append((start, end))
    return pieces


def merge(findings: Sequence[Finding]) -> list[Finding]:
    """One finding for each stretch of overlapping ones, in text order and disjoint.

    The strictest action wins, then the score, then the longer span; the winner gives type and recogniser, and the
    merged span covers all of its stretch. A finding that passes never widens one that does not: it is kept only where
    it stands alone.
    """
    acting = _merge_overlapping([f for f in findings if f.action is not Action.PASS])
    passing = _merge_overlapping([f for f in findings if f.action is Action.PASS])
    alone = [p for p in passing if not any(p.start < a.end and a.start < p.end for a in acting)]
    return sorted([*acting, *alone], key=lambda f: f.start)


def _merge_overlapping(findings: Sequence[Finding]) -> list[Finding]:
    merged: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        if merged and finding.start < merged[-1].end:
            last = merged[-1]
            winner = max(last, finding, key=lambda f: (_PRIORITY[f.action], f.score, f.end - f.start))
            merged[-1] = replace(winner, start=last.start, end=max(last.end, finding.end))
        else:
            merged.append(finding)
    return merged


def splice(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """The text with spans replaced, from right to left, so that an edit moves no offset that is still to come.

    Args:
        edits: start, end and new text of disjoint spans.
    """
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def redacted_share(text: str, findings: Sequence[Finding]) -> float:
    """Share of the non-blank characters that stand in findings to replace; 0 for a blank text."""
    num_chars = sum(not char.isspace() for char in text)
    num_replaced = sum(not char.isspace() for f in findings if f.action in REPLACING for char in text[f.start : f.end])
    return num_replaced / num_chars if num_chars else 0.0
