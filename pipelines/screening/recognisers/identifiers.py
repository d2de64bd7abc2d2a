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
    r"(?:atcc|snomed(?:[ -]?ct)?|cpt|hcpcs|icd(?:-?\d{1,2}(?:-cm)?)?|loinc|rxnorm|rxcui|pmid|pmcid|doi|ndc|nct|(?-i:MeSH)|umls|cui|omim|hgnc|"
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
_STEPS = regex.compile(r"[1-9]?\d0(?:-[1-9]?\d0){2}")
_SWITCH_BEFORE = regex.compile(r"\b(?i:rx[ \t]*)?(?i:bin)[ \t:#]*$")
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
    """Leave dates after a label to the date recogniser, which names them rightly; refuse reference sequences of genes,
    doses in steps ("20-40-80") and the number of a pharmacy's switch ("Rx BIN 610014").
    """
    if _STEPS.fullmatch(text, *span) or _SWITCH_BEFORE.search(text, max(0, span[0] - 12), span[0]):
        return None
    return None if _DATE_SHAPE.fullmatch(text, *span) or _REFERENCE_SEQUENCE.match(text, *span) else span


def _code_like(text: str, span: Span) -> Span | None:
    """Refuse years, counts, sizes and ranges: "report 2019", "sample 1000 ml", "stent 3x18", "case 12-14"."""
    if _COUNTED.fullmatch(text, *span) or _UNIT_AFTER.match(text, span[1]):
        return None
    return _own_code(text, span) and _not_a_date(text, span)


def _no_word(text: str, span: Span) -> Span | None:
    """Letters that a scanner reads for digits, among more digits: "4O2 77 l934", "3OO8841"."""
    value = text[slice(*span)]
    digits, letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    return span if digits >= 4 and 0 < letters <= digits and not _QUANTITY_AFTER.match(text, span[1]) else None


def _bare_plate(text: str, span: Span) -> Span | None:
    """Refuse abbreviations of notes with a year or a number behind them: "MRI 2019"."""
    letters, digits = regex.findall(r"[A-Z]+|\d+", text[slice(*span)])
    known = is_listed_word(letters) or letters.lower() in words("not_names") | words("drugs")
    return None if known or 1900 <= int(digits) < 2100 or _UNIT_AFTER.match(text, span[1]) else span


_BIOMETRIC = r"(?:voice|finger|palm|thumb|hand|foot|ear) ?(?:print|scan|geometry|vein)|retinal?|iris|facial|face|biometric|gait|vein|dna|frid|afis|fbi(?= (?:no|number|#))|template"  # what is measured
_PICTURE = "jpe?g|png|gif|bmp|tiff?|heic|webp|raw|nef|cr[23]|arw|dng|orf|rw2|svs|ndpi|stl|obj|dcm|dicom|mp4|m4v|mov|avi|wav|mp3|m4a|pdf|docx?"


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


# groups of capitals and digits with one space between them: "K 520 884 117 209", "PJN-118 204 S", "008 16 3340"
_GROUP = r"(?:[A-Z]{0,5}[-.]?\d[A-Z0-9]*(?:[-./#][A-Z0-9]+)*|[A-Z]{1,5}(?:-[A-Z]{1,5})?)"
_GROUPS = rf"(?P<value>{_GROUP}(?:[ ]{_GROUP}){{0,4}})(?![\w/%-]|[.,]\d)"
# words that a number of one person's follows, as notes shorten them; with a sign, "number" or "ID" any word is one
_LABEL_WORD = (
    "licen[cs]e|lic|l[i1]c|dl|cdl|ssn?|serial|ser|s/?n|policy|pol|plan|member|mem(?:b)?|subscriber|subs?|insured(?: by)?|insurance|ins|auth(?:orization|orisation)?|pre-?auth|claim|clm|referral|group|grp|"
    "account|acct|acc|invoice|loan|check|cheque|routing|iban|card|chart|record|rec|file|folder|mrn?|hospital|unit|passport|permit|visa|certificate|cert|registration|reg|reg'd|form|polst|molst|screen|screening|"
    "subject|subj|participant|randomi[sz]ation|rand|enrol+ment|template|mesh|voucher|receipt|release|donor(?: card)?|case|docket|warrant|badge|shield|employee|emp|staff|tracking|confirmation|conf|order|req|"
    "requisition|accession|specimen|slide|block|bag|unit|wristband|band|locker|key|tag|lot|batch|model|device|dn|udi|modem|mesh|footprint(?: card)?|card|token|ticket|tkt|reference|ref|code|box|evidence|kit|report|incident|run|trip"
)
_DECIMAL = regex.compile(r"\d{1,3}\.\d+")
_TOO_SHORT = 4  # digits: fewer behind a word are a dose, a grade or a count


