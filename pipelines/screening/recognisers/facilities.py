# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Hospitals, practices, homes and schools by name; employers where the note says so."""

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser
from pipelines.screening.recognisers.person import is_clinical
from pipelines.screening.spans import Span

_KIND = (
    "Hospitals?|Medical Cent(?:er|re)|Health Cent(?:er|re)|Cancer Cent(?:er|re)|Surgery Cent(?:er|re)|Surgical Cent(?:er|re)|Trauma Cent(?:er|re)|"
    "Heart Cent(?:er|re)|Rehabilitation Cent(?:er|re)|Rehab(?:ilitation)?|Care Cent(?:er|re)|Nursing (?:Home|Cent(?:er|re)|Facility)|Health ?[Cc]are(?: System)?|Health System|Health|"
    "Clinics?|Infirmary|Hospice|Sanatorium|Medical Group|Medical Associates|Associates|Family Practice|Family Medicine|Pediatrics|Dental|Pharmacy|"
    "Manor|Assisted Living|Senior Living|Memory Care|Retirement (?:Home|Community|Village)|University|College|High School|Middle School|Elementary School|Elementary|School|Academy|"
    "Church|Shelter|Prison|Jail|Correctional (?:Facility|Institution)|Regional|Memorial|Methodist|Presbyterian|General(?! \\p{L})|Institute|Foundation|Laborator(?:y|ies)|Imaging|Radiology"
)
_CAP = r"(?:(?:St|Mt|Ft)\.|\p{Lu}(?:[\p{L}\p{M}'’&-]|\.(?=\p{L}))*)"
_KNOWN = (
    "Mayo Clinic|Cleveland Clinic|Johns Hopkins|Kaiser(?: Permanente)?|Mass(?:achusetts)? General|MGH|BIDMC|Beth Israel(?: Deaconess)?|Brigham(?: and Women['’]s)?|BWH|"
    "UCSF|UCLA|UCSD|NYU(?: Langone)?|Cedars[- ]Sinai|MD Anderson|M\\.D\\. Anderson|Memorial Sloan[- ]Kettering|Sloan[- ]Kettering|MSKCC|Mount Sinai|Mt\\. Sinai|Stanford|Duke University|Vanderbilt|"
    "Geisinger|Intermountain|Ascension|Sutter|Scripps|Emory|Northwestern Memorial|Barnes[- ]Jewish|Yale[- ]New Haven|Dana[- ]Farber|Walter Reed|Great Ormond Street|Quest Diagnostics|LabCorp|Lahey|Tufts"
)
_ABBREVIATED_SAINT = r"(?:St|Saint|Ste)\.?[ \t]+\p{Lu}[\p{L}\p{M}-]+(?:['’]s)?"


def _names_one_place(text: str, span: Span) -> Span | None:
    """Refuse "Heart Failure Clinic" and the like, and drop lead-in words: "Discharge from Lakeside Hospital" → the name."""
    generic = words("facility_words") | words("not_names")
    tokens = [
        (m.start() + span[0], m.group().lower().strip(".,'’")) for m in regex.finditer(r"\S+", text[span[0] : span[1]])
    ]
    while tokens and tokens[0][1] in generic | {"and", "of", "&"} and any(word not in generic for _, word in tokens):
        tokens.pop(0)
    if not tokens or all(word in generic or word.removesuffix("s") in generic for _, word in tokens):
        return None
    return tokens[0][0], span[1]


def _named_place(text: str, span: Span) -> Span | None:
    """Refuse departments, wards and abbreviations: "transferred to Cardiology", "admitted to MICU"."""
    named = _names_one_place(text, span)
    if named is None:
        return None
    tokens = text[slice(*named)].split()
    return None if any(token.isupper() for token in tokens) or is_clinical(tokens[-1]) else named


PATTERNS = (
    CuedPattern(
        name="kind",
        entity_type=EntityType.FACILITY,
        expression=rf"(?<![\w-])(?P<value>{_CAP}(?:[ \t]+(?:(?:of|the|and|de|&)[ \t]+)*{_CAP}){{0,4}}[ \t]+(?:{_KIND})(?:[ \t]+(?:of|at|for)[ \t]+{_CAP}(?:[ \t]+{_CAP}){{0,2}})?)(?![\w-])",
        score=0.8,
        refine=_names_one_place,
    ),
    CuedPattern(
        name="kind_first",
        entity_type=EntityType.FACILITY,
        expression=rf"(?<!\w)(?P<value>(?:University|Hospital|Children['’]s Hospital|College|School|Church|Clinic) of (?:the[ \t]+)?{_CAP}(?:[ \t]+{_CAP}){{0,3}})",
        score=0.8,
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
        name="employer",
        entity_type=EntityType.ORGANIZATION,
        expression=rf"\b(?i:works? (?:at|for)|working (?:at|for)|worked (?:at|for)|employed (?:at|by|with)|employer[ \t]*:?|job at|retired from|student at|attends|enrolled (?:at|in)|teaches at|volunteers at)[ \t]+(?:the[ \t]+)?(?P<value>{_CAP}(?:[ \t]+(?:(?:of|the|and|&)[ \t]+)?{_CAP}){{0,4}})",
        score=0.8,
        refine=_names_one_place,
    ),
    CuedPattern(
        name="affiliation",
        entity_type=EntityType.ORGANIZATION,
        expression=rf"(?<!\w)(?:(?i:dr|mr|mrs|ms|prof)\b\.?(?:[ \t]+\p{{Lu}}[\p{{L}}\p{{M}}'’.-]*){{1,3}}|(?i:department)[ \t]*:[ \t]*\w+)[ \t]+(?:at|of|from|with)[ \t]+(?P<value>{_CAP}(?:[ \t]+{_CAP}){{0,3}})(?=[ \t]*(?:[.,;)]|\r?\n|$))",
        score=0.7,
        refine=_names_one_place,
    ),
    CuedPattern(
        name="employer_field",
        entity_type=EntityType.ORGANIZATION,
        expression=rf"\b(?i:employer|company|organi[sz]ation)(?:[ \t]+(?i:name))?[ \t]*[=:][ \t]*\"?(?P<value>{_CAP}(?:[ \t]+{_CAP}){{0,4}})",
        score=0.8,
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
        super().__init__(PATTERNS, timeout_s)
