"""Notes with marked-up identifiers, `{KIND|its text}`, and the count of what a screen leaves of them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent
_MARK = re.compile(r"\{(?P<kind>[A-Z_]+)\|(?P<text>[^{}|]+)\}")

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class MarkedText:
    """A text and the (kind, start, end) of its identifiers, in code points."""

    text: str
    spans: tuple[tuple[str, int, int], ...]


def unmark(marked: str) -> MarkedText:
    text, spans, done = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[done : match.start()]
        spans.append((match["kind"], len(text), len(text) + len(match["text"])))
        text += match["text"]
        done = match.end()
    text += marked[done:]
    if re.search(r"[{}]", text):
        raise ValueError("a mark is malformed: write {KIND|text}")
    return MarkedText(text=text, spans=tuple(spans))


@dataclass(frozen=True, kw_only=True)
class MarkedSet:
    """Texts by one hand.

    Attributes:
        notes: with identifiers.
        clean: notes without any.
        untouched: sentences that must stay as they are.
        people: sentences about people of an eponym's name.
    """

    notes: list[MarkedText]
    clean: list[str]
    untouched: list[str]
    people: list[MarkedText]


def first_set() -> MarkedSet:
    """The set that the rules were first developed on."""
    notes, sentences = _load("safe_harbor_notes.yaml"), _load("eponym_sentences.yaml")
    return MarkedSet(
        notes=[unmark(note["text"]) for note in notes["with_identifiers"]],
        clean=[note["text"] for note in notes["without_identifiers"]],
        untouched=sentences["untouched"],
        people=[unmark(sentence) for sentence in sentences["people"]],
    )


def read_set(name: str = "read_set") -> MarkedSet:
    """A set that was written blind and whose misses have been read since: `tests/benchmarks/held_out` has the next."""
    notes, clean, sentences = (_load(f"{name}/{part}.yaml") for part in ("notes", "clean", "eponyms"))
    return MarkedSet(
        notes=[unmark(note["text"]) for note in notes],
        clean=[note["text"] for note in clean],
        untouched=sentences["keep"],
        people=[unmark(sentence) for sentence in sentences["people"]],
    )


def _load(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def is_covered(text: str, start: int, end: int, found: Iterable[Span]) -> bool:
    """Whether every letter and digit lies in a finding."""
    found = list(found)
    return all(not text[at].isalnum() or any(a <= at < b for a, b in found) for at in range(start, end))


def count_missed(notes: Sequence[MarkedText], found: Sequence[Sequence[Span]]) -> tuple[Counter[str], Counter[str]]:
    """Identifiers of each kind, and how many of them were not wholly covered."""
    planted, missed = Counter[str](), Counter[str]()
    for note, spans in zip(notes, found, strict=True):
        for kind, start, end in note.spans:
            planted[kind] += 1
            missed[kind] += not is_covered(note.text, start, end, spans)
    return planted, missed
