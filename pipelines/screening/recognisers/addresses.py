# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Places smaller than a state: streets, boxes, cities with their state, postal codes, counties, homes that are told of."""

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_family_name, is_listed_word, is_ordinary
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser
from pipelines.screening.recognisers.person import is_clinical
from pipelines.screening.spans import Span
from pipelines.screening.towns import is_only_town, is_town

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
# names of streets that are also words of anatomy and of notes: "6 Harbour View", but "2 Oblique View" is an image
_STREET_WORD = "View|Hill|Ridge|Hollow|Point|Crossing|Xing|Landing|Commons|Bend|Cove|Green|Walk|Wharf|Quay|Yard|Estates?|Heights|Hts|Vista|Causeway|Bypass|Freeway|Glen|Gate|Croft|Rise|Spur|Vale|Meadows?|Circus|Towers?|Apartments|House|Mall|Common|Bank|Park|Isle|Shore|Fields?"
_LANDMARK = "Bridge|Reservation|Airport|Trailer Park|Mobile Home Park|Ranch|Campground|Marina|Subdivision|Rancheria|Pueblo|Reservoir|Beach|Housing(?: Projects?)?|Apartments|Towers|Barracks|Truck Stop|Rest Area|Ferry|Tunnel|Lighthouse|Fairgrounds|Speedway|National Park|State Park|Mountain Lodge"
_NUMBER = "One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten|Eleven|Twelve"
_CAP = r"(?:(?:St|Mt|Ft)\.|\p{Lu}(?:[\p{L}\p{M}'’-]|\.(?=\p{L}))*)"
_CITY = rf"{_CAP}(?:[ \t]+{_CAP}){{0,3}}"
_ZIP = r"\d{5}(?:-\d{4})?"
_UNIT = r"(?:[ \t]*,?[ \t]*(?i:apt|apartment|unit|suite|ste|room|rm|floor|fl|#)\.?[ \t]*#?[\w-]{1,6})?"
_TAIL = rf"(?:[ \t]*,?[ \t\r\n]{{1,3}}{_CITY}[ \t]*,?[ \t]*(?:\b(?:{_CODES})\b(?:[ \t]+{_ZIP})?|{_ZIP}(?!\d)))?"


def _below_state(text: str, span: Span) -> Span | None:
    """Refuse states, countries and their peoples."""
    return None if text[span[0] : span[1]].lower().strip(" .") in words("places") else span


def _lower_case_place(text: str, span: Span) -> Span | None:
    """ "lives in springfield", "moved from ann arbor": a listed town, or a word that notes have no other use for."""
    tokens = text[slice(*span)].split()
    for num_tokens in range(len(tokens), 0, -1):
        name = " ".join(tokens[:num_tokens])
        if name in words("places"):
            return None
        if is_only_town(name) and (num_tokens > 1 or not is_ordinary(name)):
            return span[0], span[0] + len(name)
    word = tokens[0]
    own = len(word) > 3 and (is_family_name(word) or not is_listed_word(word))
    return (span[0], span[0] + len(word)) if own and word not in words("not_names") else None


def _listed_town(text: str, span: Span) -> Span | None:
    """ "in Tacoma", "near South Bend": a town of the list that is no other word; as many words as it has."""
    tokens = text[slice(*span)].split()
    for num_tokens in range(len(tokens), 0, -1):
        name = " ".join(tokens[:num_tokens])
        if is_only_town(name) and not name.isupper():
            return span[0], span[0] + len(name)
    return None


def _no_term(text: str, span: Span) -> Span | None:
    """Refuse what has a clinical word in it: "Nasal Bridge", "2 Lateral View", "in Lower Extremity"."""
    tokens = [token for token in text[slice(*span)].split() if token[:1].isupper()]
    terms = words("facility_words") | words("eponyms")
    own = [t for t in tokens[:-1] or tokens if not is_clinical(t) and t.lower().strip(".,'’") not in terms]
    return _below_state(text, span) if own else None


def _native(text: str, span: Span) -> Span | None:
    """ "Milwaukee native"; "Surgery resident" and "Chest area" are none."""
    tokens = text[slice(*span)].split()
    if len(tokens) == 1 and is_town(tokens[0]) and tokens[0].lower() not in words("not_names"):
        return _below_state(text, span)
    return _listed_town(text, span) if any(is_clinical(token) for token in tokens) else _no_term(text, span)


