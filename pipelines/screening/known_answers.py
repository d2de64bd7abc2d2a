"""The known-answer test: an engine that misses these, or flags those, is not the one that was measured.

It runs once, when the engine is loaded: a model that was swapped, cut short or switched off answers differently. The
persons, places and numbers are invented.
"""

from collections.abc import Callable, Sequence

from pipelines.screening.entities import EntityType
from pipelines.screening.spans import Finding
from schemas.errors import ScreeningError

# text, and the (type, value) pairs that must be covered
_PLANTED: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Patient: Okonkwo, Robert  MRN: 48572113  DOB: 03/14/1951\nSeen on July 3, 2019 by Dr. James Parkinson at "
        "Lakeside Memorial Hospital. He is 94 years old and lives at 12 Orchard Lane, Springfield, IL 62704. "
        "Call (617) 555-0143, fax 617-555-0144, r.okonkwo@example.org, SSN 512-44-0198.",
        (
            (EntityType.PERSON, "Okonkwo"),
            (EntityType.PERSON, "James Parkinson"),
            (EntityType.MEDICAL_RECORD_NUMBER, "48572113"),
            (EntityType.DATE_TIME, "03/14/1951"),
            (EntityType.DATE_TIME, "July 3, 2019"),
            (EntityType.FACILITY, "Lakeside Memorial Hospital"),
            (EntityType.AGE_OVER_89, "94"),
            (EntityType.LOCATION, "12 Orchard Lane"),
            (EntityType.PHONE_NUMBER, "(617) 555-0143"),
            (EntityType.FAX_NUMBER, "617-555-0144"),
            (EntityType.EMAIL_ADDRESS, "r.okonkwo@example.org"),
            (EntityType.US_SSN, "512-44-0198"),
        ),
    ),
    # no cue and no listed name: only the language model can find this one
    ("In the waiting room Ludvika Ystergren became pale and fell.", ((EntityType.PERSON, "Ludvika Ystergren"),)),
    # no cue and no capital letter: only the lists of names can
    ("In the waiting room franciska lettiere became pale and fell.", ((EntityType.PERSON, "franciska lettiere"),)),
)
_CLEAN = (
    "Parkinson disease, stable on carbidopa. Foley catheter in place. BP 120/80, 2/6 systolic murmur, L4-L5 stenosis.",
    "[**Known lastname 123**] was seen on [**2151-7-16**] by Dr. ___. Call [PHONE].",
)


def check(find: Callable[[Sequence[str]], Sequence[Sequence[Finding] | None]]) -> None:
    """Run the test.

    Args:
        find: from texts to findings, None for a text on which the engine failed.

    Raises:
        ScreeningError: an answer is wrong.
    """
    texts = [text for text, _ in _PLANTED] + list(_CLEAN)
    answers = find(texts)
    for number, (text, expected) in enumerate(_PLANTED):
        found = answers[number]
        for entity_type, value in expected:
            start = text.index(value)
            covered = found and any(f.start <= start and start + len(value) <= f.end for f in found)
            if not covered:
                raise ScreeningError(
                    f"the screening engine failed its known-answer test: {entity_type} of text {number} was missed; "
                    "check screening.nlp_model and the installed versions of spaCy and Presidio"
                )
    for number, found in enumerate(answers[len(_PLANTED) :]):
        if found is None or found:
            raise ScreeningError(
                f"the screening engine failed its known-answer test: clean text {number} was flagged; check "
                "screening.nlp_model and screening.extra_recognisers"
            )
