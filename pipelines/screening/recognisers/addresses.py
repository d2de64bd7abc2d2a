# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Places smaller than a state: streets, boxes, cities with their state, postal codes, counties, homes that are told of."""

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_family_name, is_listed_word, is_ordinary
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser
from pipelines.screening.recognisers.person import is_clinical
from pipelines.screening.spans import Span
from pipelines.screening.towns import is_only_town, is_town, towns

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
_STATE = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|"
    "Montana|Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)|North (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|South (?:Carolina|Dakota)|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming"
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
_UNIT = r"(?:[ \t]*,?[ \t]*(?i:apt|apartment|unit|suite|ste|room|rm|floor|fl|space|spc|lot|trailer|trlr|tr|bldg|building|slip|flat|#)\.?[ \t]*#?[\w-]{1,6})?"
_TAIL = rf"(?:[ \t]*,?[ \t\r\n]{{1,3}}{_CITY}[ \t]*,?[ \t]*(?:\b(?:{_CODES})\b(?:[ \t]+{_ZIP})?|\b(?:{_STATE}|{_STATE.upper()})\b(?:[ \t]+{_ZIP})?|{_ZIP}(?!\d)))?"


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
    if tokens[0].lower() in words("eponyms") and text[span[1] : span[1] + 1] == "-":  # "McKenzie-based exercises"
        return None
    if len(tokens) == 1 and is_town(tokens[0]) and tokens[0].lower() not in words("not_names"):
        return _below_state(text, span)
    return _listed_town(text, span) if any(is_clinical(token) for token in tokens) else _no_term(text, span)


def _not_anatomy(text: str, span: Span) -> Span | None:
    """ "corner of elm and 3rd"; "corner of mouth and nose" is on a face."""
    first = text[slice(*span)].split()[0]
    return None if is_ordinary(first) or first in words("not_names") else span


def _city_of_state(text: str, span: Span) -> Span | None:
    """ "Brattleboro, Vermont 05301": of the words before the state, those that are the city; the ZIP code is one too."""
    if text[span[0]].isdigit():
        return span
    tokens = text[slice(*span)].split()
    for first in range(len(tokens)):
        start = span[1] - len(" ".join(tokens[first:]))
        if is_town(" ".join(tokens[first:])):
            return _place_name(text, (start, span[1]))
    return None if is_clinical(tokens[-1]) or not regex.match(",", text[span[1] :]) else _place_name(text, span)


def _town_near_road(text: str, span: Span) -> Span | None:
    """ "near Salem", "Pueblo PD": any listed town, also one that is a word otherwise, but no state or country."""
    tokens = text[slice(*span)].split()
    for num_tokens in range(len(tokens), 0, -1):
        name = " ".join(tokens[:num_tokens])
        if is_town(name) and _below_state(text, (span[0], span[0] + len(name))) and not is_clinical(tokens[0]):
            return span[0], span[0] + len(name)
    return None


def _lone_town(text: str, span: Span) -> Span | None:
    """ ", Sheboygan.": a listed town between commas that is no word of notes and no plain family name of a list."""
    name = text[slice(*span)]
    own = is_only_town(name) and not any(is_listed_word(t) or is_clinical(t) for t in name.split()[:1])
    return _below_state(text, span) if own else None


def _lower_case_town(text: str, span: Span) -> Span | None:
    """ "in bullhead city": a listed town of two or three words."""
    tokens = text[slice(*span)].split()
    if tokens[0] in words("not_names"):
        return None
    for num_tokens in range(len(tokens), 1, -1):
        name = " ".join(tokens[:num_tokens])
        if name in towns() and is_only_town(name):
            return span[0], span[0] + len(name)
    return None


