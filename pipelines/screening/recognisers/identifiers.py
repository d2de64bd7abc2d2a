# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Numbers and codes that stand for a person: anchored by a label, by a prefix, or by their shape alone.

A label's value must hold a digit, and is reported without the label. Shapes are kept to those that no laboratory value,
dose or code of a terminology has: long digit runs, and letters joined to long digit runs.
"""

from typing import NamedTuple

import regex

from pipelines.screening.entities import EntityType
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
_VALUE = r"(?P<value>(?=[A-Za-z\-./_]{0,14}\d)[A-Za-z0-9](?:[A-Za-z0-9]|[-./_](?=[A-Za-z0-9])){2,29})\b"
# "W1234 56789": further groups of four digits and more, unless they are a year or count something
_MORE_GROUPS = r"(?:[ ](?P<value>\d{4,5})(?=[ ]*(?:[.,;)]|\r?\n|$)))?"
_SPACED_VALUE = r"(?P<value>(?:[A-Z]{1,3}[ ](?=[A-Z0-9-]*\d))?(?=[A-Z-]{0,10}\d|[A-Z]{2,3}[ ]\d)[A-Z0-9][A-Z0-9-]{2,}(?:[ ]\d[A-Z0-9]{1,5}){0,4})\b"

_TERMINOLOGY_BEFORE = regex.compile(
    r"(?:snomed(?:[ -]?ct)?|cpt|hcpcs|icd(?:-?\d{1,2}(?:-cm)?)?|loinc|rxnorm|rxcui|pmid|pmcid|doi|ndc|nct|mesh|umls|cui|omim|hgnc|"
    r"chebi|ean|isbn|chr(?:\d{1,2}|[xym]))\W{0,4}(?:codes?|id|no|number)?\W{0,3}$",
    regex.IGNORECASE,
)
_QUANTITY_AFTER = regex.compile(
    r"\s*(?:iu\b|units?\b|u/|copies|cfu|cells?\b|colony|colonies|/|mcl|ml\b|mg\b|per\b|x ?10)", regex.IGNORECASE
)
_REFERENCE_SEQUENCE = regex.compile(r"(?:[NX][CGMPRT]_|ENS[GTP]|rs)\d")
_DATE_SHAPE = regex.compile(r"\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{2,4})?|\d{4}[/.-]\d{1,2}[/.-]\d{1,2}")


def _own_code(text: str, span: Span) -> Span | None:
    """Refuse terminology codes and quantities."""
    before = text[max(0, span[0] - 30) : span[0]]
    if _TERMINOLOGY_BEFORE.search(before) or _QUANTITY_AFTER.match(text, span[1]):
        return None
    return None if text[span[0] : span[1]].startswith("NCT") else span


def _not_a_date(text: str, span: Span) -> Span | None:
    """Leave dates after a label to the date recogniser, which names them rightly; refuse reference sequences of genes."""
    return None if _DATE_SHAPE.fullmatch(text, *span) or _REFERENCE_SEQUENCE.match(text, *span) else span


class Labels(NamedTuple):
    """What introduces the identifiers of one kind.

    Attributes:
        always: labels that need nothing more between them and the value: "MRN 48572113".
        everyday: words that notes use otherwise too; they need a colon, "#", "number" or "ID": "case: 19-221".
        prefixes: letters that the value itself begins with: "MRN48572113".
    """

    always: str
    everyday: str
    prefixes: str


_LABELS = {
    EntityType.MEDICAL_RECORD_NUMBER: Labels(
        r"mrns?|m\.r\.n\.|mr ?#|med(?:ical)?[ \t.]*rec(?:ord)?s?\.?|unit (?:no|number)\.?|chart (?:no|number|#)|chart ?#|hosp(?:ital)? (?:no|number|id)|hosp ?#|"
        r"patient (?:id|no|number|identifier)|pt\.? ?id|pat(?:ient)? ?#|empi|emr ?(?:id|#|no)|ehr ?(?:id|#|no)|health record (?:no|number)|nhs (?:no|number)",
        r"chart|record|hospital|medical record|ur|hn|mr",
        r"MRN|MR|PAT|PT|PID",
    ),
    EntityType.ACCOUNT_NUMBER: Labels(
        r"acct\.?|account|csn|har|fin(?: (?:no|number|#)|#|:)|(?:visit|encounter|billing|invoice|statement|guarantor|financial) (?:no|number|id|#)|bank account|routing|sort code|swift",
        r"visit|encounter|invoice|bill|billing|guarantor|fin",
        r"ACCT|ACC|FIN|CSN|VISIT|ENC|INV",
    ),
    EntityType.HEALTH_PLAN_NUMBER: Labels(
        r"(?:member|policy|subscriber|group|beneficiary|insurance|plan|medicare|medicaid|hic|payer|auth(?:orization|orisation)?|prior auth(?:orization)?|claim|certificate) ?(?:no\.?|number|id|#|claim)|"
        r"mbi|hicn|policy|pre-?cert(?:ification)?|(?:bcbs|blue cross|aetna|cigna|humana|kaiser|tricare|medi-?cal|united ?healthcare|uhc)(?: (?:id|policy|member))?",
        r"member|subscriber|insurance|medicare|medicaid|beneficiary|claim|authorization|health plan|group",
        r"INS|POL|CLM|MBR|MEM|HPN|GRP|AUTH|PA",
    ),
    EntityType.LICENSE_NUMBER: Labels(
        r"dea|npi|upin|(?:driver'?s?|state|medical|nursing|pharmacy|professional|provider) (?:licen[cs]e|id)(?: ?(?:no\.?|number|#))?|licen[cs]e|lic\.|"
        r"(?:certificate|certification|registration) (?:no\.?|number|#)|passport|visa (?:no\.?|number|#)|national id|tax id|ein|tin|itin",
        r"lic|dl|state id|certificate|registration",
        r"NPI|DEA|LIC|DL",
    ),
    EntityType.DEVICE_ID: Labels(
        r"s/n|serial|lot|batch|udi|imei|device (?:id|no|number|identifier)|implant (?:id|no|number)|(?:pacemaker|icd|generator|pump|lead|stimulator|valve|stent|ventilator|c-?pap|bi-?pap|monitor|defibrillator|prosthesis|hearing aid|implant) ?(?:serial|s/n|sn|id|#)|model (?:no|number|#)|reference (?:no|number)",
        r"sn|ref|device|pacemaker|generator|implant",
        r"SN|LOT|DEV|IMEI",
    ),
    EntityType.VEHICLE_ID: Labels(
        r"vin|(?:licen[cs]e|number|registration|vehicle)[ \t]+plates?|(?:vehicle|car) (?:id|no|number|registration)",
        r"plate|tag",
        "",
    ),
    EntityType.UNIQUE_ID: Labels(
        r"accession|acc ?#|(?:specimen|sample|case|order|requisition|study|subject|protocol|participant|trial|research|employee|staff|badge|user|login|reference|confirmation|job|dictation|transcription|document|"
        r"doc|ticket|tracking|report|file|exam|incident|police|prescription|rx|sticker|barcode|photo|image|student|inmate|booking|path(?:ology)?|api|token) ?(?:no\.?|number|id|#|code|key|file)|"
        r"rx ?#|ref ?#|case ?#|emp(?:loyee)? ?(?:id|#)|username|user ?name|login",
        r"specimen|case|order|requisition|reference|badge|document|rx|job|id|claim|subject|participant",
        r"EMP|STF|RX|REQ|ORD|CASE|SUBJ|STUDY|REF|BIO(?:-[A-Z]{1,4})?|USR|USER|SPEC",
    ),
}
_BIOMETRIC = r"(?:voice|finger|palm|thumb|hand|foot) ?print|retinal?|iris|facial|face|biometric|gait|vein|dna"  # what is measured


def _labelled() -> list[CuedPattern]:
    patterns = []
    for entity_type, labels in _LABELS.items():
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
        expression=r"(?<![\d-])(?P<value>\d{3}([- .])\d{2}\2\d{4})(?!\d|-\d)",
    ),
    CuedPattern(
        name="ssn_label",
        entity_type=EntityType.US_SSN,
        expression=r"\b(?i:ssn?|ss#|social(?: security)?)[ \t]*(?i:number|no\.?|#)?[ \t]*(?i:is|ending(?: in)?|last (?:4|four)(?: digits)?)?[ \t:#]*(?P<value>[\dX*x][\dXx*\- ]{2,9}\d)(?!\d)",
    ),
    CuedPattern(
        name="masked_ssn",
        entity_type=EntityType.US_SSN,
        expression=r"(?<![\w-])(?P<value>[Xx*#]{3}[- ][Xx*#]{2}[- ]\d{4})(?![\w-])",
    ),
    CuedPattern(
        name="biometric",
        entity_type=EntityType.UNIQUE_ID,
        expression=rf"\b(?i:{_BIOMETRIC})s?(?:[ \t]+(?i:scan|template|profile|pattern|record|recognition|signature|hash|sample))?{_JOIN}(?P<value>(?=(?:[A-Za-z_:-]*\d){{3}})[A-Za-z0-9]+(?:[-_:][A-Za-z0-9]+)*)(?![\w/%.]\d|[ \t]*(?:mm|cm|mg|ml|years?|degrees)\b)",
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
        expression=r"\b(?i:insurance|member|subscriber|policy|plan|group|medicare|medicaid|payer)[ \t]*(?i:number|no\.?|id|#)?[ \t]*[:#]?[ \t]*(?P<value>[A-Z]{1,4}(?:[ -]\d{2,4}){2,4})\b",
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
        expression=r"(?<![\w.,/-])(?P<value>\d{3}-\d{2}-\d{2}|\d{2,3}-\d{3}-\d{3})(?![\w/-])",
        score=0.6,
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
        expression=r"(?<![\w./-])(?P<value>eyJ[\w.-]{6,}|(?=\w*[A-Za-z])(?=(?:\w*\d){5})(?=\w*[A-Za-z]\w*\d\w*[A-Za-z])[A-Za-z0-9]{10,64}|(?:sk|pk|api|ghp|key|tok)_[A-Za-z0-9_]{8,}|0x[0-9a-fA-F]{16,})(?!\w)",
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
        expression=rf"\b(?i:(?:licen[cs]e|number|registration)?[ \t]*plates?|tag|passport|licen[cs]e)(?:[ \t]+(?i:number|no\.?|is|was|reads))*[ \t:#]+{_SPACED_VALUE}",
        refine=_not_a_date,
    ),
    CuedPattern(
        name="coordinates",
        entity_type=EntityType.LOCATION,
        expression=r"(?<![\w.])(?P<value>-?\d{1,2}\.\d{3,}°?[ \t]*[NS]?,[ \t]*-?\d{1,3}\.\d{3,}°?[ \t]*[EW]?)(?!\d)",
    ),
    CuedPattern(
        name="named_picture_file",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"\b(?i:(?:saved|stored|filed|uploaded)[ \t]+as|file ?name|file|named|titled)[ \t]*:?[ \t]+[\"']?(?P<value>[\w-]+(?:[ ][\w-]+){0,4}\.(?i:jpe?g|png|gif|bmp|tiff?|heic|dcm|mp4|mov|wav|mp3|pdf|docx?))\b",
    ),
    CuedPattern(
        name="picture_file",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w./-])(?P<value>[\w-]+\.(?i:jpe?g|png|gif|bmp|tiff?|heic|dcm|mp4|mov|wav|mp3|pdf|docx?))\b",
    ),
)


class IdentifierRecogniser(CuedRecogniser):
    """Record, account, plan, licence, device and vehicle numbers, and other codes that stand for one person.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__((*_labelled(), *_SHAPES), timeout_s)
