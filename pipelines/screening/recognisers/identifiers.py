# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Numbers and codes that stand for a person: anchored by a label, by a prefix, or by their shape alone.

A label's value must hold a digit, and is reported without the label. Shapes are kept to those that no laboratory value,
dose or code of a terminology has: long digit runs, and letters joined to long digit runs.
"""

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_listed_word
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.identifier_labels import LABELS
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser
from pipelines.screening.spans import Span

# "number is", "No.", "#:", "ID =" between a label and its value
_JOIN = (
    r"[ \t]*(?i:numbers?|num|no|nbr|identifier|id|code)?[ \t]*[.#]?[ \t]*(?i:is|was|of)?[ \t]*[:=#]?[ \t]*[#(]?[ \t]*"
)
# a joining colon, number sign or word is required after a label that is also an everyday word
_STRICT_JOIN = (
    r"(?:[ \t]*(?i:numbers?|num|no\.?|nbr|identifier|id|code)[ \t]*(?i:is|was)?[ \t]*[.:=#]*|[ \t]*[:=#]+)[ \t]*"
)
_LETTERS = r"(?:[A-Z]{1,5}[ ](?=[A-Z]{0,2}\d{3}))?"  # "RN 7741209"
_VALUE = rf"(?P<value>{_LETTERS}(?=[A-Za-z\-./_]{{0,14}}\d)[A-Za-z0-9](?:[A-Za-z0-9]|[-./_](?=[A-Za-z0-9])){{2,29}})\b"
# what a noun alone introduces: letters and digits in groups, three digits at least; that one comes early is spelled out,
# because a prefilter cannot look ahead
_CODE = rf"(?P<value>{_LETTERS}(?=(?:[A-Za-z/-]{{0,5}}\d){{3}})(?:(?:[A-Z]{{1,5}}[-/]?){{1,2}}|[a-z]{{1,3}}[-/]?)?\d[A-Z0-9]*(?:[-/#][A-Z0-9]+)*)\b"
# "W1234 56789", "406307 A99XX", "8841 RT": further groups, unless they count something
_MORE_GROUPS = (
    r"(?:[ ](?P<value>\d{4}(?:[ ]\d{4}){0,2}|\d{5}|[A-Z]?\d{2,}[A-Z]{1,2}|[A-Z]{2})(?=[ ]*(?:[.,;)]|\r?\n|$)))?"
)
_SPACED_VALUE = r"(?P<value>(?:[A-Z]{1,3}[ ](?=[A-Z0-9-]*\d))?(?=[A-Z-]{0,10}\d|[A-Z]{2,3}[ ]\d)[A-Z0-9][A-Z0-9-]{2,}(?:[ ]\d[A-Z0-9]{1,5}){0,4}(?:[ ][A-Z]{2,3}(?=[ ]*(?:[.,;)]|\r?\n|$)))?)\b"

_TERMINOLOGY_BEFORE = regex.compile(
    r"(?:snomed(?:[ -]?ct)?|cpt|hcpcs|icd(?:-?\d{1,2}(?:-cm)?)?|loinc|rxnorm|rxcui|pmid|pmcid|doi|ndc|nct|mesh|umls|cui|omim|hgnc|"
    r"chebi|ean|isbn|chr(?:\d{1,2}|[xym]))\W{0,4}(?:codes?|id|no|number)?\W{0,3}$",
    regex.IGNORECASE,
)
_QUANTITY_AFTER = regex.compile(
    r"\s*(?:iu\b|units?\b|u/|copies|cfu|cells?\b|colony|colonies|/|mcl|ml\b|mg\b|per\b|x ?10)", regex.IGNORECASE
)
_REFERENCE_SEQUENCE = regex.compile(r"(?:[NX][CGMPRT]_|ENS[GTP]|rs)\d")
_PART_OF_YEAR = r"(?:0?[1-9]|[12]\d|3[01])"
_DATE_SHAPE = regex.compile(
    rf"{_PART_OF_YEAR}([/.-]){_PART_OF_YEAR}(?:\1(?:\d{{2}}|\d{{4}}))?|(?:1[89]|20|21)\d{{2}}([/.-]){_PART_OF_YEAR}(?:\2{_PART_OF_YEAR})?"
)
_COUNTED = regex.compile(r"(?:18|19|20)\d{2}|\d+[xX]\d+.*|\d{1,3}|\d+-\d{1,3}|\d{1,2}/\d+")
_UNIT_AFTER = regex.compile(
    r"\s*(?:[%°]|(?:ml|mg|mcg|g|kg|lbs?|mm|cm|m|km|miles?|meters|steps|hz|rpm|bpm|w|v|j|kcal|cal|hours?|h|min|days?|weeks?|patients|"
    r"subjects|participants|cases|samples|specimens|times|units?|mah|feet|ft)\b)",
    regex.IGNORECASE,
)


def _own_code(text: str, span: Span) -> Span | None:
    """Refuse terminology codes and quantities."""
    before = text[max(0, span[0] - 30) : span[0]]
    if _TERMINOLOGY_BEFORE.search(before) or _QUANTITY_AFTER.match(text, span[1]):
        return None
    return None if text[span[0] : span[1]].startswith("NCT") else span


def _not_a_date(text: str, span: Span) -> Span | None:
    """Leave dates after a label to the date recogniser, which names them rightly; refuse reference sequences of genes."""
    return None if _DATE_SHAPE.fullmatch(text, *span) or _REFERENCE_SEQUENCE.match(text, *span) else span


def _code_like(text: str, span: Span) -> Span | None:
    """Refuse years, counts, sizes and ranges: "report 2019", "sample 1000 ml", "stent 3x18", "case 12-14"."""
    if _COUNTED.fullmatch(text, *span) or _UNIT_AFTER.match(text, span[1]):
        return None
    return _own_code(text, span) and _not_a_date(text, span)


def _bare_plate(text: str, span: Span) -> Span | None:
    """Refuse abbreviations of notes with a year or a number behind them: "MRI 2019"."""
    letters, digits = regex.findall(r"[A-Z]+|\d+", text[slice(*span)])
    known = is_listed_word(letters) or letters.lower() in words("not_names") | words("drugs")
    return None if known or 1900 <= int(digits) < 2100 or _UNIT_AFTER.match(text, span[1]) else span


_BIOMETRIC = r"(?:voice|finger|palm|thumb|hand|foot|ear) ?(?:print|scan|geometry|vein)|retinal?|iris|facial|face|biometric|gait|vein|dna|frid|afis|fbi(?= (?:no|number|#))|template"  # what is measured
_PICTURE = "jpe?g|png|gif|bmp|tiff?|heic|webp|raw|dcm|dicom|mp4|m4v|mov|avi|wav|mp3|m4a|pdf|docx?"


def _labelled() -> list[CuedPattern]:
    patterns = []
    for entity_type, labels in LABELS.items():
        short = entity_type.lower()
        patterns += [
            CuedPattern(
                name=f"{short}_label",
                entity_type=entity_type,
                expression=rf"(?<![A-Za-z])(?i:{labels.always})(?![a-z]){_JOIN}{_VALUE}{_MORE_GROUPS}",
                refine=_not_a_date,
            ),
            CuedPattern(
                name=f"{short}_everyday_label",
                entity_type=entity_type,
                expression=rf"\b(?i:{labels.everyday}){_STRICT_JOIN}{_VALUE}{_MORE_GROUPS}",
                score=0.7,
                refine=_not_a_date,
            ),
        ]
        if labels.nouns:
            patterns.append(
                CuedPattern(
                    name=f"{short}_noun",
                    entity_type=entity_type,
                    expression=rf"(?<![\w-])(?i:{labels.nouns})[ \t]*[:#]?[ \t]*(?<=[ \t:#]){_CODE}{_MORE_GROUPS}",
                    score=0.6,
                    refine=_code_like,
                )
            )
        if labels.prefixes:
            patterns.append(
                CuedPattern(
                    name=f"{short}_prefix",
                    entity_type=entity_type,
                    expression=rf"(?:(?<![A-Za-z0-9-])|(?<=[a-z]))(?P<value>(?:{labels.prefixes})[-_#]?(?=(?:[A-Za-z-]*\d){{4}})[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)(?![A-Za-z0-9])",
                )
            )
    return patterns


_SHAPES = (
    CuedPattern(
        name="ssn",
        entity_type=EntityType.US_SSN,
        expression=r"(?<![\d/-])(?P<value>\d{3}([- ./–—‑]|[ ][-–][ ])\d{2}\2\d{4})(?!\d|[-/]\d)",
    ),
    CuedPattern(
        name="ssn_label",
        entity_type=EntityType.US_SSN,
        expression=r"\b(?i:ssn?|ss#|s\.[ ]?s\.(?:[ ]?n\.)?|soc(?:ial)?\.?(?:[ ]sec(?:urity)?\.?)?)[ \t]*(?i:number|no\.?|#)?[ \t]*(?i:is|ending(?: in)?|last (?:4|four)(?: digits)?)?[ \t:#]*(?P<value>[\dX*x][\dXx*\-–—./ ]{2,11}\d)(?!\d)",
    ),
    CuedPattern(
        name="masked_ssn",
        entity_type=EntityType.US_SSN,
        expression=r"(?<![\w-])(?P<value>[Xx*#]{3}[- ][Xx*#]{2}[- ]\d{4})(?![\w-])",
    ),
    CuedPattern(
        name="biometric",
        entity_type=EntityType.UNIQUE_ID,
        expression=rf"\b(?i:{_BIOMETRIC})s?(?:[ \t]+(?i:scan|template|profile|pattern|record|recognition|signature|hash|sample|image|enrolment|enrollment|ref(?:erence)?|biometric)\b){{0,2}}{_JOIN}(?P<value>(?=(?:[A-Za-z_:/#-]*\d){{3}})[A-Za-z0-9]+(?:[-_:/#][A-Za-z0-9]+)*)(?![\w/%.]\d|[ \t]*(?:mm|cm|mg|ml|years?|degrees)\b)",
    ),
    CuedPattern(
        name="study_subject",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"\b(?i:(?:study |trial )?(?:subject|participant|enrollee|enrolled as))[ \t]+(?P<value>(?=[A-Z-]*\d{3})[A-Z0-9]+(?:-[A-Z0-9]+)*)\b(?![ \t]*(?:mg|ml|patients|subjects|participants|%))",
        score=0.7,
    ),
    CuedPattern(
        name="grouped_plan_number",
        entity_type=EntityType.HEALTH_PLAN_NUMBER,
        expression=r"\b(?i:insurance|member|subscriber|policy|plan|group|medicare|medicaid|payer|card ?holder|recipient|enrollee)[ \t]*(?i:number|no\.?|id|#)?[ \t]*[:#]?[ \t]*(?P<value>[A-Z]{1,4}\d{0,4}(?:[ -]\d{2,4}){2,4})\b",
    ),
    CuedPattern(
        name="unique_device_identifier",  # GS1 application identifiers: 01 device, 17 expiry, 10 lot, 21 serial
        entity_type=EntityType.DEVICE_ID,
        expression=r"(?P<value>\(01\)\d{14}(?:\(\d{2}\)[\w-]{1,20})*)",
    ),
    CuedPattern(
        name="uuid",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w-])(?P<value>[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})(?![\w-])",
    ),
    CuedPattern(
        name="long_number",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w.,/$£€*+-])(?<!\d )(?P<value>\d{7,20})(?![\w/%]|[.,]\d|-\d)",
        score=0.6,
        refine=_own_code,
    ),
    CuedPattern(
        name="hyphenated_number",
        entity_type=EntityType.MEDICAL_RECORD_NUMBER,
        expression=r"(?<![\w.,/-])(?P<value>\d{2,3}-\d{2}-\d{2}|\d{2,3}-\d{3}-\d{3})(?![\w/%-])",
        score=0.6,
        refine=_not_a_date,
    ),
    CuedPattern(
        name="grouped_number",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w.,/-])(?P<value>\d{4}(?:[ -]\d{4}){2,4}|\d{2}-\d{7})(?![\w/-])",
        score=0.6,
    ),
    CuedPattern(
        name="letters_and_digits",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w./-])(?P<value>[A-Z]{1,4}-?\d{5,14}[A-Z]?|[A-Z]{1,3}\d{2}-\d{3,8}|[A-Z]{1,4}\d{3,4}(?:-\d{3,4}){2,3}|[A-Z]{2,6}-\d{4}-\d{3,10})(?![\w-]|\.\d)",
        score=0.6,
        refine=_own_code,
    ),
    CuedPattern(
        name="mixed_code",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w./-])(?P<value>eyJ[\w.-]{6,}|(?=\w*[A-Za-z])(?=(?:\w*\d){5})(?=\w*[A-Za-z]\w*\d\w*[A-Za-z])(?=[A-Za-z0-9]{10,64}(?!\w))[A-Za-z]*\d[A-Za-z0-9]*|(?:sk|pk|api|ghp|key|tok)_[A-Za-z0-9_]{8,}|0x[0-9a-fA-F]{16,})(?!\w)",
        score=0.6,
        refine=_own_code,
    ),
    CuedPattern(
        name="vin",
        entity_type=EntityType.VEHICLE_ID,
        expression=r"(?<!\w)(?P<value>(?=[A-HJ-NPR-Z0-9]*\d{4,6}\b)[A-HJ-NPR-Z0-9]{17})(?!\w)",
    ),
    CuedPattern(
        name="medicare",
        entity_type=EntityType.HEALTH_PLAN_NUMBER,
        expression=r"(?<!\w)(?P<value>[1-9][A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d{2})(?!\w)",
    ),
    CuedPattern(
        name="spaced_plate",
        entity_type=EntityType.VEHICLE_ID,
        expression=rf"\b(?i:(?:licen[cs]e|number|registration)?[ \t]*plates?|tags?|passport|licen[cs]e|hull|registration|tail)(?:[ \t]+(?i:number|no\.?|is|was|reads|tags?))*[ \t:#]+{_SPACED_VALUE}",
        refine=_not_a_date,
    ),
    CuedPattern(
        name="bare_plate",
        entity_type=EntityType.VEHICLE_ID,
        expression=r"(?<![\w./-])(?P<value>[A-Z]{3}[ -]\d{4})(?![\w/%-]|[.,]\d)",
        score=0.5,
        refine=_bare_plate,
    ),
    CuedPattern(
        name="coordinates",
        entity_type=EntityType.LOCATION,
        expression=r"(?<![\w.])(?P<value>-?\d{1,2}\.\d{3,}°?[ \t]*[NS]?,[ \t]*-?\d{1,3}\.\d{3,}°?[ \t]*[EW]?)(?!\d)",
    ),
    CuedPattern(
        name="named_picture_file",
        entity_type=EntityType.UNIQUE_ID,
        expression=rf"\b(?i:(?:saved|stored|filed|uploaded)[ \t]+as|file ?name|file|named|titled)[ \t]*:?[ \t]+[\"']?(?P<value>[\w-]+(?:[ ][\w-]+){{0,4}}\.(?i:{_PICTURE}))\b",
    ),
    CuedPattern(
        name="picture_file",
        entity_type=EntityType.UNIQUE_ID,
        expression=rf"(?<![\w./\\~-])(?P<value>(?:[A-Za-z]:)?[/\\~]{{0,2}}(?:[\w.~-]+[/\\])*[\w-]+(?:\.[\w-]+)?\.(?i:{_PICTURE}))\b",
    ),
)


class IdentifierRecogniser(CuedRecogniser):
    """Record, account, plan, licence, device and vehicle numbers, and other codes that stand for one person.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__((*_labelled(), *_SHAPES), timeout_s)
