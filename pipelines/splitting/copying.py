"""How much of a target its prompt gives away."""

import re

NGRAM_WORDS = 8
_WORD = re.compile(r"\w+")


def copied_share(target: str, presentation: str) -> float:
    """Share of the target's word 8-grams that stand in the presentation, case aside, in [0, 1].

    A target of fewer words counts as one n-gram of all of them. Eight words in a row are seldom shared by chance, and a
    sentence that an assessment opens with ("a 50-year-old woman who presents ...") is a small share of it.
    """
    words = _WORD.findall(target.casefold())
    if not words:
        return 0.0
    size = min(NGRAM_WORDS, len(words))
    known = set(_ngrams(_WORD.findall(presentation.casefold()), size))
    grams = _ngrams(words, size)
    return sum(gram in known for gram in grams) / len(grams)


def _ngrams(words: list[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]