def _counted(text: str, span: Span) -> bool:
    return bool(_COUNTED.fullmatch(text, *span) or _DECIMAL.fullmatch(text, *span))


def _spaced_code(text: str, span: Span) -> Span | None:
    """Groups behind a label: as many as belong together, four digits at least, and no quantity, year or date."""
    value = text[slice(*span)]
    tokens = value.split(" ")
    while tokens and not any(char.isdigit() for char in tokens[-1]) and len(tokens[-1]) > 3:
        tokens.pop()  # a word in capitals that follows
    span = span[0], span[0] + len(" ".join(tokens))
    while tokens and tokens[0].isalpha() and len(tokens[0]) > 2 and is_listed_word(tokens[0]):
        span = span[0] + len(tokens.pop(0)) + 1, span[1]
    digits = sum(char.isdigit() for char in text[slice(*span)])
    if digits < _TOO_SHORT or _counted(text, span) or _UNIT_AFTER.match(text, span[1]):
        return None
    return _own_code(text, span) and _not_a_date(text, span)


def _numbered(text: str, span: Span) -> Span | None:
    """After "#", "no." or "ID" behind any word; "Hospital day # 12" and "Rx BIN 610014" are no person's."""
    digits = sum(char.isdigit() for char in text[slice(*span)])
    letters = sum(char.isalpha() for char in text[slice(*span)])
    if digits < 3 or (digits < _TOO_SHORT and not letters) or _counted(text, span):
        return None
    return None if _UNIT_AFTER.match(text, span[1]) else _own_code(text, span) and _not_a_date(text, span)


_NOT_OWN_LETTERS = regex.compile(
    r"(?:rp\d+-|vr|covid|sars|mers|h\dn\d|ncov|cov|who|iso|icd|dsm|cpt|hla|cd|il|ca|ck|bnp|fda|ansi|nct|pmid|grch|hg|rs|nm|np|chr|ccr|cxcr|mir|mrna|dna|rna|akt|mk|pf|azd|abt|bms|gsk|amg|ly|sch|ro|ono|jnj|tak|bay|cc|ctla)(?![a-z])",
    regex.IGNORECASE,
)
_UNIT_WITHIN = regex.compile(
    r"\d(?:mg|mcg|ml|kg|g|l|cm|mm|u|iu|h|hrs?|y|yr|yo|d|wk|mo|hz|ev|gy|cgy|cc|x|st|nd|rd|th|pm|am|year|day|week|month|old)\b|-(?:year|month|week|day|hour|mg|ml|mm|cm|fold|old|point)",
    regex.IGNORECASE,
)


def _hyphenated(text: str, span: Span) -> Span | None:
    """ "FS-2024-66017", "77f0-19ae": codes of a register, but no virus, gene, drug of a trial, size or span of years."""
    value = text[slice(*span)]
    if _NOT_OWN_LETTERS.match(value) or _UNIT_WITHIN.search(value):
        return None
    outside_years = regex.sub(r"(?<!\d)(?:18|19|20)\d{2}(?!\d)", "", value)
    if sum(char.isdigit() for char in outside_years) < 3 and len(regex.findall(r"\p{Lu}{2,}", value)) < 2:
        return None
    if regex.fullmatch(r"[A-Za-z]?\d{1,2}(?:-[A-Za-z]?\d{1,2})+", value):  # T12-L1, levels of the spine
        return None
    if any(len(word) > 3 and is_listed_word(word) for word in regex.findall(r"\p{L}+", value)):
        return None
    return _own_code(text, span) and _not_a_date(text, span)


def _plate(text: str, span: Span) -> Span | None:
    """A plate has letters and digits: "482 KRT", "FNRL 2"; "plate 3.5 mm" and "tag 12" are none."""
    value = text[slice(*span)]
    if not regex.search(r"\d", value) or not regex.search(r"\p{L}", value) or sum(map(str.isalnum, value)) < 4:
        return None
    if any(len(word) > 3 and is_listed_word(word) for word in regex.findall(r"\p{Ll}+", value)):
        return None
    return None if _UNIT_AFTER.match(text, span[1]) or _UNIT_WITHIN.search(value) else _not_a_date(text, span)


