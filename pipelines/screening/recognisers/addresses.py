# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Places smaller than a state: streets, boxes, cities with their state, postal codes, counties, homes that are told of."""

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_family_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser
from pipelines.screening.spans import Span

_CODES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|"
    "SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR|VI|GU"
)
# postal codes of states that are also a credential or a common abbreviation of notes need a ZIP code after them
_PLAIN_CODES = "|".join(
    code
    for code in _CODES.split("|")
    if code
    not in ("MD", "PA", "DO", "MS", "OR", "IN", "CT", "ID", "ME", "MA", "LA", "CO", "DC", "PR", "VI", "AL", "AR")
)
_STREET = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Court|Ct|Circle|Cir|Place|Pl|Terrace|Ter|Way|Parkway|Pkwy|Highway|Hwy|"
    "Square|Sq|Trail|Trl|Turnpike|Pike|Alley|Loop|Crescent|Close|Row|Run|Path|Expressway|Plaza|Mews|Grove|Gardens|Broadway"
)
_CAP = r"(?:(?:St|Mt|Ft)\.|\p{Lu}(?:[\p{L}\p{M}'’-]|\.(?=\p{L}))*)"
_CITY = rf"{_CAP}(?:[ \t]+{_CAP}){{0,3}}"
_ZIP = r"\d{5}(?:-\d{4})?"
_UNIT = r"(?:[ \t]*,?[ \t]*(?i:apt|apartment|unit|suite|ste|room|rm|floor|fl|#)\.?[ \t]*#?[\w-]{1,6})?"
_TAIL = rf"(?:[ \t]*,?[ \t\r\n]{{1,3}}{_CITY}[ \t]*,?[ \t]*\b(?:{_CODES})\b(?:[ \t]+{_ZIP})?)?"


def _below_state(text: str, span: Span) -> Span | None:
    """Refuse states, countries and their peoples."""
    return None if text[span[0] : span[1]].lower().strip(" .") in words("places") else span


def _lower_case_place(text: str, span: Span) -> Span | None:
    """ "lives in springfield": most towns are a surname too, and no other word."""
    word = text[slice(*span)]
    return span if is_family_name(word) and word not in words("places") else None


def _place_name(text: str, span: Span) -> Span | None:
    """Refuse what is no place: words of services, and what is not below a state."""
    tokens = text[span[0] : span[1]].lower().split()
    known = words("not_names") | words("facility_words") | words("drugs")
    return None if all(token.strip(".,") in known for token in tokens) else _below_state(text, span)


