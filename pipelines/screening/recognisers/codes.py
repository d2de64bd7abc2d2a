"""Codes by their look alone: whatever has the form of one and no clinical reading stands for a person.

A token is a code where it has five digits, or three and a letter, unless `readings` explains it. Groups with one space
between them ("XZJ 904 417 733", "C481 992") are one code where one of them is, where a word that takes a number stands
before, or where the letters are no word of notes. The kind is that of the nearest word that takes a number, and
UNIQUE_ID where there is none.
"""

import re
from collections.abc import Iterator, Sequence

from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_listed_word
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.identifier_words import numbered
from pipelines.screening.recognisers.pattern import result
from pipelines.screening.recognisers.readings import is_clinical_figure, is_counted
from pipelines.screening.spans import Span

MIN_DIGITS = 5
MIN_DIGITS_OF_MIXED = 3
MIN_MIXED_CHARS = 5
SCORE = 0.5  # below that of a label, which knows the kind

_CHAR = r"[^\s,;()\[\]{}\"“”<>|:=#—→]"
_CHAR_NO_DIGIT = r"[^\s,;()\[\]{}\"“”<>|:=#—→\d]"
# with a digit in it; the commas of thousands belong to it
_TOKEN = re.compile(rf"(?<!{_CHAR}){_CHAR_NO_DIGIT}*+\d(?:(?!\.[A-Z][A-Za-z]){_CHAR}|(?<=\d),(?=\d{{3}}(?!\d)))*")
_EDGE = ".!?'’*-/~+_–&^\\"
_GLUED = re.compile(r"[a-z]{2,}(?P<code>[A-Z]{1,5}-?\d[\dA-Z-]*)(?:[a-z]{2,})?")  # "tagVYJ-3308in"
_ADDRESS = re.compile(r"@|//|www\.|\\\\")
_MIXED = r"[A-Z]{0,4}-?\d{2,9}(?:-[A-Z\d]{1,6})?[A-Z]{0,3}"
_GROUPS = re.compile(
    rf"(?<![\w.,/:-])(?:{_MIXED}|[A-Z]{{1,4}})(?:[ ](?:{_MIXED}|[A-Z]{{1,4}})){{1,5}}(?![\w/%-]|[.,]\d)"
)
_LOWER_GROUP_BEFORE = re.compile(r"(?<![\w-])([\w/]+)[ ]([a-z]{1,3})[ ]\Z")
_SCRAMBLED = re.compile(r"(?=(?:\D*\d){2})(?=[A-Z\d]{6})(?:\d+[A-Z]+\d+[A-Z]|[A-Z]+\d+[A-Z]+\d)[A-Z\d]*")
_GENE_LIKE = re.compile(r"(?!CMS|HCFA)[A-Z]{2,6}-?\d{3,4}")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_CLAUSE_END = re.compile(r"[ ]*(?:[.,;:)]|\r?\n|\Z)")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_GROUP = re.compile(r"[^ ]+")
_WORD = re.compile(r"[\w/'-]+")
_NEAR_CHARS = 48


