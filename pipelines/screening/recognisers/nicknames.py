# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Names that are told rather than used: nicknames in quotes, names spelled out, names run into the word beside them."""

from itertools import pairwise

from pipelines.screening.gazetteer import is_listed_word, may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import person_pattern
from pipelines.screening.recognisers.person import bare
from pipelines.screening.recognisers.vocabulary import Reading, reading
from pipelines.screening.spans import Span

MIN_GLUED_CHARS = 4


def _quoted_nickname(text: str, span: Span) -> Span | None:
    """William "Skip" Tanaka: a word in quotes amid a name."""
    before = text[: span[0] - 1].split()[-1]
    return span if may_be_name(bare(before)) else None


def _bracketed_nickname(text: str, span: Span) -> Span | None:
    """Dwayne Pettigrew ("Duke"): a word in brackets and quotes, or a listed name in brackets, behind a name."""
    before = bare(text[: span[0]].rstrip(" \t(\"“'‘").split()[-1])
    if not may_be_name(before) or reading(before) is Reading.TERM or span[1] - span[0] < 2:
        return None
    quoted = text[span[0] - 1] in "\"“'‘"
    word = bare(text[slice(*span)].split()[0])
    known = word in words("first_names") or reading(word) is Reading.NAME
    return span if (quoted and word not in words("not_names")) or (known and reading(before) is Reading.NAME) else None


def _spelled(text: str, span: Span) -> Span | None:
    """ "V-I-L-L-A": letters that make no word of notes, and no list of steps ("A-B-C-D-E")."""
    letters = "".join(char for char in text[slice(*span)] if char.isalpha())
    steps = all(ord(after) - ord(before) in (0, 1) for before, after in pairwise(letters))
    return None if steps or is_listed_word(letters) else span


def _glued(text: str, span: Span) -> Span | None:
    """ "ptKimberlystates": the longest beginning that is a name and nothing else."""
    word = text[slice(*span)]
    for end in range(len(word), MIN_GLUED_CHARS - 1, -1):
        if reading(word[:end]) is Reading.NAME:
            return span[0], span[0] + end
    return None


PATTERNS = (
    person_pattern(
        "nickname",
        r"\b(?i:goes by|known as|nicknamed?|called|a\.?k\.?a\.?|prefers)[ \t]+(?i:is[ \t]+)?[\"'“‘](?P<value>\p{L}[\p{L}\p{M} '-]{1,20})[\"'”’]",
        0.8,
        None,
    ),
    person_pattern(
        "quoted_nickname",
        r"\p{Lu}[\p{L}\p{M}'’-]+[ \t]+(?:\p{Lu}\.[ \t]+)?[\"“'‘(](?P<value>\p{Lu}[\p{L}\p{M}]+(?:[ -]\p{L}+)?)[\"”'’)][ \t]+\p{Lu}[\p{L}\p{M}]+",
        0.8,
        _quoted_nickname,
    ),
    person_pattern(
        "bracketed_nickname",
        r"\p{L}[\p{L}\p{M}'’-]+[ \t]*,?[ \t]*\([\"“'‘]?(?P<value>\p{Lu}[\p{L}\p{M}'’-]+(?:[ ]\p{Lu}[\p{L}\p{M}]+)?)[\"”'’]?\)",
        0.7,
        _bracketed_nickname,
    ),
    person_pattern(
        "spelled",  # "spelled P-I-C-K-E-T-T"
        r"(?i:\bspell(?:ed|ing|s|t)?(?:[ \t]+(?:as|out|of)\b)?)[ \t]*[:,]?[ \t]*(?:(?:it|that|last name|first name|name)[ \t]+)?[\"“]?(?P<value>\p{L}(?:[-. ][ ]?\p{L}){2,})(?![\w-])",
        0.9,
        None,
    ),
    person_pattern("spelled_out", r"(?<![\w-])(?P<value>\p{Lu}(?:-\p{Lu}){3,})(?![\w-])", 0.8, _spelled),
    person_pattern("glued", r"(?<!\w)(?i:pt|mr|mrs|ms|dr)(?P<value>\p{Lu}\p{Ll}{3,})(?![\w@])", 0.7, _glued),
    person_pattern("glued_upper", r"(?<!\w)(?:PT|MR|MRS|MS|DR)\.?(?P<value>\p{Lu}{3,})(?=\p{Ll}{2,})", 0.7, _glued),
)