_CREDENTIAL = "RN|LPN|LVN|NP|FNP(?:-BC|-C)?|ARNP|APRN|CRNP|CNP|DNP|PA-C|PA|MD|DO|DDS|DMD|DPM|OD|DC|PharmD|RPh|PT|DPT|OTR(?:/L)?|OT|SLP|CCC-SLP|LCSW|LICSW|LMFT|LPC|LMHC|MSW|RD|RDN|RRT|CRT|CNM|CRNA|CNA|EMT(?:-[BIP])?|Paramedic|NRP|PsyD|PhD"
_SPELLED_DIGIT = "(?i:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_SCANNED = "[0-9OoIlSB]"

_SHAPES = (
    CuedPattern(
        name="spaced_label",
        entity_type=EntityType.UNIQUE_ID,
        expression=rf"(?<![A-Za-z])(?i:{_LABEL_WORD})(?![A-Za-z])(?:[ \t]*(?i:numbers?|num|no|nbr|id)\b)?[.:#=]{{0,2}}[ \t]*[(:#]?[ \t]*(?i:is[ \t])?[(]?{_GROUPS}",
        score=0.7,
        refine=_spaced_code,
    ),
    CuedPattern(
        name="numbered",
        entity_type=EntityType.UNIQUE_ID,
        expression=rf"\b(?:(?!(?i:bin|day|pod|hd|grade|stage|type|week|cycle|visit|dose|french|size|gauge|blade|mac|miller|tooth|teeth|disp(?:ense)?|qty|refills?|tabs?|question|item|rib|digit|toe|finger|figure|table|step|page)\b)[\p{{L}}-]{{2,20}}|\d{{4}})[ \t]?(?:#[ \t]?:?|(?i:no\.|nos?:|number|num\.?|id)[ \t]*[:#]?)[ \t]*{_GROUPS}",
        score=0.6,
        refine=_numbered,
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
        refine=_not_a_date,
    ),
    CuedPattern(
        name="hyphenated_code",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w./+:-])(?P<value>(?=[A-Za-z0-9-]*[A-Za-z])(?=(?:[A-Za-z-]*\d){4})[A-Za-z0-9]{1,10}(?:-[A-Za-z0-9]{1,10}){1,5})(?![\w/%-]|\.\d)",
        score=0.5,
        refine=_hyphenated,
    ),
    CuedPattern(
        name="spaced_groups",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w.,/:-])(?<!\d[ ])(?P<value>\d{4}[ ]\d{3}[ ]\d{3,4}|[A-Z]{1,4}\d{1,4}(?:[ ]\d{3,4}){2,4}|[A-Z]\d{2}[ ]\d{6,9}|[A-Z][ ]\d{3}(?:[ ]\d{3}){2,3})(?![\w/%]|[.,]\d|[ ]\d)",
        score=0.6,
        refine=_code_like,
    ),
    CuedPattern(
        name="long_hyphenated",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w.,/$£€*+-])(?<!\d )(?P<value>\d{6,14}-\d{1,4}|\d{1,4}-\d{6,14}|\d{1,2}-\d{5}|\d{4}-\d{6,10})(?![\w/%-]|[.,]\d)",
        score=0.6,
        refine=_own_code,
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
        refine=_no_word,
    ),
    CuedPattern(
        name="misread_number",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w./-])(?P<value>(?:[A-Z]{0,3}-)?[0-9OoIl]{2}\d[0-9OoIl]{3,10}|\d[0-9OoIl]{5,12})(?![\w/%-]|\.\d)",
        score=0.5,
        refine=_no_word,
    ),
    CuedPattern(
        name="plate_of_state",
        entity_type=EntityType.VEHICLE_ID,
        expression=r"\b(?i:plates?|tags?|licen[cs]e tag|registration|reg(?:istered)?(?: no\.?)?|reg\.)(?:[ \t]+(?i:number|no\.?|is|was|reads|reading|of))*[ \t:#(]+(?P<value>(?:[A-Za-z]{2}[ -])?(?:[A-Z0-9]{1,8}(?:[ -][A-Z0-9]{1,5}){0,2}|[a-z]{0,4}\d[a-z0-9]{2,7}))(?![\w/%.]\d|\w)",
        score=0.7,
        refine=_plate,
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
