"""Marks inside a note under construction, so that spans survive every edit around them.

Fragments are plain strings in which private-use characters open and close a marked stretch:

    mark(PERSON, "Ada Cole") + " is here"   →   "\\ue000PERSON\\ue001Ada Cole\\ue002 is here"

`resolve` takes the marks out at the very end and gives the span of each in code points. Marks may nest: an identifier
may stand inside the target.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

_OPEN, _NAMED, _CLOSE = "\ue000", "\ue001", "\ue002"
_TOKEN = re.compile(f"{_OPEN}([A-Z0-9_]+){_NAMED}|{_CLOSE}")
_FIRST_LETTER = re.compile(f"((?:{_OPEN}[A-Z0-9_]+{_NAMED})*)([a-z])")

TARGET = "TARGET"  # the physician's reasoning, without its header
KEEP = "KEEP"  # stands as it is: no typing error, no abbreviation


class Span(NamedTuple):
    """A marked stretch of the finished text, in code points."""

    kind: str
    start: int
    end: int


def mark(kind: str, text: str) -> str:
    """`text`, marked as `kind`."""
    return f"{_OPEN}{kind}{_NAMED}{text}{_CLOSE}"


def sentence(text: str) -> str:
    """`text` with a capital first letter, and a full stop where it ends in none."""
    text = (
        _FIRST_LETTER.sub(lambda first: first[1] + first[2].upper(), text, count=1)
        if _FIRST_LETTER.match(text)
        else text
    )
    return text if text.rstrip(_CLOSE)[-1:] in ".!?:" else f"{text}."


def edit_unmarked(text: str, edit: Callable[[str], str]) -> str:
    """Apply `edit` to the stretches that stand in no mark at all, TARGET aside."""
    parts: list[str] = []
    stack: list[str] = []
    position = 0
    for token in _TOKEN.finditer(text):
        stretch = text[position : token.start()]
        parts.append(stretch if set(stack) - {TARGET} else edit(stretch))
        parts.append(token.group())
        if token.group(1):
            stack.append(token.group(1))
        else:
            stack.pop()
        position = token.end()
    parts.append(edit(text[position:]))
    return "".join(parts)


def resolve(text: str) -> tuple[str, list[Span]]:
    """The text without its marks, and the span of each mark in order of its start."""
    parts: list[str] = []
    spans: list[Span] = []
    stack: list[tuple[str, int]] = []
    position = length = 0
    for token in _TOKEN.finditer(text):
        stretch = text[position : token.start()]
        parts.append(stretch)
        length += len(stretch)
        position = token.end()
        if token.group(1):
            stack.append((token.group(1), length))
        else:
            kind, start = stack.pop()
            spans.append(Span(kind, start, length))
    assert not stack, "a mark was opened and never closed"
    parts.append(text[position:])
    return "".join(parts), sorted(spans, key=lambda span: (span.start, -span.end))
