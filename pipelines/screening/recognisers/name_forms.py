# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Names by their form: "SMITH, JOHN A", a listed given name before another word, a middle initial, lower case."""

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_family_name, is_given_name, may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser, Refinement
from pipelines.screening.recognisers.person import (
    PARTICLE,
    bare,
    clinical_head_follows,
    is_clinical,
    is_eponym,
    is_name_word,
    trim,
)
from pipelines.screening.spans import Span


def _listed_first_name(text: str, span: Span) -> Span | None:
    """A common first name before another capitalised word that is no other part of a note."""
    first, rest = text[span[0] : span[1]].split(None, 1)
    last = rest.split()[-1]
    if (
        bare(first) not in words("first_names")
        or (is_clinical(last) and not is_name_word(last))
        or bare(first) in words("not_names") - {"may", "will", "mark"}
    ):
        return None
    if is_eponym(text, span) or clinical_head_follows(text, span[1]):
        return None
    if bare(first) in words("ambiguous_names") and not is_name_word(last):
        return None
    return trim(text, span)


def _last_first(text: str, span: Span) -> Span | None:
    """ "SMITH, JOHN A": one of both must be a common name, and neither a heading."""
    last, first = text[span[0] : span[1]].split(",", 1)
    given_names = first.split()
    while len(given_names) > 1 and len(bare(given_names[-1])) > 1 and is_clinical(given_names[-1]):
        span = span[0], text.rindex(given_names.pop(), *span)  # the next field of the line: "SMITH, JOHN A  DOB"
    span = span[0], span[0] + len(text[slice(*span)].rstrip())
    if any(
        is_clinical(token) and not is_name_word(token)
        for token in (*last.split(), *given_names)
        if len(bare(token)) > 1
    ):
        return None
    given, family = first.split()[0], last.split()[-1]
    named = is_given_name(bare(given)) or (is_family_name(bare(family)) and may_be_name(bare(given)))
    return span if named or bare(given) in words("first_names") else None


def _last_first_mixed(text: str, span: Span) -> Span | None:
    last, first = (part.strip() for part in text[span[0] : span[1]].split(",", 1))
    given, family = bare(first.split()[0]), bare(last.split()[-1])
    listed = given in words("first_names") or is_given_name(given)
    listed = listed and (family in words("surnames") or is_family_name(family))
    # "with Noah, James and …" lists given names, and a surname that is also a place has its country behind it
    return span if listed and not is_clinical(last) and given not in words("places") else None


def _middle_initial(text: str, span: Span) -> Span | None:
    first, *_, last = text[span[0] : span[1]].split()
    return None if is_clinical(first) or is_clinical(last) or clinical_head_follows(text, span[1]) else span


def _lower_case_name(text: str, span: Span) -> Span | None:
    """ "pt john smith": in lower case only names of the lists."""
    first, last = text[span[0] : span[1]].split()[:2]
    given = bare(first) in words("first_names") or is_given_name(bare(first))
    family = is_name_word(last) or is_family_name(bare(last))
    return span if given and family and not is_clinical(last) else None


def _pattern(name: str, expression: str, score: float, refine: Refinement | None) -> CuedPattern:
    return CuedPattern(name=name, entity_type=EntityType.PERSON, expression=expression, score=score, refine=refine)


PATTERNS = (
    _pattern(
        "first_name",  # looks ahead, so that "Employee Emily Walker" is tried from every word
        r"(?<![\w'’-])(?=(?P<value>\p{Lu}[\p{L}\p{M}]+[ \t]+(?:\p{Lu}\.?[ \t]+)?\p{Lu}[\p{L}\p{M}]+(?:['’-]\p{L}+)*)(?![\w-]))",
        0.8,
        _listed_first_name,
    ),
    _pattern(
        "last_first_upper",
        r"(?<![\w-])(?P<value>\p{Lu}[\p{Lu}'’-]+(?:[ \t]\p{Lu}[\p{Lu}'’-]+){0,2},[ \t]?\p{Lu}[\p{Lu}'’-]+(?:[ \t]+\p{Lu}[\p{Lu}'’-]*\b\.?){0,2})(?!\w)",
        0.85,
        _last_first,
    ),
    _pattern(
        "last_first",
        rf"(?<![\w,-])(?P<value>{PARTICLE}{{0,2}}\p{{Lu}}['’]?[\p{{L}}\p{{M}}]+(?:[-'’]\p{{L}}+)?,[ \t]\p{{Lu}}[\p{{Ll}}\p{{M}}]+(?:[-'’]\p{{L}}+)?(?:[ \t]+(?:\p{{Lu}}\b\.?|\p{{Lu}}[\p{{Ll}}\p{{M}}]+(?=[ \t]*(?:\r?\n|[,;(]|DOB|MRN|$))))?)(?![\w])",
        0.7,
        _last_first_mixed,
    ),
    _pattern(
        "middle_initial",
        r"(?<![\w'’-])(?P<value>\p{Lu}[\p{Ll}\p{M}]+[ \t]+\p{Lu}\.?[ \t]+\p{Lu}[\p{L}\p{M}'’-]*\p{Ll}[\p{L}\p{M}'’-]*)(?![\w-])",
        0.7,
        _middle_initial,
    ),
    _pattern(
        "lower_case",
        r"\b(?i:pt|patient|mr|mrs|ms|name|dr)\.?:?[ \t]+(?P<value>\p{Ll}{2,}[ \t]+\p{Ll}[\p{Ll}'’-]+)\b",
        0.7,
        _lower_case_name,
    ),
)


class NameFormRecogniser(CuedRecogniser):
    """Persons by the form in which names are written.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__(PATTERNS, timeout_s)
