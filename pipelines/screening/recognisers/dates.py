# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Dates more exact than a year: numeric, written out, month and year, month alone after a preposition.

A year alone, a weekday, a time of day and a relative date ("POD 2", "3 days ago") stay, as Safe Harbor lets them; the
weekday before a date goes with it. A month and a day with a stroke between them are the matter of `month_days`.
"""

import calendar
from typing import Any

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from pipelines.screening.entities import EntityType
from pipelines.screening.recognisers import month_days
from pipelines.screening.recognisers.month_days import TAKES_DATE, WEEKDAY
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser
from pipelines.screening.spans import Span

_SHORT = "Jan|Feb|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
# "may" and "march" are also verbs: those two only with a capital letter, or in capitals throughout
_FULL = "|".join(month for month in calendar.month_name[1:] if month not in ("March", "May"))
_SAFE_MONTH = rf"(?:(?i:{_FULL})|(?i:{_SHORT})\b\.?|(?i:Mar)\b\.?|March\b|MARCH\b|May\b|MAY\b)"
# alone, an abbreviation in capitals is another one: OCT is a scan
_LONE_MONTH = rf"(?:(?i:{_FULL})|March|MARCH|May|MAY|(?:Jan|Feb|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
# "dec" is a decrease, "Jan" a person, and one may "march": these are a month wherever they stand, or a person's name
_MONTH_AND_NOTHING_ELSE = "January|February|April|June|July|August|September|Sept|October|November|December"
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
_OF_YEAR = rf"(?:,?[ \t]+(?:of[ \t]+)?(?:{_YEAR}\b|{_YEAR_WORDS}))?"
_POSS = "['’]?s?['’]?"
_HOLIDAY = (
    rf"Christmas(?:[ ](?:Eve|Day))?|Xmas|Boxing Day|Thanksgiving(?:[ ](?:Eve|Day))?|(?:New|Lunar New|Chinese New) Year{_POSS}(?:[ ](?:Eve|Day))?|"
    rf"Hallowe['’]?en|Valentine{_POSS} Day|Easter(?:[ ](?:Sunday|Monday))?|Good Friday|Palm Sunday|Ash Wednesday|Pentecost|Mardi Gras|"
    rf"(?:Independence|Labou?r|Memorial|Columbus|Indigenous Peoples{_POSS}|Groundhog|Juneteenth|MLK|Martin Luther King(?:,? Jr\.?)?|Flag|Earth|Canada|Anzac|Bastille|"
    rf"(?:President|Veteran|Mother|Father|Saint Patrick|St\.? Patrick){_POSS}) Day|Juneteenth|Cinco de Mayo|(?:H|Ch)an+uk+ah?|Passover|Yom Kippur|Rosh Hashanah|"
    "Purim|Diwali|Ramadan|Eid(?: al[- ](?:Fitr|Adha))?|Kwanzaa|Super Bowl Sunday|"
    rf"(?:St\.?|Saint) (?:David|George|Andrew|Stephen|Nicholas|Valentine){_POSS} (?:Day|Eve)|Bonfire Night|(?:[Bb]ank|[Pp]ublic) [Hh]oliday Monday|"
    "(?:Waitangi|Australia|Victoria|Remembrance|Armistice|Election|Patriots|Pioneer|Family|Civic|Heritage) Day"
)
_LOWER_CASE_HOLIDAY = (
    "christmas(?: eve| day)?|xmas(?: eve)?|thanksgiving(?: eve| day)?|hallowe['’]?en|new year['’]?s(?: eve| day)?|easter(?: sunday| monday)?|good friday|"
    "(?:labou?r|memorial|independence|veterans['’]?|president['’]?s['’]?|mother['’]?s|father['’]?s|valentine['’]?s|st\\.? patrick['’]?s|mlk|groundhog|boxing) day|juneteenth|fourth of july|super bowl sunday"
)
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?"


_CLAUSE_END = r"[ \t]*(?:[.,;)](?!\d)|\r?\n|$)"
_NOT_COUNTED = r"(?![ \t]+(?:miles?|steps|times|tablets|days|weeks|hours|minutes|blocks|laps|more)\b)"


_OCR_DIGIT = "[0-9OoQDIl|SBZ]"
_READ_AS = str.maketrans("OoQDIl|SBZ", "0000111582")
_PRESSURES = regex.compile(
    r"(?:pcwp|pcw|wedge|pap?|pa pressure|rv|ra|lv|bp|pressures?|mmhg)[ \t:=]*(?:of|is|was)?[ \t]*$", regex.IGNORECASE
)
_UNIT = regex.compile(r"[ \t]*(?:mm ?hg|cm ?h2o|kpa|mg|mcg|ug|g|ml|cc|units?|iu|meq|mmol)\b", regex.IGNORECASE)


def _calendar_date(text: str, span: Span) -> Span | None:
    """Refuse a numeric triple that is a date in neither order of day and month, or three doses, or pressures."""
    if _UNIT.match(text, span[1]) or _PRESSURES.search(text[max(0, span[0] - 20) : span[0]]):
        return None
    digits = [int(part) for part in regex.findall(r"\d+", text[span[0] : span[1]])[:3]]
    if len(digits) == 3:
        a, b, c = digits
        month, day = (b, c) if a > 31 else (a, b)
        if not (1 <= min(month, day) <= 12 and 1 <= max(month, day) <= 31):
            return None
    return span


def _from_ocr(text: str, span: Span) -> Span | None:
    """ "O3/l2/2024": letters that a scanner reads for digits, among digits."""
    value = text[slice(*span)]
    if not any(char.isalpha() for char in value) or sum(char.isdigit() for char in value) < 3:
        return None
    digits = value.translate(_READ_AS)
    return span if _calendar_date(digits, (0, len(digits))) else None


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
        r"(?<![\d./-])(?<!\d[,:])(?P<value>\d{1,2}([-/])\d{1,2}\2(?:\d{4}|\d{2})|\d{1,2}\.\d{1,2}\.(?:19|20)\d{2}|(?:0\d|[123]\d)\.(?:0\d|[123]\d)\.\d{2}(?!\.\d)|\d{1,2}\.\d{1,2}\.\d{2}(?=[ \t]*(?:\r?\n|$)))(?![\d/])(?!-\d)",
        refine=_calendar_date,
    ),
    _pattern(
        "month_of_year",  # "seen here 1.2023"
        r"(?<![\w.,/-])(?<![<>=~≥≤][ ]?)(?P<value>(?:0?[1-9]|1[0-2])\.(?:19|20)\d{2})(?![\w/%]|[.,]\d|[ ]?(?:mg|g|ml|mL|L|l|cm|mm|ng|mmol|mEq|U|IU|x)\b)",
        score=0.6,
    ),
    _pattern(
        "spaced",
        r"(?<![\d./,-])(?<!\d[ ])(?P<value>(?:0[1-9]|1[0-2])[ ](?:0[1-9]|[12]\d|3[01])[ ](?:19|20)\d{2}|(?:0[1-9]|[12]\d|3[01])[ ](?:0[1-9]|1[0-2])[ ](?:19|20)\d{2}|(?:19|20)\d{2}[ ](?:0[1-9]|1[0-2])[ ](?:0[1-9]|[12]\d|3[01]))(?![\d/.]|[ ]\d{2}[ ])",
        score=0.7,
    ),
    _pattern(
        "spaced_strokes",
        r"(?<![\d./-])(?P<value>\d{1,2}[ ]([-/.])[ ]\d{1,2}[ ]\2[ ](?:\d{4}|\d{2}))(?!\d)",
        refine=_calendar_date,
    ),
    _pattern(
        "misread",
        rf"(?<![\w./-])(?P<value>{_OCR_DIGIT}{{1,2}}([-/.]){_OCR_DIGIT}{{1,2}}\2(?:{_OCR_DIGIT}{{4}}|{_OCR_DIGIT}{{2}}))(?![\w/])",
        refine=_from_ocr,
        score=0.7,
    ),
    _pattern("month_year_numeric", r"(?<![\d./-])(?P<value>(?:1[0-2]|0?[1-9])[/-](?:19|20)\d{2})(?![\d/-])"),
    _pattern(
        "lower_case_month_day",
        rf"\b(?P<value>(?:march|may)[ \t]+(?:the[ \t]+)?(?:{_DAY_NUMBER}(?:st|nd|rd|th)\b{_OF_YEAR}|{_DAY_NUMBER},?[ \t]+{_YEAR}\b)|(?:the[ \t]+)?{_DAY_NUMBER}(?:st|nd|rd|th)?[ \t]+(?:of[ \t]+)?march\b{_OF_YEAR}|{_DAY_NUMBER}(?:st|nd|rd|th)?[ \t]+of[ \t]+may\b{_OF_YEAR})",
    ),
    _pattern(
        "cued_lower_case_month",
        rf"\b(?i:on|since|until|till|from|by|through|thru|to|dated?|visit|seen|due|appt|appointment|born|died|admitted|discharged|surgery|scheduled)[ \t:]+(?:(?i:{WEEKDAY}),?[ \t]+)?(?P<value>(?:march|may)[ \t]+{_DAY_NUMBER})\b{_NOT_COUNTED}"
        rf"|\b(?i:in|since|until|till|last|early|late|mid|of|by)[ -]+(?P<value>march|may)(?=[ \t]*(?:[.,;)]|\r?\n|$|of[ ]))|\b(?i:in|since|until|till|from|of|by|to)[ \t]+(?P<value>(?:march|may),?[ \t]+{_YEAR})\b",
        score=0.7,
    ),
    _pattern(
        "six_digits",
        rf"\b(?i:{TAKES_DATE}|d\.o\.b\.|birth(?: ?date)?|date)[ \t:#(]+(?P<value>\d{{6}})(?![\w/-]|[.,]\d)|(?<![\w.,/#-])(?P<value>\d{{6}})(?=[ \t,;|]+\d{{1,3}}[ \t]?(?i:yo|y/o|y)?[ \t]?[MFmf]\b)",
        refine=_six_digits,
        score=0.7,
    ),
    _pattern(
        "month_day",
        rf"(?<![\w'’])(?P<value>{_SAFE_MONTH}[ \t]*\.?(?:[ \t]*(?:the[ \t]+)?|[-/.]){_DAY}\b(?:[ \t]*[-–][ \t]*{_DAY}\b)?(?:(?:,?[ \t]*(?:of[ \t]+)?|[-/.,][ ]?){_YEAR}\b|[-/]\d{{2}}\b)?{_TIME})(?![\d/]|[ \t]?(?:mg|mcg|ml|%))",
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
        "lower_case_holiday",
        rf"(?<![\w-])(?P<value>{_LOWER_CASE_HOLIDAY})(?![\w'’-])(?![ \t]+(?:tree|cactus|disease|island|lily)\b)",
        score=0.6,
    ),
    _pattern(
        "month_behind_plan",  # "repeat UACR May", "flu done Oct", "in March and June"
        rf"(?:\b(?i:due|done|given|planned|scheduled|repeat|recheck|reassess|booked|expected|every|each|starting|claimed|completed|again|missed)[ \t]+(?:\p{{L}}+[ \t]+)?|~[ \t]?|\b(?:{_LONE_MONTH})[ \t]+(?i:and|or|to|through|until)[ \t]+)(?P<value>{_LONE_MONTH})(?![\w'’])(?={_CLAUSE_END}|[ \t]*[-–(/]|[ \t]+(?i:of|and|at|with|for|if|then)\b)",
        score=0.6,
    ),
    _pattern(
        "season_of_year",  # not "after a fall 2019"
        r"(?<![\w-])(?P<value>(?i:spring|summer|autumn|winter)(?:[ ]of)?[ ](?:19|20)\d{2}|(?i:fall)[ ]of[ ](?:19|20)\d{2})(?!\d)|\b(?i:in|since|by|until|last|this|late|early)[ ](?P<value>(?i:fall)[ ](?:19|20)\d{2})(?!\d)",
        score=0.6,
    ),
    _pattern(
        "lower_case_month",  # "overdue since nov"
        rf"\b(?i:in|since|until|till|last|by|early|late|mid|from|out|overdue)[- \t]+(?P<value>jan|feb|apr|jun|jul|aug|sept?|oct|nov|dec)(?={_CLAUSE_END})",
        score=0.6,
    ),
    _pattern("part_of_month", rf"(?<![\w-])(?P<value>(?i:mid|early|late)-(?:{_LONE_MONTH}))(?![\w'’])", score=0.7),
    _pattern(
        "day_of_month",  # "on the 19th", "Monday the 2nd", "on the fifteenth"; "the fifth toe" and "the 2nd dose" are none
        rf"\b(?i:on|by|until|till|since|before|after|from|through|{WEEKDAY}),?[ \t]+(?:the[ \t]+)?(?:(?i:{WEEKDAY}),?[ \t]+)?(?:the[ \t]+)?(?P<value>(?:3[01]|[12]?\d)(?:st|nd|rd|th)|(?i:{_ORDINAL}))(?={_CLAUSE_END}|[ \t]+(?:at[ \t]|of[ \t](?:this|last|next|that|the)[ \t]month\b))",
        score=0.6,
    ),
    _pattern(
        "weekday_and_day",  # "Weds 1st", "Saturday the 5th"
        rf"\b(?P<value>(?i:{WEEKDAY})[.,]?[ \t]+(?:the[ \t]+)?(?:3[01]|[12]?\d)(?:st|nd|rd|th))(?!\w)",
    ),
    _pattern(
        "further_day",  # "May 9 or 10", "on the 3rd, 5th and 9th of June"
        rf"(?<!\w){_SAFE_MONTH}[ \t]+{_DAY}(?:,[ \t]*(?P<value>{_DAY})\b(?![/:]|[ \t]*[ap]\.?m)){{0,3}},?[ \t]*(?:and|or|&|to|through|thru|until|then)[ \t]+(?:the[ \t]+)?(?P<value>{_DAY})\b(?={_CLAUSE_END})",
        score=0.6,
    ),
    _pattern("month_year", rf"(?<![\w'’])(?P<value>{_SAFE_MONTH}[-,/]?[ \t]*(?:of[ \t]+)?{_YEAR})\b"),
    _pattern(
        "month_alone",
        rf"\b(?i:in|since|of|until|till|by|through|last|this|next|early|late|mid|during|before|after|around|from|to|past)[- \t]+"
        rf"(?:(?i:early|late|mid|about|the month of)[- \t]+)?(?P<value>{_LONE_MONTH})(?![\w'’])(?![ \t]+[A-Z]\w*(?:'s|’s)?[ \t]+(?:disease|syndrome))",
        score=0.6,
    ),
    _pattern("month_and_nothing_else", rf"(?<![\w'’-])(?P<value>{_MONTH_AND_NOTHING_ELSE})(?![\w'’-])", score=0.6),
    _pattern("compact", r"(?<![\w./-])(?P<value>(?:19|20)\d{6})(?![\w/-]|\.\d)", refine=_compact, score=0.7),
    _pattern(
        "birth",
        r"\b(?i:d\.?o\.?b\.?|date of birth|birth ?date|born(?: on)?)[ \t]*(?i:is)?[ \t]*[:#-]?[ \t]*(?P<value>\d[\d/.\- ]{3,9}\d)(?!\d)",
    ),
)


_WEEKDAY_BEFORE = regex.compile(
    r"(?<!\w)(?:(?i:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tues?|weds?|thurs?|fri)|Sat|Sun|SAT|SUN)\.?,?[ \t]+(?:(?i:the)[ \t]+)?$"
)


class DateRecogniser(CuedRecogniser):
    """Dates more exact than a year.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__((*PATTERNS, *month_days.PATTERNS), timeout_s)

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Findings of the patterns, each with the weekday before it."""
        results = super().analyze(text, entities, nlp_artifacts)
        for found in results:
            weekday = _WEEKDAY_BEFORE.search(text, max(0, found.start - 16), found.start)
            if weekday:
                found.start = weekday.start()
        return results
