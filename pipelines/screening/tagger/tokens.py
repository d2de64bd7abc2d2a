"""Text to tokens, as the tagger reads it: words, numbers, line ends, wide gaps and each other sign alone.

Unlike spaCy's tokens these cost a single pass of one expression, and a line end or the gap between two columns of a
header is a token, because in notes they end a name as a full stop does elsewhere.
"""

import re
from typing import NamedTuple

from pipelines.screening.spans import Span

# words keep inner apostrophes ("O'Neill") but not a possessive; combining marks belong to their letter
_LETTERS = "[^\\W\\d_]+(?:[\u0300-\u036f]+[^\\W\\d_]*)*"
_LINE_END = r"\r\n|[\n\r\v\f\x85\u2028\u2029]"
_PLAIN = "[A-Za-z]+(?![^\\W\\d_]|['’\u0300-\u036f])"  # most words, and quickly
_TOKEN = re.compile(rf"{_PLAIN}|{_LETTERS}(?:['’](?!s\b){_LETTERS})*|['’]s\b|\d+|{_LINE_END}|[ \t]{{3,}}|[^\w\s]|_+")
GAP = "   "
LINE_END = "\n"


class Tokens(NamedTuple):
    """The tokens of a text, in order.

    Attributes:
        words: as written; a gap of three blanks and more is GAP, whatever its width, and each line end LINE_END.
        spans: where each stands, end exclusive.
    """

    words: list[str]
    spans: list[Span]


def tokenise(text: str) -> Tokens:
    """The tokens of a text."""
    spans = [match.span() for match in _TOKEN.finditer(text)]
    words = [text[start:end] for start, end in spans]
    return Tokens([_as_read(word) if word.isspace() else word for word in words], spans)


def _as_read(space: str) -> str:
    return GAP if space[0] in " \t" else LINE_END
