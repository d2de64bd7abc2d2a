"""The tagger's say on what the rules have found: what it adds, and what it does not believe.

A rule knows one sign of an identifier; the tagger has seen, in marked text, how often each rule is right and where. It
may take back what an unsure rule found that it was trained with, and no other: a rule that is sure of itself, one of a
site's own, an identifier's number and an address with a number stand whatever it says. A bare month and day may not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import MAX_CACHED_WORDS, fold, is_listed_word
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.person import (
    bare,
    is_eponym_word,
    is_name_word,
    opens_as_another_word,
    opens_sentence,
)
from pipelines.screening.spans import Finding, Span
from pipelines.screening.tagger.corpus import Label
from pipelines.screening.tagger.features import context_features, is_great_age
from pipelines.screening.tagger.network import Tagger
from pipelines.screening.tagger.tokens import Tokens, tokenise

# probability from which a token is taken for an identifier: by what else the word may be
ADD = 0.25
ADD_UNLISTED = 0.08  # a capitalised word that is in no list of other words, amid a sentence
ADD_LOWER = 0.6  # a word in lower case
ADD_TERM = 0.7  # an eponym, a drug, a product, an abbreviation, a number
ADD_AGE = 0.5  # a number over 89
GROW = 0.08  # a word beside one that has been taken: the rest of its name
REFUSE = 0.06  # below it at each of its tokens an unsure rule's finding is dropped
REFUSE_DATE = 0.015  # the same for a month and a day, of which rules know more words than a window holds
UNSURE = 0.7  # the score that such a rule gives at most

RECOGNISER = "Tagger"
_TYPES = {
    Label.NAME: EntityType.PERSON,
    Label.FACILITY: EntityType.FACILITY,
    Label.EMPLOYER: EntityType.ORGANIZATION,
    Label.PLACE: EntityType.LOCATION,
    Label.DATE: EntityType.DATE_TIME,
}
_WORDED = frozenset(_TYPES.values())
MAX_ABBREVIATION_CHARS = 6
MAX_TITLE_CHARS = 4
_JOINS = frozenset("-‐‑–'’.&/")
_ORDINAL_ENDINGS = frozenset(["st", "nd", "rd", "th"])
_ARTICLES = frozenset(["the", "a", "an"])
_ORGANISATIONS = frozenset([Label.FACILITY, Label.EMPLOYER])
_POSSESSIVES = frozenset(["'s", "’s"])


@dataclass(frozen=True)
class _Run:
    """Tokens that follow each other, all taken for identifiers of one label."""

    first: int
    last: int
    label: Label


def weigh(text: str, findings: Sequence[Finding], tagger: Tagger) -> list[Finding]:
    """The findings that stand, and those that the tagger adds, in no order.

    Args:
        text: the note.
        findings: of the rules.
        tagger: trained.
    """
    tokens = tokenise(text)
    known = [finding for finding in findings if tagger.knows(finding.recogniser)]
    probabilities = tagger.probabilities(tokens.words, context_features(tokens, known))
    doubt = probabilities[:, Label.NONE]
    starts = np.fromiter((start for start, _ in tokens.spans), np.intp, len(tokens.spans))
    refused = {
        id(finding)
        for finding in known
        if _may_be_refused(text, finding) and _is_doubted(finding, doubt[_token_range(starts, tokens, finding)])
    }
    kept = [finding for finding in findings if id(finding) not in refused]
    added = [_finding(tokens, run, probabilities) for run in _runs(text, tokens, probabilities)]
    added += _great_ages(tokens, probabilities)
    return [*kept, *(finding for finding in added if not _may_stay(text, finding))]


def _may_be_refused(text: str, finding: Finding) -> bool:
    """True for an unsure finding of words, or of a month and day; a common given name shows a person."""
    if finding.entity_type not in _WORDED or finding.score > UNSURE:
        return False
    value = text[finding.start : finding.end]
    if finding.entity_type == EntityType.PERSON:
        return not any(bare(word) in words("first_names") for word in value.split())
    return finding.entity_type == EntityType.DATE_TIME or not any(char.isdigit() for char in value)


def _is_doubted(finding: Finding, doubt: np.ndarray) -> bool:
    least = REFUSE_DATE if finding.entity_type == EntityType.DATE_TIME else REFUSE
    return len(doubt) > 0 and bool(doubt.min() > 1 - least)


def _token_range(starts: "np.ndarray[tuple[int], np.dtype[np.intp]]", tokens: Tokens, finding: Finding) -> slice:
    first = int(np.searchsorted(starts, finding.start, side="right")) - 1
    if first < 0 or tokens.spans[first][1] <= finding.start:
        first += 1
    return slice(first, int(np.searchsorted(starts, finding.end, side="left")))


def _runs(text: str, tokens: Tokens, probabilities: np.ndarray) -> list[_Run]:
    kinds = list(_TYPES)
    worded = probabilities[:, [int(label) for label in kinds]]
    labels = worded.argmax(axis=1)
    others = probabilities[:, [Label.AGE, Label.OTHER]].max(axis=1)
    likely = np.where(worded.max(axis=1) >= others, 1 - probabilities[:, Label.NONE], 0)
    candidates = [index for index in np.flatnonzero(likely >= GROW).tolist() if _may_grow(tokens, index, likely[index])]
    runs: list[_Run] = []
    is_sure = False  # of the last run, one of whose tokens is likely enough by itself
    for index in candidates:
        label, follows = kinds[labels[index]], bool(runs) and _joined(tokens, runs[-1].last, index)
        sure = _is_sure(text, tokens, index, likely[index])
        is_named = {runs[-1].label, label}.isdisjoint([Label.DATE]) if runs else False
        if follows and (runs[-1].label is label or (is_named and not (is_sure and sure))):
            # the surer of the two gives the name
            named = runs[-1].label if is_sure or not sure else label
            runs[-1] = _Run(runs[-1].first, index, named)
            is_sure = is_sure or sure
            continue
        if runs and not is_sure:
            runs.pop()
        runs.append(_Run(index, index, label))
        is_sure = sure
    if runs and not is_sure:
        runs.pop()
    return [_trimmed(tokens, run, likely) for run in runs if run.label is Label.DATE or _has_letters(tokens, run)]


def _has_letters(tokens: Tokens, run: _Run) -> bool:
    """Numbers alone are left to patterns."""
    return any(word[0].isalpha() for word in tokens.words[run.first : run.last + 1])


def _may_grow(tokens: Tokens, index: int, likely: float) -> bool:
    word = tokens.words[index]
    return word[0].isalnum() and (likely >= ADD or word[0].isupper() or word[0].isdigit())


def _is_sure(text: str, tokens: Tokens, index: int, likely: float) -> bool:
    """True for a token that is taken for an identifier's without a neighbour that is."""
    word = tokens.words[index]
    if likely < _needed(word) or word.lower() in _ARTICLES:
        return False
    # below, the sentence may have given the capital letter
    return likely >= ADD or not opens_sentence(text, tokens.spans[index][0])


