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
_TOKEN = re.compile(rf"{_LETTERS}(?:['’](?!s\b){_LETTERS})*|['’]s\b|\d+|{_LINE_END}|[ \t]{{3,}}|[^\w\s]|_+")
GAP = "   "


class Tokens(NamedTuple):
    """The tokens of a text, in order.

    Attributes:
        words: as written; a gap of three blanks and more is GAP, whatever its width, and each line end "\\n".
        spans: where each stands, end exclusive.
    """

    words: list[str]
    spans: list[Span]


def tokenise(text: str) -> Tokens:
    """The tokens of a text."""
    matches = list(_TOKEN.finditer(text))
    words = [match[0] for match in matches]
    for index, word in enumerate(words):
        if word[0].isspace():
            words[index] = GAP if word[0] in " \t" else "\n"
    return Tokens(words, [match.span() for match in matches])
