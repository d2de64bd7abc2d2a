"""The tagger's say on what the rules have found: what it adds, and what it does not believe.

A rule knows one sign of an identifier; the tagger has seen, in marked text, how often each rule is right and where. It
may take back what an unsure rule found that it was trained with, and no other: a rule that is sure of itself, one of a
site's own, an identifier's number and an address with a number stand whatever it says. A bare month and day may not.
"""

from collections.abc import Sequence

import numpy as np

from pipelines.screening.entities import EntityType
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.person import bare
from pipelines.screening.spans import Finding, Span
from pipelines.screening.tagger.corpus import Label
from pipelines.screening.tagger.features import context_features, is_great_age
from pipelines.screening.tagger.network import Tagger
from pipelines.screening.tagger.other_meanings import is_something_else
from pipelines.screening.tagger.runs import Run, runs_of
from pipelines.screening.tagger.tokens import Tokens, tokenise

ADD_AGE = 0.5  # probability from which a number over 89 is taken for an age
ADD_DATED = 0.05  # for a month and a day, "10/31", in a note with other dates
ADD_RATED = 0.6  # for one of them that may be a part of ten, or is written "4.8" or "8-21"
REFUSE = 0.06  # below it at each of its tokens an unsure rule's finding is dropped
REFUSE_DATE = 0.015  # the same for a month and a day, of which rules know more words than a window holds
UNSURE = 0.7  # the score that such a rule gives at most
UNSURE_DATE = 0.6  # the same for a month and a day: a word before it that takes a date makes a rule sure

RECOGNISER = "Tagger"
_TYPES = {
    Label.NAME: EntityType.PERSON,
    Label.FACILITY: EntityType.FACILITY,
    Label.EMPLOYER: EntityType.ORGANIZATION,
    Label.PLACE: EntityType.LOCATION,
    Label.DATE: EntityType.DATE_TIME,
}
_WORDED = frozenset(_TYPES.values())
_ORGANISATIONS = frozenset([Label.FACILITY, Label.EMPLOYER])
_POSSESSIVES = frozenset(["'s", "’s"])


def weigh(text: str, findings: Sequence[Finding], tagger: Tagger) -> list[Finding]:
    """The findings that stand, and those that the tagger adds, in no order.

    Args:
        text: the note.
        findings: of the rules.
        tagger: trained.
    """
    tokens = tokenise(text)
    known = [finding for finding in findings if tagger.knows(finding.recogniser)]
    context = context_features(tokens, known)
    probabilities = tagger.probabilities(tokens.words, context)
    doubt = probabilities[:, Label.NONE]
    starts = np.fromiter((start for start, _ in tokens.spans), np.intp, len(tokens.spans))
    refused = {
        id(finding)
        for finding in known
        if _may_be_refused(text, finding) and _is_doubted(finding, doubt[_token_range(starts, tokens, finding)])
    }
    kept = [finding for finding in findings if id(finding) not in refused]
    added = [_finding(tokens, run, probabilities) for run in runs_of(text, tokens, probabilities)]
    added += _great_ages(tokens, probabilities)
    dated = {index for index, features in context.items() if "n=dated" in features}
    added += _month_days(tokens, probabilities, dated)
    return [*kept, *(finding for finding in added if not is_something_else(text, finding))]


def _may_be_refused(text: str, finding: Finding) -> bool:
    """True for an unsure finding of words, or of a month and day; a common given name shows a person."""
    is_date = finding.entity_type == EntityType.DATE_TIME
    value = text[finding.start : finding.end]
    is_sure = finding.score > (UNSURE_DATE if is_date and not value.endswith("/10") else UNSURE)  # "from 8/10 to 2/10"
    if finding.entity_type not in _WORDED or is_sure:
        return False
    if finding.entity_type == EntityType.PERSON:
        return not any(bare(word) in words("first_names") for word in value.split())
    return is_date or not any(char.isdigit() for char in value)


def _is_doubted(finding: Finding, doubt: np.ndarray) -> bool:
    least = REFUSE_DATE if finding.entity_type == EntityType.DATE_TIME else REFUSE
    return len(doubt) > 0 and bool(doubt.min() > 1 - least)


def _token_range(starts: "np.ndarray[tuple[int], np.dtype[np.intp]]", tokens: Tokens, finding: Finding) -> slice:
    first = int(np.searchsorted(starts, finding.start, side="right")) - 1
    if first < 0 or tokens.spans[first][1] <= finding.start:
        first += 1
    return slice(first, int(np.searchsorted(starts, finding.end, side="left")))


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


def _month_days(tokens: Tokens, probabilities: np.ndarray, dated: set[int]) -> list[Finding]:
    """ "OD next 10/17, OD 10/31": where a note writes its dates so, less makes one more of them."""
    likely = probabilities[:, Label.DATE]
    return [
        Finding(
            start=tokens.spans[index][0],
            end=tokens.spans[index + 2][1],
            entity_type=EntityType.DATE_TIME,
            score=round(float(likely[index : index + 3].mean()), 3),
            recogniser=f"{RECOGNISER}.date",
        )
        for index in sorted(dated)
        if index + 2 in dated and likely[index : index + 3].mean() >= _needed(tokens, index)
    ]


def _needed(tokens: Tokens, index: int) -> float:
    """The probability that a pair of numbers needs: a part of ten and a decimal number more than another."""
    first, sign, second = tokens.words[index : index + 3]
    return ADD_RATED if sign != "/" or (second == "10" and int(first) <= int(second)) else ADD_DATED


def _finding(tokens: Tokens, run: Run, probabilities: np.ndarray) -> Finding:
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