def _trimmed(tokens: Tokens, run: _Run, likely: np.ndarray) -> _Run:
    """The run without an article before it, or before a date a word that is hardly of it."""
    first = run.first
    while first < run.last:
        word = tokens.words[first]
        is_of_date = run.label is not Label.DATE or not word[0].islower() or likely[first] >= ADD_LOWER
        if word.lower() not in _ARTICLES and is_of_date:
            break
        first += 1
    return _Run(first, run.last, run.label)


def _great_ages(tokens: Tokens, probabilities: np.ndarray) -> list[Finding]:
    """ "Mrs. Agnew, 90, SVT": ages over 89 that no word announces; words of number are left to patterns."""
    likely = probabilities[:, Label.AGE]
    return [
        Finding(
            start=tokens.spans[index][0],
            end=tokens.spans[index][1],
            entity_type=EntityType.AGE_OVER_89,
            score=round(float(likely[index]), 3),
            recogniser=f"{RECOGNISER}.age",
        )
        for index in np.flatnonzero(likely >= ADD_AGE).tolist()
        if is_great_age(tokens.words[index])
    ]


@lru_cache(maxsize=MAX_CACHED_WORDS)
def _needed(word: str) -> float:
    """The probability that a word needs by itself."""
    plain = bare(word)
    is_term = is_eponym_word(plain) or plain in words("drugs") or plain in words("products")
    is_abbreviation = word.isupper() and len(word) <= MAX_ABBREVIATION_CHARS and not is_name_word(word)
    has_case = word[0].islower() or word[0].isupper()
    if is_term or is_abbreviation or not has_case or plain in _ORDINAL_ENDINGS:
        return ADD_TERM
    if word[0].islower():
        return ADD_LOWER
    return ADD_UNLISTED if word[0].isupper() and not is_listed_word(fold(word)) else ADD


def _may_stay(text: str, finding: Finding) -> bool:
    """True for a state or a country, a word of reports such as "Fig", and for "Bill to the plan"."""
    value = text[finding.start : finding.end].lower()
    if value in words("places") or value in words("not_names"):
        return True
    return opens_as_another_word(text, (finding.start, finding.end))


def _joined(tokens: Tokens, last: int, index: int) -> bool:
    """True where nothing but a joining sign stands between two tokens, on one line; a full stop joins after "St"."""
    between = tokens.words[last + 1 : index]
    is_sentence_end = "." in between and len(tokens.words[last]) > MAX_TITLE_CHARS
    return len(between) <= 2 and all(word in _JOINS for word in between) and not is_sentence_end


def _finding(tokens: Tokens, run: _Run, probabilities: np.ndarray) -> Finding:
    behind = tokens.words[run.last + 1 : run.last + 2]
    is_owner = run.label in _ORGANISATIONS and behind and behind[0] in _POSSESSIVES  # "at Kinney's"
    span: Span = (tokens.spans[run.first][0], tokens.spans[run.last + bool(is_owner)][1])
    score = float(1 - probabilities[run.first : run.last + 1, Label.NONE].min())
    return Finding(
        start=span[0],
        end=span[1],
        entity_type=_TYPES[run.label],
        score=round(score, 3),
        recogniser=f"{RECOGNISER}.{run.label.name.lower()}",
    )
