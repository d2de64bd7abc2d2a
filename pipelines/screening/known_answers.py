"""The known-answer test: an engine that misses these, or flags those, is not the one that was measured.

It runs once, when the engine is loaded: a model that was swapped, cut short or switched off answers differently. The
persons, places and numbers are invented.
"""

from collections.abc import Callable, Sequence

from pipelines.screening.entities import EntityType
from pipelines.screening.spans import Finding
from schemas.errors import ScreeningError

_Planted = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]

# text, and the (type, value) pairs that must be covered
_PLANTED_ENGLISH: _Planted = (
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
    # no cue and no listed name: only the tagger can find this one
    ("Plan agreed with Ystergren and the family.", ((EntityType.PERSON, "Ystergren"),)),
    # no cue and no capital letter: only the lists of names can
    ("In the waiting room franciska lettiere became pale and fell.", ((EntityType.PERSON, "franciska lettiere"),)),
)
_PLANTED_SPANISH: _Planted = (
    (
        "Nombre: Nerea\nApellidos: Ibarrola Quesada\nNHC: 4471902\nFecha de nacimiento: 08/02/1949\n"
        "Médico: Dr. Unai Goñi. Ingresa el 3 de mayo de 2018 en el Hospital San Telmo. Tel. 948 550 127.",
        (
            (EntityType.PERSON, "Nerea"),
            (EntityType.PERSON, "Ibarrola Quesada"),
            (EntityType.PERSON, "Unai Goñi"),
            (EntityType.MEDICAL_RECORD_NUMBER, "4471902"),
            (EntityType.DATE_TIME, "08/02/1949"),
            (EntityType.DATE_TIME, "3 de mayo de 2018"),
            (EntityType.FACILITY, "Hospital San Telmo"),
            (EntityType.PHONE_NUMBER, "948 550 127"),
        ),
    ),
    # no cue: only the language model can find this one
    ("En la sala de espera María Zubiaurre palideció y cayó.", ((EntityType.PERSON, "María Zubiaurre"),)),
)
_CLEAN_ENGLISH = (
    "Parkinson disease, stable on carbidopa. Foley catheter in place. BP 120/80, 2/6 systolic murmur, L4-L5 stenosis.",
    "[**Known lastname 123**] was seen on [**2151-7-16**] by Dr. ___. Call [PHONE].",
)

_CLEAN_SPANISH = (
    "Enfermedad de Crohn, estable con azatioprina 50 mg. TA 120/80 mmHg, soplo sistólico 2/6, estenosis L4-L5.",
)
_ANSWERS = {"en": (_PLANTED_ENGLISH, _CLEAN_ENGLISH), "es": (_PLANTED_SPANISH, _CLEAN_SPANISH)}


def check(find: Callable[[Sequence[str]], Sequence[Sequence[Finding] | None]], language: str) -> None:
    """Run the test.

    Args:
        find: from texts to findings, None for a text on which the engine failed.
        language: of the notes.

    Raises:
        ScreeningError: an answer is wrong.
    """
    planted, clean = _ANSWERS[language]
    texts = [text for text, _ in planted] + list(clean)
    answers = find(texts)
    for number, (text, expected) in enumerate(planted):
        found = answers[number]
        for entity_type, value in expected:
            start = text.index(value)
            covered = found and any(f.start <= start and start + len(value) <= f.end for f in found)
            if not covered:
                raise ScreeningError(
                    f"the screening engine failed its known-answer test: {entity_type} of text {number} was missed; "
                    "check screening.nlp_model and the installed versions of spaCy and Presidio"
                )
    for number, found in enumerate(answers[len(planted) :]):
        if found is None or found:
            raise ScreeningError(
                f"the screening engine failed its known-answer test: clean text {number} was flagged; check "
                "screening.nlp_model and screening.extra_recognisers"
            )
