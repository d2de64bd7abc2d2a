"""Placeholders of an earlier de-identification: what is one, and what only looks like one.

    [**Known lastname 123**]  [**2151-7-16**]  ___  [NAME]  <DATE>  {{PROVIDER_2}}  XXX-XX-XXXX     are placeholders
    [**John Doe**]  {{Jane Roe}}  Mr. [**Smith**]  [NAME] Smith                                     are leaks

The grammar is strict: brackets of the two unmistakable forms, `[**…**]` and `{{…}}`, whose content is not made of
category words and numbers are malformed. Plain brackets, `[…]` and `<…>`, are ordinary text unless they hold category
words in capitals, and are screened like the rest.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import regex

from pipelines.screening.gazetteer import is_listed_word
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.person import is_name_word
from pipelines.screening.spans import Finding, Span
from schemas.errors import ConfigError

_CANDIDATE = regex.compile(
    r"(?P<star>\[\*\*(?P<star_body>[^\[\]]{0,80}?)\*\*\])"
    r"|(?P<brace>\{\{(?P<brace_body>[^{}]{0,80}?)\}\})"
    r"|(?P<square>\[(?P<square_body>[A-Z][A-Z0-9 _/\-]{0,40})\])"
    r"|(?P<angle><(?P<angle_body>[A-Z][A-Z0-9 _/\-]{0,40})>)"
    r"|(?P<blank>_{3,}|(?<![A-Za-z])X{3,}(?:[-/. ]?X{2,})*(?![A-Za-z]))"
)
_SHIFTED_DATE = regex.compile(r"\d{1,4}(?:[-/]\d{1,4}){0,2}")
_BODY_WORD = regex.compile(r"[A-Za-z]+")
_BODY = regex.compile(r"[A-Za-z0-9 _/(),.\-]*")
# what may stand between the two parts of one name; a full stop with a space after it ends a sentence
_JOINT = regex.compile(r"[ \t]{0,2}|[ \t]?[-'’.][ \t]?(?<!\.[ \t])")
_NAME_AFTER = regex.compile(rf"(?:{_JOINT.pattern})(?P<name>\p{{Lu}}[\p{{L}}\p{{M}}'’]+)(?![\p{{L}}-])")
_NAME_BEFORE = regex.compile(rf"(?<![\p{{L}}-])(?P<name>\p{{Lu}}[\p{{L}}\p{{M}}'’]+)(?:{_JOINT.pattern})$")
_LONGEST_NAME = 32
_LONG_NUMBER = regex.compile(r"\d{6,}")
_NAME_WORDS = frozenset(
    [
        "name",
        "names",
        "lastname",
        "firstname",
        "patient",
        "doctor",
        "dr",
        "md",
        "provider",
        "physician",
        "person",
        "nurse",
        "surname",
        "initials",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Placeholders:
    """Placeholders of one text.

    Attributes:
        spans: well-formed ones, in order.
        person_spans: those among them that stand, or may stand, for a person.
        malformed: brackets whose content is not a placeholder's.
    """

    spans: list[Span]
    person_spans: list[Span]
    malformed: list[Span]


class PlaceholderGrammar:
    """Finds placeholders.

    Args:
        tags: tags that the screen itself inserts, as "[PHONE]": a screened note must come through a second screen.
        site_patterns: regular expressions of a whole placeholder each, for a site whose de-identification writes others
            than those above, such as `@@[A-Z]+-\\d+@@`. A name beside one is a leak, since it may stand for a person.

    Raises:
        ConfigError: a site's expression is invalid, or matches an empty text or a plain word, and so would hide names.
    """

    def __init__(self, tags: Collection[str] = (), site_patterns: Sequence[str] = ()):
        self._tags = frozenset(tags)
        self._site = [_site_pattern(expression) for expression in site_patterns]
        self._vocabulary = words("placeholder_words")

    def find(self, text: str) -> Placeholders:
        """Placeholders of the text."""
        found = Placeholders(spans=[], person_spans=[], malformed=[])
        for match in _CANDIDATE.finditer(text):
            kind = match.lastgroup.removesuffix("_body")
            body = "" if kind == "blank" else match.group(f"{kind}_body")
            if (
                kind == "blank"
                or match.group() in self._tags
                or self._is_category(body, bare=kind in ("star", "brace"))
            ):
                found.spans.append(match.span())
                if not body.strip() or _NAME_WORDS & {word.lower() for word in _BODY_WORD.findall(body)}:
                    found.person_spans.append(match.span())
            elif kind in ("star", "brace"):
                found.malformed.append(match.span())
        for pattern in self._site:
            for match in pattern.finditer(text):
                found.spans.append(match.span())
                found.person_spans.append(match.span())
                found.malformed[:] = [span for span in found.malformed if not _inside(span, match.span())]
        found.spans[:] = sorted(set(found.spans))
        return found

    def _is_category(self, body: str, bare: bool) -> bool:
        """True where the body is made of category words and short numbers; `bare`: also of numbers or nothing alone."""
        body = body.strip()
        if bare and (not body or _SHIFTED_DATE.fullmatch(body)):
            return True
        if not _BODY.fullmatch(body) or _LONG_NUMBER.search(body):
            return False
        found = [word.lower() for word in _BODY_WORD.findall(body)]
        return bool(found) and all(word in self._vocabulary for word in found)


def _inside(inner: Span, outer: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _site_pattern(expression: str) -> "regex.Pattern[str]":
    try:
        pattern = regex.compile(expression)
    except regex.error as error:
        raise ConfigError(
            f"screening.placeholder_patterns has {expression!r}, which is no regular expression ({error}): mend it"
        ) from None
    if any(pattern.fullmatch(plain) for plain in ("", "Smith", "smith", "SMITH", "John Smith", "12345")):
        raise ConfigError(
            f"screening.placeholder_patterns has {expression!r}, which matches plain words or numbers and would hide "
            "identifiers: include the brackets or marks that only placeholders have"
        )
    return pattern


def names_beside(text: str, person_spans: Sequence[Span]) -> list[Span]:
    """Listed names that are no other word of notes, right before or after a person's placeholder: "[NAME] Smith"."""
    beside = []
    for start, end in person_spans:
        after = _NAME_AFTER.match(text, end)
        before = _NAME_BEFORE.search(text, max(0, start - _LONGEST_NAME), start)
        for match in (after, before):
            if match and is_name_word(match["name"]) and not is_listed_word(match["name"]):
                beside.append(match.span("name"))
    return beside


def beside_placeholder(text: str, finding: Finding, person_spans: Sequence[Span]) -> bool:
    """True where a name stands right before or after a person's placeholder: "[NAME] Smith", "John [**Last Name**]"."""
    for start, end in person_spans:
        between = text[end : finding.start] if end <= finding.start else text[finding.end : start]
        if _JOINT.fullmatch(between) and (end <= finding.start or finding.end <= start):
            return True
    return False
