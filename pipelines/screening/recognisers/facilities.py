# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Hospitals, practices, homes and schools by name."""

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_family_name, is_listed_word, may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers import employers
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser
from pipelines.screening.recognisers.person import clinical_head_follows, is_clinical, opens_sentence
from pipelines.screening.recognisers.vocabulary import Reading, is_proper, reading
from pipelines.screening.spans import Span
from pipelines.screening.towns import is_only_town, is_town

_KIND = (
    "Health Department|Health (?:and|&) Hospital|Hospitals?|Medical Cent(?:er|re)|Health Cent(?:er|re)|Cancer Cent(?:er|re)|Surgery Cent(?:er|re)|Surgical Cent(?:er|re)|Trauma Cent(?:er|re)|"
    "Heart Cent(?:er|re)|Rehabilitation Cent(?:er|re)|Rehab(?:ilitation)?|Care Cent(?:er|re)|Nursing (?:Home|Cent(?:er|re)|Facility)|Health ?[Cc]are(?: System)?|Health System|Health|"
    "Clinics?|Infirmary|Hospice|Sanatorium|Medical Group|Medical Associates|Associates|Family Practice|Family Medicine|Pediatrics|Dental|Pharmacy|"
    "Manor|Assisted Living|Senior Living|Memory Care|Retirement (?:Home|Community|Village)|University|College|High School|Middle School|Elementary School|Elementary|School|Academy|"
    "Church|Shelter|Prison|Jail|Correctional (?:Facility|Institution)|Regional|Memorial|Methodist|Presbyterian|General(?! \\p{L})|Institute|Foundation|Laborator(?:y|ies)|Imaging|Radiology|"
    "Dialysis(?: Cent(?:er|re)| Unit)?|Urgent Care|Walk-?[Ii]n(?: Clinic)?|Birth(?:ing)? Cent(?:er|re)|Eye Cent(?:er|re)|Wellness Cent(?:er|re)|Community Cent(?:er|re)|Senior Cent(?:er|re)|Treatment Cent(?:er|re)|Recovery Cent(?:er|re)|Endoscopy Cent(?:er|re)|"
    "Convent|Abbey|Monastery|Priory|Rectory|Synagogue|Mosque|Temple|Department of (?:Public )?Health|Home (?:Health|Care|Hospice)|Home Medical|Physical Therapy|Rescue Mission|Halfway House|Group Home|Sober Living|"
    "Hosp(?:ital)?|Reg(?:ional)? Hosp|Med(?:ical)? Ctr|Trauma Ctr|Cancer Ctr|Health Ctr|Surg(?:ery|ical)? Ctr|Rehab Ctr|Ctr|MC|VAMC|VA|SNF|ALF|CAH|FQHC|CHC|Pavilion|Surgicent(?:er|re)|Skilled Nursing(?: (?:Facility|(?:and|&) Rehab(?:ilitation)?))?|Skilled Care|"
    "Nursing (?:and|&) Rehab(?:ilitation)?|Convalescent(?: Home| Hospital)?|Post-?[Aa]cute|LTACH?|Rehabilitation Institute|(?:Eye|Bone|Heart|Lung|Kidney|Skin|Spine|Pain|Women['’]s|Medical|Physicians|Health) Group|"
    "Surgical Associates|Imaging Associates|Funeral (?:Home|Chapel|Services)|Mortuary|Cremation Services|Crematory|Birth Cottage|Medical Plaza|Medical Park|Professional Building|Outreach|Drop-?[Ii]n|Shelter Services|Schoolhouse|"
    "Drugs?(?: Store)?|Drugstore|Apothecary|Chemists?|Opticians|Veterans(?:['’])? Home|Lodge|Almshouse|Preschool|Day ?[Cc]are|High(?=[ \\t]*(?:[.,;)]|$))|Detention Center|Penitentiary|Air Force Base"
)
# kinds that are also the name of a service or a treatment: "Vascular Surgery" is none, "Oakhurst Surgery" is one
_SERVICE = (
    "Surgery|Diagnostics?|Collective|Cooperative|Partners|Dermatology|Cardiology|Orthop(?:a?e)dics|Oncology|Neurology|Urology|Nephrology|Gastroenterology|Rheumatology|Endocrinology|Psychiatry|Ophthalmology|Allergy|Podiatry|Obstetrics|Ob/?[Gg]yn|Gyn(?:a?e)cology|"
    "Physicians|Specialists|Internists|Optometry|Orthodontics|Counsel+ing|Behavioral Health|Fertility|Labs?|Prep(?:aratory)?|Residence|Commons|House|Village|Villas?|Gardens|Estates|Terrace|Place|Court|Care|Home|Dentistry|Midwifery|Ambulance|EMS|Transport"
)
_CAP = r"(?:(?:St|Mt|Ft)\.|\p{Lu}(?:[\p{L}\p{M}'’&-]|\.(?=\p{L}))*)"
_KNOWN = (
    "Mayo Clinic|Cleveland Clinic|Johns Hopkins|Kaiser(?: Permanente)?|Mass(?:achusetts)? General|MGH|BIDMC|Beth Israel(?: Deaconess)?|Brigham(?: and Women['’]s)?|BWH|"
    "UCSF|UCLA|UCSD|NYU(?: Langone)?|Cedars[- ]Sinai|MD Anderson|M\\.D\\. Anderson|Memorial Sloan[- ]Kettering|Sloan[- ]Kettering|MSKCC|Mount Sinai|Mt\\. Sinai|Stanford|Duke University|Vanderbilt|"
    "Geisinger|Intermountain|Ascension|Sutter|Scripps|Emory|Northwestern Memorial|Barnes[- ]Jewish|Yale[- ]New Haven|Dana[- ]Farber|Walter Reed|Great Ormond Street|Quest Diagnostics|LabCorp|Lahey|Tufts"
)
_ABBREVIATED_SAINT = r"(?:St|Saint|Ste)\.?[ \t]+\p{Lu}[\p{L}\p{M}-]+(?:['’]s)?"