PATTERNS = tuple(
    CuedPattern(name=name, entity_type=EntityType.LOCATION, expression=expression, score=score, refine=refine)
    for name, expression, score, refine in (
        (
            "street",
            rf"(?<![\w.,/-])(?P<value>(?:(?i:apt|apartment|unit|suite|ste)\.?[ ]?\#?[\w-]{{1,5}},[ ]+)?\d{{1,6}}(?:[A-Za-z½]|[ ]1/2)?(?:[ \t]+(?i:[NSEW]|NE|NW|SE|SW|North|South|East|West)\b\.?)?[ \t]+(?:{_CAP}[ \t]+|\d{{1,3}}(?:st|nd|rd|th)[ \t]+){{1,4}}(?:{_STREET})\b\.?(?:[ \t]+(?:[NSEW]|NE|NW|SE|SW)\b)?{_UNIT}{_TAIL})",
            0.95,
            None,
        ),
        (
            "street_name",
            rf"\b(?i:on|at|near|off|along|of|address:?)[ \t]+(?P<value>{_CAP}(?:[ \t]+{_CAP}){{0,2}}[ \t]+(?:Street|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Highway|Hwy|Parkway|Pkwy|Turnpike|Terrace|Drive|Court|Circle|Trail|St(?=\.?[ \t]*(?:[,;)\n]|$))))\b\.?",
            0.8,
            None,
        ),
        (
            "street_upper",
            rf"(?<![\w.,/-])(?P<value>\d{{1,6}}[ \t]+(?:[A-Z][A-Z'.-]+[ \t]+){{1,4}}(?:{_STREET.upper()})\b{_UNIT})",
            0.9,
            None,
        ),
        (
            "street_lower",
            rf"\b(?i:address|lives at|resides at|living at)[ \t:]+(?P<value>\d{{1,6}}[ \t]+[^\n,;]{{3,50}}{_UNIT}{_TAIL})",
            0.9,
            None,
        ),
        (
            "address_label",
            r"\b(?i:(?:home |mailing |street |current )?address)[ \t]*:[ \t]*(?P<value>\S[^\n|;]{3,100}?)(?=[ \t]*(?:\||;|\r?\n|$|[ \t](?i:phone|tel|mrn|dob|ssn|e-?mail)\b))",
            0.9,
            None,
        ),
        ("box", r"\b(?P<value>(?i:p\.?[ \t]?o\.?[ \t]*box|post office box)[ \t]*\#?\d{1,7})", 0.95, None),
        ("city_state_zip", rf"(?<![\w-])(?P<value>{_CITY}[ \t]*,?[ \t]+(?:{_CODES})[ \t]+{_ZIP})(?!\d)", 0.95, None),
        (
            "city_state",
            rf"(?<![\w-])(?P<value>\p{{Lu}}[\p{{Ll}}\p{{M}}'’.-]+(?:[ \t]+\p{{Lu}}[\p{{Ll}}\p{{M}}'’.-]+){{0,2}}),[ \t]*(?:{_PLAIN_CODES})\b(?!\.?[A-Z])",
            0.8,
            _place_name,
        ),
        (
            "city_state_after_cue",
            rf"\b(?:from|in|to|near|of)[ \t]+(?P<value>\p{{Lu}}[\p{{Ll}}\p{{M}}'’.-]+(?:[ \t]+\p{{Lu}}[\p{{Ll}}\p{{M}}'’.-]+){{0,2}}),[ \t]*(?:{_CODES})\b(?!\.?[A-Z])",
            0.8,
            _place_name,
        ),
        (
            "zip_label",
            rf"\b(?i:zip(?:[ \t-]?code)?|postal code|postcode)[ \t]*(?i:is)?[ \t:#]*(?P<value>{_ZIP}|[A-Z]{{1,2}}\d[A-Z\d]?[ \t]?\d[A-Z]{{2}})\b",
            0.95,
            None,
        ),
        ("zip_after_state", rf"\b(?:{_CODES})[ \t,]+(?P<value>{_ZIP})(?!\d)", 0.8, None),
        ("zip4", r"(?<![\w./-])(?P<value>\d{5}-\d{4})(?![\w/-])", 0.7, None),
        (
            "uk_postcode",
            r"(?<![\w-])(?P<value>(?:[A-Z]{2}\d{1,2}|[A-Z]\d{2}|[A-Z]{1,2}\d[A-Z])[ ]\d[A-Z]{2})(?!\w)",
            0.6,
            None,
        ),
        (
            "county",
            rf"\b(?P<value>{_CAP}(?:[ \t]+{_CAP})?[ \t]+(?:County|Township|Parish|Borough))\b",
            0.8,
            _place_name,
        ),
        (
            "home",
            r"\b(?i:lives? in|living in|resides? in|residing in|resident of|moved (?:here )?(?:from|to)|born in|raised in|grew up in|native of|originally from|hometown(?: is| of)?|relocated (?:from|to)|travell?ed (?:from|to)|trip to|visiting|vacation(?:ed|ing)? in|city of|town of|village of|in downtown|suburb of|immigrated from|emigrated from)[ \t]+(?:(?i:the|downtown|nearby|city of|town of|near)[ \t]+)?(?P<value>(?:(?:St|Mt|Ft)\.[ \t]+)?\p{Lu}[\p{Ll}\p{M}'’-]+(?:[ \t]+\p{Lu}[\p{Ll}\p{M}'’-]+){0,2})",
            0.8,
            _place_name,
        ),
        (
            "home_lower_case",
            r"\b(?i:lives? in|living in|resides? in|born in|raised in|grew up in|native of|originally from|moved (?:here )?from)[ \t]+(?P<value>\p{Ll}[\p{Ll}\p{M}'’-]{3,})\b",
            0.6,
            _lower_case_place,
        ),
    )
)


class AddressRecogniser(CuedRecogniser):
    """Geographic subdivisions smaller than a state.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__(PATTERNS, timeout_s)
