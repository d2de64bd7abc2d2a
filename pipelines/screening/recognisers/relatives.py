# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Names of the people around a patient: "daughter maria", "her nephew Will", 'lives w/ "Peanut", his grandson'."""

from pipelines.screening.gazetteer import is_family_name, is_given_name, is_listed_word, may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import person_pattern
from pipelines.screening.recognisers.person import FIRST_WORD, NAME, bare, is_clinical, is_eponym_word, uncertain_name
from pipelines.screening.spans import Span

_RELATION = (
    r"(?:foster |ex-?|half-|god|late |great-?)?(?:wife|husband|spouse|son|daughter|mother|father|mom|dad|brother|sister|partner|girlfriend|boyfriend|fianc[eé]e?|friend|aunt|uncle|cousin|nephew|niece|grand(?:mother|father|son|daughter|child|ma|pa|mom|dad|kid)|sibling|parent|child(?!-))|"
    r"hubby|dtr|dau|gf|bf|sig(?:nificant)? other|granny|nana|abuel[ao]|t[íi]o|tía|mam[aá]|pap[aá]|in-law|widow(?:er)?|hcp|poa|hcpoa|proxy|godparent|passenger|driver|bystander|colleague|"
    r"supervisor|manager|coach|chaplain|priest|rabbi|imam|interpreter|translator|carer|(?:baby)?sitter|nanny|housemate|flatmate|housekeeper|housemaid|doula|midwife|paramedic|emt|deputy|"
    r"adjuster|agent(?![ ]orange)|liaison|advocate|operator|rep(?:resentative)?|coord(?:inator)?|mgr|mngr|tech(?:nician)?|technologist|hygienist|phlebotomist|receptionist|secretary|classmate|schoolmate|teammate|tenant|"
    r"student|trainer|counsel(?:l)?or|sponsor|mentor|caseworker|principal|foreman|buddy|bestie|fiancee?|hubby|"
    r"detective|trooper|constable|navigator|dieti[ct]ian|nutritionist|home health aide|hospice nurse|visiting nurse|companion|"
    r"(?:mother|father|son|daughter|sister|brother)-in-law|step(?:mother|father|son|daughter)|caregiver|guardian|neighbou?r|roommate|aide|nurse|pharmacist|coworker|co-worker|employer|boss|lawyer|attorney|teacher|landlord|pastor|twin|baby|"
    r"social worker|case manager|therapist|cardiologist|oncologist|neurologist|surgeon|pcp|physician|resident|psychiatrist|dentist|daughters|sons|children|parents|brothers|sisters"
)


def _given_in_lower_case(text: str, span: Span) -> Span | None:
    """ "daughter maria", "son pete": a given name that is no other word of notes, and a surname behind it."""
    names = list(FIRST_WORD.finditer(text, *span))
    given = bare(names[0].group())
    known = given in words("first_names") - words("ambiguous_names") or is_given_name(given)
    if not known or given in words("not_names") or given in words("sentence_words") or is_eponym_word(given):
        return None
    family = bare(names[-1].group())
    return span if len(names) > 1 and is_family_name(family) and not is_clinical(family) else names[0].span()


def _relation_name(text: str, span: Span) -> Span | None:
    """After a relationship: the words must not be a sentence of their own."""
    between = text[max(0, span[0] - 3) : span[0]]
    if "." in between or "\n" in between:
        return None
    if " ".join(map(bare, text[slice(*span)].split()[:2])) in words("eponym_phrases"):
        return None  # Sister Mary Joseph nodule
    trimmed = uncertain_name(text, span)
    if trimmed is not None and trimmed[0] == span[0]:
        return trimmed
    # "Nephew Will is power of attorney", "foster mother Peg Stillwater": amid a sentence the capital makes it a name
    first = FIRST_WORD.match(text, *span)
    if first is None or ":" in between:
        return trimmed
    if first.group().isupper():
        return trimmed if trimmed and _holds_a_name(text[slice(*trimmed)]) else None  # "WIFE AT ED"
    word = bare(first.group())
    if trimmed is None:
        return first.span() if word in words("first_names") or word in words("sentence_openers") else None
    unlisted = word not in words("not_names") and not is_listed_word(bare(text[slice(*trimmed)]))
    return (span[0], trimmed[1]) if unlisted or may_be_name(word) else trimmed


def _holds_a_name(value: str) -> bool:
    words_of_notes = words("not_names", "services")
    return any(len(word) > 2 and may_be_name(word) and word not in words_of_notes for word in map(bare, value.split()))


PATTERNS = (
    person_pattern(
        "relation",
        rf"\b(?i:{_RELATION})(?!\p{{L}})(?:[ \t]+(?i:is|was|named|called))?[ \t]*[,:(\-–]?[ \t]*[\"'“]?(?P<value>{NAME})",
        0.75,
        _relation_name,
    ),
    person_pattern(
        "relation_lower",
        rf"\b(?i:{_RELATION})(?!\p{{L}})(?:[ \t]+(?i:is|was|named|called))?(?:[ \t]*[,:(=/–][ \t]*|[ \t]+(?:-[ \t]*)?)(?P<value>\p{{Ll}}[\p{{Ll}}\p{{M}}'’-]+(?:[ \t]+\p{{Ll}}[\p{{Ll}}\p{{M}}'’-]{{2,}})?)\b",
        0.7,
        _given_in_lower_case,
    ),
    person_pattern(
        "apposition",  # "lives with Jo, her partner"
        rf"(?<![\w'’.-])(?P<value>{NAME}),[ \t]+(?i:his|her|their|an?|the|the patient'?s|pt'?s|patient'?s)[ \t]+(?:\p{{Ll}}+[ \t]+)?(?i:{_RELATION})\b",
        0.75,
        uncertain_name,
    ),
    person_pattern(
        "nickname_of_relative",  # 'lives w/ "Peanut", his grandson'
        rf"[\"“‘'](?P<value>\p{{L}}[\p{{L}}\p{{M}} '’-]{{1,20}})[\"”’'],?[ \t]+\(?(?i:his|her|their|the patient'?s|pt'?s)[ \t]+(?:\p{{Ll}}+[ \t]+)?(?i:{_RELATION})\b",
        0.75,
        None,
    ),
    person_pattern(
        "relative_nickname",  # 'her aunt "Bunny" drove'
        rf"\b(?i:{_RELATION})[ \t]*,?[ \t]+\(?[\"“‘'](?P<value>\p{{L}}[\p{{L}}\p{{M}} '’-]{{1,20}})[\"”’']",
        0.75,
        None,
    ),
    person_pattern(
        "owner",
        rf"\b(?P<value>{NAME})['’]s[ \t]+(?i:wife|husband|mother|father|son|daughter|brother|sister|partner|room|family|parents|chart)\b",
        0.75,
        uncertain_name,
    ),
)