# words of notes with which names of places begin: "Old Orchard Family Practice"
_OPEN_NAMES = frozenset(
    {"old", "new", "upper", "lower", "good", "white", "black", "royal", "american", "western", "general"}
)


def _names_one_place(text: str, span: Span) -> Span | None:
    """Refuse "Heart Failure Clinic" and the like, and drop lead-in words: "Discharge from Lakeside Hospital" → the name."""
    generic = words("facility_words", "not_names")
    tokens = [
        (m.start() + span[0], m.group().lower().strip(".,'’")) for m in regex.finditer(r"\S+", text[span[0] : span[1]])
    ]
    while (
        tokens
        and (tokens[0][1] in generic | {"and", "of", "&"} and tokens[0][1] not in _OPEN_NAMES)
        and any(word not in generic for _, word in tokens)
        and not (len(tokens) > 1 and tokens[1][1] == "&")
    ):
        tokens.pop(0)
    if not tokens or all(word in generic or word.removesuffix("s") in generic for _, word in tokens):
        return None
    return tokens[0][0], span[1]


def _place_of_its_own(text: str, span: Span) -> Span | None:
    """Refuse a word that the sentence gave its capital letter before a service: "Called Radiology", "Slight Limited"."""
    named = _names_one_place(text, span)
    if named is None:
        return None
    first, *rest = text[slice(*named)].split()
    is_abbreviation = len(rest) == 1 and rest[0].isupper()  # "Accepting SNF"
    if not is_abbreviation and not opens_sentence(text, named[0]):
        return named
    service = len(rest) == 1 and (is_abbreviation or rest[0].lower() in words("facility_words"))
    own = is_proper(first) or reading(first) is Reading.MIXED or _PLACE_ENDING.fullmatch(first.lower())
    return None if service and not own else named


def _no_term(text: str, span: Span) -> Span | None:
    """Refuse "Lahey clamp" and "Stanford protocol"."""
    return None if clinical_head_follows(text, span[1]) else span


def _named_place(text: str, span: Span) -> Span | None:
    """Refuse departments, wards and abbreviations: "transferred to Cardiology", "admitted to MICU"."""
    named = _names_one_place(text, span)
    if named is None:
        return None
    tokens = text[slice(*named)].split()
    return None if any(token.isupper() for token in tokens) or is_clinical(tokens[-1]) else named


