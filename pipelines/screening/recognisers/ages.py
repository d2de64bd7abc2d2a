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

_RELATIVE = (
    "wife|husband|spouse|partner|mother|father|mom|mum|dad|parents?|son|daughter|brother|sister|siblings?|twin|(?:great[- ]?)*(?:grand(?:mother|father|ma|pa|son|daughter|parent)|aunt|uncle|niece|nephew)|cousin|"
    "neighbou?r|friend|widower|widow|fianc[ée]e?|in-law|caregiver|roommate|patient|pt|client|resident|veteran|gentleman|lady|nun|priest"
)
_KIN = _RELATIVE.replace("|patient|pt|client|resident|veteran|gentleman|lady|nun|priest", "|mgm|mgf|pgm|pgf|gm|gf|sib")
_TITLE = (
    r"(?:Mr|Mrs|Ms|Miss|Dr|Sr|Sister|Fr|Father|Rev|Mother|Monsignor|Aunt|Uncle|Grandma|Grandpa|Deacon|Judge|Prof)\b\.?"
)
_NOT_A_QUANTITY = r"(?![./]?\d|[ \t]*(?:%|°|/|percent|per\b|mm|cm|mg|mcg|g\b|kg|lbs?|pounds|ml|cc|bpm|beats|degrees|days?|hours?|hrs?|minutes?|mins?|weeks?|months?|units?|steps|feet|ft|meters|met[re]+s|miles|calories|kcal|pack|times|on (?:room|RA)))"

_MEASURED = regex.compile(
    r"\b(?:sats?|spo2|o2|oxygen|temp|fever|weigh|pulse|hr|heart|rate|glucose|sugars?|pressure|bp|map|mmhg|creatinine|sodium|mcv|ldl|hdl|score|level|dose|systolic|diastolic|saturation|platelets?|ef|percent|%)",
    regex.IGNORECASE,
)


def _not_measured(text: str, span: Span) -> Span | None:
    """ "He is 94." is an age, unless the words before it speak of a measurement."""
    return None if _MEASURED.search(text, max(0, span[0] - 40), span[0]) else span


_HEAT = regex.compile(
    r"(?:\b(?:fever|febrile|temp(?:erature)?|t(?:m?ax)?|above|over|below|under|than)|[<>≥≤])(?:[ \t]+(?:of|to|up|is|was|above|over|than|greater))*[ \t:=]*$",
    regex.IGNORECASE,
)


def _not_heat(text: str, span: Span) -> Span | None:
    """ "92 F" is a woman, and "fever above 101 F" none."""
    return None if _HEAT.search(text, max(0, span[0] - 30), span[0]) else span


_UNCUED = frozenset(
    {"bare", "kin", "spelled", "apposition", "in_brackets", "first_person", "sentence", "towards"}
)  # no word says "age"


