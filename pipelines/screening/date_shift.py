"""Shifting a date by a number of days in the form in which it was written.

    03/14/2019 → 11/02/2018     March 3rd, 2019 → October 22nd, 2018     2019-03 → 2018-10     the third of July → ...

Numeric dates are read month first, as in the United States, unless only day first makes a date of them; with full stops
they are read day first. A date without a day moves with the 15th of its month. One without a year turns on a year of
365 days, so that it may differ by a day from the same date written with its year, where a 29 February lies between.
A weekday before the date moves with it.
"""

import calendar
from datetime import date, timedelta
from types import MappingProxyType

import regex

# A year without a 29 February, whose shifts stay clear of one for two years back.
_YEARLESS = 2003
MAX_SHIFT_DAYS = 2 * 365
_MID_MONTH = 15
# POSIX: two-digit years from 69 are of the 20th century.
_CENTURY_PIVOT = 69

_FULL = [name.lower() for name in calendar.month_name]
_ABBREVIATED = [name.lower() for name in calendar.month_abbr]
_DAYS_OF_WEEK = [name.lower() for name in calendar.day_name]
_WEEKDAY = regex.compile(
    r"(?P<weekday>(?:mon|tues?|wed(?:s|nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)"
    r"(?P<between>[.,]*[ \t]+(?:the[ \t]+)?)",
    regex.IGNORECASE,
)
_MONTH = r"(?P<month_name>" + "|".join([*_FULL[1:], *_ABBREVIATED[1:], "sept"]) + r")\.?"
_UNITS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
_TEENS = [
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth"),
    *("eighteenth", "nineteenth", "twentieth"),
]
_ORDINALS = MappingProxyType(
    {
        word: day
        for day, word in enumerate(
            [*_UNITS, *_TEENS, *(f"twenty-{unit}" for unit in _UNITS), "thirtieth", "thirty-first"], start=1
        )
    }
)
_WORD_OF_DAY = MappingProxyType({day: word for word, day in _ORDINALS.items()})
_ORDINAL = r"(?P<ordinal>" + "|".join(sorted((w.replace("-", "[- ]") for w in _ORDINALS), key=len, reverse=True)) + ")"
_DAY = r"(?P<day>\d{1,2})(?P<suffix>st|nd|rd|th)?"
_RANGE = r"(?:\s*[-–]\s*(?P<day>\d{1,2})(?P<suffix>st|nd|rd|th)?)?"
_YEAR = r"(?<!\d)(?:['’]?(?P<year>\d{4}|\d{2}))"
_TIME = r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[ap]\.?m\.?)?(?:Z|[+-]\d{2}:?\d{2})?)?"

_FORMS = tuple(
    regex.compile(form + _TIME, regex.IGNORECASE | regex.ASCII)
    for form in (
        r"(?P<year>\d{4})(?P<separator>[-/. ])(?P<month>\d{1,2})\g<separator>(?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d{2})",
        r"(?P<month>\d{1,2})(?P<separator>[-/. ])(?P<day>\d{1,2})(?P=separator)(?P<year>\d{4}|\d{2})",
        r"(?P<day>\d{1,2})(?P<separator>[-/. ])(?P<month>\d{1,2})(?P=separator)(?P<year>\d{4}|\d{2})",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
        r"(?P<month>\d{1,2})[-/](?P<year>\d{4})",
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})",
        r"(?P<month>\d{1,2})[-/](?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})[-/](?P<month>\d{1,2})",
        rf"{_MONTH}\s*{_DAY}{_RANGE}(?:,?\s*(?:of\s+)?{_YEAR})?",
        rf"{_DAY}{_RANGE}[\s-]*(?:of\s+)?{_MONTH}(?:[\s,./-]*{_YEAR})?",
        rf"{_ORDINAL}\s+(?:of\s+)?{_MONTH}(?:,?\s*{_YEAR})?",
        rf"{_MONTH}\s+(?:the\s+)?{_ORDINAL}(?:,?\s*{_YEAR})?",
        rf"{_MONTH},?\s*(?:of\s+)?{_YEAR}",
        rf"{_MONTH}",
    )
)