def _own_place(text: str, span: Span) -> Span | None:
    """A service's kind needs a name that is no word of notes: "Oakhurst Surgery", but not "Mohs Surgery"."""
    tokens = text[slice(*span)].split()[:-1]
    known = words("eponyms", "facility_words", "not_names", "drugs")
    own = [token for token in tokens if token.lower().strip(".,'’") not in known and not is_listed_word(token)]
    return _names_one_place(text, span) if own and not is_clinical(tokens[0]) else None


def _place_of_kind(text: str, span: Span) -> Span | None:
    """ "Kidney Partners of Saginaw": what follows "of" or "at" is a name; "Center of Excellence" is none."""
    last = regex.split(r"[ \t]+(?:of|at)[ \t]+(?:the[ \t]+)?", text[slice(*span)])[-1].split()
    own = [t for t in last if not is_clinical(t) and t.lower() not in words("facility_words")]
    return span if any(is_town(t) or may_be_name(t) or not is_listed_word(t) for t in own) else None


def _grounds(text: str, span: Span) -> Span | None:
    """ "Bayou Oaks", "Cedar Pines": a name made of a landscape, whose first word is no term."""
    tokens = [t for t in text[slice(*span)].split() if t.lower() != "the"]
    if is_clinical(tokens[0]) or tokens[0].lower() in words("eponyms", "facility_words"):
        return None
    return span


def _handed_over(text: str, span: Span) -> Span | None:
    """ "To Brookhaven on PO antibiotics": one word that is the name of a place, and no department or person's title."""
    first = text[slice(*span)].split()[0]
    named = _named_place(text, span)
    return (
        named
        if named and (is_town(first) or _PLACE_ENDING.fullmatch(first.lower()) or not is_listed_word(first))
        else None
    )


def _upper_case_place(text: str, span: Span) -> Span | None:
    """ "P1NE KNOB URGENT CARE": a word before the kind that is no word of notes, or a town's or a family's."""
    generic = words("facility_words", "not_names", "drugs")
    tokens = [
        (m.start() + span[0], m.group().strip(".,'’").lower()) for m in regex.finditer(r"\S+", text[slice(*span)])
    ]
    while tokens and tokens[0][1] in generic - _OPEN_NAMES:
        tokens.pop(0)
    own = [
        w
        for _, w in tokens
        if w not in generic
        and (_PLACE_ENDING.fullmatch(w) or is_family_name(w) or is_only_town(w) or not is_listed_word(w))
    ]
    return (tokens[0][0], span[1]) if own else None


def _lower_case_place(text: str, span: Span) -> Span | None:
    """ "maple grove rehab": a word before the kind is a name, or no word of notes; "outside hospital" is no place."""
    tokens = [(m.start() + span[0], m.group()) for m in regex.finditer(r"\S+", text[slice(*span)])]
    generic = words("facility_words", "not_names", "places", "drugs")
    last_joint = max((at for at, (_, word) in enumerate(tokens) if word in _JOINTS), default=-1)
    del tokens[: last_joint + 1]  # "come to the hospital"
    while len(tokens) > 1 and (tokens[0][1] in generic or not _may_name_place(tokens[0][1])):
        tokens.pop(0)
    if (
        len(tokens) > 1
        and tokens[-1][1] in _TERM_KINDS
        and not (is_town(tokens[-2][1]) or is_family_name(tokens[-2][1]))
    ):
        return None
    return (tokens[0][0], span[1]) if len(tokens) > 1 else None


def _lodging(text: str, span: Span) -> Span | None:
    """Refuse "a local motel": the words before the kind must not all be words for any of them."""
    named = text[slice(*span)].split()[:-1]
    generic = words("any_firm", "facility_words", "sentence_words")
    return None if all(word in generic for word in named) else span


_JOINTS = frozenset(["to", "from"])
_TERM_KINDS = frozenset(
    {"diagnostic", "diagnostics", "imaging", "middle", "elementary", "hosp", "ctr", "mc", "uc", "va"}
)
# how made-up names of homes and hospitals end
_PLACE_ENDING = regex.compile(
    r"\p{L}{3,}(?:wood|dale|brook|ridge|field|crest|haven|ville|burgh?|ford|mont|hurst|bury|vale|glen|grove|meadows?)"
)


