# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""The rest of a facility's or a firm's name of which only the beginning was found.

"Springfield Level One Trauma Center" is known by its first word, "Brazos Children's Therapy" by the first two, and what
stands behind them up to a word for its kind belongs to it, as does the number of a union's local or of a shop.
"""

from collections.abc import Sequence
from dataclasses import replace

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.spans import Finding

_ORGANISATIONS = frozenset([EntityType.FACILITY, EntityType.ORGANIZATION, EntityType.LOCATION])
_PLACES = (
    "hospital|medical cent(?:er|re)|cent(?:er|re)|clinic|pavilion|institute|pharmacy|hospice|manor|infirmary|school|academy|"
    "college|university|church|parish|shelter|motel|hotel|inn|brewery|bakery|diner|foundry|congregation|ministries"
)
# kinds that are also something done to a patient: no word may stand between the name and these
_SERVICES = "therapy|(?:care and )?rehab(?:ilitation)?|dialysis|nursing|imaging|program|pediatrics|orthop(?:a?e)dics|partners|associates"
_NOT = r"(?!(?i:and|or|the|at|in|on|to|for|from|by|with|of|who|but|is|was|ed|er|icu|\p{L}+(?:ed|ing|ies))\b)"
_CAPITALISED = regex.compile(
    rf"(?:(?:[ ]{_NOT}\p{{Lu}}[\p{{L}}\p{{M}}'’&-]*){{0,3}}?[ ](?=\p{{Lu}})(?i:{_PLACES})|[ ](?=\p{{Lu}})(?i:{_SERVICES}))s?(?![\w-])"
)
_LOWER_CASE = regex.compile(
    rf"(?:(?:[ ]{_NOT}\p{{Ll}}[\p{{Ll}}\p{{M}}'’-]*){{0,2}}?[ ](?:{_PLACES})|[ ](?:{_SERVICES}))s?(?![\w-])"
)
_AND_KIND = regex.compile(
    rf"(?<=\b(?i:{_PLACES}|{_SERVICES})s?)[ ](?:and|&)[ ](?=\p{{Lu}})(?i:{_PLACES}|{_SERVICES})s?(?![\w-])"
)
_INITIAL = regex.compile(
    r"[ ]\p{Lu}\.(?=[ \t]*(?:[:,;)]|\r?\n|\Z)|[ ](?:is|was|said|says|called|notified|updated|aware|reports|states|who|and|RN|MD|NP)\b)"
)
_JOIN = regex.compile(r"(?:[ ](?:at|on|of|of the)[ ]|[ ]?&[ ]?)")
_NUMBER = regex.compile(r"[ ]\d{1,5}(?!\w|[./-]\d)")
_NUMBERED = regex.compile(
    r"[ ](?:(?i:local|lodge|post|chapter|council|store)[ ](?:#|No\.?[ ]?)?\d{1,5}|(?:#[ ]?|No\.[ ]?)\d{3,5})(?!\w|[./-]\d)"
)


def grown(text: str, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, those of organisations with the rest of their names, and one-word names with their initial.

    Args:
        text: the note.
        findings: of the note, in any order.
    """
    whole = [_grown(text, finding) if finding.entity_type in _ORGANISATIONS else finding for finding in findings]
    whole = [_with_initial(text, finding) if finding.entity_type == EntityType.PERSON else finding for finding in whole]
    return _joined(text, whole)


def _with_initial(text: str, finding: Finding) -> Finding:
    """ "Keoni A.", of whom the given name alone was found."""
    initial = _INITIAL.match(text, finding.end)
    value = text[finding.start : finding.end]
    return replace(finding, end=initial.end()) if initial and value[:1].isupper() and " " not in value else finding


def _joined(text: str, findings: Sequence[Finding]) -> list[Finding]:
    """ "Fred's on Main", "Children's of the Delta", of which both words were found: what joins them is found too."""
    starts = {finding.start for finding in findings if finding.entity_type in _ORGANISATIONS}
    return [
        replace(finding, end=finding.end + len(join.group().rstrip()))
        if finding.entity_type in _ORGANISATIONS and (join := _JOIN.match(text, finding.end)) and join.end() in starts
        else finding
        for finding in findings
    ]


def _grown(text: str, finding: Finding) -> Finding:
    end = finding.end
    last = text[finding.start : end].split()[-1:]
    if last and last[0][0].isalpha():
        rest = _LOWER_CASE if last[0].islower() else _CAPITALISED
        if behind := rest.match(text, end):
            end = behind.end()
    numbered = _NUMBER if last and last[0].lower() in ("local", "lodge", "post", "chapter") else _NUMBERED
    if kind := _AND_KIND.match(text, end):
        end = kind.end()
    if number := numbered.match(text, end):
        end = number.end()
    return finding if end == finding.end else replace(finding, end=end)
