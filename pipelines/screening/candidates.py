"""Which sentences the NLP model has to see: those with a capitalised word that may be a name.

An NLP model would be most of the time of a screen, and nine sentences of ten hold no capital letter but that of their
first word, of a heading, an abbreviation or a drug. A word counts as ordinary where a list of words that notes write
says so, and no list of names does. What is left out is what no model's finding would survive: a name in lower case, or
one in capitals that no list knows.
"""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

import regex

from pipelines.screening.gazetteer import fold, name_lists
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.person import bare, is_name_word
from pipelines.screening.spans import Span

MAX_CACHED_WORDS = 20_000

_SENTENCE = regex.compile(r"\S[^\n.!?;]*+(?:[.!?;](?!\s)[^\n.!?;]*+)*+[.!?;]*+")
_CAPITALISED = regex.compile(r"(?<![\w'’])\p{Lu}[\p{L}\p{M}'’]*")


def candidate_stretches(text: str) -> list[Span]:
    """Sentences that may hold a name, in order; neighbours become one stretch."""
    names = [match.start() for match in _CAPITALISED.finditer(text) if _may_be_name(match.group())]
    if not names:
        return []
    stretches: list[Span] = []
    end_of_last = -1
    for match in _SENTENCE.finditer(text):
        start, end = match.span()
        if bisect_left(names, start) < bisect_left(names, end):
            if stretches and end_of_last == stretches[-1][1]:
                start = stretches.pop()[0]
            stretches.append((start, end))
        end_of_last = end
    return stretches


@lru_cache(maxsize=MAX_CACHED_WORDS)
def _may_be_name(capitalised: str) -> bool:
    word = bare(capitalised)
    if len(word) < 2:
        return False
    if is_name_word(word):
        return True
    if capitalised.isupper():
        return False  # a heading or an abbreviation: what the tagger says of these is not taken
    return not (fold(word) in name_lists().ordinary or word in words("not_names") or word in words("drugs"))


class JoinedStretches:
    """Stretches of a text as one text, and the way back.

    Attributes:
        text: the stretches, with an empty line between two.
    """

    _GAP = "\n\n"

    def __init__(self, text: str, stretches: Sequence[Span]):
        self.text = self._GAP.join(text[start:end] for start, end in stretches)
        self._places: list[tuple[int, int, int]] = []  # start and end in the joined text, start in the text
        at = 0
        for start, end in stretches:
            self._places.append((at, at + end - start, start))
            at += end - start + len(self._GAP)

    def original(self, span: Span) -> Span | None:
        """Where a span of the joined text stands in the text, cut to the stretch in which it begins."""
        for start, end, original in self._places:
            if start <= span[0] < end:
                return span[0] - start + original, min(span[1], end) - start + original
        return None
