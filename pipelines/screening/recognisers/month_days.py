# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Dates written as a month and a day alone, "5/3" and "10/12", among the fractions that notes are full of.

A bare "2/6" is a murmur, "4/5" a strength and "3/10" a pain. Notes count in few wholes: a pair that may be a part of a
small one (up to 7) needs a word before it that takes a date. Any other is a date unless the words around it speak of a
score, a pressure or a count; of 8, 10 and 12 they may stand further off, since pains and points are rated in these.
"""

from typing import Any

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.recognisers.pattern import CuedPattern
from pipelines.screening.spans import Span

WEEKDAY = "(?:mon|tues?|wed(?:s|nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
TAKES_DATE = (
    r"(?:(?:last|next)[ \t]+\p{Ll}+|visit|appt|appointment|follow[- ]?up|f/u|rtc|returns?|mammogram|colonoscopy|ekg|ecg|x-?rays?|vaccine|on|since|dated?|from|until|till|through|thru|starting|beginning|began|started|as of|admitted|discharged|seen|due|"
    r"scheduled(?: for)?|effective|expires?|exp|done|performed|drawn|collected|received|labs?(?: from| of)?|"
    r"last|next|before|after|dos|doa|dod|dob|lmp|edc|edd|d/c(?:['’]?d)?|adm|admit|surgery|placed|signed|ct|cxr|mri|echo|cath|dictated|transcribed|typed|recorded|entered|documented|printed|faxed|mailed|sent|scanned|"
    r"scans?|ultrasound|sono|us|pet|dexa|biopsy|bx|egd|eeg|emg|pfts?|sleep study|stress test|injection|infusion|chemo|"
    r"filled|refilled|dispensed|ordered|called|notified|paged|review(?:ed)?|read|verified|updated|revised|renewed|cancelled|canceled|rescheduled|missed|booked|arriv(?:ed|es|ing)|left|moved|"
    r"(?:moved|transferred|discharged|admitted|sent|returned)[ \t]+(?:to|from)[ \t]+(?:the[ \t]+)?\p{L}+|"
    r"(?:night|morning|afternoon|evening|day|week|weekend|weeks) of|note|consult|eval(?:uation)?|molst|polst|dnr|consent(?:ed)?|authori[sz]ed|approved|denied|born|died|deceased|expired|delivered|married|retired)"
)
_NO_DATE_AFTER = regex.compile(
    r"\s*(?:(?:holo|pan|mid)?systolic|diastolic|murmur|sem\b|pain|strength|motor|power|weakness|reflex|pulses?|in severity|"
    r"out of|on (?:the |a )?(?:pain|scale|vas)|mm ?hg|cm|mg|days?|weeks?|of (?:the|pain)|ago|to \d+/10|intensity|%|/\d)",
    regex.IGNORECASE,
)

# what makes of two numbers and a stroke something else than a date, before and behind
_SCORED_BEFORE = regex.compile(
    r"(?:\b(?:bp|b/p|blood pressure|pressures?|map|pcwp|pcw|wedge|pap?|pasp|rvsp|rv|lv|ra|cvp|(?:bi|c)-?pap|ipap|epap|peep|vent|settings?|apgars?|gcs|e\d?v\d?m\d?|"
    r"mmse|mini[- ]mental|moca|slums|phq-?\d?|gad-?\d?|audit|cage|nihss|scores?d?|scoring|grade[ds]?|rated?|rating|scale|vas|nrs|pain|severity|intensity|strength|power|motor|muscle|reflex(?:es)?|dtrs?|"
    r"pulses?|murmur|sem|nodes?|ln|lns|cores?|biopsies|vision|visual|acuity|va|snellen|od|os|ou|sc|cc|ph|sph|cyl|fi?o2|i:?e|ratios?|match(?:ed)?|hla|alleles?|loci|criteria|items?|points?|activity|chronicity|index|"
    r"sessions?|visits?|pages?|pp?|parts?|bottles?|sets?|tubes?|samples?|cases?|patients|of|about|roughly|approximately|nearly|gleason|stage|level|[a-z]*meter|ratio|mmhg|kpa|fev1?|fvc|cmh2o|mg|mcg|ml|units?|"
    r"insulin|mix|humulin|novolin|novolog|humalog|bite|fractions?|cycles? \d+|hrs?|hours|wks?|weeks|days|dose|tabs?|tablets?|codon|exon|type|types|goldmann|ishihara|hertel|mdq|borg|tinetti|katz|lawton|berg|tug|morse|braden|ecog|sofa|hads|edss|audit-c|dast|ces-d|epds|gds|sppb|am-pac|fim|barthel|ess|isi|ipss|bdi|ymrs|madrs|ham-?d|rass|norton|wells|day|hpv|cd\d*|il|p|t|l|c|s|th?)|[%<>=~±≥≤×^#])"
    r"[ \t]*(?:was|is|were|of|at|to|and|now|a|the|[:=(,/-])*[ \t:]*$",
    regex.IGNORECASE,
)
_COUNTED_AFTER = regex.compile(
    r"[ \t]*(?:(?:-|to)[ \t]*\d{1,2}[ \t]*/[ \t]*10\b|\(?[ \t]*\d{1,3}[ \t]?%|(?:lymph|nodes?|cores?|patients|cases|points?|items|questions|match(?:es|ed)?|alleles|loci|levels?|fractions?|sessions|visits|doses|cycles|"
    r"bottles|sets|samples|specimens|fields|segments|teeth|joints|hours?|hrs?|h|months?|mos?|years?|yrs?|weeks|wks|pm|dilution|inches|inch|in|th|of|on|with[ ](?:max|pinhole)|o[dsu]|cmh2o|cm[ ]?h2o|kpa|nebs?|ppd|packs?|films?|strips?|bid|tid|qid|trials|"
    r"tabs?|tablets?|pills?|caps?|strength|power|positive[ ]for|left|right|lower|upper|ns|scale|apgars?|split|mix|insulin|units?|ratio|reps?|sup|inf|vision|both|beats?|rhythm)\b)",
    regex.IGNORECASE,
)
# murmurs, strength, criteria; "3/7" is three days in Britain
_GRADED_AFTER = regex.compile(r"\s*(?:bilateral|throughout|symmetric)", regex.IGNORECASE)
_LAST_MONTH, _LAST_DAY = 12, 31
_NO_DAY_FIRST = frozenset({(20, 10), (24, 7)})  # sight, and always
_SMALL_WHOLES = frozenset(range(2, 8))
# points of a pain, a test of feeling or a newborn; months in Britain
_RATED_WHOLES = frozenset({8, 10, 12})
_IN_SENTENCE = r"(?:(?!\.[ ])[^\n])"
_SCALE = r"(?:severity|intens\w+|rat(?:e[sd]?|ing)|scale|scores?|vas|nrs|worst|best|average|baseline)"
_SCALED_BEFORE = regex.compile(rf"\b{_SCALE}\b{_IN_SENTENCE}{{0,60}}$", regex.IGNORECASE)
_VISIT_BEFORE = regex.compile(r"(?<!(?:next|last)[ ])visit[ \t]*$", regex.IGNORECASE)  # "visit 7/12" counts
_PAIN_BEFORE = regex.compile(
    rf"\bpains?\b{_IN_SENTENCE}{{0,40}}\b(?:from|to|through|and|until)[ \t]*(?:\d{{1,2}}/10 to )?$", regex.IGNORECASE
)
_RATED_BEFORE = regex.compile(
    rf"\b(?:{_SCALE}|pains?|pn|aches?|head ?aches?|hurts?|sore|levels?|feels?|felt|touch|pinprick|proprioception|sensation|vibration|monofilament|aldrete|apgars?|"
    r"fatigue|anxiety|mood|stress|distress|depress\w+|nausea|itch\w*|discomfort|cramp\w*|dyspnea|spasms?|tightness|burning|throbbing|pressure|bpp|icans|timi|strength|recall|attention|orientation|"
    rf"(?:de|in)creas\w+|reduc\w+|improv\w+|tender|swollen|joints)\b{_IN_SENTENCE}{{0,80}}$|\b(?:ice|er|pr|days?|visits?|sessions?|weeks?|for|past|last|over|at rest|worse|better)\b[^\n]{{0,8}}$",
    regex.IGNORECASE,
)
_RATED_AFTER = regex.compile(
    r"[^\n]{0,12}?(?:\b(?:pains?|severity|intensity|at (?:rest|worst|best)|rest\b|worse|better|with (?:movement|activity|reaching)|scale|ago|hx|history)\b)",
    regex.IGNORECASE,
)


_SIGNS = "M\\.?D\\.?|D\\.?O\\.?|R\\.?N\\.?|LPN|LVN|NP|FNP|ARNP|APRN|CRNP|CNP|DNP|PA-C|PharmD|R\\.?Ph\\.?|DPM|DDS|DMD|Ph\\.?D\\.?|Psy\\.?D\\.?|CRNA|CNM|CNA|LCSW|LICSW|LMFT|RRT|DPT|MSW|RDN?"

_PAIR = regex.compile(r"(?<![\w./])(\d{1,2})/(\d{1,2})(?![\w/%]|\.\d)")


def _pattern(name: str, expression: str, **more: Any) -> CuedPattern:
    return CuedPattern(name=name, entity_type=EntityType.DATE_TIME, expression=expression, **more)


def _numbers(text: str, span: Span) -> tuple[int, int]:
    """The month and the day; the day is first where the other is no day first: "28/10"."""
    first, second = _pair(text, span)
    return (second, first) if _is_day_first(first, second) else (first, second)


def _pair(text: str, span: Span) -> tuple[int, int]:
    first, second = (int(part) for part in regex.findall(r"\d+", text[slice(*span)])[:2])
    return first, second


def _is_day_first(first: int, second: int) -> bool:
    return _LAST_MONTH < first <= _LAST_DAY and second <= _LAST_MONTH and (first, second) not in _NO_DAY_FIRST


def _month_and_day(text: str, span: Span) -> Span | None:
    month, day = _numbers(text, span)
    if not (1 <= month <= 12 and 1 <= day <= 31) or _NO_DATE_AFTER.match(text, span[1]):
        return None
    return None if day in _SMALL_WHOLES and _GRADED_AFTER.match(text, span[1]) else span


def _bare_month_and_day(text: str, span: Span) -> Span | None:
    """ "cleared 11/28", "5/3: afebrile", "tumor board 10/12"; a bare "16/8" is two pressures."""
    month, day = _pair(text, span)
    if not (1 <= month <= 12 and 1 <= day <= 31) or month == day or (month < day and day in _SMALL_WHOLES):
        return None
    before = text[max(0, span[0] - 90) : span[0]]
    if _SCORED_BEFORE.search(before[-30:]) or _COUNTED_AFTER.match(text, span[1]) or _is_one_of_many(text, span, day):
        return None
    is_rated = month < day and day in _RATED_WHOLES
    if is_rated and (_RATED_BEFORE.search(before) or _RATED_AFTER.match(text, span[1])):
        return None
    return _month_and_day(text, span)


def _cued_month_and_day(text: str, span: Span) -> Span | None:
    """ "since 8/10"; a scale goes "from 8/10 to 2/10" too."""
    month, day = _numbers(text, span)
    before = text[max(0, span[0] - 70) : span[0]]
    if (
        month < day
        and day in _RATED_WHOLES
        and any(expression.search(before) for expression in (_SCALED_BEFORE, _VISIT_BEFORE, _PAIN_BEFORE))
    ):
        return None
    return _month_and_day(text, span)


def _study_day(text: str, span: Span) -> Span | None:
    month, day = _numbers(text, span)
    return None if month == day else _part_or_day(text, span)


def _part_of_day(text: str, span: Span) -> Span | None:
    """Refuse what may be a score: "8/10 morning and night"."""
    month, day = _pair(text, span)
    return None if day in _RATED_WHOLES and month <= day else _month_and_day(text, span)


def _is_one_of_many(text: str, span: Span, whole: int) -> bool:
    """ "tender 0/28, swollen 2/28": two parts of one whole."""
    beside = _PAIR.finditer(text, max(0, span[0] - 20), min(len(text), span[1] + 20))
    return any(match.span() != span and int(match[2]) == whole for match in beside)


def _part_or_day(text: str, span: Span) -> Span | None:
    """ "completed 3/5", "given 8/12 by ENT": after a participle a date, but "decreased 4/5" grades something."""
    month, day = _numbers(text, span)
    if month == day and day in _SMALL_WHOLES and text[span[1] : span[1] + 5].upper() != " NGTD":  # "cultures 2/2"
        return None
    if _COUNTED_AFTER.match(text, span[1]) and not regex.match(r"[ \t]*(?:at|by)\b", text[span[1] : span[1] + 6]):
        return None
    return _cued_month_and_day(text, span)


def _paired_dates(text: str, span: Span) -> Span | None:
    """ "8/29 and 9/9", "(4/11, 4/27)": of two, one is no part of a whole."""
    month, day = _numbers(text, span)
    if not (1 <= month <= 12 and 1 <= day <= 31) or _COUNTED_AFTER.match(text, span[1]):
        return None
    pairs = [match.span() for match in _PAIR.finditer(text, max(0, span[0] - 16), min(len(text), span[1] + 16))]
    return span if any(_bare_month_and_day(text, pair) for pair in pairs) else None


def _month_and_short_year(text: str, span: Span) -> Span | None:
    """ "In 03/95"; "in 10/10 of them" counts."""
    month, year = text[slice(*span)].split("/")
    return None if month == year or _NO_DATE_AFTER.match(text, span[1]) else span


PATTERNS = (
    _pattern(
        "bare_month_day",  # also glued to words, as hurried notes have it: "seen3/9and"
        r"(?:(?<![\w./+'’^\[-])|(?<=[a-z]{3}))(?P<value>\d{1,2}/\d{1,2})(?![\d/%°_]|\.\d|-\d{3}|\p{L}(?!\p{L}{2}))",
        refine=_bare_month_and_day,
        score=0.6,
    ),
    _pattern(
        "bare_range",
        r"(?<![\w./+-])(?P<value>\d{1,2}/\d{1,2})[ ]?(?:[-–]>?|→)[ ]?(?P<value>\d{1,2}/\d{1,2})(?![\w/%]|\.\d)",
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
        "month_day_part",  # "peaked 3/4 night", "last taken 2/5 AM"
        r"(?<![\w./+-])(?P<value>\d{1,2}/\d{1,2})(?=[ ](?i:a\.?m|p\.?m|night|overnight|evening|morning|afternoon|noc)\b(?![ ](?i:pain|strength)))",
        refine=_part_of_day,
        score=0.6,
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
    _pattern(
        "cued_month_day",
        rf"\b(?i:{TAKES_DATE})[ \t:(]+(?:(?i:the|on|of|between|date|about|around|{WEEKDAY})[ \t:,(]+)?(?P<value>\d{{1,2}}/\d{{1,2}})"
        r"(?:[ \t]*(?:-|–|to|and|through|until|&|,)[ \t]*(?P<value>\d{1,2}/\d{1,2}))?(?![\d/%])",
        refine=_cued_month_and_day,
        score=0.7,
    ),
    _pattern(
        "study_month_day",  # "MRI brain 1/6 no change", but "culture positive 2/4"
        r"\b(?i:cta?|mr[ia]|cxr|kub|pet|eeg|e[kc]g|echo|tte|tee|egd|x-?ray|ultrasound|u/s|labs|biopsy|path|scan|swab|pcr|cbc|bmp|lp|cath|film)[ \t]+(?:(?!(?i:pos(?:itive)?|grew|in|of|showed|shows|with|to|the)\b)[\p{L}/-]+[ \t]+){1,2}\(?(?P<value>\d{1,2}/\d{1,2})(?![\w/%]|\.\d)",
        refine=_study_day,
        score=0.6,
    ),
    _pattern(
        "cued_hyphenated_month_day",
        r"\b(?i:on|since|until|dated|signed|seen|due|by|from|visit|admitted|discharged|mon|tues?|weds?|thurs?|fri|sat|sun)[ \t]+(?P<value>\d{1,2}-\d{1,2})(?=[ \t]*(?:[.,;)](?!\d)|\r?\n|$)|[ \t]+(?i:at|by|with|for)\b)",
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
        "month_and_short_year",
        r"\b(?i:in|since|until|from|of)[ \t]+(?P<value>(?:0[1-9]|1[0-2])/\d{2})(?![\d/%])",
        refine=_month_and_short_year,
        score=0.7,
    ),
    _pattern(
        "leading_month_day", r"^[ \t]*(?P<value>\d{1,2}/\d{1,2})(?=[ \t]*[:\-–][ \t])", refine=_month_and_day, score=0.7
    ),
)
