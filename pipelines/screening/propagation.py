"""A name that is certain in one place is a name wherever the note says it again.

"Dr. James Parkinson" at the top makes the bare "Parkinson" of the plan a name, but not the one in "Parkinson disease".
"""

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.person import bare, clinical_head_follows, is_clinical, is_name_word
from pipelines.screening.spans import Finding

RECOGNISER = "NamePropagation"

_PART = regex.compile(r"\p{Lu}[\p{L}\p{M}'’-]{2,}")
# names that open English sentences as another word: not propagated to the beginning of one
_SENTENCE_OPENERS = frozenset(
    [
        "will",
        "may",
        "mark",
        "can",
        "long",
        "sue",
        "grant",
        "art",
        "bill",
        "short",
        "young",
        "old",
        "well",
        "pat",
        "so",
        "do",
        "day",
        "good",
        "case",
    ]
)


def propagate(text: str, findings: list[Finding]) -> list[Finding]:
    """Further occurrences of the names found: of each part of three letters and more, in the same or upper case.

    A single word that only the tagger took for a name is not spread: one mistake would become twenty.
    """
    parts: set[str] = set()
    for finding in findings:
        if finding.entity_type != EntityType.PERSON:
            continue
        found = _PART.findall(text[finding.start : finding.end])
        if finding.recogniser.startswith("NerRecogniser") and len(found) < 2 and not any(map(is_name_word, found)):
            continue
        parts.update(part.removesuffix("'s").removesuffix("’s") for part in found if not _is_other_word(part))
    if not parts:
        return []
    variants = sorted({form for part in parts for form in (part, part.upper(), part.title())}, key=len, reverse=True)
    anywhere = regex.compile(rf"(?<![\p{{L}}\p{{M}}])(?:{'|'.join(map(regex.escape, variants))})(?![\p{{L}}\p{{M}}])")
    return [
        Finding(start=match.start(), end=match.end(), entity_type=EntityType.PERSON, score=0.7, recogniser=RECOGNISER)
        for match in anywhere.finditer(text)
        if not clinical_head_follows(text, match.end()) and not _opens_sentence(text, match)
    ]


def _is_other_word(part: str) -> bool:
    return is_clinical(part) and bare(part) not in words("surnames") and bare(part) not in words("first_names")


def _opens_sentence(text: str, match: "regex.Match[str]") -> bool:
    if match.group().lower() not in _SENTENCE_OPENERS:
        return False
    before = text[: match.start()].rstrip(" \t")
    return not before or before[-1] in ".!?\n:;-•*"