def shift_date(value: str, days: int) -> str | None:
    """The date `days` later, written as it was.

    Args:
        value: one date, or two days of one month ("July 3-5").
        days: at most MAX_SHIFT_DAYS either way.

    Returns:
        None where the value is no date that is understood, or its new days no longer share a month.
    """
    assert abs(days) <= MAX_SHIFT_DAYS
    weekday = _WEEKDAY.match(value)
    if weekday:
        shifted_rest = shift_date(value[weekday.end() :], days)
        return shifted_rest and _shifted_weekday(weekday["weekday"], days) + weekday["between"] + shifted_rest
    for form in _FORMS:
        match = form.fullmatch(value)
        shifted = _shifted(match, days) if match else None
        if match and shifted:
            return _rewritten(value, match, shifted)
    return None


def _shifted_weekday(old: str, days: int) -> str:
    index = next(at for at, name in enumerate(_DAYS_OF_WEEK) if name.startswith(old.lower()[:3]))
    new = _DAYS_OF_WEEK[(index + days) % len(_DAYS_OF_WEEK)]
    return _cased(new if old.lower().endswith("day") else new[:3], old)


def _shifted(match: "regex.Match[str]", days: int) -> list[date] | None:
    """The new days, one or two; None where there is no such day in the calendar or the two part."""
    groups = match.capturesdict()
    year = _full_year(groups["year"][0]) if groups.get("year") else _YEARLESS
    month = _month_number(groups["month_name"][0]) if groups.get("month_name") else int(groups["month"][0])
    numbers = [int(day) for day in groups.get("day", [])]
    numbers += [_ORDINALS[" ".join(word.lower().split()).replace(" ", "-")] for word in groups.get("ordinal", [])]
    try:
        found = [date(year, month, day) + timedelta(days) for day in numbers or [_MID_MONTH]]
    except (ValueError, OverflowError):
        return None
    same_month = len({(day.year, day.month) for day in found}) == 1
    return found if same_month else None


def _rewritten(value: str, match: "regex.Match[str]", days: list[date]) -> str:
    first = days[0]
    numbers = [match.group(name) for name in ("month", "day") if name in match.capturesdict() and match.group(name)]
    padded = any(number.startswith("0") for number in numbers) or [len(n) for n in numbers] == [2, 2]
    edits: list[tuple[int, int, str]] = []
    groups = match.capturesdict()
    for name in ("year", "month", "month_name", "ordinal"):
        for start, end in match.spans(name) if groups.get(name) else []:
            edits.append((start, end, _component(name, value[start:end], first, padded)))
    for day, (start, end) in zip(days, match.spans("day") if groups.get("day") else [], strict=False):
        edits.append((start, end, f"{day.day:02}" if padded else str(day.day)))
    for start, end in match.spans("suffix") if groups.get("suffix") else []:
        owner = max((span_end, index) for index, (_, span_end) in enumerate(match.spans("day")) if span_end <= start)[1]
        edits.append((start, end, _cased(_suffix(days[owner].day), value[start:end])))
    for start, end, new in sorted(edits, reverse=True):
        value = value[:start] + new + value[end:]
    return value


def _component(name: str, old: str, day: date, padded: bool) -> str:
    if name == "year":
        return f"{day.year:04}" if len(old) == 4 else f"{day.year % 100:02}"
    if name == "month":
        return f"{day.month:02}" if padded else str(day.month)
    if name == "month_name":
        # May is its own abbreviation: the full name is the safer guess.
        is_short = old.lower() not in _FULL
        return _cased((_ABBREVIATED if is_short else _FULL)[day.month], old)
    return _cased(_WORD_OF_DAY[day.day].replace("-", " " if " " in old else "-"), old)


def _month_number(name: str) -> int:
    return _ABBREVIATED.index(name.lower()[:3])


def _full_year(year: str) -> int:
    number = int(year)
    if len(year) == 4:
        return number
    return number + (1900 if number >= _CENTURY_PIVOT else 2000)


def _suffix(day: int) -> str:
    return "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _cased(word: str, like: str) -> str:
    if like.isupper():
        return word.upper()
    return word[0].upper() + word[1:] if like[0].isupper() else word