def _road(text: str, span: Span) -> Span | None:
    """Refuse isotopes: "I-131"."""
    return None if regex.match(r"I[- ]?1(?:2[345]|31)(?!\d)", text[slice(*span)]) else span


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
            rf"(?<![\w.,/-])(?P<value>(?:(?i:apt|apartment|unit|suite|ste)\.?[ ]?\#?[\w-]{{1,5}},[ ]+)?(?:\d{{1,6}}(?:-?[A-Za-z]\b|½|[ ]1/2|-\d{{1,4}})?|(?:{_NUMBER})\b)(?:[ \t]+(?i:[NSEW]|NE|NW|SE|SW|North|South|East|West)\b\.?)?[ \t]+(?:{_CAP}[ \t]+|\d{{1,3}}(?:st|nd|rd|th)[ \t]+){{1,4}}(?:{_STREET})\b\.?(?:[ \t]+(?:[NSEW]|NE|NW|SE|SW)\b)?{_UNIT}{_TAIL})(?:,[ \t]*(?P<value>{_CITY})(?=[ \t]*[,.;\n]))?",
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
            "lives_on",
            rf"\b(?i:lives?|lived|living|resides?|residing)[ \t]+on[ \t]+(?P<value>{_CAP}(?:[ \t]+{_CAP})?)(?=[ \t]*(?:[.,;(]|\r?\n|$)|[ \t]+(?:and|near|by|in|with|just|off|across|behind)\b)",
            0.6,
            _no_term,
        ),
        (
            "highway",
            r"\b(?i:on|off|along|at|near|via|from|to|of|mvc,?|mva,?|crash,?|nb|sb|eb|wb|northbound|southbound|eastbound|westbound)[ \t]+(?P<value>(?:I-|(?i:interstate|route|rte\.?|rt\.?|highway|hwy\.?|state route|county road|farm road|us[ -]|us route|us highway|fm|sr|cr|state road)[ -]?)\d{1,4}(?:[NSEWnsew]\b)?(?:[ ,]+(?:(?i:at|near|by)[ ]+)?(?i:mile ?(?:marker|post)|mm|mp|exit)[ ]?\#?\d{1,4}[A-Z]?)?)(?![\w.]\d|[ \t]*(?:mg|ml|%))\b",
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
            "field",
            r"(?<![\p{L}])(?i:city(?: of residence| of birth)?|town|cnty|county(?: of residence)?|municipality|village|hometown|birth ?place|place of birth|pob|residence|parish|borough|neighbo(?:u)?rhood|addr(?:ess)?|home addr|locality)[ \t]*[:=][ \t]*(?P<value>[\p{L}\d](?:[^\s|;:]|[ ](?![ ]|[\p{L}]{2,8}:)){1,60})",
            0.8,
            _below_state,
        ),
        (
            "city_state_name",
            rf"(?<![\w-])(?P<value>{_CITY}),?[ \t]+(?:{_STATE}|{_STATE.upper()})(?:[ \t,]+(?P<value>{_ZIP}))?(?![\w])",
            0.7,
            _city_of_state,
        ),
        (
            "town_near_road",
            r"\b(?i:near|outside|outside of|just (?:north|south|east|west) of|miles (?:north|south|east|west) of|(?:live|lived|lives|living|reside[sd]?|residing|house|home|apartment|farm|cabin|moved|relocated|drove|driving|flew|commutes|travel+ed)[ ](?:back[ ]|up[ ]|down[ ]|over[ ])?(?:in|to|from|near|outside))[ \t]+(?P<value>\p{Lu}\p{Ll}[\p{L}\p{M}'’-]+(?:[ \t]+\p{Lu}[\p{Ll}\p{M}'’-]+){0,2})(?![\w'’-])",
            0.6,
            _town_near_road,
        ),
        (
            "town_service",
            r"(?<![\w-])(?P<value>\p{Lu}[\p{Ll}\p{M}'’-]+(?:[ \t]+\p{Lu}[\p{Ll}\p{M}'’-]+)?)[ \t]+(?:PD|FD|FR|EMS|VFD|Police|Fire(?:fighters)?|Sheriff|Rescue|Transit|Township|Twp|Ambulance|Paramedics|VAMC|Housing Authority)\b",
            0.6,
            _town_near_road,
        ),
        (
            "lone_town",
            r"(?<=\w,[ ])(?P<value>\p{Lu}[\p{Ll}\p{M}'’-]{3,}(?:[ \t]+\p{Lu}[\p{Ll}\p{M}'’-]+){0,2})(?=[ \t]*(?:[,;.)](?!\w)|\r?\n|$|[ \t]\d{5}\b))",
            0.5,
            _lone_town,
        ),
        (
            "lower_case_town",
            r"\b(?:in|near|from|to|outside|at|of)[ \t]+(?P<value>\p{Ll}[\p{Ll}'’.-]+(?:[ ]\p{Ll}[\p{Ll}'’-]+){1,2})(?![\w-])",
            0.5,
            _lower_case_town,
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
            rf"(?<![\w.,/-])(?P<value>\d{{1,6}}[ \t]+(?:[NSEW]\.?[ \t]+)?(?:(?:[A-Z][A-Z'.-]+|\d{{1,3}}(?:ST|ND|RD|TH))[ \t]+){{1,4}}(?:{_STREET.upper()})\b(?:[ \t]+(?:[NSEW]|NE|NW|SE|SW)\b)?{_UNIT})",
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

    Raises:
        ScreeningError: the list of towns is missing; it is read here, so that a run fails at its start and not on a note.
    """

    def __init__(self, timeout_s: float):
        towns()
        super().__init__(PATTERNS, timeout_s)
