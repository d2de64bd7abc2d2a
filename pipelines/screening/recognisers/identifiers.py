# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Numbers and codes that stand for a person: anchored by a label, by a prefix, or by a shape that tells their kind.

A label's value must hold a digit, and is reported without the label. Codes that nothing announces are the matter of
`codes`.
"""

from pipelines.screening.entities import EntityType
from pipelines.screening.recognisers.code_refinements import (
    bare_plate,
    code_like,
    no_times,
    no_word,
    not_a_date,
    numbered,
    own_code,
    plate,
    spaced_code,
)
from pipelines.screening.recognisers.identifier_labels import LABELS
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser

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

_BIOMETRIC = r"(?:voice|finger|palm|thumb|hand|foot|ear) ?(?:print|scan|geometry|vein)|retinal?|iris|facial|face|biometric|gait|vein|dna|frid|afis|fbi(?= (?:no|number|#))|template"  # what is measured
_FILE_WORD = (
    r"(?!(?i:saved|stored|filed|uploaded|taken|attached|as|is|was|of|in|to|and|see|the|on|at|file|named)\b)[\w-]+"
)
_PICTURE = "jpe?g|png|gif|bmp|tiff?|heic|webp|raw|nef|cr[23]|arw|dng|orf|rw2|svs|ndpi|stl|obj|dcm|dicom|zip|mp4|m4v|mov|avi|wav|mp3|m4a|pdf|docx?"


def _labelled() -> list[CuedPattern]:
    patterns = []
    for entity_type, labels in LABELS.items():
        short = entity_type.lower()
        patterns += [
            CuedPattern(
                name=f"{short}_label",
                entity_type=entity_type,
                expression=rf"(?<![A-Za-z])(?i:{labels.always})(?![a-z]){_JOIN}{_VALUE}{_MORE_GROUPS}",
                refine=not_a_date,
            ),
            CuedPattern(
                name=f"{short}_everyday_label",
                entity_type=entity_type,
                expression=rf"\b(?i:{labels.everyday}){_STRICT_JOIN}{_VALUE}{_MORE_GROUPS}",
                score=0.7,
                refine=not_a_date,
            ),
        ]
        if labels.nouns:
            patterns.append(
                CuedPattern(
                    name=f"{short}_noun",
                    entity_type=entity_type,
                    expression=rf"(?<![\w-])(?i:{labels.nouns})[ \t]*[:#]?[ \t]*(?<=[ \t:#]){_CODE}{_MORE_GROUPS}",
                    score=0.6,
                    refine=code_like,
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


# groups of capitals and digits with one space between them: "K 520 884 117 209", "PJN-118 204 S", "008 16 3340"
_GROUP = r"(?:[A-Z]{0,5}[-.]?\d[A-Z0-9]*(?:[-./#][A-Z0-9]+)*|[A-Z]{1,5}(?:-[A-Z]{1,5})?)"
_GROUPS = rf"(?P<value>{_GROUP}(?:[ ]{_GROUP}){{0,4}})(?![\w/%-]|[.,]\d)"
# words that a number of one person's follows, as notes shorten them; with a sign, "number" or "ID" any word is one
_LABEL_WORD = (
    "licen[cs]e|lic|l[i1]c|dl|cdl|ssn?|serial|ser|s/?n|policy|pol|plan|member|mem(?:b)?|subscriber|subs?|insured(?: by)?|insurance|ins|auth(?:orization|orisation)?|pre-?auth|claim|clm|referral|group|grp|"
    "account|acct|acc|invoice|loan|check|cheque|routing|iban|card|chart|record|rec|file|folder|mrn?|hospital|unit|passport|permit|visa|certificate|cert|registration|reg|reg'd|form|polst|molst|screen|screening|"
    "subject|subj|participant|randomi[sz]ation|rand|enrol+ment|template|mesh|voucher|receipt|release|donor(?: card)?|case|docket|warrant|badge|shield|employee|emp|staff|tracking|confirmation|conf|order|req|"
    "requisition|key ?safe|hsn|h?phn|phin|ohip|ramq|hcn|nhi|nhs|nino|ppsn?|acc45|rego|accession|specimen|slide|block|bag|unit|wristband|band|locker|key|tag|lot|batch|model|device|dn|udi|modem|mesh|footprint(?: card)?|card|token|ticket|tkt|reference|ref|code|box|evidence|kit|report|incident|run|trip"
)
_CREDENTIAL = "RN|LPN|LVN|NP|FNP(?:-BC|-C)?|ARNP|APRN|CRNP|CNP|DNP|PA-C|PA|MD|DO|DDS|DMD|DPM|OD|DC|PharmD|RPh|PT|DPT|OTR(?:/L)?|OT|SLP|CCC-SLP|LCSW|LICSW|LMFT|LPC|LMHC|MSW|RD|RDN|RRT|CRT|CNM|CRNA|CNA|EMT(?:-[BIP])?|Paramedic|NRP|PsyD|PhD"
_SPELLED_DIGIT = "(?i:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_SCANNED = "[0-9OoIlSB]"

_SHAPES = (
    CuedPattern(
        name="spaced_label",
        entity_type=EntityType.UNIQUE_ID,
        expression=rf"(?<![A-Za-z])(?i:{_LABEL_WORD})(?![A-Za-z])(?:[ \t]*(?i:numbers?|num|no|nbr|id)\b)?[.:#=]{{0,2}}[ \t]*[(:#]?[ \t]*(?i:is[ \t])?[(]?{_GROUPS}",
        score=0.7,
        refine=spaced_code,
    ),
    CuedPattern(
        name="numbered",
        entity_type=EntityType.UNIQUE_ID,
        expression=rf"\b(?:(?!(?i:bin|day|pod|hd|grade|stage|type|week|cycle|visit|dose|french|size|gauge|blade|mac|miller|tooth|teeth|disp(?:ense)?|qty|refills?|tabs?|question|item|rib|digit|toe|finger|figure|table|step|page)\b)[\p{{L}}-]{{2,20}}|\d{{4}})(?:[ \t]?(?:#[ \t]?:?|ID(?![A-Za-z])[ \t]*[:#]?)|[ \t](?i:no\.|nos?:|number|num\.?|id)[ \t]*[:#]?)[ \t]*{_GROUPS}",
        score=0.6,
        refine=numbered,
    ),
    CuedPattern(
        name="spelled_label",
        entity_type=EntityType.MEDICAL_RECORD_NUMBER,
        expression=rf"\b(?i:records?|mrn|chart|account|policy|member|number|id|badge|social(?: security)?|licen[cs]e|npi|dea|case|file|claim|zip(?: code)?|pin|code|extension|serial)(?:[ \t]+(?i:numbers?|no|id|is|ending in|ends in))*[ \t:,]+(?P<value>{_SPELLED_DIGIT}(?:[ ,-]+{_SPELLED_DIGIT}){{2,}})\b",
        score=0.8,
    ),
    CuedPattern(
        name="credential_number",
        entity_type=EntityType.LICENSE_NUMBER,
        expression=rf"\b(?:{_CREDENTIAL})(?:[ ,/]+[A-Z][A-Z-]{{1,7}}\b(?!\.\d)){{0,3}}[ \t,.:#]*(?i:lic(?:en[cs]e)?\.?|no\.?|number|#|:)*[ \t]*(?P<value>[A-Z]{{0,4}}[-.]?(?=(?:[\d.-]*\d){{5}})\d[\d.-]*\d[A-Z]{{0,4}})(?![\w/%])",
        score=0.8,
        refine=not_a_date,
    ),
    CuedPattern(
        name="spaced_groups",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w.,/:-])(?<!\d[ ])(?P<value>\d{4}[ ]\d{3}[ ]\d{3,4}|[A-Z]{1,4}\d{1,4}(?:[ ]\d{3,4}){2,4}|[A-Z]\d{2}[ ]\d{6,9}|[A-Z][ ]\d{3}(?:[ ]\d{3}){2,3})(?![\w/%]|[.,]\d|[ ]\d)",
        score=0.6,
        refine=code_like,
    ),
    CuedPattern(
        name="hexadecimal",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<!\w)(?P<value>0x[0-9A-Fa-f]{4,})(?!\w)",
        score=0.8,
    ),
    CuedPattern(
        name="misread_ssn",
        entity_type=EntityType.US_SSN,
        expression=rf"(?<![\w/-])(?P<value>(?=(?:[^\n]?[OoIlSB -]*\d){{5}}){_SCANNED}{{3}}([- .]){_SCANNED}{{2}}\2{_SCANNED}{{4}})(?![\w-])",
        refine=no_word,
    ),
    CuedPattern(
        name="plate_of_state",
        entity_type=EntityType.VEHICLE_ID,
        expression=r"\b(?i:plates?|tags?|licen[cs]e tag|registration|reg(?:istered)?(?: no\.?)?|reg\.)(?:[ \t]+(?i:number|no\.?|is|was|reads|reading|of))*[ \t:#(]+(?P<value>(?:[A-Za-z]{2}[ -])?(?:[A-Z0-9]{1,8}(?:[ -][A-Z0-9]{1,5}){0,2}|[a-z]{0,4}\d[a-z0-9]{2,7}))(?![\w/%.]\d|\w)",
        score=0.7,
        refine=plate,
    ),
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
        name="last_four",  # of whatever number: four digits are enough to tell one patient of a hospital from the others
        entity_type=EntityType.US_SSN,
        expression=r"\b(?:(?i:last|final)[ \t]?(?:4|(?i:four))|(?i:ssn?|ss#|social)[ \t]+(?i:ends?|ending))(?:[ \t]+(?i:digits|numbers|of|her|his|their|the|social|ssn|ss#?|are|is|were|in|with|card|account))*[ \t:=(#,]*(?P<value>\d{4})(?![\w/%]|[.,]\d)",
    ),
    CuedPattern(
        name="ends_in",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"\b(?i:mrn|cell|phone|mobile|number|card|account|acct)[ \t]+(?i:ends?|ending)(?:[ \t]+(?i:in|with))?[ \t:]+(?P<value>\d{4})(?![\w/%]|[.,]\d)",
    ),
    CuedPattern(
        name="number_sign",  # "#4410" at the start of a page or of a message
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w#&/])#[ ]?(?P<value>\d{4,8})(?![\w%/-]|[.,]\d)",
        score=0.6,
        refine=code_like,
    ),
    CuedPattern(
        name="national_insurance",  # of Britain
        entity_type=EntityType.US_SSN,
        expression=r"(?<!\w)(?P<value>[A-Z]{2}[ ]\d{2}[ ]\d{2}[ ]\d{2}[ ][A-D])(?!\w)",
    ),
    CuedPattern(
        name="masked_ssn",
        entity_type=EntityType.US_SSN,
        expression=r"(?<![\w-])(?P<value>[Xx*#]{3}[- ][Xx*#]{2}[- ]\d{4})(?![\w-])",
    ),
    CuedPattern(
        name="biometric",
        entity_type=EntityType.BIOMETRIC,
        expression=rf"\b(?i:{_BIOMETRIC})s?(?:[ \t]+(?i:scan|template|profile|pattern|record|recognition|signature|hash|sample|image|enrolment|enrollment|ref(?:erence)?|biometric)\b){{0,2}}{_JOIN}(?P<value>(?:[A-Z]{{2}}[ ])?(?=(?:[A-Za-z_:/#-]*\d){{3}})[A-Za-z0-9]+(?:[-_:/#][A-Za-z0-9]+)*)(?![\w/%.]\d|[ \t]*(?:mm|cm|mg|ml|years?|degrees)\b)",
        refine=code_like,
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
        name="grouped_number",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w.,/-])(?P<value>\d{4}(?:[ ]\d{4}){2,4})(?![\w/-])",
        score=0.6,
        refine=no_times,
    ),
    CuedPattern(
        name="token",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w./-])(?P<value>eyJ[\w.-]{6,}|(?:sk|pk|api|ghp|key|tok)_[A-Za-z0-9_]{8,})(?!\w)",
        score=0.6,
        refine=own_code,
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
        refine=not_a_date,
    ),
    CuedPattern(
        name="bare_plate",
        entity_type=EntityType.VEHICLE_ID,
        expression=r"(?<![\w./-])(?P<value>[A-Z]{3}[ -]\d{4})(?![\w/%-]|[.,]\d)",
        score=0.5,
        refine=bare_plate,
    ),
    CuedPattern(
        name="coordinates",
        entity_type=EntityType.LOCATION,
        expression=r"(?<![\w.])(?P<value>-?\d{1,2}\.\d{3,}°?[ \t]*[NS]?,[ \t]*-?\d{1,3}\.\d{3,}°?[ \t]*[EW]?)(?!\d)",
    ),
    CuedPattern(
        name="named_picture_file",
        entity_type=EntityType.PHOTO,
        expression=rf"\b(?i:(?:saved|stored|filed|uploaded)[ \t]+as|file ?name|file|named|titled|photos?|photographs?|pictures?|pics?|images?|img)[ \t]*:?[ \t]+[\"']?(?P<value>{_FILE_WORD}(?:[ ]{_FILE_WORD}){{0,4}}\.(?i:{_PICTURE}))\b",
    ),
    CuedPattern(
        name="picture_file",
        entity_type=EntityType.PHOTO,
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