def _not_anatomy(text: str, span: Span) -> Span | None:
    """ "corner of elm and 3rd"; "corner of mouth and nose" is on a face."""
    first = text[slice(*span)].split()[0]
    return None if is_ordinary(first) or first in words("not_names") else span


def _directional(text: str, span: Span) -> Span | None:
    """ "in Lower Pellham"; "in Upper Abdomen" is no place."""
    last = text[slice(*span)].split()[-1]
    return None if is_clinical(last) or last.lower() in words("eponyms") else _below_state(text, span)


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
            rf"(?<![\w.,/-])(?P<value>(?:(?i:apt|apartment|unit|suite|ste)\.?[ ]?\#?[\w-]{{1,5}},[ ]+)?(?:\d{{1,6}}(?:-?[A-Za-z]\b|½|[ ]1/2|-\d{{1,4}})?|(?:{_NUMBER})\b)(?:[ \t]+(?i:[NSEW]|NE|NW|SE|SW|North|South|East|West)\b\.?)?[ \t]+(?:{_CAP}[ \t]+|\d{{1,3}}(?:st|nd|rd|th)[ \t]+){{1,4}}(?:{_STREET})\b\.?(?:[ \t]+(?:[NSEW]|NE|NW|SE|SW)\b)?{_UNIT}{_TAIL})",
            0.95,
            None,
        ),
        (
            "street_word",
            rf"(?<![\w.,/-])(?P<value>(?:\d{{1,5}}(?:-?[A-Za-z])?|(?:{_NUMBER}))[ \t]+(?:{_CAP}[ \t]+){{1,3}}(?:{_STREET_WORD})\b{_UNIT}{_TAIL})",
            0.7,
            _no_term,
        ),
        (
            "unit_first",
            rf"\b(?P<value>(?i:apt|apartment|flat|trailer|cottage|room|unit|suite|space|lot|condo)\.?[ \t]*\#?[\w-]{{1,5}},?[ \t]+(?:(?:at|in|of)[ \t]+)?(?:the[ \t]+)?{_CAP}(?:[ \t]+{_CAP}){{0,2}}[ \t]+(?:{_STREET}|{_STREET_WORD}|Building|Court|Manor|Arms|Village|Square))\b",
            0.8,
            _no_term,
        ),
        (
            "block",
            rf"\b(?P<value>\d{{1,5}}(?:st|nd|rd|th)?(?:[ \t]+|-)(?i:blo?c?k)[ \t]+(?:of[ \t]+)?(?:[NSEW]\.?[ \t]+)?(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th))(?:[ \t]+{_CAP}){{0,2}}(?:[ \t]+(?:{_STREET})\b)?)",
            0.9,
            None,
        ),
        (
            "corner",
            rf"\b(?i:corner of|intersection of|junction of|crossing of)[ \t]+(?P<value>(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th))(?:[ \t]+{_CAP}){{0,2}}[ \t]*(?:and|&|/)[ \t]*(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th))(?:[ \t]+(?:{_STREET})\b)?)",
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
            rf"\b(?i:at|on|near|by)[ \t]+(?P<value>\d{{1,3}}(?:st|nd|rd|th)[ \t]*(?:and|&)[ \t]*{_CAP}(?:[ \t]+(?:{_STREET})\b)?|{_CAP}[ \t]*(?:and|&)[ \t]*\d{{1,3}}(?:st|nd|rd|th)(?![ \t]+\p{{Ll}}))",
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
            rf"(?<![\w-])(?P<value>{_CAP}(?:[ \t]+{_CAP}){{0,2}}[ \t]+(?:{_LANDMARK}))\b",
            0.7,
            _no_term,
        ),
        (
            "fort",
            r"\b(?P<value>(?:Fort|Ft\.|Camp|Lake|Joint Base|Naval Station|Mount|Mt\.|Isle of)[ \t]+\p{Lu}[\p{Ll}\p{M}'’-]+(?:[ \t]+\p{Lu}[\p{Ll}\p{M}'’-]+)?)",
            0.6,
            _directional,
        ),
        (
            "numbered_place",
            rf"\b(?P<value>(?:{_NUMBER})[ \t]+(?:{_CAP}[ \t]+){{1,3}}(?:Plaza|Place|Square|Court|Tower|Center|Centre|Park|Way|Drive|Street|Circle)\b{_UNIT})",
            0.8,
            _no_term,
        ),
        (
            "city_zip",
            rf"(?:,|\b(?i:in|from|of|at))[ \t]+(?P<value>{_CITY}[ \t,]+{_ZIP})(?![\d.,/%-]\d|\d|[ \t]*(?:/|%|cells|units|copies))",
            0.7,
            _no_term,
        ),
        (
            "directional",
            r"(?:\b(?:in|at|from|near|to|of|around|outside)|,)[ \t]+(?P<value>(?:Upper|Lower|East|West|North|South|Greater|Downtown|Little|Great|Old|New|Port|Saint|San|Santa|Los|Las|El|Glen)[ \t]+\p{Lu}[\p{Ll}\p{M}'’-]+(?:[ \t]+\p{Lu}[\p{Ll}\p{M}'’-]+)?)(?![\w-])",
            0.6,
            _directional,
        ),
        (
            "listed_town",
            r"\b(?:in|from|near|outside|around|to|at|of|via|through|leaving|visited|left|reached)[ \t]+(?:(?:downtown|nearby|rural|suburban|central|north|south|east|west)[ \t]+)?(?P<value>\p{Lu}[\p{L}\p{M}'’.-]*\p{Ll}(?:[ \t]+\p{Lu}[\p{Ll}\p{M}'’-]+){0,2})(?![\w'’-])(?![ \t]+(?i:criteria|classification|score|scale|stage|staging|type|virus|fever|disease|syndrome|grading|system|protocol|consensus|guidelines?|rules?|trial|study)\b)",
            0.6,
            _listed_town,
        ),
        (
            "native",
            r"(?<![\w-])(?P<value>\p{Lu}[\p{L}\p{M}'’.-]*\p{Ll}(?:[ \t]+\p{Lu}[\p{Ll}\p{M}'’-]+)?)(?:[ \t]+native\b|[ \t]+(?:area|suburbs?|resident)\b|-(?:born|based|area|raised)\b)",
            0.6,
            _native,
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
            r"\b(?i:lives? in|living in|resides? in|residing in|resident of|moved (?:here )?(?:from|to)|born in|raised in|grew up in|native of|originally from|hometown(?: is| of)?|relocated (?:from|to)|moving (?:back )?(?:from|to)|move to|moves to|relocating (?:from|to)|stationed (?:at|in)|deployed to|commutes (?:from|to)|(?:drove|drives?|driving|flew|flies|flying|came|comes|coming|bus|rode|traveled|travelled|up|down|over|in) (?:in |up |down |over )?from|(?:mailed|shipped|forwarded) to|"
            r"(?:family|daughter|son|sister|brother|mother|father|parents|aunt|uncle|cousin|house|home|apartment|cabin|condo|farm|business|shop|job) in|based in|vacation home in|summers in|winters in|grew up (?:near|outside|on the)|lives (?:near|outside|by|at|off)|stays? in|staying in|"
            r"travell?ed (?:from|to)|trip to|visiting|vacation(?:ed|ing)? in|city of|town of|village of|in downtown|suburb of|immigrated from|emigrated from)[ \t]+(?:(?i:the|downtown|nearby|city of|town of|near)[ \t]+)?(?P<value>(?:(?:St|Mt|Ft)\.[ \t]+)?\p{Lu}[\p{Ll}\p{M}'’-]+(?:[ \t]+\p{Lu}[\p{Ll}\p{M}'’-]+){0,2})",
            0.8,
            _place_name,
        ),
        (
            "home_lower_case",
            r"\b(?i:lives? in|living in|resides? in|residing in|born in|raised in|grew up in|native of|resident of|originally from|hometown (?:is|of)|moved (?:here )?(?:from|to)|moving to|relocat(?:ed|ing) to|travel+ed (?:to|from)|visiting|trip to|drove in from|drives in from|flew (?:in )?from|(?:family|daughter|son|sister|brother|mother|father|parents|house|home) in)[ \t]+(?P<value>\p{Ll}[\p{Ll}\p{M}'’-]{2,}(?:[ \t]+\p{Ll}[\p{Ll}\p{M}'’-]+){0,2})\b",
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
