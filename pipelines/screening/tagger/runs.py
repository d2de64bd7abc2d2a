"""Which tokens are taken together for one identifier, by how likely each is.

Two thresholds: a token that is likely by itself is sure, and takes along the less likely ones beside it, so that a name
is found whole. How likely it has to be depends on what else the word may be.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pipelines.screening.gazetteer import MAX_CACHED_WORDS, fold, is_family_name, is_given_name, is_listed_word
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.person import bare, is_eponym_word, is_name_word, opens_sentence
from pipelines.screening.tagger.corpus import Label
from pipelines.screening.tagger.tokens import Tokens
from pipelines.screening.towns import is_only_town

# probability from which a token is taken for an identifier: by what else the word may be
ADD = 0.25
ADD_UNLISTED = 0.08  # a capitalised word that is in no list of other words, amid a sentence
ADD_LOWER = 0.6  # a name in lower case, or a date's word
ADD_LOWER_WORD = 0.8  # any other word in lower case
ADD_TERM = 0.5  # an eponym, a drug, a product
ADD_CASELESS = 0.7  # a word of a script without capital letters, the "th" of a number
ADD_ABBREVIATION = 0.4  # what may be a person's initials
ADD_NUMBER = 0.5
GROW = 0.08  # a word beside one that has been taken: the rest of its name

LABELS = (Label.NAME, Label.FACILITY, Label.EMPLOYER, Label.PLACE, Label.DATE)
MAX_ABBREVIATION_CHARS = 6
MAX_TITLE_CHARS = 4
_JOINS = frozenset("-‐‑–'’.&/")
_ORDINAL_ENDINGS = frozenset(["st", "nd", "rd", "th"])
_ARTICLES = frozenset(["the", "a", "an"])


@dataclass(frozen=True)
class Run:
    """Tokens that follow each other, all taken for one identifier.

    Attributes:
        first: index of the first token.
        last: of the last one.
        label: what it is.
    """

    first: int
    last: int
    label: Label


def runs_of(text: str, tokens: Tokens, probabilities: np.ndarray) -> list[Run]:
    """The runs of a text, in order.

    Args:
        text: the note.
        tokens: of the note.
        probabilities: (tokens, labels).
    """
    worded = probabilities[:, [int(label) for label in LABELS]]
    labels = worded.argmax(axis=1)
    others = probabilities[:, [Label.AGE, Label.OTHER]].max(axis=1)
    likely = np.where(worded.max(axis=1) >= others, 1 - probabilities[:, Label.NONE], 0)
    runs: list[Run] = []
    is_sure = False  # of the last run, one of whose tokens is likely enough by itself
    for index in np.flatnonzero(likely >= GROW).tolist():
        if not _may_grow(tokens.words[index], likely[index]):
            continue
        label, follows = LABELS[labels[index]], bool(runs) and _joined(tokens, runs[-1].last, index)
        sure = _is_sure(text, tokens, index, likely[index], label)
        if follows and (runs[-1].label is label or _is_one_name(runs[-1].label, label, both_sure=is_sure and sure)):
            # the surer of the two gives the name
            named = runs[-1].label if is_sure or not sure else label
            runs[-1] = Run(runs[-1].first, index, named)
            is_sure = is_sure or sure
            continue
        if runs and not is_sure:
            runs.pop()
        runs.append(Run(index, index, label))
        is_sure = sure
    if runs and not is_sure:
        runs.pop()
    return [_trimmed(tokens, run, likely) for run in runs if run.label is Label.DATE or _has_letters(tokens, run)]


def _is_one_name(label: Label, other: Label, *, both_sure: bool) -> bool:
    """True for two labels of which one may be mistaken; a date is told from all others."""
    return not both_sure and Label.DATE not in (label, other)


def _has_letters(tokens: Tokens, run: Run) -> bool:
    """Numbers alone are left to patterns."""
    return any(word[0].isalpha() for word in tokens.words[run.first : run.last + 1])


def _may_grow(word: str, likely: float) -> bool:
    return word[0].isalnum() and (likely >= ADD or word[0].isupper() or word[0].isdigit())


def _is_sure(text: str, tokens: Tokens, index: int, likely: float, label: Label) -> bool:
    """True for a token that is taken for an identifier's without a neighbour that is."""
    word = tokens.words[index]
    if likely < _needed(word, is_date=label is Label.DATE) or word.lower() in _ARTICLES:
        return False
    # below, the sentence may have given the capital letter
    return likely >= ADD or not opens_sentence(text, tokens.spans[index][0])


@lru_cache(maxsize=MAX_CACHED_WORDS)
def _needed(word: str, *, is_date: bool) -> float:
    """The probability that a word needs by itself."""
    plain = bare(word)
    is_term = is_eponym_word(plain) or plain in words("drugs", "products")
    if word.isdecimal():
        return ADD_NUMBER
    has_case = word[0].islower() or word[0].isupper()
    if not has_case or plain in _ORDINAL_ENDINGS:
        return ADD_CASELESS
    if is_term:
        return ADD_TERM
    if word.isupper() and len(word) <= MAX_ABBREVIATION_CHARS and not is_name_word(word):
        return ADD_ABBREVIATION
    if word[0].islower():
        is_name = is_name_word(plain) or is_given_name(plain) or is_family_name(plain) or is_only_town(plain)
        return ADD_LOWER if is_name or is_date else ADD_LOWER_WORD
    return ADD_UNLISTED if word[0].isupper() and not is_listed_word(fold(word)) else ADD


def _trimmed(tokens: Tokens, run: Run, likely: np.ndarray) -> Run:
    """The run without an article before it, or before a date a word that is hardly of it."""
    first = run.first
    while first < run.last:
        word = tokens.words[first]
        is_of_date = run.label is not Label.DATE or not word[0].islower() or likely[first] >= ADD_LOWER
        if word.lower() not in _ARTICLES and is_of_date:
            break
        first += 1
    return Run(first, run.last, run.label)


def _joined(tokens: Tokens, last: int, index: int) -> bool:
    """True where nothing but a joining sign stands between two tokens, on one line; a full stop joins after "St"."""
    between = tokens.words[last + 1 : index]
    is_sentence_end = "." in between and len(tokens.words[last]) > MAX_TITLE_CHARS
    return len(between) <= 2 and all(word in _JOINS for word in between) and not is_sentence_end
