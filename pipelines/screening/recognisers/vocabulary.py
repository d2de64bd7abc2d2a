"""What a word means apart from its place: a name, another word, both, or nothing that is known.

Nearly all words of notes are in some list. So a capitalised word that no list of other words explains is taken for a
name, and the rules of the recognisers have to say why one is none, and not why it is one. A word with both meanings
needs a cue. Whether a name is also a word is told by how it is written: "Salazar" has no lower case, "Maple" has.
"""

import enum
from functools import lru_cache

import regex

from pipelines.screening.gazetteer import fold, name_lists
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.person import bare, has_clinical_ending, is_eponym_word

MAX_CACHED_WORDS = 20_000
_PART = regex.compile(r"[-‐‑–]")
_TERMS = ("not_names", "drugs", "products", "places", "facility_words", "eponym_heads", "credentials", "sentence_words")


class Reading(enum.Enum):
    """What the lists say of a word."""

    NAME = "name"
    MIXED = "name and other word"
    TERM = "other word"
    UNKNOWN = "in no list"


@lru_cache(maxsize=MAX_CACHED_WORDS)
def reading(token: str) -> Reading:
    """The reading of a token, in whatever case it is written; a double name is read by the part that is most a name."""
    plain = bare(token).replace("’", "'")
    parts = [part for part in _PART.split(plain) if part]
    if len(parts) < 2:
        return _reading(plain)
    readings = {_reading(part) for part in parts}
    if Reading.TERM in readings:
        return Reading.TERM  # "Left-sided", "Non-Hodgkin"
    return next(kind for kind in (Reading.NAME, Reading.UNKNOWN, Reading.MIXED) if kind in readings)


def is_proper(token: str) -> bool:
    """True for a word that is seldom written without a capital letter, or that is in no list at all."""
    return bare(token) in words("proper_words") or reading(token) in (Reading.NAME, Reading.UNKNOWN)


def _reading(plain: str) -> Reading:
    if len(plain) < 2:
        return Reading.TERM
    lists, folded = name_lists(), fold(plain)
    spelled = folded.replace("'", "")
    named = bool({folded, spelled} & lists.given or {folded, spelled} & lists.family)
    common = plain in words("first_names") or plain in words("surnames")
    term = any(plain in words(name) for name in _TERMS) or folded in lists.ordinary
    if named or common:
        other = term or is_eponym_word(plain) or plain in words("name_words") or plain in words("ambiguous_names")
        return Reading.MIXED if other else Reading.NAME
    explained = term or has_clinical_ending(plain) or is_eponym_word(plain) or plain in words("proper_words")
    return Reading.TERM if explained or folded.removesuffix("s") in lists.ordinary else Reading.UNKNOWN
