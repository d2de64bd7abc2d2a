"""How much of a target its prompt gives away."""

import re

NGRAM_WORDS = 8
_WORD = re.compile(r"\w+")


def copied_share(target: str, presentation: str) -> float:
    """Share of the target's word 8-grams that stand in the presentation, case aside, in [0, 1].

    A target of fewer words counts as one n-gram of all of them. Eight words in a row are seldom shared by chance, and a
    sentence that an assessment opens with ("a 50-year-old woman who presents ...") is a small share of it.
    """
    size = min(NGRAM_WORDS, len(_WORD.findall(target)))
    if not size:
        return 0.0
    known = set(ngrams(presentation, size))
    grams = ngrams(target, size)
    return sum(gram in known for gram in grams) / len(grams)


def ngrams(text: str, size: int) -> list[tuple[str, ...]]:
    """Runs of `size` neighbouring words, case aside; none where there are fewer words."""
    words = _WORD.findall(text.casefold())
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]
