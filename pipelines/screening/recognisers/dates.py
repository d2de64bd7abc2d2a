# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Dates more exact than a year: numeric, written out, month and year, month alone after a preposition.

A year alone, a weekday, a time of day and a relative date ("POD 2", "3 days ago") stay, as Safe Harbor lets them. A bare
"2/6" is a murmur and "3/10" a pain: a month and day that can be read as a part of a whole needs a word before it that takes
a date, any other ("9/18", "5/3") is a date unless the words around it speak of a score, a pressure or a count.
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

# what makes of two numbers and a stroke something else than a date, before and behind
_SCORED_BEFORE = regex.compile(
    r"(?:\b(?:bp|b/p|blood pressure|pressures?|map|pcwp|pcw|wedge|pap?|pasp|rvsp|rv|lv|ra|cvp|(?:bi|c)-?pap|ipap|epap|peep|vent|settings?|apgars?|gcs|e\d?v\d?m\d?|"
    r"mmse|mini[- ]mental|moca|slums|phq-?\d?|gad-?\d?|audit|cage|nihss|scores?d?|scoring|grade[ds]?|rated?|rating|scale|vas|nrs|pain|severity|intensity|strength|power|motor|muscle|reflex(?:es)?|dtrs?|"
    r"pulses?|murmur|sem|nodes?|ln|lns|cores?|biopsies|vision|visual|acuity|va|snellen|od|os|ou|sc|cc|ph|sph|cyl|fi?o2|i:?e|ratios?|match(?:ed)?|hla|alleles?|loci|criteria|items?|points?|"
    r"sessions?|visits?|pages?|pp?|parts?|bottles?|sets?|tubes?|samples?|cases?|patients|of|about|roughly|approximately|nearly|gleason|stage|level|[a-z]*meter|ratio|mmhg|kpa|fev1?|fvc|cmh2o|mg|mcg|ml|units?|"
    r"insulin|mix|humulin|novolin|novolog|humalog|bite|fractions?|cycles? \d+|hrs?|hours|wks?|weeks|days|dose|tabs?|tablets?|codon|exon|type|types|goldmann|ishihara|hertel|mdq|borg|tinetti|katz|lawton|berg|tug|morse|braden|ecog|sofa|hads|edss|audit-c|dast|ces-d|epds|gds|sppb|am-pac|fim|barthel|ess|isi|ipss|bdi|ymrs|madrs|ham-?d|rass|norton|wells|day|hpv|cd\d*|il|p|t|l|c|s|th?)|[%<>=~±≥≤×^#])"
    r"[ \t]*(?:was|is|were|of|at|to|and|now|a|the|[:=(,/-])*[ \t:]*$",
    regex.IGNORECASE,
)
_COUNTED_AFTER = regex.compile(
    r"[ \t]*(?:(?:-|to)[ \t]*\d{1,2}[ \t]*/[ \t]*10\b|\(?[ \t]*\d{1,3}[ \t]?%|(?:lymph|nodes?|cores?|patients|cases|points?|items|questions|match(?:es|ed)?|alleles|loci|levels?|fractions?|sessions|visits|doses|cycles|"
    r"bottles|sets|samples|specimens|fields|segments|teeth|joints|hours?|hrs?|h|months?|mos?|years?|yrs?|weeks|wks|pm|dilution|inches|inch|in|th|of|on|with[ ](?:max|pinhole)|o[dsu]|cmh2o|cm[ ]?h2o|kpa|nebs?|ppd|packs?|"
    r"tabs?|tablets?|pills?|caps?|strength|power|positive[ ]for|left|right|lower|upper|ns|scale|apgars?|split|mix|insulin|units?|ratio|reps?|sup|inf|vision|both|beats?|rhythm)\b)",
    regex.IGNORECASE,
)
# wholes that notes count in: murmurs, strength, pain, points of an examination; "3/7" is three days in Britain
_WHOLES = frozenset({2, 3, 4, 5, 6, 7, 8, 10, 12})


_SIGNS = "M\\.?D\\.?|D\\.?O\\.?|R\\.?N\\.?|LPN|LVN|NP|FNP|ARNP|APRN|CRNP|CNP|DNP|PA-C|PharmD|R\\.?Ph\\.?|DPM|DDS|DMD|Ph\\.?D\\.?|Psy\\.?D\\.?|CRNA|CNM|CNA|LCSW|LICSW|LMFT|RRT|DPT|MSW|RDN?"
_NOT_COUNTED = r"(?![ \t]+(?:miles?|steps|times|tablets|days|weeks|hours|minutes|blocks|laps|more)\b)"


_NEXT_PAIR = regex.compile(r"(?<![\w./-])\d{1,2}/\d{1,2}(?![\w/%]|\.\d)")
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


def _month_and_day(text: str, span: Span) -> Span | None:
    month, day = (int(part) for part in regex.findall(r"\d+", text[span[0] : span[1]])[:2])
    if not (1 <= month <= 12 and 1 <= day <= 31) or _NO_DATE_AFTER.match(text, span[1]):
        return None
    return span


