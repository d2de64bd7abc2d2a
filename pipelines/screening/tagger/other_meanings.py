"""What the tagger takes for an identifier and means something else in its note.

The tagger sees a few words on each side. Here the rest of the note is asked, and the letters themselves: a gene has
digits between its letters, an abbreviation of medicine is spelled out before, and "the 6th" may be a day in hospital.
"""

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.person import clinical_head_follows, opens_as_another_word
from pipelines.screening.spans import Finding

CERTAIN = 0.97  # from which a clinical word behind it makes no term of it

# "DNMT3A", "p.Leu235Pro", "Leu235Pro"
_GENE = regex.compile(r"(?<!\w)(?:[pcg]\.[\w>*()]{3,}|\p{Lu}{2,}\d+\w*|\p{Lu}[a-z]{2}\d+\p{Lu}[a-z]{2})")
_GENE_CHARS = 12
_ORDINAL = regex.compile(r"\d{1,2}(?:st|nd|rd|th)", regex.IGNORECASE)
_COUNTED = regex.compile(
    r"[ -](?:(?!(?:in|at|on|of|the|and|or|to|for|with|by|from|that|this|one|an?)\b)\p{L}+(?:-\p{L}+)*[ -]){0,2}?"
    r"(?:day|week|month|year|hour|dose|cycle|centile|percentile|time|toe|finger|rib|degree|trimester|line)s?\b"
    r"(?![ ]of[ ]\p{Lu})|[ -](?:morning|evening|night)s?\b"
)
_SCORED = regex.compile(r"[ ]\d{1,2}(?:/\d{1,2})?[ ]*[,;.)](?!\d)")
_DAY_COUNT = regex.compile(r"days?\b", regex.IGNORECASE)
_MAX_DEFINITION_CHARS = 80


def is_something_else(text: str, finding: Finding) -> bool:
    """True where a finding of the tagger's is no identifier after all."""
    value = text[finding.start : finding.end]
    if value.lower() in words("places", "not_names") or opens_as_another_word(text, (finding.start, finding.end)):
        return True  # a state, a country, "Fig", "Bill to the plan"
    if finding.entity_type == EntityType.DATE_TIME:
        is_counted = _ORDINAL.fullmatch(value) and _COUNTED.match(text, finding.end)
        return bool(is_counted or _DAY_COUNT.match(value))
    if finding.entity_type == EntityType.AGE_OVER_89:
        return False
    if _is_in_gene(text, finding):
        return True
    if value.isupper() and _is_spelled_out(text, value):
        return True
    if value.isalpha() and _SCORED.match(text, finding.end) and finding.score < CERTAIN:
        return True  # "Barnes 2, better"
    return finding.score < CERTAIN and clinical_head_follows(text, finding.end)


def _is_in_gene(text: str, finding: Finding) -> bool:
    start, end = max(0, finding.start - _GENE_CHARS), finding.end + _GENE_CHARS
    return any(gene.start() <= finding.start < gene.end() for gene in _GENE.finditer(text, start, end))


def _is_spelled_out(text: str, abbreviation: str) -> bool:
    """ "spontaneous intracranial hypotension (SIH)": words in lower case that begin with and hold its letters."""
    at = text.find(f"({abbreviation})")
    if at < 0:
        return False
    before = text[max(0, at - _MAX_DEFINITION_CHARS) : at].split()[-len(abbreviation) - 1 :]
    if len(before) < 2:
        return False
    if 2 * sum(word[0].islower() for word in before) < len(before) or before[-1][0].upper() not in abbreviation:
        return False
    return any(
        word[0].upper() == abbreviation[0] and _in_order(abbreviation, "".join(before[number:]).upper())
        for number, word in enumerate(before[:-1])
    )


def _in_order(letters: str, text: str) -> bool:
    remaining = iter(text)
    return all(letter in remaining for letter in letters)
