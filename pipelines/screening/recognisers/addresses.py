# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Streets, corners, roads, boxes and postal codes; with the towns of `places` all that is smaller than a state."""

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_ordinary
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser
from pipelines.screening.recognisers.person import is_clinical
from pipelines.screening.recognisers.places import CAP, CITY, CODES, STATE, ZIP, no_term
from pipelines.screening.recognisers.places import PATTERNS as PLACE_PATTERNS
from pipelines.screening.recognisers.vocabulary import is_proper
from pipelines.screening.spans import Span
from pipelines.screening.towns import towns

_STREET = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Court|Ct|Circle|Cir|Place|Pl|Terrace|Ter|Way|Parkway|Pkwy|Highway|Hwy|"
    "Square|Sq|Trail|Trl|Turnpike|Pike|Alley|Loop|Crescent|Close|Row|Run|Path|Expressway|Plaza|Mews|Grove|Gardens|Broadway"
)
# names of streets that are also words of anatomy and of notes: "6 Harbour View", but "2 Oblique View" is an image
_STREET_WORD = "View|Hill|Ridge|Hollow|Point|Crossing|Xing|Landing|Commons|Bend|Cove|Green|Walk|Wharf|Quay|Yard|Estates?|Heights|Hts|Vista|Causeway|Bypass|Freeway|Glen|Gate|Croft|Rise|Spur|Vale|Meadows?|Circus|Towers?|Apartments|House|Mall|Common|Bank|Park|Isle|Shore|Fields?"
_LANDMARK = "Bridge|Reservation|Airport|Trailer Park|Mobile Home Park|Ranch|Campground|Marina|Subdivision|Rancheria|Pueblo|Reservoir|Beach|Housing(?: Projects?)?|Apartments|Towers|Barracks|Truck Stop|Rest Area|Ferry|Tunnel|Lighthouse|Fairgrounds|Speedway|National Park|State Park|Mountain Lodge"
_NUMBER = "One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten|Eleven|Twelve"
_UNIT = r"(?:[ \t]*,?[ \t]*(?i:apt|apartment|unit|suite|ste|room|rm|floor|fl|space|spc|lot|trailer|trlr|tr|bldg|building|slip|flat|#)\.?[ \t]*#?[\w-]{1,6}|[ \t]*,[ \t]*\d{1,2}(?:st|nd|rd|th)[ ](?i:fl(?:oor)?)\b)?"
_TAIL = rf"(?:[ \t]*,?[ \t\r\n]{{1,3}}{CITY}[ \t]*,?[ \t]*(?:\b(?:{CODES})\b(?:[ \t]+{ZIP})?|\b(?:{STATE}|{STATE.upper()})\b(?:[ \t]+{ZIP})?|{ZIP}(?!\d)))?"


def _directed_street(text: str, span: Span) -> Span | None:
    """ "5601 N Kenmore", but not "250 W Output"."""
    name = regex.findall(r"\p{Lu}\p{Ll}+", text[slice(*span)])
    return span if name and not is_clinical(name[0]) and is_proper(name[0]) else None


def _not_anatomy(text: str, span: Span) -> Span | None:
    """ "corner of elm and 3rd"; "corner of mouth and nose" is on a face."""
    first = text[slice(*span)].split()[0]
    return None if is_ordinary(first) or first in words("not_names") else span


def _road(text: str, span: Span) -> Span | None:
    """Refuse isotopes: "I-131"."""
    return None if regex.match(r"I[- ]?1(?:2[345]|31)(?!\d)", text[slice(*span)]) else span


