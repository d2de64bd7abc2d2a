"""Marked text: documents with their identifiers in place, as `{KIND|text}`, and the tokens and labels made of them.

    Seen by Dr. {NAME|Okonkwo} at {FACILITY|Carrick} on {DATE|3/14}.
    ----
    Foley draining clear urine.
    ----

The kinds are the tagger's labels. `marked_text/` holds text that was written for this purpose; no word of it is a
patient's.
"""

import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import InputError

END = "----"
_MARK = re.compile(r"\{([A-Z_]+)\|([^{}|\n]+)\}")


class Label(enum.IntEnum):
    """What a token belongs to."""

    NONE = 0
    NAME = 1
    FACILITY = 2
    EMPLOYER = 3
    PLACE = 4
    DATE = 5
    AGE = 6
    OTHER = 7  # numbers and addresses of machines, which patterns find; the tagger learns them so as not to guess


@dataclass(frozen=True)
class Piece:
    """A stretch of a document: an identifier, or what stands between two of them."""

    text: str
    label: Label


Document = tuple[Piece, ...]


def read_corpus(files: Iterable[Path]) -> list[Document]:
    """The documents of marked files.

    Raises:
        InputError: a mark is broken or its kind unknown; the message names file and line.
    """
    return [document for file in files for document in _documents(file)]


def _documents(file: Path) -> Iterator[Document]:
    pieces: list[Piece] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() == END:
            if pieces:
                yield tuple(pieces)
            pieces = []
        else:
            pieces += _pieces(line + "\n", f"{file.name}, line {number}")
    if pieces:
        yield tuple(pieces)


def _pieces(line: str, place: str) -> Iterator[Piece]:
    last = 0
    for match in _MARK.finditer(line):
        if match[1] not in Label.__members__ or match[1] == Label.NONE.name:
            kinds = ", ".join(label.name for label in Label if label)
            raise InputError(f"{place}: a mark has an unknown kind: use one of {kinds}")
        yield Piece(_plain(line[last : match.start()], place), Label.NONE)
        yield Piece(match[2], Label[match[1]])
        last = match.end()
    yield Piece(_plain(line[last:], place), Label.NONE)


def _plain(text: str, place: str) -> str:
    if "{" in text or "}" in text:
        raise InputError(f"{place}: a brace is left over: write {{KIND|text}}, on one line")
    return text
