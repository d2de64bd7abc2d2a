# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Where a single word that nothing gives away is no person, whatever the lists of names say of it.

Half of the world's surnames name a score, a sign, an operation or a device too, and no list of eponyms is complete. The
place in the sentence tells them apart: people take no article, have no grade and are not "absent".
"""

import regex

from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.person import (
    bare,
    clinical_head_follows,
    is_eponym_word,
    is_name_word,
    is_uncued_eponym,
    says_or_owns,
)
from pipelines.screening.recognisers.vocabulary import Reading, reading
from pipelines.screening.spans import Span

_ARTICLE_BEFORE = regex.compile(r"\b(?:the|a|an|each|modified|positive|negative)[ \t]+$", regex.IGNORECASE)
_VALUE_BEFORE = regex.compile(r"(?:\d|%)[ \t]*,?[ \t]*$")  # "(22%, Hadlock)"
_CLOSED = regex.compile(r"[ \t]*[),;]")
_AUTHOR = regex.compile(r"[ \t]+(?:\p{Lu}{1,2}\.?[ \t]+)?et[ \t]+al\b")
# grades, scores and doses; times, ages and numbers of three digits are a person's
_VALUE_AFTER = regex.compile(
    r"(?:[ \t]+(?:grade|type|class|stage|score|group)?[ \t]*|[ \t]*[:=][ \t]*)"
    r"(?:(?:[IVX]{2,4}[a-c]?|[IV][a-c]?|[A-D]\d?)(?=[ \t]*(?:[,;)\r\n]|\.(?!\w)|$))"
    r"|\d{1,2}(?:[.,/]\d+)*[A-Ca-c]?(?![\w/:-]|[ \t]*(?i:y|mo\b|month|day|week|wk|child|[MF]\b|[AP]M\b)))"
)
_DOSE_AFTER = regex.compile(r"[ \t]+\d[\d.,]*[ \t]*(?:mg|mcg|µg|g|mL|ml|units?|IU|puffs?|tabs?|%|cm|mm|L)\b")
_AGE_AT = regex.compile(
    r"[ \t]+at[ \t]+(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|twelve|birth)[ \t]*(?:mo(?:nths?)?|w(?:ee)?ks?|days?|y(?:ea)?rs?|y/?o)\b"
)
_OUTCOME_AFTER = regex.compile(
    r"(?:['’]s)?[ \t]+(?:is |was |were |are )?(?:absent|deferred|equivocal|borderline|negative|positive|neg|pos|intact"
    r"|not (?:done|tested|elicited)"
    r"|present(?![ \t]+(?:at|for|during|and|with|throughout|in)\b))\b"
)
_PEOPLE_AFTER = regex.compile(
    r"[ \t]+(?:patients|population|cohort|descent|origin|ancestry|children|adults|women|men)\b"
)
# "type V by Numano", "(F2, per Sarnoff)": who made a classification
_GRADED_BEFORE = regex.compile(
    r"\b(?:type|grade|stage|class|score|group|category|pattern|criteria)[ \t]+(?:[IVX]+|\d)?[A-Da-d]?[ \t]*,?[ \t]*(?:\(|(?:by|per|of|after|to)[ \t]+)$"
)
_AFTER_OPERATION = regex.compile(
    r"\b(?:status[ -]post|s/p|post|underwent|had an?|for an?|redo|prior|previous|staged|laparoscopic|robotic|open)[ \t]+$",
    regex.IGNORECASE,
)
# "eosinophilic fasciitis (Shulman)"
_DISEASE_BEFORE = regex.compile(
    r"\p{Ll}(?:itis|osis|oma|omas|emia|aemia|pathy|trophy|plasia|syndrome|disease|test|tests|sign|toes?|scale|maneuver|repair|procedure|method|technique)[ \t]*\([ \t]*$"
)
_ABBREVIATION = regex.compile(r"\p{Lu}{2,}\p{Ll}{1,3}")
_YEAR_AND_HEAD = regex.compile(
    r"[ \t]+\(?(?:19|20)\d\d\)?[ \t]+(?:\p{Ll}+[ \t]+)?(?:criteria|classification|guidelines?|score|consensus|definition|revision)\b"
)
_NAME_BEFORE = regex.compile(r"\p{Lu}[\p{L}.'’-]*[\"”)]?[ \t]+$")
_WORD_CHARACTER = regex.compile(r"\w")
_INSURANCE_AFTER = regex.compile(r"[ \t]+(?:Medicaid|Medicare)\b")


def names_no_person(text: str, span: Span) -> bool:
    """True where what stands around a word makes a term, a product or an author of it.

    Args:
        text: the note.
        span: a word, or a word and the letter of its grade ("Denis B"). Two words that may be a name are judged by
            `is_uncued_eponym` alone.
    """
    if is_uncued_eponym(text, span) or clinical_head_follows(text, span[1]) or _AUTHOR.match(text, span[1]):
        return True
    first, *rest = text[slice(*span)].split()
    if rest and (len(rest) > 1 or len(rest[0].strip(".")) > 1):
        return False
    if rest and rest[0] in ("A", "B", "C", "D") and not is_name_word(first):
        return True
    if says_or_owns(text, span[1]):
        return False
    certain = not is_eponym_word(bare(first)) and reading(first) is Reading.NAME
    if any(pattern.match(text, span[1]) for pattern in (_TERM_AFTER if not certain else _TERM_AFTER_ANY)):
        return True
    before = text[max(0, span[0] - 40) : span[0]]
    if _AFTER_OPERATION.search(before) or _GRADED_BEFORE.search(before) or _DISEASE_BEFORE.search(before):
        return True
    if (first.isupper() and len(first) < 4) or _ABBREVIATION.fullmatch(first):
        return not certain  # "ED: 6 y/o boy", "PEth < 20"
    if _YEAR_AND_HEAD.match(text, span[1]) or text[span[1] : span[1] + 1] in ("®", "™"):
        return True
    if (
        "-" in first
        and not rest
        and not _NAME_BEFORE.search(before)
        and all(_is_surname(part) for part in first.split("-"))
    ):
        return True  # Semmes-Weinstein: the double names of scores and tests are more than those of people
    if certain:
        return bool(_VALUE_BEFORE.search(before) and _CLOSED.match(text, span[1]))
    if is_eponym_word(bare(first)) and _AGE_AT.match(text, span[1]):
        return True
    if bare(first) in words("places") and not is_name_word(first):
        return True
    if (not is_name_word(first) or is_eponym_word(bare(first))) and _ARTICLE_BEFORE.search(
        text, max(0, span[0] - 12), span[0]
    ):
        return True
    return bool(_VALUE_BEFORE.search(text, max(0, span[0] - 8), span[0]) and _CLOSED.match(text, span[1]))


def _is_surname(part: str) -> bool:
    return reading(part) is not Reading.TERM and bare(part) not in words("first_names")


# what follows a word that is a name and nothing else may be said of the person: "Terrence present, cut the cord"
_TERM_AFTER_ANY = (_VALUE_AFTER, _DOSE_AFTER, _PEOPLE_AFTER, _INSURANCE_AFTER)


def stands_in_lower_case(text: str, word: str) -> bool:
    """True where the note has the same word in lower case too, and so as an ordinary one."""
    lower = word.lower()
    start = text.find(lower)
    while start >= 0:
        end = start + len(lower)
        if not (start and _WORD_CHARACTER.match(text, start - 1)) and not _WORD_CHARACTER.match(text, end):
            return True
        start = text.find(lower, start + 1)
    return False


_TERM_AFTER = (_VALUE_AFTER, _DOSE_AFTER, _OUTCOME_AFTER, _PEOPLE_AFTER, _INSURANCE_AFTER)