PATTERNS = tuple(
    CuedPattern(
        name=name,
        entity_type=EntityType.AGE_OVER_89,
        expression=expression,
        refine=_not_measured if name in _UNCUED else _not_heat if name == "year_old_sex" else None,
    )
    for name, expression in (
        ("years_old", rf"(?<![\d./-])(?P<value>{_DIGITS})\+?(?i:{_YEARS_OLD})"),
        (
            "year_old_sex",
            rf"(?<![\d./-])(?P<value>{_DIGITS})[ \t-]*(?i:years?|yrs?|yo|y)?[ \t-]*(?:(?i:male|female|man|woman|gentleman|lady)\b|[MF]\b(?!/))|(?<![\d./-])(?P<value>{_DIGITS})[ \t-]?(?i:yo|y/o|yr?)[mf]\b",
        ),
        (
            "sex_stroke",
            rf"(?<![\w./-])(?P<value>{_DIGITS})/[MFmf]\b(?!/)|(?<![\w./-])[MF]/(?P<value>{_DIGITS})(?![\w/%]|\.\d)",
        ),
        (
            "years",  # nothing in a note lasts ninety years but a life
            rf"(?<![\w./-])(?<!\b(?i:last|past|over|than|for|every|after|nearly|about|almost|the)[ \t])(?P<value>{_DIGITS})[ \t-]?(?i:years?|yrs?)\b(?![ \t-]+(?i:ago|of|later|history|survival|risk|after|before|in)\b)",
        ),
        (
            "kin",  # "an aunt at 104", "Father Art,96,", "great-aunt 99."
            rf"\b(?i:{_KIN})(?:[ \t]+\p{{Lu}}[\p{{L}}'’-]+){{0,2}}[ \t]*[,(:;-]?[ \t]*(?:(?i:is|was|now|age|aged|at|who|about|almost|nearly|over|died|dead|d\.?|alive|living|healthy|passed|lived|lives|till|until|to|of|his|her|the|still|well|and|today|deceased|turned|turning|turns|reached|made|it|saw|into|mid|late|early)[ \t,-]+){{0,4}}(?:(?P<value>{_DIGITS})|(?i:(?P<value>{_WORDS})))\b{_NOT_A_QUANTITY}(?:[ \t]*(?:,|&|and\b)+[ \t]*(?P<value>{_DIGITS})\b{_NOT_A_QUANTITY})?",
        ),
        (
            "opening",  # "At 93, she still drives.", "born in 1929, now 95."
            rf"\b(?:At|at)[ \t]+(?P<value>{_DIGITS}),?[ \t]+(?i:s?he|they)\b|\b(?i:born)\b[^.\n]{{0,25}}?\b(?i:now|is|age|aged)[ \t]+(?P<value>{_DIGITS})\b{_NOT_A_QUANTITY}|\b(?i:will be|turns|turning)[ \t]+(?P<value>{_DIGITS})(?=[ \t]+(?i:soon|next|this|in)\b)|(?<![\w/])[MF],[ \t]*(?P<value>{_DIGITS})(?=,)",
        ),
        (
            "spelled",  # "ninety-four": dictated figures of other things have their unit
            rf"(?<![\w-])(?<!\b(?i:hundred|and|point|over|at|by|to|of|minus|plus|nineteen|twenty|than)[ \t])(?i:(?P<value>ninety[- ](?:{_UNIT_WORD})))\b{_NOT_A_QUANTITY}(?![- \t]+(?i:over|point|to|one|two|three|four|five|six|seven|eight|nine|hundred|thousand|million|{_UNIT_WORD}|cent|milli\w+|micro\w+|fahrenheit|celsius|milligrams|day|hour|minute|percent)\b)",
        ),
        (
            "age",
            rf"\b(?i:aged?|age(?:[ \t]*/[ \t]*(?:sex|gender))?[ \t]*[:=]|age (?:is|of)|at the age of|turn(?:ed|s|ing)|birthday|(?:died|dead|deceased|passed(?: away)?|lived|expired)[ \t]+(?:at|to(?:[ \t]+be)?|until)(?:[ \t]+age)?)[ \t:=]*(?P<value>{_DIGITS})(?:\b|(?=y))(?![./%]\d|[ \t]*(?:%|mg|days?|minutes?|degrees))",
        ),
        (
            "bare",
            rf"\b(?:(?i:he|she|they|who|{_RELATIVE})(?:[ \t]+\p{{Lu}}[\p{{L}}'’-]+)?|{_TITLE}[ \t]+\p{{Lu}}[\p{{L}}'’-]+)(?:[ \t]+(?i:is|was)|['’]s)[ \t]+(?:(?i:now|currently|already|only|about|almost|nearly|over|past)[ \t]+)?(?:(?P<value>{_DIGITS})|(?i:(?P<value>{_WORDS})))(?=[ \t]*(?:[.,;)](?!\d)|\r?\n|$)|[ \t]+(?i:and|but|years?|now|with|who|this|next)\b)",
        ),
        (
            "apposition",
            rf"\b(?:(?i:{_RELATIVE})|{_TITLE}[ \t]+\p{{Lu}}[\p{{L}}'’-]+|\p{{Lu}}[\p{{Ll}}'’-]+)[ \t]*,[ \t]*(?:(?i:now|aged?|almost|nearly)[ \t]+)?(?:(?P<value>{_DIGITS})|(?i:(?P<value>{_WORDS})))(?:,(?=[ \t]+(?:\p{{Ll}}+\b|I\b|[\"“]))|(?=[ \t]*[;.)](?!\d)))",
        ),
        (
            "in_brackets",
            rf"\b(?:(?:(?i:{_RELATIVE})|{_TITLE})(?:[ \t]+\p{{Lu}}[\p{{L}}'’.-]*){{0,3}}[ \t]*,?[ \t]*\([ \t]*(?:(?i:age|now)[ \t]+)?(?P<value>{_DIGITS})|\p{{L}}+[ \t]*\([ \t]*(?i:(?P<value>{_WORDS})))(?=[ \t]*[,;)])",
        ),
        (
            "first_person",
            rf"\b(?:(?:I|(?i:he|she|patient|pt))(?:['’](?:m|ll be)|[ \t]+(?i:am|will be|would be|will turn|would have been|is going to be|is about to be))|(?i:mom|mother|dad|father|wife|husband)[ \t]+(?i:will be))[ \t]+(?:(?i:now|already|only|soon|almost|nearly|about|over)[ \t]+)?(?:(?P<value>{_DIGITS})|(?i:(?P<value>{_WORDS})))\b{_NOT_A_QUANTITY}",
        ),
        (
            "towards",
            rf"\b(?i:going on|pushing|approaching|nearing|turning|(?:live|lives|living|make it|survived?|reach(?:ed|es|ing)?)[ \t]+(?:to(?:[ \t]+(?:be|see))?|past|beyond|until|the age of)|at (?:the )?age|(?:is|was|now|almost|nearly) (?:nearly|almost|past|over|about to turn))[ \t]+(?:(?P<value>{_DIGITS})|(?i:(?P<value>{_WORDS})))\b{_NOT_A_QUANTITY}",
        ),
        (
            "sentence",
            rf"(?<=[.!?)][ \t])(?P<value>{_DIGITS})\.(?=[ \t]+(?:He|She|Her|His|They|Lives|Widow(?:ed|er)?|Retired|Resident|Still|Walks|Frail|Lost|Has|Comes|Here)\b)",
        ),
        (
            "nth_birthday",
            r"\b(?P<value>(?:9\d|1[0-3]\d)(?:st|nd|rd|th)|(?i:ninet(?:ieth|y[- ]\w+th|y[- ](?:first|second|third))|(?:one[- ])?hundredth))[ \t]+birthday",
        ),
        (
            "died",
            rf"\b(?:(?i:d\.?|dec\.?|deceased|died|passed(?: away)?|expired|dead|lived|alive|living|healthy|a&w|well|still (?:alive|living|healthy))(?:[ \t]+(?i:of|from|w/|with))?(?:[ \t]+[\w/'’-]+){{0,4}}?[ \t,]+(?:(?i:at|@|age|aged|in (?:his|her) sleep)[ \t]+)+|(?:(?i:{_RELATIVE}|[mp]g[mf]|[mp]gm|[mp]gf|gm|gf|maternal g[mf]|paternal g[mf]|fa|mo|sib)[ \t:]+(?:\(?(?i:d|dec|deceased|died|alive|living|a&w|l&w)\.?\)?[ \t,]+)))(?:(?i:at|age|aged)[ \t]+)?(?:(?P<value>{_DIGITS})\b|(?i:(?P<value>{_WORDS}))\b){_NOT_A_QUANTITY}",
        ),
        (
            "family_history",
            rf"\b(?:(?i:[mp]g[mf]|[mp]gm|[mp]gf|maternal (?:gm|gf)|paternal (?:gm|gf))|(?i:{_RELATIVE}))[ \t]*[:,-]?[ \t]*\(?(?P<value>{_DIGITS})(?=\)|[ \t]*(?:[,;]|(?i:a&w|alive|living|healthy|well|w/|with)\b))(?![ \t]*,[ \t]*\d)",
        ),
        (
            "age_field",
            rf"(?<![\p{{L}}-])(?i:ages?|aged)[ \t]*[:=-]?[ \t]*(?:(?i:about|approx(?:imately)?\.?|over|almost|nearly|of)[ \t]+)?(?i:(?P<value>{_WORDS}))\b",
        ),
        ("words", rf"\b(?i:(?P<value>{_WORDS})[ \t-]*(?:(?:years?|yrs?)[ \t-]*(?:old|of age)\b|y\.?/?o\b))"),
        (
            "age_words",
            rf"\b(?i:aged?|age of|turn(?:ed|s|ing)|(?:died|dead|deceased|passed(?: away)?|expired)(?: at)?|lived to(?: be)?|survived to|(?:he|she|patient) is)[ \t]+(?i:(?P<value>{_WORDS}))\b",
        ),
        (
            "decade",
            r"\b(?:(?i:his|her|their|my)[ \t]+|(?i:woman|man|lady|gentleman|(?:fe)?male|patient|widow|widower)[ \t]+in[ \t]+(?i:the[ \t]+)?)(?P<value>(?:(?i:early|mid|late|upper|high|low)[- \t]+)?(?:(?i:nineties|hundreds)|['’]?(?:90|100)['’]?s))\b|\b(?P<value>(?i:tenth|eleventh) decade) of life\b",
        ),
        ("class", r"\b(?P<value>(?i:nonagenarian|(?:semi-?|super-?)?centenarian)s?)\b"),
    )
)


class AgeRecogniser(CuedRecogniser):
    """Ages over 89.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__(PATTERNS, timeout_s)
