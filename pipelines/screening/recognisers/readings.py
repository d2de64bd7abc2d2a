# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""What a token with digits means in a note when it is no code of one person's.

Quantities with their unit, ranges and steps of a dose, times, laboratory values, stages, spans of the spine, variants of
genes, alleles, markers, strains, trial drugs, and codes of a terminology. The list is of readings and not of codes, since
identifiers have any form and clinical figures have few.
"""

import re

from pipelines.screening.gazetteer import is_listed_word
from pipelines.screening.lexicon import words

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_TERMINOLOGY_BEFORE = re.compile(
    r"(?:atcc|snomed(?:[ -]?ct)?|cpt|hcpcs|icd(?:-?\d{1,2}(?:-(?:cm|pcs))?)?|loinc|rxnorm|rxcui|pmid|pmcid|doi|ndc|nct|mesh|umls|cui|omim|mim|hgnc|drg|apc|modifiers?|rvu|e/?m|"
    r"chebi|ean|isbn|chr(?:\d{1,2}|[xym])|grant|research ?registry|service|level of (?:care|service)|billing codes?|procedure codes?|diagnosis codes?|billed(?: as| for| with)?|coded(?: as)?|codes?(?: (?:as|is|are|for))?|bin)\W{0,4}(?:codes?|id|no|number)?\W{0,3}(?:(?:\d{5}|[A-Z]\d{2,4}(?:\.\d{1,4})?)(?:,| and| or|/|;) ?)*$",
    re.IGNORECASE,
)
_QUANTITY_AFTER = re.compile(
    r"/|[ \t]/(?!\s)|[ \t]*(?:%|°|/[ \t]?(?:mm3?|cu|u|µl|ml|l|hpf|day|kg|min)\b|x ?10|[x×] ?\d|to \d|(?:iu|units?|u|copies|cfu|cells?|colony|colonies|mcl|ml|mg|mcg|ug|μg|µg|ng|pg|l|dl|g|kg|mm3|mmol|meq|per (?:min|h|day|week|mm|ml|cu|micro|high)|steps|miles?|meters|m|km|feet|ft|bp|kb|hz|"
    r"dollars|usd|people|patients|subjects|participants|men|women|children|cases|births|deaths|live|reads|rpm|days|hours|years|cmm|cumm|platelets|white|red|wbcs?|rbcs?|leukocytes|lymphocytes|neutrophils)\b)",
    re.IGNORECASE,
)
_STROKES = re.compile(r"\d{1,4}(?:\.\d+)?(?:/[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,4})(?:\.\d+)?)+")
_LETTERS_MISSED = re.compile(
    r"(?<=\A20/\d\d)[+-]\d\Z|(?<=\A20/\d\d\d)[+-]\d\Z|(?<=\A6/\d\d)[+-]\d\Z|(?<=\A6/\d)[+-]\d\Z"
)  # of a line of an eye chart, "20/25-2"
_YEAR = re.compile(r"(?:18|19|20)\d{2}")
_CLOCK = re.compile(r"(?:[01]\d|2[0-4])[0-5]\d")
_DATE = re.compile(
    r"\d{1,2}([-/.])\d{1,2}\1(?:\d{2}|\d{4})|(?:1[89]|20|21)\d{2}([-/.])\d{1,2}(?:\2\d{1,2})?|\d{1,2}[-/](?:19|20)\d{2}|\d{1,2}[A-Z]{3}(?:20)?\d{2}|(?:\d{1,2}/\d{1,2}(?:/\d{2,4})?-?){2}"
)
_MEASURE = re.compile(
    rf"[a-z]?[~<>≤≥±]?{_NUMBER}(?:[-+x/]{_NUMBER})*-?/?(?P<unit>[A-Za-zµμ]+)(?P<per>[/-][A-Za-zµμ\d.]+)*\d?"
)
_GENETIC = re.compile(
    r"(?:c\.[\d_+*-]|[pgmnr]\.(?:[A-Z(*_]|\d+[_+ACGT-])|[NX][CGMPRTW]_|ENS[GTP]\d|rs\d{4}|chr[\dXYM])\S*|"  # of a reference sequence
    r"(?:[A-Z][A-Z0-9]{1,6})?[A-Z]\d{1,4}(?:[A-Z*]|fs\S*|del|dup|ins\S*)|[A-Z][a-z]{2}\d{1,4}(?:[A-Z][a-z]{2}|fs|\*)\S*|"  # JAK2V617F
    r"[ACGT]\d{2,6}[ACGT]|\d{0,2}[XY]?[pq]\d{1,2}(?:\.\d+)?(?:[-pq]\S*)?|[A-Z0-9]{1,8}\*[\d:]+[A-Z]?|D\d{1,2}S\d{1,6}|H[1-4][AB]?[KRST]\d{1,3}\S*|"
    r"[A-Z]{2,6}-?\d{1,3}(?:[A-Za-z]\d{0,2}){0,2}(?:-\d{1,2})?|[A-Z]{3,6}\d{1,2}[A-Z]{1,2}\d{1,3}|KIAA\d{4}"  # genes, markers, machines
)
_STAGED = re.compile(
    r"(?:[acmpruy]-?){0,3}T(?:is|[0-4Xx])[a-d]?\d?(?:N[0-3Xx]\S{0,3})?(?:M[01Xx]\S?)?|[Gg]\d{1,2}[Pp]\d{1,4}\S{0,3}|(?P<block>[A-Z])\d{1,2}-(?P=block)?\d{1,2}|\d{1,2}h[0-5]\d|(?:[A-Z]{1,2}\d){2,4}[A-Z]?|(?:ex-)?\d{1,2}w\d(?:d|/7)?|[A-Z][a-z]{3,}\d{1,3}|(?:19|20)\d{2}[A-Z]|[A-Za-z]{3,}\.\d{1,3}|\d+\.\d+[A-Za-z]{1,4}|[LRCTSDV]\d{1,2}(?:[-/][LRCTSDV]?\d{1,2})+|M[012]\d{3}|\d{1,2}[LR](?:/\d{1,2}[LR])*|"
    r"[A-TV-Z]\d[0-9A-Z]\.[0-9A-Z]{1,4}|v\d+(?:\.\d+)+|(?:1\d{3}|20\d{2})(?:s|[a-z])|.*[×^µμ°].*|\d{1,4}(?:\.\d+)?(?:x\d{1,4}(?:\.\d+)?)+\S{0,6}|\d{1,3}(?:X\d{1,3})+"
)
_TRIAL_DRUG = re.compile(r"(?:AZD|ABT|BMS|GSK|AMG|LY|PF|MK|SCH|RO|ONO|JNJ|TAK|BAY|STI|NCT)-?\d{3,8}")
_NOT_OWN_LETTERS = re.compile(
    r"(?:rp\d+-|cms-|hcfa-|vr|covid|sars|mers|h\dn\d|ncov|cov|who|iso|icd|dsm|cpt|hla|cd|il|ca|ck|bnp|bnt|fda|ansi|pmid|grch|hg|ccr|cxcr|mir|mrna|dna|rna|akt|ctla|mv|cyfra|hek|xl|omim|umls|mim|"
    r"researchregistry)(?![a-z])",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[a-z][\w-]*")
_VISIT_CODE = re.compile(r"99[2-4]\d{2}|908[3-9]\d")  # of the procedural terminology, that notes bill without naming it
_PLAIN = str.maketrans({"–": "-", "‑": "-", "%": None})
_MONEY = ("$", "€", "£")
_LOWER = re.compile(r"[a-z]{3,}")
_CAPITALS = re.compile(r"[A-Z][A-Za-z]{3,}|[A-Z]{3}(?=-)")


def is_clinical_figure(text: str, start: int, end: int) -> bool:
    """True where text[start:end], a token with digits, has a clinical reading.

    Args:
        text: the note.
        start: of the token.
        end: behind its last letter or digit.
    """
    token = text[start:end].translate(_PLAIN)
    before = text[max(0, start - 40) : start]
    if token[0] in _MONEY or before[-1:] in _MONEY or _TERMINOLOGY_BEFORE.search(before):
        return True
    if any(char.isalpha() for char in token):
        parts = token.split("/")  # "F508del/G551D"
        return (
            _is_mixed_reading(token)
            or (len(parts) == 2 and all(map(_GENETIC.fullmatch, parts)))
            or (len(parts) > 2 and all(map(_is_setting, parts)))
        )
    return _is_number_reading(token, before) or is_counted(text, end)


def is_counted(text: str, end: int) -> bool:
    """True where a unit or what is counted stands behind `end`."""
    return bool(_QUANTITY_AFTER.match(text, end))


def _is_setting(part: str) -> bool:
    """A part of a ventilator's settings, "18/380/PEEP"."""
    return bool(re.fullmatch(r"\d{1,3}", part)) or part.lower() in words("not_names", "measured", "units", "not_groups")


