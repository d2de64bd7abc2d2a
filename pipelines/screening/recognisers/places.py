# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Towns, counties and cities with their state: where somebody is said to live, to come from or to be."""

from functools import lru_cache

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import MAX_CACHED_WORDS, is_family_name, is_listed_word, is_ordinary, may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import CuedPattern
from pipelines.screening.recognisers.person import has_clinical_ending, is_clinical
from pipelines.screening.spans import Span
from pipelines.screening.towns import is_only_town, is_town, towns

CODES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|"
    "SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR|VI|GU"
)
# postal codes of states that are also a credential or a common abbreviation of notes need a ZIP code after them
_PLAIN_CODES = "|".join(
    code
    for code in CODES.split("|")
    if code
    not in ("MD", "PA", "DO", "MS", "OR", "IN", "CT", "ID", "ME", "MA", "LA", "CO", "DC", "PR", "VI", "AL", "AR")
)
STATE = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|"
    "Montana|Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)|North (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|South (?:Carolina|Dakota)|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming"
)
CAP = r"(?:(?:St|Mt|Ft)\.|\p{Lu}(?:[\p{L}\p{M}'’-]|\.(?=\p{L}))*)"
CITY = rf"{CAP}(?:[ \t]+{CAP}){{0,3}}"
ZIP = r"\d{5}(?:-\d{4})?"


def below_state(text: str, span: Span) -> Span | None:
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


def no_term(text: str, span: Span) -> Span | None:
    """Refuse what has a clinical word in it: "Nasal Bridge", "2 Lateral View", "in Lower Extremity"."""
    tokens = [token for token in text[slice(*span)].split() if token[:1].isupper()]
    terms = words("facility_words", "eponyms")
    own = [t for t in tokens[:-1] or tokens if not is_clinical(t) and t.lower().strip(".,'’") not in terms]
    return below_state(text, span) if own else None


def _native(text: str, span: Span) -> Span | None:
    """ "Milwaukee native"; "Surgery resident" and "Chest area" are none."""
    tokens = text[slice(*span)].split()
    if tokens[0].lower() in words("eponyms") and text[span[1] : span[1] + 1] == "-":  # "McKenzie-based exercises"
        return None
    if len(tokens) == 1 and is_town(tokens[0]) and tokens[0].lower() not in words("not_names"):
        return below_state(text, span)
    return _listed_town(text, span) if any(is_clinical(token) for token in tokens) else no_term(text, span)


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
        if is_town(name) and below_state(text, (span[0], span[0] + len(name))) and not is_clinical(tokens[0]):
            return span[0], span[0] + len(name)
    return None


def _lone_town(text: str, span: Span) -> Span | None:
    """ ", Sheboygan.": a listed town between commas that is no word of notes and no plain family name of a list."""
    name = text[slice(*span)]
    own = is_only_town(name) and not any(is_listed_word(t) or is_clinical(t) for t in name.split()[:1])
    return below_state(text, span) if own else None


def _lower_case_town(text: str, span: Span) -> Span | None:
    """ "in bullhead city": a listed town of two or three words, or of one that means nothing else."""
    tokens = text[slice(*span)].split()
    if tokens[0] in words("not_names"):
        return None
    for num_tokens in range(len(tokens), 1, -1):
        name = " ".join(tokens[:num_tokens])
        if name in towns() and is_only_town(name):
            return span[0], span[0] + len(name)
    first = tokens[0].rstrip(".")
    return (span[0], span[0] + len(first)) if _is_lone_town(first) else None


def _joined(text: str, span: Span) -> Span | None:
    """ "Over-the-Rhine", not "Over-the-Counter": the last word names something."""
    last = text[slice(*span)].rsplit("-", 1)[-1]
    return None if is_clinical(last) or (is_listed_word(last) and not is_town(last)) else span


@lru_cache(maxsize=MAX_CACHED_WORDS)
def _is_lone_town(word: str) -> bool:
    is_term = is_listed_word(word) or is_clinical(word) or may_be_name(word) or has_clinical_ending(word)
    return len(word) > 4 and is_only_town(word) and not is_term