def _may_name_place(word: str) -> bool:
    if _PLACE_ENDING.fullmatch(word) or word in words("proper_words") or reading(word) is Reading.MIXED:
        return True
    parts = word.removesuffix("'s").removesuffix("’s").split("-")
    return is_family_name(word) or is_only_town(word) or not any(is_listed_word(part) for part in parts)


_GROUNDS = "Oaks|Pines|Willows?|Elms|Maples|Cedars|Birches|Meadows?|Acres|Haven|Springs|Brook|Creek|Crossing|Woods|Gardens?|Glen|Pointe|Harbou?r|Manor|Arbors?|Terrace|Heights|Hollow|Knoll|Orchards?|Trace|Estates|Villas?|Vista|Shores?|Run"
_KIND_LOWER = "hosp|ctr|reg hosp|mc|uc|skilled nursing|nursing center|diagnostics?|imaging|surgicenter|surgical center|trauma center|cancer center|va|vamc|funeral home|middle|elementary|post acute|hospital|medical center|med ctr|rehab|rehabilitation|nursing home|pharmacy|clinic|hospice|manor|health center|snf|alf|assisted living|urgent care|elementary|high school|middle school|university|college|surgery center|dialysis|regional|memorial|general|senior living|care center|family practice|pediatrics|shelter|jail|prison|church"