def _bare_month_and_day(text: str, span: Span) -> Span | None:
    """ "cleared 11/28", "5/3: afebrile"; a part of a whole, "4/5", and pressures, scores and counts are none."""
    month, day = (int(part) for part in text[slice(*span)].split("/"))
    if not (1 <= month <= 12 and 1 <= day <= 31) or (month <= day and day in _WHOLES):
        return None
    before = text[max(0, span[0] - 30) : span[0]]
    if _SCORED_BEFORE.search(before) or _COUNTED_AFTER.match(text, span[1]):
        return None
    return _month_and_day(text, span)


def _part_or_day(text: str, span: Span) -> Span | None:
    """ "completed 3/5", "given 8/12 by ENT": after a participle a date, but "decreased 4/5" grades something."""
    if _COUNTED_AFTER.match(text, span[1]) and not regex.match(r"[ \t]*(?:at|by)\b", text[span[1] : span[1] + 6]):
        return None
    return _month_and_day(text, span)


def _paired_dates(text: str, span: Span) -> Span | None:
    """ "8/29 and 9/9", "(4/11, 4/27)": of two, one is no part of a whole."""
    month, day = (int(part) for part in text[slice(*span)].split("/"))
    if not (1 <= month <= 12 and 1 <= day <= 31) or _COUNTED_AFTER.match(text, span[1]):
        return None
    for neighbour in _NEXT_PAIR.finditer(text, max(0, span[0] - 16), min(len(text), span[1] + 16)):
        if neighbour.span() != span and _bare_month_and_day(text, neighbour.span()):
            return span
    return None


def _from_ocr(text: str, span: Span) -> Span | None:
    """ "O3/l2/2024": letters that a scanner reads for digits, among digits."""
    value = text[slice(*span)]
    if not any(char.isalpha() for char in value) or sum(char.isdigit() for char in value) < 3:
        return None
    digits = value.translate(_READ_AS)
    return span if _calendar_date(digits, (0, len(digits))) else None


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
    _pattern(
        "bare_month_day",
        r"(?<![\w./+'’^\[-])(?P<value>\d{1,2}/\d{1,2})(?![\w/%°]|\.\d|-\d{3})",
        refine=_bare_month_and_day,
        score=0.6,
    ),
    _pattern(
        "bare_range",
        r"(?<![\w./+-])(?P<value>\d{1,2}/\d{1,2})[ ]?[-–][ ]?(?P<value>\d{1,2}/\d{1,2})(?![\w/%]|\.\d)",
        refine=_paired_dates,
        score=0.6,
    ),
    _pattern(
        "paired_month_day",
        r"(?<![\w./+-])(?P<value>\d{1,2}/\d{1,2})(?:,[ ]?|;[ ]?|[ ](?:and|&|or|to|then|through|until|-)[ ]|[ ]\d{4}-)(?P<value>\d{1,2}/\d{1,2})(?![\w/%]|\.\d)",
        refine=_paired_dates,
        score=0.6,
    ),
    _pattern(
        "month_day_at_time",
        r"(?<![\w./-])(?P<value>\d{1,2}/\d{1,2})(?=[ ]?(?:@|at|,)?[ ]?(?:[01]?\d|2[0-3])(?::[0-5]\d|[0-5]\d(?:h|hrs?)?\b|[ ]?[ap]\.?m\b)(?![ ]?(?:mg|ml|mcg|cc|units)))",
        refine=_month_and_day,
        score=0.7,
    ),
    _pattern(
        "participle_month_day",
        r"\b(?!(?i:decreased|reduced|increased|limited|preserved|graded|rated|scored|improved|diminished|palpated|weakened|noted|estimated|described|fed|need|used|red|bed|med|med|led|speed|bleed|seed|feed|involved|felt|present)\b)"
        r"(?i:\p{L}{2,}ed|given|done|taken|drawn|seen|sent|held|put|cut|run|fell|began|won|lost|met|out|off|in|down|up|placed|due|cx|clx|cultures?|ucx|bcx|scheduled|next|session|recheck|interval|events?|"
        r"imaging|labs?|shift|noc|am|pm|onset|rtw|dos|doi|dol|doa|eta|resume|return|refill|rx|clinic|appt|course|until|thru|by|from|since|again|tomorrow|today|yesterday|tonight|"
        r"mon|tues?|weds?|thurs?|fri|sat|sun)[ \t,]+(?P<value>\d{1,2}/\d{1,2})(?![\w/%]|\.\d)(?=[ \t]*(?:[.,;:)\n-]|$|(?:at|by|with|w/|for|per|after|before|s/p|then|and|@|\p{Lu}{2,}|to|in|from|when|due|who|NGTD|ngtd)))",
        refine=_part_or_day,
        score=0.6,
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