def _directional(text: str, span: Span) -> Span | None:
    """ "in Lower Pellham"; "in Upper Abdomen" is no place."""
    last = text[slice(*span)].split()[-1]
    if text[slice(*span)].lower() in words("eponym_phrases"):
        return None
    return None if is_clinical(last) or last.lower() in words("eponyms") else below_state(text, span)


def _place_name(text: str, span: Span) -> Span | None:
    """Refuse what is no place: words of services, and what is not below a state."""
    tokens = text[span[0] : span[1]].lower().split()
    known = words("not_names", "facility_words", "drugs")
    return None if all(token.strip(".,") in known for token in tokens) else below_state(text, span)


PATTERNS = tuple(
    CuedPattern(name=name, entity_type=EntityType.LOCATION, expression=expression, score=score, refine=refine)
    for name, expression, score, refine in (
        (
            "field",
            r"(?<![\p{L}])(?i:city(?: of residence| of birth)?|town|cnty|county(?: of residence)?|municipality|village|hometown|birth ?place|place of birth|pob|residence|parish|borough|neighbo(?:u)?rhood|addr(?:ess)?|home addr|locality)[ \t]*[:=][ \t]*(?P<value>[\p{L}\d](?:[^\s|;:]|[ ](?![ ]|[\p{L}]{2,8}:)){1,60})",
            0.8,
            below_state,
        ),
        (
            "city_state_name",
            rf"(?<![\w-])(?P<value>{CITY}),?[ \t]+(?:{STATE}|{STATE.upper()})(?:[ \t,]+(?P<value>{ZIP}))?(?![\w])",
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
            r"(?<=\w),[ ](?P<value>\p{Lu}[\p{Ll}\p{M}'’-]{3,}(?:[ \t]+\p{Lu}[\p{Ll}\p{M}'’-]+){0,2})(?=[ \t]*(?:[,;.)](?!\w)|\r?\n|$|[ \t]\d{5}\b))",
            0.5,
            _lone_town,
        ),
        (
            "lower_case_town",
            r"\b(?:in|near|from|to|outside|at|of)[ \t]+(?!(?:the|an?|his|her|their|this|that|be|and|or|for|with|on|any|all|both|no|our|my|your|its?|have|see|left|right|bed|home|follow|monitor|continue)\b)(?P<value>\p{Ll}[\p{Ll}'’.-]+(?:[ ]\p{Ll}[\p{Ll}'’-]+){0,2})(?![\w-])",
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
            "city_zip",
            rf"(?:,|\b(?i:in|from|of|at))[ \t]+(?P<value>{CITY}[ \t,]+{ZIP})(?![\d.,/%-]\d|\d|[ \t]*(?:/|%|cells|units|copies))",
            0.7,
            no_term,
        ),
        (
            "joined",  # "Over-the-Rhine", "Croton-on-Hudson"
            r"(?<![\w-])(?P<value>\p{Lu}\p{Ll}+-(?:(?:on|upon|by|over|under|next|of|de|du|sur|am|le|la)-(?:the-)?|the-)\p{Lu}\p{Ll}+)(?![\w-])",
            0.7,
            _joined,
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
            "city_state",
            rf"(?<![\w-])(?P<value>\p{{Lu}}[\p{{Ll}}\p{{M}}'’.-]+(?:[ \t]+\p{{Lu}}[\p{{Ll}}\p{{M}}'’.-]+){{0,2}}),[ \t]*(?:{_PLAIN_CODES})\b(?!\.?[A-Z])",
            0.8,
            _place_name,
        ),
        (
            "city_state_after_cue",
            rf"\b(?:from|in|to|near|of)[ \t]+(?P<value>\p{{Lu}}[\p{{Ll}}\p{{M}}'’.-]+(?:[ \t]+\p{{Lu}}[\p{{Ll}}\p{{M}}'’.-]+){{0,2}}),[ \t]*(?:{CODES})\b(?!\.?[A-Z])",
            0.8,
            _place_name,
        ),
        ("city_state_zip", rf"(?<![\w-])(?P<value>{CITY}[ \t]*,?[ \t]+(?:{CODES})[ \t]+{ZIP})(?!\d)", 0.95, None),
        (
            "county",
            rf"\b(?P<value>{CAP}(?:[ \t]+{CAP})?[ \t]+(?:County|Township|Parish|Borough))\b",
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