PATTERNS = tuple(
    CuedPattern(name=name, entity_type=EntityType.LOCATION, expression=expression, score=score, refine=refine)
    for name, expression, score, refine in (
        (
            "street",
            rf"(?<![\w.,/-])(?P<value>(?:(?i:apt|apartment|unit|suite|ste)\.?[ ]?\#?[\w-]{{1,5}},[ ]+)?(?:\d{{1,6}}(?:-?[A-Za-z]\b|½|[ ]1/2|-\d{{1,4}})?|(?:{_NUMBER})\b)(?:[ \t]+(?i:[NSEW]|NE|NW|SE|SW|North|South|East|West)\b\.?)?[ \t]+(?:{CAP}[ \t]+|\d{{1,3}}(?:st|nd|rd|th)[ \t]+){{1,4}}(?:{_STREET})\b\.?(?:[ \t]+(?:[NSEW]|NE|NW|SE|SW)\b)?{_UNIT}{_TAIL})(?:,[ \t]*(?P<value>{CITY})(?=[ \t]*[,.;\n]))?",
            0.95,
            None,
        ),
        (
            "street_word",
            rf"(?<![\w.,/-])(?P<value>(?:\d{{1,5}}(?:-?[A-Za-z])?|(?:{_NUMBER}))[ \t]+(?:{CAP}[ \t]+){{1,3}}(?:{_STREET_WORD})\b{_UNIT}{_TAIL})",
            0.7,
            no_term,
        ),
        (
            "directed_street",  # "5601 N Kenmore #1404"
            rf"(?<![\w.,/-])(?P<value>\d{{3,6}}[ \t]+(?:[NSEW]|NE|NW|SE|SW)\.?[ \t]+\p{{Lu}}\p{{Ll}}{{2,}}(?:[ \t]+\p{{Lu}}\p{{Ll}}+)?{_UNIT})(?![\w])",
            0.8,
            _directed_street,
        ),
        (
            "unit_and_street",  # "Apt 6, 1420 Wisteria"
            rf"\b(?P<value>(?i:apt|apartment|unit|suite|ste|lot|space|trailer|flat)\.?[ \t]*\#?[\w-]{{1,5}},[ \t]*\d{{1,6}}[ \t]+(?:{CAP}|\d{{1,3}}(?:st|nd|rd|th))(?:[ \t]+{CAP}){{0,2}})",
            0.8,
            None,
        ),
        (
            "county_road",
            r"(?<![\w-])(?P<value>(?i:county|state|farm|township|forest|ranch|reservation|parish|rural|private|indian)[ \t]+(?i:road|rd|route|rte|highway|hwy)[ \t]+\#?(?:\d{1,4}[A-Z]?|[A-Z]{1,2})(?:[ \t]?[NSEW])?)(?![\w-])",
            0.8,
            None,
        ),
        (
            "unit_first",
            rf"\b(?P<value>(?i:apt|apartment|flat|trailer|cottage|room|unit|suite|space|lot|condo)\.?[ \t]*\#?[\w-]{{1,5}},?[ \t]+(?:(?:at|in|of)[ \t]+)?(?:the[ \t]+)?{CAP}(?:[ \t]+{CAP}){{0,2}}[ \t]+(?:{_STREET}|{_STREET_WORD}|Building|Court|Manor|Arms|Village|Square))\b",
            0.8,
            no_term,
        ),
        (
            "block",
            rf"\b(?P<value>\d{{1,5}}(?:st|nd|rd|th)?(?:[ \t]+|-)(?i:blo?c?k)[ \t]+(?:of[ \t]+)?(?:[NSEW]\.?[ \t]+)?(?:{CAP}|\d{{1,3}}(?:st|nd|rd|th))(?:[ \t]+{CAP}){{0,2}}(?:[ \t]+(?:{_STREET})\b)?)",
            0.9,
            None,
        ),
        (
            "corner",
            rf"\b(?i:corner of|intersection of|junction of|crossing of)[ \t]+(?P<value>(?:{CAP}|\d{{1,3}}(?:st|nd|rd|th))(?:[ \t]+{CAP}){{0,2}}[ \t]*(?:and|&|/)[ \t]*(?:{CAP}|\d{{1,3}}(?:st|nd|rd|th))(?:[ \t]+(?:{_STREET})\b)?)",
            0.8,
            None,
        ),
        (
            "corner_lower_case",
            r"\b(?i:corner of|intersection of|junction of)[ \t]+(?P<value>(?:\p{Ll}{3,}|\d{1,3}(?:st|nd|rd|th))(?:[ \t]+(?:st|ave|rd|street))?[ \t]*(?:and|&|/)[ \t]*(?:\p{Ll}{3,}|\d{1,3}(?:st|nd|rd|th)))\b",
            0.7,
            _not_anatomy,
        ),
        (
            "numbered_corner",
            rf"\b(?i:at|on|near|by)[ \t]+(?P<value>\d{{1,3}}(?:st|nd|rd|th)[ \t]*(?:and|&)[ \t]*{CAP}(?:[ \t]+(?:{_STREET})\b)?|{CAP}[ \t]*(?:and|&)[ \t]*\d{{1,3}}(?:st|nd|rd|th)(?![ \t]+\p{{Ll}}))",
            0.7,
            None,
        ),
        (
            "rural_box",
            r"\b(?P<value>(?:R\.?R\.?|R\.?F\.?D\.?|H\.?C\.?R?|(?i:rural route|star route|highway contract|route|rte?))\.?[ \t]*\#?\d{1,4}[ \t]*,?[ \t]*(?i:box)[ \t]*\#?\d{1,6}[A-Za-z]?|PMB[ \t]*\#?\d{1,6})\b",
            0.95,
            None,
        ),
        (
            "landmark",
            rf"(?<![\w-])(?P<value>{CAP}(?:[ \t]+{CAP}){{0,2}}[ \t]+(?:{_LANDMARK}))\b",
            0.7,
            no_term,
        ),
        (
            "lives_on",
            rf"\b(?i:lives?|lived|living|resides?|residing)[ \t]+on[ \t]+(?P<value>{CAP}(?:[ \t]+{CAP})?)(?=[ \t]*(?:[.,;(]|\r?\n|$)|[ \t]+(?:and|near|by|in|with|just|off|across|behind)\b)",
            0.6,
            no_term,
        ),
        (
            "highway",
            r"\b(?!(?i:to|of)[ \t]+SR\b)(?i:on|off|along|at|near|via|from|to|of|mvc,?|mva,?|crash,?|nb|sb|eb|wb|northbound|southbound|eastbound|westbound)[ \t]+(?P<value>(?:I-|(?i:interstate|route|rte\.?|rt\.?|highway|hwy\.?|state route|county road|farm road|us[ -]|us route|us highway|fm|sr|cr|state road)[ -]?)\d{1,4}(?:[NSEWnsew]\b)?(?:[ ,]+(?:(?i:at|near|by)[ ]+)?(?i:mile ?(?:marker|post)|mm|mp|exit)[ ]?\#?\d{1,4}[A-Z]?)?)(?![\w.]\d|[ \t]*(?:mg|ml|%))\b",
            0.7,
            _road,
        ),
        (
            "mile_marker",
            r"\b(?P<value>(?:(?:I|US|SR)[- ]?\d{1,4}[ ,]+)?(?i:mile ?(?:marker|post)|exit|milepost)[ ]\#?\d{1,4}[A-Z]?)\b(?![ ]?(?i:mg|cm|mm|%|site|wound|interview))",
            0.6,
            None,
        ),
        (
            "numbered_place",
            rf"\b(?P<value>(?:{_NUMBER})[ \t]+(?:{CAP}[ \t]+){{1,3}}(?:Plaza|Place|Square|Court|Tower|Center|Centre|Park|Way|Drive|Street|Circle)\b{_UNIT})",
            0.8,
            no_term,
        ),
        (
            "street_name",
            rf"\b(?i:on|at|near|off|along|of|address:?)[ \t]+(?P<value>{CAP}(?:[ \t]+{CAP}){{0,2}}[ \t]+(?:Street|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Highway|Hwy|Parkway|Pkwy|Turnpike|Terrace|Drive|Court|Circle|Trail|St(?=\.?[ \t]*(?:[,;)\n]|$)))(?:,?[ \t]+(?i:suite|ste|apt|unit|floor)\.?[ ]\#?[\w-]{{1,6}})?)\b\.?",
            0.8,
            None,
        ),
        (
            "street_upper",
            rf"(?<![\w.,/-])(?P<value>(?!12[ \t]LEAD\b)\d{{1,6}}[ \t]+(?:[NSEW]\.?[ \t]+)?(?:(?:[A-Z][A-Z'.-]+|\d{{1,3}}(?:ST|ND|RD|TH))[ \t]+){{1,4}}(?:{_STREET.upper()})\b(?:[ \t]+(?:[NSEW]|NE|NW|SE|SW)\b)?{_UNIT})",
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
        (
            "bare_box",
            r"\b(?i:(?:mail(?:ed|ing)?|sen[dt]|forward(?:ed)?|ship(?:ped)?|deliver(?:ed)?|post(?:ed)?)[ \t]+to|address|lives at|c/o)[ \t:]+(?P<value>Box[ \t]*\#?\d{1,6})\b",
            0.8,
            None,
        ),
        (
            "zip_label",
            rf"\b(?i:zip(?:[ \t-]?code)?|postal code|postcode)[ \t]*(?i:is)?[ \t:#]*(?P<value>{ZIP}|[A-Z]{{1,2}}\d[A-Z\d]?[ \t]?\d[A-Z]{{2}})\b",
            0.95,
            None,
        ),
        ("zip_after_state", rf"\b(?:{CODES})[ \t,]+(?P<value>{ZIP})(?!\d)", 0.8, None),
        ("zip4", r"(?<![\w./-])(?P<value>\d{5}-\d{4})(?![\w/-])", 0.7, None),
        (
            "canadian_postcode",
            r"(?<![\w-])(?P<value>[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ -]\d[ABCEGHJ-NPRSTV-Z]\d)(?![\w-])",
            0.7,
            None,
        ),
        (
            "uk_postcode",
            r"(?<![\w-])(?P<value>(?:[A-Z]{2}\d{1,2}|[A-Z]\d{2}|[A-Z]{1,2}\d[A-Z])[ ]\d[A-Z]{2})(?!\w)",
            0.6,
            None,
        ),
    )
)


class AddressRecogniser(CuedRecogniser):
    """Geographic subdivisions smaller than a state.

    Args:
        timeout_s: time for one pattern on one note, in seconds.

    Raises:
        ScreeningError: the list of towns is missing; it is read here, so that a run fails at its start and not on a note.
    """

    def __init__(self, timeout_s: float):
        towns()
        super().__init__((*PATTERNS, *PLACE_PATTERNS), timeout_s)