def is_measure(token: str) -> bool:
    """True for a figure with its unit: "500mg", "3x18mm"; "882417K" is none."""
    measure = _MEASURE.fullmatch(token)
    if not measure or measure["unit"].lower() not in words("units"):
        return False
    return sum(map(str.isdigit, token)) < 6 or not measure["unit"].isupper()


def _is_number_reading(token: str, before: str) -> bool:
    if _VISIT_CODE.fullmatch(token):
        return True
    if re.fullmatch(_NUMBER, token):
        # round, or behind the name of what is measured
        return (
            len(token) < 5
            or "," in token
            or "." in token
            or token.endswith("00")
            or not words("measured").isdisjoint(_WORDS.findall(before.lower())[-4:])
        )
    if _DATE.fullmatch(token):
        return True
    if "/" in token:
        token = _LETTERS_MISSED.sub("", token)
        return bool(_STROKES.fullmatch(token)) and not any(
            len(p) > 2 and p[0] == "0" and "." not in p for p in token.split("/")
        )
    parts = token.split("-")
    if len(parts) < 2:
        return token.count(".") in (1, 3) or len(token) < 7  # addresses of computers have four groups
    return _is_range(parts)


def _is_range(parts: list[str]) -> bool:
    if not all(re.fullmatch(_NUMBER, part) for part in parts):
        return False
    if all(_YEAR.fullmatch(part) for part in parts) or all(_CLOCK.fullmatch(part) for part in parts):
        return True
    if any(len(part) > 1 and part[0] == "0" and "." not in part for part in parts):
        return len(parts) == 2 and len(parts[0]) + len(parts[1]) < 5
    values = [float(part.replace(",", "")) for part in parts]
    if len(parts) == 3 and max(values) < 100 and any("." in part for part in parts):
        return values == sorted(values)  # of a balloon, "15-16.5-18"
    if len(parts) > 3 and max(map(len, parts)) == 1:  # births and abortions "4-3-0-1-3", "counts 6-5-4-3-2-1"
        return len(parts) < 6 or values == sorted(values) or values == sorted(values, reverse=True)
    if len(parts) == 2:
        is_round = all(value % 5 == 0 for value in values) or any("," in part or "." in part for part in parts)
        return (
            max(map(len, parts)) <= 3
            or (len(parts[1]) == 2 and bool(_YEAR.fullmatch(parts[0])))
            or (is_round and values[0] < values[1])
        )
    if len(parts) > 3 or any(len(part) == 1 for part in parts):  # hours of doses, "6-10-14-18"
        return max(map(len, parts)) < 3 and values == sorted(values)
    return all(value % 5 == 0 for value in values)


def _is_mixed_reading(token: str) -> bool:
    digits = sum(map(str.isdigit, token))
    if (
        is_measure(token)
        or _DATE.fullmatch(token)
        or token.startswith("10.")
        or _GENETIC.fullmatch(token)
        or _STAGED.fullmatch(token)
        or _TRIAL_DRUG.fullmatch(token)
    ):
        return True
    if any(is_listed_word(word) for word in _LOWER.findall(token)):
        return True
    return digits < 5 and (
        bool(_NOT_OWN_LETTERS.match(token)) or any(is_listed_word(word) for word in _CAPITALS.findall(token))
    )