class CodeRecogniser(LocalRecognizer):
    """Codes that no clinical reading explains."""

    def __init__(self) -> None:
        kinds = {*numbered().values(), EntityType.UNIQUE_ID}
        super().__init__(supported_entities=sorted(kinds), name=type(self).__name__)

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Codes of the text."""
        results = []
        for span in _codes(text):
            kind = _kind(text, span[0])
            if kind in entities:
                results.append(result(kind, span, SCORE, f"{self.name}.code", self.id))
        return results


def words_before(text: str, start: int) -> list[str]:
    """Words in lower case before `start`, the nearest last; none of another paragraph."""
    near = text[max(0, start - _NEAR_CHARS) : start].lower().rsplit("\n\n", 1)[-1]
    return _WORD.findall(near)


def _kind(text: str, start: int) -> EntityType:
    for word in reversed(words_before(text, start)):
        if word in numbered():
            return numbered()[word]
    return EntityType.UNIQUE_ID


def _codes(text: str) -> Iterator[Span]:
    codes = [
        span
        for match in _TOKEN.finditer(text)
        if match.end() - match.start() >= MIN_DIGITS and _is_code(text, span := _trimmed(match))
    ]
    grouped = [run for match in _GROUPS.finditer(text) if (run := _grouped(text, match.start(), match.end(), codes))]
    yield from grouped
    for start, end in codes:
        if not any(first <= start and end <= last for first, last in grouped):
            yield _with_lower_group(text, start), end


def _trimmed(match: "re.Match[str]") -> Span:
    value = match[0]
    glued = _GLUED.fullmatch(value)
    if glued:
        return match.start() + glued.start("code"), match.start() + glued.end("code")
    start = match.start() + len(value) - len(value.lstrip(_EDGE))
    return start, start + len(value.strip(_EDGE))


def count(value: str) -> tuple[int, int]:
    """Digits and letters of a value."""
    return len(_DIGIT.findall(value)), len(_LETTER.findall(value))


def _is_code(text: str, span: Span) -> bool:
    digits, letters = count(text[slice(*span)])
    is_mixed = letters > 0 and digits >= MIN_DIGITS_OF_MIXED and digits + letters >= MIN_MIXED_CHARS
    is_scrambled = bool(_SCRAMBLED.fullmatch(text, *span))
    if not (digits >= MIN_DIGITS or is_mixed or is_scrambled) or _ADDRESS.search(text, max(0, span[0] - 2), span[1]):
        return False
    if not is_clinical_figure(text, *span):
        return is_mixed or digits >= MIN_DIGITS or _follows_number_word(text, span[0])
    # what could be a gene is none behind a word that takes a number
    return bool(_GENE_LIKE.fullmatch(text, *span)) and _follows_number_word(text, span[0])


def _follows_number_word(text: str, start: int) -> bool:
    before = words_before(text, start)[-2:]
    return not numbered().keys().isdisjoint(before) and text[start - 1 : start] not in "("


def _with_lower_group(text: str, start: int) -> int:
    """ "claim wc 23118840": letters between a word that takes a number and the number are the number's."""
    match = _LOWER_GROUP_BEFORE.search(text, max(0, start - 24), start)
    if match and match[1].lower() in numbered() and match[2] not in words("not_groups") | numbered().keys():
        return match.start(2)
    return start


def _grouped(text: str, start: int, end: int, codes: Sequence[Span]) -> Span | None:
    """The part of adjoining groups that is one code."""
    if len(_DIGIT.findall(text, start, end)) < MIN_DIGITS_OF_MIXED:
        return None
    groups = [match.span() for match in _GROUP.finditer(text, start, end)]
    num_figures = sum(not text[slice(*group)].isalpha() for group in groups)
    is_word = [_is_word(text[slice(*group)], num_figures) for group in groups]
    while is_word[-1]:
        groups.pop()
        is_word.pop()
        if not groups:
            return None
    at = next((i for i, group in enumerate(groups) if group in codes), None)
    if at is None:
        # labels and abbreviations of notes cut it; what is left last counts
        first = max((i + 1 for i, word in enumerate(is_word) if word), default=0)
        first -= first > 0 and groups[first - 1][1] - groups[first - 1][0] == 1
        last = len(groups) - 1
        if not _is_grouped_code(text, groups[first:]):
            return None
    else:
        first = last = at
        while first and not is_word[first - 1]:
            first -= 1
        while last + 1 < len(groups) and not is_word[last + 1] and _goes_on(text, groups[last + 1]):
            last += 1
    if last > first and text[slice(*groups[last])].isalpha() and not _CLAUSE_END.match(text, groups[last][1]):
        last -= 1  # capitals that a sentence goes on from
    return _with_lower_group(text, groups[first][0]), groups[last][1]


def _is_word(group: str, num_figures: int) -> bool:
    if not group.isalpha():
        return num_figures < 3 and bool(_YEAR.fullmatch(group))
    return group.lower() in words("not_groups") or group.lower() in numbered()


def _goes_on(text: str, group: Span) -> bool:
    value = text[slice(*group)]
    return value.isalpha() or count(value)[0] > 2 or bool(_CLAUSE_END.match(text, group[1]))


def _is_grouped_code(text: str, groups: Sequence[Span]) -> bool:
    values = [text[slice(*group)] for group in groups]
    if len(values) < 2 or sum(count(value)[0] for value in values) < MIN_DIGITS or is_counted(text, groups[-1][1]):
        return False
    if not numbered().keys().isdisjoint(words_before(text, groups[0][0])[-3:]):
        return True
    if values[0].isalpha():
        return len(values[0]) > 1 and not is_listed_word(values[0]) and not any(map(str.isalpha, values[1:-1]))
    digits, letters = count(values[0])
    return letters > 0 and min(digits, len(values[1])) > 2 and not is_clinical_figure(text, *groups[0])
