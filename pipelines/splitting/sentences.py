"""Sentences of a note, as spans."""

import re
from collections.abc import Iterator

# A full stop before white space and no small letter, but not after a title or a Latin abbreviation; the end of a line
# that the next does not go on from in small letters, as a wrapped one does.
_END = re.compile(
    r"(?<!\bDr)(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bSt)(?<!\bvs)(?<!\be\.g)(?<!\bi\.e)(?<!\bNo)(?<!\bpt)(?<!\b[A-Z0-9])"
    r"[.!?]+[\"')\]]*(?=\s+[^a-z\s]|\s*$)"
    r"|[\r\n](?![ \t]{0,20}[a-z])"
)


def sentence_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """(start, end) of the sentences of `text[start:end]`, in code points, without the white space around them."""
    begin = start
    for match in _END.finditer(text, start, end):
        yield from _trimmed(text, begin, match.end())
        begin = match.end()
    yield from _trimmed(text, begin, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    body = text[start:end]
    if stripped := body.strip():
        first = start + len(body) - len(body.lstrip())
        yield first, first + len(stripped)
