# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Ages over 89, in digits and in words. The number alone is reported, so that "-year-old woman" stays."""

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser
from pipelines.screening.spans import Span

_DIGITS = r"(?:9\d|1[0-3]\d)"
_UNIT_WORD = "one|two|three|four|five|six|seven|eight|nine"
_WORDS = (
    rf"(?:ninety(?:[- ](?:{_UNIT_WORD}))?|(?:one|a)[- ]hundred(?:[- ](?:and[- ])?(?:{_UNIT_WORD}|ten|eleven|twelve))?)"
)
_YEARS_OLD = r"[ \t-]*(?:years?|yrs?\.?|y)?[ \t-]*(?:old\b|of age\b|/o\b|\.?o\b\.?|y/o\b)"

_MEASURED = regex.compile(
    r"\b(?:sat|spo2|o2|oxygen|temp|fever|weigh|weight|pulse|hr|heart|rate|glucose|sugar|pressure|bp|map)",
    regex.IGNORECASE,
)


def _not_measured(text: str, span: Span) -> Span | None:
    """ "He is 94." is an age, unless the sentence speaks of a measurement."""
    return None if _MEASURED.search(text, max(0, span[0] - 40), span[0]) else span


PATTERNS = tuple(
    CuedPattern(
        name=name,
        entity_type=EntityType.AGE_OVER_89,
        expression=expression,
        refine=_not_measured if name == "bare" else None,
    )
    for name, expression in (
        ("years_old", rf"(?<![\d./-])(?P<value>{_DIGITS})\+?(?i:{_YEARS_OLD})"),
        (
            "year_old_sex",
            rf"(?<![\d./-])(?P<value>{_DIGITS})[ \t-]*(?i:years?|yrs?|yo|y)?[ \t-]*(?:(?i:male|female|man|woman|gentleman|lady)\b|[MF]\b(?!/))",
        ),
        (
            "age",
            rf"\b(?i:aged?|age(?:[ \t]*/[ \t]*(?:sex|gender))?[ \t]*[:=]|age (?:is|of)|at the age of|turn(?:ed|s|ing)|birthday|(?:died|dead|deceased|passed(?: away)?|lived|expired)[ \t]+(?:at|to(?:[ \t]+be)?|until)(?:[ \t]+age)?)[ \t:=]*(?P<value>{_DIGITS})\b(?![./%]\d|[ \t]*(?:%|mg|days?|minutes?|degrees))",
        ),
        (
            "bare",
            rf"\b(?i:he|she|they|patient|pt|mother|father|wife|husband|who)(?:[ \t]+(?i:is|was)|['’]s)[ \t]+(?:(?i:now|currently|almost|nearly|over)[ \t]+)?(?P<value>{_DIGITS})(?=[ \t]*(?:[.,;)](?!\d)|\r?\n|$)|[ \t]+(?i:and|but|years?)\b)",
        ),
        (
            "nth_birthday",
            r"\b(?P<value>(?:9\d|1[0-3]\d)(?:st|nd|rd|th)|(?i:ninet(?:ieth|y[- ]\w+th|y[- ](?:first|second|third))|(?:one[- ])?hundredth))[ \t]+birthday",
        ),
        ("words", rf"\b(?i:(?P<value>{_WORDS})[ \t-]*(?:(?:years?|yrs?)[ \t-]*(?:old|of age)\b|y\.?/?o\b))"),
        (
            "age_words",
            rf"\b(?i:aged?|age of|turn(?:ed|s|ing)|died at|lived to|(?:he|she|patient) is)[ \t]+(?i:(?P<value>{_WORDS}))\b",
        ),
        (
            "decade",
            r"\b(?i:his|her|their)[ \t]+(?:(?i:early|mid|late)[- \t]+)?(?P<value>(?i:nineties)|['’]?90['’]?s)\b",
        ),
        ("class", r"\b(?P<value>(?i:nonagenarian|centenarian|supercentenarian))\b"),
    )
)


class AgeRecogniser(CuedRecogniser):
    """Ages over 89.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__(PATTERNS, timeout_s)
