# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Names by their form: "SMITH, JOHN A", a listed given name before another word, a middle initial, lower case.

The recogniser looks for initials (`initials`) too.
"""

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_family_name, is_given_name, is_listed_word, is_ordinary, may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.initials import PATTERNS as INITIALS_PATTERNS
from pipelines.screening.recognisers.initials import closing_initials
from pipelines.screening.recognisers.pattern import CuedRecogniser, person_pattern
from pipelines.screening.recognisers.person import (
    NAME,
    PARTICLE,
    bare,
    clinical_head_follows,
    is_clinical,
    is_eponym,
    is_eponym_word,
    is_name_word,
    is_uncued_eponym,
    trim,
)
from pipelines.screening.spans import Span

_FIELD_BEFORE = regex.compile(r"(?:^|[:|(\t\"“\n]|[ \t]{2})[ \t]*$", regex.MULTILINE)
_FIELD_AFTER = regex.compile(r"\.?[ \t]*(?:$|[|)\t\"”\r\n]|[ \t]{2}|,?[ \t]+(?:DOB|MRN|[MF]\b|\(?\d))", regex.MULTILINE)
_QUOTES = ('"', "“")
_AGE_AFTER = regex.compile(r"[ \t]*,?[ \t]*(?:\(?\d{1,3}[ \t]?(?i:[mf]\b|y/?o|yrs?|years)|(?:DOB|MRN)\b)")
_LIST_GOES_ON = regex.compile(r"[ \t]+(?:and|or|vs|versus)\b")


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
    if _in_field(text, span) and _two_names(last.strip(), given_names[0]):
        return span
    if any(
        is_clinical(token) and not is_name_word(token)
        for token in (*last.split(), *given_names)
        if len(bare(token)) > 1
    ):
        return None
    given, family = first.split()[0], last.split()[-1]
    named = is_given_name(bare(given)) or (is_family_name(bare(family)) and may_be_name(bare(given)))
    return span if named or bare(given) in words("first_names") else None


def _in_field(text: str, span: Span) -> bool:
    """True for a field of its own, or before an age: "PCP: NO, HYUN  INS", "PARK, SEO-YEON 61F"."""
    return bool(_FIELD_BEFORE.search(text, max(0, span[0] - 20), span[0])) or bool(_AGE_AFTER.match(text, span[1]))


def _two_names(last: str, first: str) -> bool:
    """True where both may be names, or foreign, and one is a name and nothing else."""
    parts = [part for word in (last, first) for part in regex.split(r"[ -]", word) if part]
    own = any(may_be_name(bare(part)) and not is_listed_word(bare(part)) for part in parts)
    return own and all(may_be_name(bare(part)) or not is_listed_word(bare(part)) for part in parts)


def _last_first_mixed(text: str, span: Span) -> Span | None:
    last, first = (part.strip() for part in text[span[0] : span[1]].split(",", 1))
    given, family = bare(first.split()[0]), bare(last.split()[-1])
    listed = given in words("first_names") or is_given_name(given)
    listed = listed and (family in words("surnames") or is_family_name(family) or is_eponym_word(family))
    listed = listed or (is_family_name(family) and may_be_name(given) and _stands_alone(text, span))
    # "with Noah, James and …" lists given names, and a surname that is also a place has its country behind it
    if _LIST_GOES_ON.match(text, span[1]) and is_uncued_eponym(text, span):
        return None
    return span if listed and not is_clinical(last) and given not in words("places") else None


def _stands_alone(text: str, span: Span) -> bool:
    """True for a field of its own: "Chukwu, Blessing | 31", and so no list within a sentence."""
    return bool(_FIELD_BEFORE.search(text, max(0, span[0] - 20), span[0]) and _FIELD_AFTER.match(text, span[1]))


def _surname_initial(text: str, span: Span) -> Span | None:
    """ "Lowenthal, H": a surname that is no other word, in a field of its own; any surname behind a quotation mark."""
    surname = bare(text[slice(*span)].split(",")[0])
    is_labelled = text[max(0, span[0] - 1) : span[0]] in _QUOTES and may_be_name(surname)
    named = is_labelled or (is_family_name(surname) and not is_clinical(surname))
    return span if named and _stands_alone(text, span) else None


def _middle_initial(text: str, span: Span) -> Span | None:
    first, *_, last = text[span[0] : span[1]].split()
    other = is_clinical(first) or is_clinical(last) or is_uncued_eponym(text, span)
    return None if other or clinical_head_follows(text, span[1]) else span


def _lower_case_name(text: str, span: Span) -> Span | None:
    """ "pt john smith": in lower case only names of the lists."""
    first, last = text[span[0] : span[1]].split()[:2]
    given = bare(first) in words("first_names") or is_given_name(bare(first))
    family = is_name_word(last) or is_family_name(bare(last))
    return span if given and family and not is_clinical(last) else None


def _capitals(text: str, span: Span) -> Span | None:
    """ "HOLLOWAY JUNE seen": a surname of the list before a given name, which may be a month."""
    last, first = (bare(word) for word in text[slice(*span)].split()[:2])
    if is_clinical(last) or is_eponym(text, span) or clinical_head_follows(text, span[1]):
        return None
    given = is_given_name(first) or first in words("first_names")
    return span if given and (is_family_name(last) or last in words("surnames")) else None


def _hl7_name(text: str, span: Span) -> Span | None:
    """ "HARGROVE^ELOISE^M", but no coded test ("GLU^Glucose^L")."""
    parts = [bare(part) for part in text[slice(*span)].split("^") if len(part) > 1]
    return span if not any(map(is_clinical, parts[:2])) and any(map(may_be_name, parts[:2])) else None


def _user_name(text: str, span: Span) -> Span | None:
    """ "Transcribed by qtran2", not "dictated by the resident"."""
    word = bare(text[slice(*span)])
    return None if word in words("not_names") or is_ordinary(word) else span


def _name_with_age(text: str, span: Span) -> Span | None:
    """ "Odhran Mac Giolla 4 yo": both words may be a name, and one is no other word."""
    trimmed = trim(text, span)
    if trimmed is None or is_eponym(text, trimmed) or len(tokens := text[slice(*trimmed)].split()) < 2:
        return None
    return trimmed if any(map(_is_only_a_name, tokens)) and not all(map(str.isupper, tokens)) else None


def _is_only_a_name(token: str) -> bool:
    return not is_listed_word(bare(token)) and not is_clinical(token)


def _two_people(text: str, span: Span) -> Span | None:
    """ "Rose Field and her sister": both words may mean something else, and what follows says that a person is meant."""
    first, last = (bare(word) for word in text[slice(*span)].split()[:2])
    if is_clinical(first) or is_clinical(last) or is_eponym(text, span):
        return None
    return span if may_be_name(first) and may_be_name(last) and last not in words("eponym_heads") else None


PATTERNS = (
    person_pattern(
        "first_name",  # looks ahead, so that "Employee Emily Walker" is tried from every word
        r"(?<![\w'’-])(?=(?P<value>\p{Lu}[\p{L}\p{M}]+[ \t]+(?:\p{Lu}\.?[ \t]+)?\p{Lu}[\p{L}\p{M}]+(?:['’-]\p{L}+)*)(?![\w-]))",
        0.8,
        _listed_first_name,
    ),
    person_pattern(
        "last_first_upper",
        r"(?<![\w-])(?P<value>\p{Lu}[\p{Lu}'’-]+(?:[ \t]\p{Lu}[\p{Lu}'’-]+){0,2},[ \t]?\p{Lu}[\p{Lu}'’-]+(?:[ \t]+\p{Lu}[\p{Lu}'’-]*\b\.?){0,2})(?!\w)",
        0.85,
        _last_first,
    ),
    person_pattern(
        "last_first",
        rf"(?<![\w,-])(?P<value>{PARTICLE}{{0,2}}\p{{Lu}}['’]?[\p{{L}}\p{{M}}]+(?:[-'’]\p{{L}}+)?,[ \t]?\p{{Lu}}[\p{{Ll}}\p{{M}}]+(?:[-'’]\p{{L}}+)?(?:[ \t]+(?:\p{{Lu}}\b\.?|\p{{Lu}}[\p{{Ll}}\p{{M}}]+(?=[ \t]*(?:\r?\n|[,;(]|DOB|MRN|$))))?)(?![\w])",
        0.7,
        _last_first_mixed,
    ),
    person_pattern(
        "alias",  # of whoever came in unknown: "alias TRAUMA, ZEBRA"
        rf"\b(?i:alias|a\.?k\.?a\.?)[ \t:]+(?P<value>{NAME},[ \t]*{NAME})",
        0.8,
        None,
    ),
    person_pattern(
        "surname_initial",  # on a label: "Lowenthal, H"
        r"(?<![\w,-])(?P<value>\p{Lu}[\p{L}\p{M}'’-]{2,},[ \t]?\p{Lu})(?![\w'’-])",
        0.7,
        _surname_initial,
    ),
    person_pattern(
        "middle_initial",
        r"(?<![\w'’-])(?P<value>\p{Lu}[\p{Ll}\p{M}]+[ \t]+\p{Lu}\.?[ \t]+\p{Lu}[\p{L}\p{M}'’-]*\p{Ll}[\p{L}\p{M}'’-]*)(?![\w-])",
        0.7,
        _middle_initial,
    ),
    person_pattern(
        "lower_case",
        r"\b(?i:pt|patient|mr|mrs|ms|name|dr)\.?:?[ \t]+(?P<value>\p{Ll}{2,}[ \t]+\p{Ll}[\p{Ll}'’-]+)\b",
        0.7,
        _lower_case_name,
    ),
    person_pattern(
        "capitals",
        r"(?<![\w'’-]|\p{Lu}[ \t])(?P<value>\p{Lu}{3,}(?:[-'’]\p{Lu}+)?[ \t]{1,2}\p{Lu}{3,}(?:[ \t]+\p{Lu}\b\.?)?)(?=[ \t]*(?:$|\r?\n|[,;(\d/]|\p{Ll}|DOB|MRN|[MF]\b))(?![\w-])",
        0.7,
        _capitals,
    ),
    person_pattern(
        "hl7",
        r"(?<![\w^])(?P<value>\p{L}[\p{L}\p{M}'’-]+(?:[ ]\p{L}[\p{L}'’-]+)?\^\p{L}[\p{L}\p{M}'’-]*(?:\^[\p{L}\p{M}'’.-]*){0,4})",
        0.9,
        _hl7_name,
    ),
    person_pattern(
        "user_name",
        r"\b(?i:(?:transcribed|typed|dictated|entered|signed|edited|reviewed|scribed|charted|documented|created|updated|modified|filed|printed|requested|taken|closed|logged|answered|handled|routed|received|reported|assigned|sent)(?:[ \t]+(?:on[ \t]+)?[\d/.:-]{6,10}(?:[ \t]+(?:at[ \t]+)?[\d:]{4,8})?)? by[ \t]*:?|(?:transcriptionist|author|scribe|editor|user(?:[ -]?name)?|login|user id)[ \t]*[:=])[ \t]*(?P<value>\p{Ll}{2,14}\d{0,4}|\p{Ll}+[._]\p{Ll}+\d{0,4})(?=[ \t]*(?:[.;,)/]|\r?\n|$)|[ \t]+(?:for|on|at)\b)",
        0.6,
        _user_name,
    ),
    person_pattern(
        "name_with_age",
        rf"(?<![\w'’-])(?P<value>{NAME}),?[ \t]+\(?\d{{1,3}}[ \t-]*(?i:y/?o|y\.o\.|yrs?|years?|mo\b|months?|m/o|[mf])\b",
        0.7,
        _name_with_age,
    ),
    person_pattern(
        "two_people",
        r"(?<![\w'’.-])(?P<value>\p{Lu}\p{Ll}{2,}[ \t]+\p{Lu}\p{Ll}{2,})(?=[ \t]+(?:and|with)[ \t]+(?:his|her|their)\b|,?[ \t]+(?:denies|reports|states|called|phoned|lives|was seen|came|returns|presents|agrees|complains|is a|was a|is here|tolerated)\b)",
        0.7,
        _two_people,
    ),
)


class NameFormRecogniser(CuedRecogniser):
    """Persons by the form in which names are written.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__((*PATTERNS, *INITIALS_PATTERNS), timeout_s)

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Findings of the patterns, and of initials at the ends of lines."""
        results = super().analyze(text, entities, nlp_artifacts)
        if EntityType.PERSON.value in entities:
            closing = closing_initials(text)
            results += [self.result(EntityType.PERSON.value, span, 0.5, "closing_initials") for span in closing]
        return results
