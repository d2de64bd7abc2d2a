# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""What a match of a label or of a shape must be to stand for a person: no terminology's code, quantity, date or word."""

import regex

from pipelines.screening.gazetteer import is_listed_word
from pipelines.screening.lexicon import words
from pipelines.screening.spans import Span

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
_LAST_MONTH, _LAST_DAY = 12, 31
_STEPS = regex.compile(r"[1-9]?\d0(?:-[1-9]?\d0){2}")
_SWITCH_BEFORE = regex.compile(r"\b(?i:rx[ \t]*)?(?i:bin)[ \t:#]*$")
_COUNTED = regex.compile(r"(?:18|19|20)\d{2}|\d+[xX]\d+.*|\d{1,3}|\d+-\d{1,3}|\d{1,2}/\d+")
_UNIT_AFTER = regex.compile(
    r"\s*(?:[%°]|(?:ml|mg|mcg|g|kg|lbs?|mm|cm|m|km|miles?|meters|steps|hz|rpm|bpm|w|v|j|kcal|cal|hours?|h|min|days?|weeks?|patients|"
    r"subjects|participants|cases|samples|specimens|times|units?|mah|feet|ft)\b)",
    regex.IGNORECASE,
)


_CLOCK = regex.compile(r"(?<![\w/.,:-])(?:[01]\d|2[0-3])[0-5]\d(?![\w/:-]|[.,]\d)")
_YEAR = regex.compile(r"(?:19|20)\d{2}")
_TIMES_AROUND_CHARS = 100
_TIMES_OF_A_RECORD = 3


def is_time_among_times(text: str, span: Span) -> bool:
    """ "CT 2221, on screen 2228. TNK 2240": in a record by the clock four digits are rather another time."""
    value = text[slice(*span)].split(" ")[-1]
    if not _CLOCK.fullmatch(value):
        return False
    around = _CLOCK.findall(text, max(0, span[0] - _TIMES_AROUND_CHARS), span[1] + _TIMES_AROUND_CHARS)
    return sum(not _YEAR.fullmatch(time) for time in around) >= _TIMES_OF_A_RECORD


def no_times(text: str, span: Span) -> Span | None:
    """Refuse hours of doses: "0600 1000 1400 1800"."""
    times = text[slice(*span)].split(" ")
    return None if all(map(_CLOCK.fullmatch, times)) and times == sorted(times) else span


def own_code(text: str, span: Span) -> Span | None:
    """Refuse terminology codes, numbers of forms and quantities."""
    before = text[max(0, span[0] - 30) : span[0]]
    if _TERMINOLOGY_BEFORE.search(before) or _QUANTITY_AFTER.match(text, span[1]):
        return None
    return None if text[span[0] : span[1]].startswith(("NCT", "CMS-", "HCFA-")) else span


def not_a_date(text: str, span: Span) -> Span | None:
    """Leave dates after a label to the date recogniser, which names them rightly; refuse reference sequences of genes,
    doses in steps ("20-40-80") and the number of a pharmacy's switch ("Rx BIN 610014").
    """
    if _STEPS.fullmatch(text, *span) or _SWITCH_BEFORE.search(text, max(0, span[0] - 12), span[0]):
        return None
    return None if _is_date(text[slice(*span)]) or _REFERENCE_SEQUENCE.match(text, *span) else span


def _is_date(value: str) -> bool:
    """True for what the date recogniser takes; "21-31-14" has the shape of a date, and no month."""
    if not _DATE_SHAPE.fullmatch(value):
        return False
    parts = [int(part) for part in regex.findall(r"\d+", value)]
    in_year = parts[1:] if parts[0] > _LAST_DAY else parts[:2]
    return min(in_year) <= _LAST_MONTH


def code_like(text: str, span: Span) -> Span | None:
    """Refuse years, counts, sizes and ranges: "report 2019", "sample 1000 ml", "stent 3x18", "case 12-14"."""
    if _COUNTED.fullmatch(text, *span) or _UNIT_AFTER.match(text, span[1]) or is_time_among_times(text, span):
        return None
    return own_code(text, span) and not_a_date(text, span)


def no_word(text: str, span: Span) -> Span | None:
    """Letters that a scanner reads for digits, among more digits: "4O2 77 l934", "3OO8841"."""
    value = text[slice(*span)]
    digits, letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    return span if digits >= 4 and 0 < letters <= digits and not _QUANTITY_AFTER.match(text, span[1]) else None


def bare_plate(text: str, span: Span) -> Span | None:
    """Refuse abbreviations of notes with a year or a number behind them: "MRI 2019"."""
    letters, digits = regex.findall(r"[A-Z]+|\d+", text[slice(*span)])
    known = is_listed_word(letters) or letters.lower() in words("not_names", "drugs", "measured", "not_groups")
    is_figure = digits[0] == "0" or 1900 <= int(digits) < 2100 or is_time_among_times(text, span)
    return None if known or is_figure or _UNIT_AFTER.match(text, span[1]) else span


_DECIMAL = regex.compile(r"\d{1,3}\.\d+")
_TOO_SHORT = 4  # digits: fewer behind a word are a dose, a grade or a count


def _counted(text: str, span: Span) -> bool:
    return bool(_COUNTED.fullmatch(text, *span) or _DECIMAL.fullmatch(text, *span))


def spaced_code(text: str, span: Span) -> Span | None:
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
    if is_time_among_times(text, span):
        return None
    return own_code(text, span) and not_a_date(text, span)


def numbered(text: str, span: Span) -> Span | None:
    """After "#", "no." or "ID" behind any word; "Hospital day # 12" and "Rx BIN 610014" are no person's."""
    digits = sum(char.isdigit() for char in text[slice(*span)])
    letters = sum(char.isalpha() for char in text[slice(*span)])
    if digits < 3 or (digits < _TOO_SHORT and not letters) or _counted(text, span) or is_time_among_times(text, span):
        return None
    return None if _UNIT_AFTER.match(text, span[1]) else own_code(text, span) and not_a_date(text, span)


_UNIT_WITHIN = regex.compile(
    r"\d(?:mg|mcg|ml|kg|g|l|cm|mm|u|iu|h|hrs?|y|yr|yo|d|wk|mo|hz|ev|gy|cgy|cc|x|st|nd|rd|th|pm|am|year|day|week|month|old)\b|-(?:year|month|week|day|hour|mg|ml|mm|cm|fold|old|point)",
    regex.IGNORECASE,
)


def plate(text: str, span: Span) -> Span | None:
    """A plate has letters and digits: "482 KRT", "FNRL 2"; "plate 3.5 mm" and "tag 12" are none."""
    value = text[slice(*span)]
    if not regex.search(r"\d", value) or not regex.search(r"\p{L}", value) or sum(map(str.isalnum, value)) < 4:
        return None
    if any(len(word) > 3 and is_listed_word(word) for word in regex.findall(r"\p{Ll}+", value)):
        return None
    first = regex.match(r"\p{L}+", value)
    if first and first.group().lower() in words("measured"):
        return None  # "reg. Wt 203"
    return None if _UNIT_AFTER.match(text, span[1]) or _UNIT_WITHIN.search(value) else not_a_date(text, span)
