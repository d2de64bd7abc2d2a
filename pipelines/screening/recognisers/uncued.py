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
_AGE_AT = regex.compile(r"[ \t]+at[ \t]+\d{1,2}[ \t]*(?:mo(?:nths?)?|w(?:ee)?ks?|days?|y(?:ea)?rs?|y/?o)\b")
_OUTCOME_AFTER = regex.compile(
    r"(?:['’]s)?[ \t]+(?:is |was |were |are )?(?:absent|deferred|equivocal|borderline|negative|positive|neg|pos|intact"
    r"|not (?:done|tested|elicited)"
    r"|present(?![ \t]+(?:at|for|during|and|with|throughout|in)\b))\b"
)
_PEOPLE_AFTER = regex.compile(
    r"[ \t]+(?:patients|population|cohort|descent|origin|ancestry|children|adults|women|men)\b"
)
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
    if any(pattern.match(text, span[1]) for pattern in _TERM_AFTER):
        return True
    if is_eponym_word(bare(first)) and _AGE_AT.match(text, span[1]):
        return True
    if bare(first) in words("places") and not is_name_word(first):
        return True
    if (not is_name_word(first) or is_eponym_word(bare(first))) and _ARTICLE_BEFORE.search(
        text, max(0, span[0] - 12), span[0]
    ):
        return True
    return bool(_VALUE_BEFORE.search(text, max(0, span[0] - 8), span[0]) and _CLOSED.match(text, span[1]))


_TERM_AFTER = (_VALUE_AFTER, _DOSE_AFTER, _OUTCOME_AFTER, _PEOPLE_AFTER, _INSURANCE_AFTER)
