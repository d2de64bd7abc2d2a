"""A name that is certain in one place is a name wherever the note, or another note of the patient, says it again.

"Dr. James Parkinson" at the top makes the bare "Parkinson" of the plan a name, but not the one in "Parkinson disease".
Between notes only words travel that are no other word, folded to lower case without accents, so that a caller can
compare keyed hashes of them and store no name.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import fold, is_listed_word
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.person import (
    bare,
    clinical_head_follows,
    is_clinical,
    is_eponym_word,
    is_name_word,
    opens_sentence,
)
from pipelines.screening.spans import Finding, Span

RECOGNISER = "NamePropagation"
OTHER_NOTE_RECOGNISER = "NameOfOtherNote"
MIN_TOKEN_CHARS = 4

# no cue has told these that a person is meant; initials may be an abbreviation elsewhere
_UNCUED = (
    "NerRecogniser",
    "ListedNameRecogniser",
    "Tagger",
    "NameFormRecogniser.initials",
    "NameFormRecogniser.closing",
)
# before a surname they are the person's too
_INITIALS = regex.compile(r"(?<![\p{L}\p{M}])(?:\p{Lu}\.[ \t]?){1,2}\Z")
_MAX_INITIALS_CHARS = 6
_LETTER = regex.compile(r"[\p{L}\p{M}]")
_PART = regex.compile(r"\p{Lu}[\p{L}\p{M}'’-]{2,}")
_WORD = regex.compile(r"(?<![\w@])\p{L}[\p{L}\p{M}]*(?:['’-]\p{L}[\p{L}\p{M}]+)*(?![\w@])")


def propagate(text: str, findings: Sequence[Finding]) -> list[Finding]:
    """Further occurrences of the names found: of each part of three letters and more, in the same or upper case.

    A single word that only the tagger or a list took for a name is not spread: one mistake would become twenty.
    """
    parts = set(_confirmed_parts(text, findings))
    if not parts:
        return []
    forms = {form for part in parts for form in (part, part.upper(), part.title())}
    forms |= {part.lower() for part in parts if len(part) >= MIN_TOKEN_CHARS and _means_nothing_else(fold(part))}
    return [
        _name(span, RECOGNISER)
        for span in _occurrences(text, forms)
        if not clinical_head_follows(text, span[1]) and not _opens_as_another_word(text, span)
    ]


def confirmed_name_tokens(text: str, findings: Sequence[Finding]) -> set[str]:
    """Words of this note's names that are strong enough to be looked for in the patient's other notes.

    Args:
        text: the note.
        findings: of the note, of any type; merged or not.

    Returns:
        Folded words of at least `MIN_TOKEN_CHARS` letters that cues, two words together or a common name confirm and
        that mean nothing else: neither "Young" nor "Foley". They are identifiers: hash them with a key before they
        leave the process.
    """
    return {
        token
        for part in _confirmed_parts(text, findings)
        for token in _tokens(part)
        if len(token) >= MIN_TOKEN_CHARS and _means_nothing_else(token)
    }


def find_known_tokens(text: str, is_known: Callable[[str], bool]) -> list[Finding]:
    """Words of a note that another note of the patient has confirmed as a name, in whatever case they are written.

    Args:
        text: the note.
        is_known: takes a folded word, as `confirmed_name_tokens` gives them. It is asked once for each distinct word.

    Returns:
        PERSON findings in text order; a double name is found whole when one of its parts is known.
    """
    answers: dict[str, bool] = {}

    def known(token: str) -> bool:
        if token not in answers:
            answers[token] = len(token) >= MIN_TOKEN_CHARS and is_known(token)
        return answers[token]

    return [
        _name((match.start(), match.start() + len(_without_possessive(match.group()))), OTHER_NOTE_RECOGNISER)
        for match in _WORD.finditer(text)
        if any(known(token) for token in _tokens(match.group())) and not clinical_head_follows(text, match.end())
    ]


def _occurrences(text: str, forms: Iterable[str]) -> Iterator[Span]:
    """Where the forms stand as words, in order and disjoint, the longest where several begin.

    Compiling an expression of the forms would take ten times as long as this search for each of them.
    """
    found = []
    for form in forms:
        start = text.find(form)
        while start >= 0:
            end = start + len(form)
            if not (start and _LETTER.match(text, start - 1)) and not _LETTER.match(text, end):
                found.append((start, -end))
            start = text.find(form, start + 1)
    end_of_last = 0
    for start, minus_end in sorted(found):
        if start >= end_of_last:
            initials = _INITIALS.search(text, max(end_of_last, start - _MAX_INITIALS_CHARS), start)
            end_of_last = -minus_end
            yield initials.start() if initials else start, end_of_last


def _name(span: Span, recogniser: str) -> Finding:
    return Finding(start=span[0], end=span[1], entity_type=EntityType.PERSON, score=0.7, recogniser=recogniser)


def _confirmed_parts(text: str, findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        if finding.entity_type != EntityType.PERSON:
            continue
        value = text[finding.start : finding.end]
        # an abbreviation beside a name is no part of it
        found = [
            part
            for part in _PART.findall(value)
            if value.isupper() or not part.isupper() or len(part) > MIN_TOKEN_CHARS
        ]
        if finding.recogniser.startswith(_UNCUED) and len(found) < 2 and not any(map(is_name_word, found)):
            continue
        yield from (_without_possessive(part) for part in found if not _is_other_word(part))


def _means_nothing_else(folded: str) -> bool:
    other = is_listed_word(folded) or is_clinical(folded) or is_eponym_word(folded)
    return not other and folded not in words("ambiguous_names")


def _tokens(word: str) -> Iterator[str]:
    """The folded word, and the parts of a double name."""
    folded = fold(_without_possessive(word).replace("’", "'"))
    yield folded
    if "-" in folded:
        yield from folded.split("-")


def _without_possessive(word: str) -> str:
    return word.removesuffix("'s").removesuffix("’s")


def _is_other_word(part: str) -> bool:
    return is_clinical(part) and not is_name_word(part)


def _opens_as_another_word(text: str, span: Span) -> bool:
    """ "May repeat in a week": names that begin English sentences as another word are not spread to their beginning."""
    return bare(text[slice(*span)]) in words("sentence_openers") and opens_sentence(text, span[0])