PATTERNS = (
    CuedPattern(
        name="kind",
        entity_type=EntityType.FACILITY,
        expression=rf"(?<![\w-])(?P<value>{_CAP}(?:[ \t]{{1,2}}(?:(?:of|the|and|de|&)[ \t]+)*{_CAP}){{0,4}}[ \t]{{1,2}}(?:{_KIND})(?:[ \t]+(?:of|at|for)[ \t]+{_CAP}(?:[ \t]+{_CAP}){{0,2}})?{employers.ON_STREET})(?![\w-])",
        score=0.8,
        refine=_place_of_its_own,
    ),
    CuedPattern(
        name="service",
        entity_type=EntityType.FACILITY,
        expression=rf"(?<![\w-])(?P<value>{_CAP}(?:[ \t]+(?:(?:of|the|and|&)[ \t]+)*{_CAP}){{0,2}}[ \t]+(?:{_SERVICE}){employers.ON_STREET})(?![\w-])",
        score=0.6,
        refine=_own_place,
    ),
    CuedPattern(
        name="kind_lower_case",
        entity_type=EntityType.FACILITY,
        expression=rf"\b(?i:at|from|to|in|via|of|near|@)[ \t]+(?:the[ \t]+)?(?P<value>(?:\p{{Ll}}[\p{{Ll}}\p{{M}}.'’-]+[ \t]+){{1,3}}(?:{_KIND_LOWER})(?:[ \t]+on[ \t]+(?:\d{{1,3}}(?:st|nd|rd|th)|(?:main|elm|oak|pine|maple|vine|broad|high|park)(?:[ \t]+(?:st|ave|rd)\b)?))?)(?!\w)",
        score=0.6,
        refine=_lower_case_place,
    ),
    CuedPattern(
        name="lodging_lower_case",  # "staying at the wagon wheel motel"
        entity_type=EntityType.ORGANIZATION,
        expression=r"\b(?:at|from|to|in)[ \t]+(?:the[ \t]+)?(?P<value>(?:\p{Ll}[\p{Ll}'’&-]+[ \t]+){1,2}(?:motel|hotel|inn|motor lodge|casino|trailer park|rv park|campground))(?![\w-])",
        score=0.5,
        refine=_lodging,
    ),
    CuedPattern(
        name="kind_upper_case",
        entity_type=EntityType.FACILITY,
        expression=r"(?<![\w-])(?P<value>[A-Z0-9][A-Z0-9.'’&-]+(?:[ ](?:OF|THE|AND|AT|[A-Z0-9][A-Z0-9.'’&-]+)){0,4}[ ](?:HOSPITAL|HOSP|MEDICAL CENTER|TRAUMA CENTER|MED CTR|MC|CLINIC|URGENT CARE|HEALTH CENTER|HEALTH SYSTEM|HEALTHCARE|NURSING HOME|NURSING CENTER|REHAB|REHABILITATION|IMAGING|RADIOLOGY|IMAGING ASSOCIATES|RADIOLOGY ASSOCIATES|ASSOCIATES|MEDICAL GROUP|FAMILY PRACTICE|FAMILY MEDICINE|PHARMACY|LABORATOR(?:Y|IES)|LABS?|SURGERY CENTER|CANCER CENTER|HOSPICE|DIALYSIS|PEDIATRICS|DERMATOLOGY|ORTHOPEDICS|CARDIOLOGY|DIAGNOSTICS|SCHOOL|UNIVERSITY|MANOR|SNF|EMS|FIRE RESCUE|AMBULANCE|FUNERAL HOME))(?![\w-])",
        score=0.6,
        refine=_upper_case_place,
    ),
    CuedPattern(
        name="kind_of_place",
        entity_type=EntityType.FACILITY,
        expression=rf"(?<![\w-])(?P<value>(?:{_CAP}[ \t]+){{0,3}}(?:Partners|Specialists|Associates|Physicians|Consultants|Cent(?:er|re)|Ctr|Care|Clinics?|Urgent Care|Hospital|Surgeons|Services|Practice|Dialysis|Imaging|Pediatrics|Orthopedics|Oncology|Dermatology|Cardiology|Gardens|Willows|Oaks|Pines|Maples|Elms|Cedars|Birches|Terrace|Village|Residences?|Commons|Villas?|Arbors?|Manor|Meadows|Lodge|Inn|Bridge|House|Home)[ \t]+(?:of|at)[ \t]+(?:the[ \t]+)?{_CAP}(?:[ \t]+{_CAP}){{0,2}})(?![\w'’-])",
        score=0.6,
        refine=_place_of_kind,
    ),
    CuedPattern(
        name="grounds",
        entity_type=EntityType.FACILITY,
        expression=rf"(?<![\w-])(?P<value>(?:The[ \t]+)?{_CAP}(?:[ \t]+{_CAP})?[ \t]+(?:{_GROUNDS}))(?![\w'’-])",
        score=0.5,
        refine=_grounds,
    ),
    CuedPattern(
        name="handed_over",
        entity_type=EntityType.FACILITY,
        expression=rf"(?:(?:^|[.;][ \t]+|\b(?i:back|over|d/c|dc|discharge|return|returned|transfer|sent|going|went|accepted|bed|dispo|xfer)[ \t]+)(?:to|To|by|at|from)|\bfrom OSH|[Dd]ispo(?:sition)?:(?:[ \t]+to)?)[ \t]+(?:the[ \t]+)?(?P<value>{_CAP}(?:[ \t]+{_CAP}){{0,2}})(?=[ \t]+(?:on|with|for|via|by|in|at|today|tomorrow|bed|room|this|when|after|once|pending|accepted|and|where)\b|[ \t]*(?:[.,;)]|\r?\n|$))",
        score=0.5,
        refine=_handed_over,
    ),
    CuedPattern(
        name="choices",
        entity_type=EntityType.FACILITY,
        expression=rf"\b(?i:choices?|snf list|facilit(?:y|ies)(?: choices?| list)?|referrals?(?: sent)?(?: to)?|accepted (?:by|at)|offers?|bed offers?|options|preferences?)[ \t]*:[ \t]*(?P<value>{_CAP}(?:[ \t]+(?:(?:de|of|at|the)[ \t]+)?{_CAP}){{0,3}})(?:,[ \t]*(?P<value>{_CAP}(?:[ \t]+(?:(?:de|of|at|the)[ \t]+)?{_CAP}){{0,3}})){{0,5}}",
        score=0.5,
        refine=_handed_over,
    ),
    CuedPattern(
        name="namesake",
        entity_type=EntityType.FACILITY,
        expression=rf"(?:\b(?i:at|to|from|via|in|by|near)|@)[ \t]*(?:the[ \t]+)?(?P<value>(?:{employers.titled('namesakes')})(?:[ \t]+(?:North|South|East|West|Main|Downtown|{_KIND}|{_CAP}))?)(?![\w'’-])",
        score=0.8,
    ),
    CuedPattern(
        name="at_sign",
        entity_type=EntityType.FACILITY,
        expression=rf"(?<![\p{{L}}\p{{M}}._-])@[ \t]*(?:the[ \t]+)?(?P<value>{_CAP}(?:[ \t]+{_CAP}){{0,3}})(?![\w'’-]|\.\p{{L}})",
        score=0.6,
        refine=_named_place,
    ),
    CuedPattern(
        name="villa",
        entity_type=EntityType.FACILITY,
        expression=rf"(?<![\w-])(?P<value>(?:Villas?|Casa|Maison|Residence at|Village at|Terrace at|Gardens at|Manor at|Residences of)[ \t]+(?:(?:de|del|la|of|at|the)[ \t]+)*{_CAP}(?:[ \t]+{_CAP})?)(?!\w)",
        score=0.6,
        refine=_named_place,
    ),
    CuedPattern(
        name="kind_first",
        entity_type=EntityType.FACILITY,
        expression=rf"(?<!\w)(?P<value>(?:University|Convent|Abbey|Monastery|Priory|Sisters|Little Sisters|Cathedral|Parish|Basilica|Shrine|Institute|House|Home|Academy|Temple|Hospital|Children['’]s Hospital|College|School|Church|Clinic) of (?:the[ \t]+)?{_CAP}(?:[ \t]+{_CAP}){{0,3}})",
        score=0.8,
    ),
    CuedPattern(
        name="university",
        entity_type=EntityType.FACILITY,
        expression=rf"(?<![\w-])(?P<value>University(?:[ \t]+{_CAP}){{1,3}}[ \t]+(?:Hospitals?|Cent(?:er|re)|Clinics?|Institute|Health))(?![\w-])",
        score=0.6,
    ),
    CuedPattern(
        name="childrens",
        entity_type=EntityType.FACILITY,
        expression=r"(?<!\w)(?P<value>(?:(?!The\b)\p{Lu}[\p{L}\p{M}.-]+[ \t]+){1,3}Children['’]?s(?:[ \t]+Hospital)?)\b",
        score=0.8,
        refine=_names_one_place,
    ),
    CuedPattern(
        name="known",
        entity_type=EntityType.FACILITY,
        expression=rf"(?<![\w-])(?P<value>(?:{_KNOWN})(?:[ \t]+(?:{_KIND}))?)(?![\w-]|['’]s[ \t]+(?:sign|disease|ulcer)|[ \t]+(?:[AB]\b|type))",
        score=0.8,
        refine=_no_term,
    ),
    CuedPattern(
        name="saint",
        entity_type=EntityType.FACILITY,
        expression=rf"\b(?i:at|to|from|in|of|via)[ \t]+(?P<value>{_ABBREVIATED_SAINT}(?:[ \t]+(?:{_KIND}))?)(?!\w)",
        score=0.9,
    ),
    CuedPattern(
        name="transfer",
        entity_type=EntityType.FACILITY,
        expression=rf"\b(?i:admitted|transfer(?:red)?|transported|taken|discharged|brought|seen|evaluated|hospitali[sz]ed|treated|delivered|operated)[ \t]+(?i:to|from|at)[ \t]+(?:the[ \t]+)?(?P<value>{_CAP}(?:[ \t]+{_CAP}){{0,2}})(?![\w'’-]|\.\p{{L}})",
        score=0.6,
        refine=_named_place,
    ),
    CuedPattern(
        name="affiliation",
        entity_type=EntityType.ORGANIZATION,
        expression=rf"(?<!\w)(?:(?i:dr|mr|mrs|ms|prof)\b\.?(?:[ \t]+\p{{Lu}}[\p{{L}}\p{{M}}'’.-]*){{1,3}}|(?i:department)[ \t]*:[ \t]*\w+)[ \t]+(?:at|of|from|with)[ \t]+(?P<value>{_CAP}(?:[ \t]+{_CAP}){{0,3}})(?=[ \t]*(?:[.,;)]|\r?\n|$))",
        score=0.7,
        refine=_names_one_place,
    ),
    CuedPattern(
        name="label",
        entity_type=EntityType.FACILITY,
        expression=r"^[ \t]*(?i:facility|hospital|clinic|institution|practice|performing lab|location|site|school)[ \t]*(?i:name)?[ \t]*:[ \t]*(?P<value>\p{Lu}[^\n|;:]{2,60}?)(?=[ \t]*(?:\||;|\r?\n|$|[ \t]{2}))",
        score=0.7,
        refine=_names_one_place,
    ),
)


class FacilityRecogniser(CuedRecogniser):
    """Named facilities and employers.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__((*PATTERNS, *employers.PATTERNS), timeout_s)
