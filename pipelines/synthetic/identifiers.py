"""Identifiers planted in notes, and the placeholders of an earlier de-identification.

Entity types are those of the screening policy's table. Every value is made up; telephone numbers are of the range kept
free for fiction, e-mail domains of the reserved ones, and social security numbers of a range never issued.
"""

import enum
import random
from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipelines.synthetic.content import draw, wording
from pipelines.synthetic.markup import KEEP, mark, sentence

PERSON, PHONE, EMAIL = "PERSON", "PHONE_NUMBER", "EMAIL_ADDRESS"
SSN, MRN, DATE = "US_SSN", "MEDICAL_RECORD_NUMBER", "DATE_TIME"
ADDRESS, HOSPITAL, OLD_AGE = "LOCATION", "FACILITY", "AGE_OVER_89"
LEAK = "MALFORMED_PLACEHOLDER"  # a placeholder that still holds the name: an earlier de-identification failed


class Source(enum.StrEnum):
    """What became of a note's identifiers before it reached us."""

    CLEAN = "clean"  # none was ever written
    PLANTED = "planted"
    PLACEHOLDERS = "placeholders"  # replaced upstream


def _part(rng: random.Random, name: str) -> str:
    return rng.choice(wording()["identifiers"][name])


def _name(rng: random.Random) -> str:
    return f"{_part(rng, 'first_names')} {_part(rng, 'last_names')}"


def _date(rng: random.Random) -> str:
    month, day, year = rng.randint(1, 12), rng.randint(1, 28), rng.randint(2019, 2023)
    return rng.choice(
        (f"{month:02}/{day:02}/{year}", f"{_part(rng, 'months')} {day}, {year}", f"{year}-{month:02}-{day:02}")
    )


def _phone(rng: random.Random) -> str:
    area, line = rng.choice((212, 415, 617, 734)), rng.randint(100, 199)
    return rng.choice((f"({area}) 555-0{line}", f"{area}-555-0{line}"))


_VALUES: Mapping[str, Callable[[random.Random], str]] = MappingProxyType(
    {
        PERSON: _name,
        PHONE: _phone,
        EMAIL: lambda rng: (
            f"{_part(rng, 'first_names').lower()}.{_part(rng, 'last_names').lower().replace(chr(39), '')}@example.org"
        ),
        SSN: lambda rng: f"9{rng.randint(10, 99)}-{rng.randint(10, 69)}-{rng.randint(1000, 9999)}",
        MRN: lambda rng: str(rng.randint(1_000_000, 99_999_999)),
        DATE: _date,
        ADDRESS: lambda rng: f"{rng.randint(11, 980)} {_part(rng, 'streets')}, {_part(rng, 'towns')}",
        HOSPITAL: lambda rng: _part(rng, "hospitals"),
    }
)
_PLACEHOLDERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        PERSON: ("[**Name**]", "[**Known lastname 123**]", "___", "[NAME]"),
        PHONE: ("[**Telephone/Fax 45**]", "___"),
        EMAIL: ("___",),
        SSN: ("XXX-XX-XXXX", "___"),
        MRN: ("[**Medical Record Number 7**]", "___"),
        DATE: ("[**2151-7-16**]", "___", "[DATE]"),
        ADDRESS: ("[**Location 31**]", "___"),
        HOSPITAL: ("[**Hospital 18**]", "___"),
    }
)
# Sentence → where it stands. {TYPE} is a value of that type, or its placeholder.
_SENTENCES: tuple[tuple[str, str, float], ...] = (
    ("hpi", "History given by a relative, {PERSON}, phone {PHONE_NUMBER}.", 2),
    ("hpi", "{PERSON}, a relative, is at the bedside.", 2),
    ("hpi", "Transferred from {FACILITY}.", 3),
    ("hpi", "Was seen at {FACILITY} on {DATE_TIME} for the same.", 2),
    ("hpi", "Lives at {LOCATION}.", 1),
    ("hpi", "Dr. {PERSON} sent the patient in.", 2),
    ("history", "Followed by Dr. {PERSON} at {FACILITY}.", 2),
    ("history", "Last visit {DATE_TIME}.", 2),
    ("top", "MRN: {MEDICAL_RECORD_NUMBER}", 3),
    ("top", "Patient: {PERSON}  DOB: {DATE_TIME}", 3),
    ("top", "SSN: {US_SSN}  MRN: {MEDICAL_RECORD_NUMBER}", 1),
    ("mdm", "Discussed with Dr. {PERSON}.", 3),
    ("end", "Results to be sent to {EMAIL_ADDRESS}.", 1),
    ("end", "Call {PHONE_NUMBER} with results.", 1),
    ("end", "Electronically signed by {PERSON}, MD on {DATE_TIME}", 4),
)


def identifier_sentences(rng: random.Random, source: Source) -> dict[str, str]:
    """Place in the note ("top", "hpi", "history", "mdm", "end") → a marked sentence. At most one a place."""
    if source is Source.CLEAN:
        return {}
    weights = {index: weight for index, (_, _, weight) in enumerate(_SENTENCES)}
    found: dict[str, str] = {}
    for _ in range(rng.choice((1, 2, 2, 3))):
        place, pattern, _ = _SENTENCES[draw(rng, weights)]
        found[place] = _filled(rng, pattern, source)
    return found


def leaking_placeholder(rng: random.Random) -> str:
    """A sentence with a bracket that was to hide a name and holds one."""
    return sentence(f"seen with {mark(LEAK, f'[**{_name(rng)}**]')}")


def _filled(rng: random.Random, pattern: str, source: Source) -> str:
    for kind in _VALUES:
        while f"{{{kind}}}" in pattern:
            value = (
                mark(kind, _VALUES[kind](rng))
                if source is Source.PLANTED
                else mark(KEEP, rng.choice(_PLACEHOLDERS[kind]))
            )
            pattern = pattern.replace(f"{{{kind}}}", value, 1)
    return pattern
