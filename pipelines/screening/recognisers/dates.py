# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Dates more exact than a year: numeric, written out, month and year, month alone after a preposition.

A year alone, a weekday, a time of day and a relative date ("POD 2", "3 days ago") stay, as Safe Harbor lets them. A bare
"2/6" is a murmur and "120/80" a blood pressure: a month and day without a year needs a word before it that takes a date.
"""

import calendar
from typing import Any

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser
from pipelines.screening.spans import Span

_SHORT = "Jan|Feb|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
# "may" and "march" are also verbs: those two only with a capital letter, or in capitals throughout
_FULL = "|".join(month for month in calendar.month_name[1:] if month not in ("March", "May"))
_SAFE_MONTH = rf"(?:(?i:{_FULL})|(?i:{_SHORT})\b\.?|(?i:Mar)\b\.?|March\b|MARCH\b|May\b|MAY\b)"
# alone, an abbreviation in capitals is another one: OCT is a scan
_LONE_MONTH = rf"(?:(?i:{_FULL})|March|MARCH|May|MAY|(?:Jan|Feb|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
_DAY_NUMBER = r"(?:3[01]|[12]\d|0?[1-9])"
_DAY = rf"{_DAY_NUMBER}(?:st|nd|rd|th)?"
_ORDINAL = (
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|"
    "sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty[- ](?:first|second|third|fourth|fifth|sixth|seventh|"
    "eighth|ninth)|thirtieth|thirty[- ]first"
)
_YEAR = r"(?:(?:18|19|20)\d{2}|['’]\d{2})"
_NUMBER_WORD = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|"
    "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|oh|and"
)
_YEAR_WORDS = rf"(?i:nineteen|twenty|two[ \t]+thousand)(?:[ \t-]+(?i:{_NUMBER_WORD})\b){{0,4}}"
_WEEKDAY = "(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_OF_YEAR = rf"(?:,?[ \t]+(?:of[ \t]+)?(?:{_YEAR}\b|{_YEAR_WORDS}))?"
_POSS = "['’]?s?['’]?"
_HOLIDAY = (
    rf"Christmas(?:[ ](?:Eve|Day))?|Xmas|Boxing Day|Thanksgiving(?:[ ](?:Eve|Day))?|(?:New|Lunar New|Chinese New) Year{_POSS}(?:[ ](?:Eve|Day))?|"
    rf"Hallowe['’]?en|Valentine{_POSS} Day|Easter(?:[ ](?:Sunday|Monday))?|Good Friday|Palm Sunday|Ash Wednesday|Pentecost|Mardi Gras|"
    rf"(?:Independence|Labou?r|Memorial|Columbus|Indigenous Peoples{_POSS}|Groundhog|Juneteenth|MLK|Martin Luther King(?:,? Jr\.?)?|Flag|Earth|Canada|Anzac|Bastille|"
    rf"(?:President|Veteran|Mother|Father|Saint Patrick|St\.? Patrick){_POSS}) Day|Juneteenth|Cinco de Mayo|(?:H|Ch)an+uk+ah?|Passover|Yom Kippur|Rosh Hashanah|"
    "Purim|Diwali|Ramadan|Eid(?: al[- ](?:Fitr|Adha))?|Kwanzaa|Super Bowl Sunday"
)
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_TAKES_DATE = (
    r"(?:last[ \t]+\p{Ll}+|appt|appointment|follow[- ]?up|f/u|rtc|returns?|mammogram|colonoscopy|ekg|ecg|x-?rays?|vaccine|on|since|dated?|from|until|till|through|thru|starting|beginning|began|started|as of|admitted|discharged|seen|due|"
    r"scheduled(?: for)?|effective|expires?|exp|done|performed|drawn|collected|received|visit(?: of)?|labs?(?: from| of)?|"
    r"last|next|before|after|dos|doa|dod|dob|lmp|edc|edd|d/c(?:['’]?d)?|adm|admit|surgery|placed|signed|ct|cxr|mri|echo|cath|dictated|transcribed|typed|recorded|entered|documented|printed|faxed|mailed|sent|scanned|"
    r"scans?|ultrasound|sono|us|pet|dexa|biopsy|bx|egd|eeg|emg|pfts?|sleep study|stress test|injection|infusion|chemo|"
    r"filled|refilled|dispensed|ordered|called|notified|paged|reviewed|read|verified|updated|revised|renewed|cancelled|canceled|rescheduled|missed|booked|arriv(?:ed|es|ing)|left|moved|"
    r"(?:moved|transferred|discharged|admitted|sent|returned)[ \t]+(?:to|from)[ \t]+(?:the[ \t]+)?\p{L}+|"
    r"(?:night|morning|afternoon|evening|day|week|weekend|weeks) of|note|consult|eval(?:uation)?|molst|polst|dnr|consent(?:ed)?|authori[sz]ed|approved|denied|born|died|deceased|expired|delivered|married|retired)"
)
_NO_DATE_AFTER = regex.compile(
    r"\s*(?:(?:holo|pan|mid)?systolic|diastolic|murmur|sem\b|pain|strength|motor|power|weakness|reflex|pulses?|in severity|"
    r"out of|on (?:the |a )?(?:pain|scale|vas)|bilateral|throughout|symmetric|mm ?hg|cm|mg|days?|weeks?|of (?:the|pain)|ago|to \d+/10|intensity|%|/\d)",
    regex.IGNORECASE,
)


_SIGNS = "M\\.?D\\.?|D\\.?O\\.?|R\\.?N\\.?|LPN|LVN|NP|FNP|ARNP|APRN|CRNP|CNP|DNP|PA-C|PharmD|R\\.?Ph\\.?|DPM|DDS|DMD|Ph\\.?D\\.?|Psy\\.?D\\.?|CRNA|CNM|CNA|LCSW|LICSW|LMFT|RRT|DPT|MSW|RDN?"
_NOT_COUNTED = r"(?![ \t]+(?:miles?|steps|times|tablets|days|weeks|hours|minutes|blocks|laps|more)\b)"


def _calendar_date(text: str, span: Span) -> Span | None:
    """Refuse a numeric triple that is a date in neither order of day and month."""
    digits = [int(part) for part in regex.findall(r"\d+", text[span[0] : span[1]])[:3]]
    if len(digits) == 3:
        a, b, c = digits
        month, day = (b, c) if a > 31 else (a, b)
        if not (1 <= min(month, day) <= 12 and 1 <= max(month, day) <= 31):
            return None
    return span


def _month_and_day(text: str, span: Span) -> Span | None:
    month, day = (int(part) for part in regex.findall(r"\d+", text[span[0] : span[1]])[:2])
    if not (1 <= month <= 12 and 1 <= day <= 31) or _NO_DATE_AFTER.match(text, span[1]):
        return None
    return span


def _month_and_short_year(text: str, span: Span) -> Span | None:
    """ "In 03/95"; "in 10/10 of them" counts."""
    month, year = text[slice(*span)].split("/")
    return None if month == year or _NO_DATE_AFTER.match(text, span[1]) else span


def _compact(text: str, span: Span) -> Span | None:
    value = text[span[0] : span[1]]
    month, day = int(value[4:6]), int(value[6:8])
    return span if 1 <= month <= 12 and 1 <= day <= 31 else None


def _six_digits(text: str, span: Span) -> Span | None:
    """ "110242": month or day first, or the year."""
    a, b, c = (int(text[at : at + 2]) for at in range(span[0], span[1], 2))
    orders = ((a, b), (b, a), (b, c))
    return span if any(1 <= month <= 12 and 1 <= day <= 31 for month, day in orders) else None


def _pattern(name: str, expression: str, **more: Any) -> CuedPattern:
    return CuedPattern(name=name, entity_type=EntityType.DATE_TIME, expression=expression, **more)


PATTERNS = (
    _pattern(
        "iso",
        rf"(?<![\d./-])(?P<value>(?:1[89]|20|21)\d{{2}}([-/.])\d{{1,2}}\2\d{{1,2}}{_TIME})(?!\d)",
        refine=_calendar_date,
    ),
    _pattern(
        "numeric",
        r"(?<![\d./-])(?<!\d[,:])(?P<value>\d{1,2}([-/])\d{1,2}\2(?:\d{4}|\d{2})|\d{1,2}\.\d{1,2}\.(?:19|20)\d{2})(?![\d/])(?!-\d)",
        refine=_calendar_date,
    ),
    _pattern(
        "range",
        r"(?<![\d./-])(?P<value>\d{1,2}/\d{1,2}[ ]?[-–][ ]?\d{1,2}/\d{1,2}/(?:\d{4}|\d{2}))(?![\d/])",
        refine=_month_and_day,
    ),
    _pattern("month_year_numeric", r"(?<![\d./-])(?P<value>(?:1[0-2]|0?[1-9])[/-](?:19|20)\d{2})(?![\d/-])"),
    _pattern(
        "cued_month_day",
        rf"\b(?i:{_TAKES_DATE})[ \t:(]+(?:(?i:the|on|of|between|date|about|around|{_WEEKDAY})[ \t:,(]+)?(?P<value>\d{{1,2}}/\d{{1,2}})"
        r"(?:[ \t]*(?:-|–|to|and|through|until|&|,)[ \t]*(?P<value>\d{1,2}/\d{1,2}))?(?![\d/%])",
        refine=_month_and_day,
        score=0.7,
    ),
    _pattern(
        "cued_hyphenated_month_day",
        r"\b(?i:on|since|until|dated|signed|seen|due|by|from|visit|admitted|discharged)[ \t]+(?P<value>\d{1,2}-\d{1,2})(?=[ \t]*(?:[.,;)](?!\d)|\r?\n|$)|[ \t]+(?i:at|by|with|for)\b)",
        refine=_month_and_day,
        score=0.6,
    ),
    _pattern(
        "signed_month_day",
        rf"\b(?:{_SIGNS})(?![\w'’])[.,;/]*[ \t]*(?P<value>\d{{1,2}}[/-]\d{{1,2}})(?![\w/%-])",
        refine=_month_and_day,
        score=0.7,
    ),
    _pattern(
        "lower_case_month_day",
        rf"\b(?P<value>(?:march|may)[ \t]+(?:the[ \t]+)?(?:{_DAY_NUMBER}(?:st|nd|rd|th)\b{_OF_YEAR}|{_DAY_NUMBER},?[ \t]+{_YEAR}\b)|(?:the[ \t]+)?{_DAY_NUMBER}(?:st|nd|rd|th)?[ \t]+(?:of[ \t]+)?march\b{_OF_YEAR}|{_DAY_NUMBER}(?:st|nd|rd|th)?[ \t]+of[ \t]+may\b{_OF_YEAR})",
    ),
    _pattern(
        "cued_lower_case_month",
        rf"\b(?i:on|since|until|till|from|by|through|thru|to|dated?|visit|seen|due|appt|appointment|born|died|admitted|discharged|surgery|scheduled)[ \t:]+(?:(?i:{_WEEKDAY}),?[ \t]+)?(?P<value>(?:march|may)[ \t]+{_DAY_NUMBER})\b{_NOT_COUNTED}"
        rf"|\b(?i:in|since|until|till|last|early|late|mid|of|by)[ -]+(?P<value>march|may)(?=[ \t]*(?:[.,;)]|\r?\n|$|of[ ]))|\b(?i:in|since|until|till|from|of|by|to)[ \t]+(?P<value>(?:march|may),?[ \t]+{_YEAR})\b",
        score=0.7,
    ),
    _pattern(
        "six_digits",
        rf"\b(?i:{_TAKES_DATE}|d\.o\.b\.|birth(?: ?date)?|date)[ \t:#(]+(?P<value>\d{{6}})(?![\w/-]|[.,]\d)|(?<![\w.,/#-])(?P<value>\d{{6}})(?=[ \t,;|]+\d{{1,3}}[ \t]?(?i:yo|y/o|y)?[ \t]?[MFmf]\b)",
        refine=_six_digits,
        score=0.7,
    ),
    _pattern(
        "month_and_short_year",
        r"\b(?i:in|since|until|from|of)[ \t]+(?P<value>(?:0[1-9]|1[0-2])/\d{2})(?![\d/%])",
        refine=_month_and_short_year,
        score=0.7,
    ),
    _pattern(
        "leading_month_day", r"^[ \t]*(?P<value>\d{1,2}/\d{1,2})(?=[ \t]*[:\-–][ \t])", refine=_month_and_day, score=0.7
    ),
    _pattern(
        "month_day",
        rf"(?<![\w'’])(?P<value>{_SAFE_MONTH}[ \t]*\.?[ \t]*(?:the[ \t]+)?{_DAY}\b(?:[ \t]*[-–][ \t]*{_DAY}\b)?(?:,?[ \t]*(?:of[ \t]+)?{_YEAR}\b)?{_TIME})(?![\d/]|[ \t]?(?:mg|mcg|ml|%))",
    ),
    _pattern(
        "day_month",
        rf"(?<![\w./-])(?P<value>{_DAY}[ \t]*[-–]?[ \t]*(?:of[ \t]+)?{_SAFE_MONTH}(?:[ \t,./-]*{_YEAR}\b|[-/]\d{{2}}\b)?)(?!\w)",
    ),
    _pattern(
        "ordinal_of_month", rf"\b(?P<value>(?i:{_ORDINAL})[ \t]+(?:of[ \t]+|day of[ \t]+)?{_SAFE_MONTH}{_OF_YEAR})"
    ),
    _pattern("month_ordinal", rf"(?<!\w)(?P<value>{_SAFE_MONTH}[ \t]+(?:the[ \t]+)?(?i:{_ORDINAL})\b{_OF_YEAR})"),
    _pattern(
        "joined_month",
        rf"(?<![\w./-])(?P<value>{_DAY_NUMBER}[-/]?(?i:{_SHORT}|Mar|May)[-/]?(?:(?:19|20)\d{{2}}|\d{{2}}))(?!\w)",
    ),
    _pattern(
        "holiday", rf"\b(?P<value>(?:{_HOLIDAY}){_OF_YEAR})(?![\w'’])(?![ \t]+(?:tree|disease|factor|rash|seals?)\b)"
    ),
    _pattern(
        "day_of_month",
        r"\b(?i:on|by|until|since|before|after)[ \t]+the[ \t]+(?P<value>(?:3[01]|[12]?\d)(?:st|nd|rd|th))(?=[ \t]*(?:[.,;)]|\r?\n|$|at[ \t]\d|of[ \t](?:this|last|next|that)[ \t]month))",
        score=0.6,
    ),
    _pattern("month_year", rf"(?<![\w'’])(?P<value>{_SAFE_MONTH},?[ \t]*(?:of[ \t]+)?{_YEAR})\b"),
    _pattern(
        "month_alone",
        rf"\b(?i:in|since|of|until|till|by|through|last|this|next|early|late|mid|during|before|after|around|from|to|past)[- \t]+"
        rf"(?:(?i:early|late|mid|about|the month of)[- \t]+)?(?P<value>{_LONE_MONTH})(?![\w'’])(?![ \t]+[A-Z]\w*(?:'s|’s)?[ \t]+(?:disease|syndrome))",
        score=0.6,
    ),
    _pattern("compact", r"(?<![\w./-])(?P<value>(?:19|20)\d{6})(?![\w/-]|\.\d)", refine=_compact, score=0.7),
    _pattern(
        "birth",
        r"\b(?i:d\.?o\.?b\.?|date of birth|birth ?date|born(?: on)?)[ \t]*(?i:is)?[ \t]*[:#-]?[ \t]*(?P<value>\d[\d/.\- ]{3,9}\d)(?!\d)",
    ),
)


class DateRecogniser(CuedRecogniser):
    """Dates more exact than a year.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__(PATTERNS, timeout_s)
