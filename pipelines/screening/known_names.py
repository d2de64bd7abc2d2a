"""A patient's names confirmed in one note and looked for in the others, as keyed hashes: no name is stored.

    note 1 "Dr. Vasquez"  ──name_keys──▶ hashes of (patient, "vasquez") ──KnownNames──▶ "vasquez agreed" in note 7

Only names with a cue are taken, which need no tagger; they cost about a twentieth of the screen.
"""

from collections.abc import Iterable
from hashlib import blake2b

from presidio_analyzer import RecognizerResult

from pipelines.screening.entities import EntityType
from pipelines.screening.prefilter import attach_prefilter
from pipelines.screening.propagation import confirmed_name_tokens, find_known_tokens
from pipelines.screening.recognisers.names import NameRecogniser
from pipelines.screening.spans import Finding
from schemas.errors import ScreeningError
from schemas.selection import KEY_BYTES


class NameSurvey:
    """Takes the confirmed names of notes.

    Args:
        key: the audit key.
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, key: bytes, timeout_s: float):
        self._key = key
        self._recogniser = NameRecogniser(timeout_s)
        self._prefilter = attach_prefilter(self._recogniser.strict_patterns)

    def name_keys(self, text: str, patient_id: str) -> set[bytes]:
        """Keyed hashes of the words of this note's names that are strong enough to be looked for elsewhere.

        A note on which a pattern runs out of time gives none; the screen itself will quarantine it.
        """
        try:
            results = self._recogniser.analyze(text, [EntityType.PERSON.value])
        except ScreeningError:
            return set()
        finally:
            if self._prefilter:
                self._prefilter.forget()
        tokens = confirmed_name_tokens(text, [_finding(result) for result in results])
        return {_name_key(self._key, patient_id, token) for token in tokens}


class KnownNames:
    """Looks for names that other notes of a patient have confirmed.

    Args:
        keys: of `NameSurvey.name_keys`, of any patients.
        key: the audit key that they were made with.
    """

    def __init__(self, keys: Iterable[bytes], key: bytes):
        self._keys = frozenset(keys)
        self._key = key

    def find(self, text: str, patient_id: str) -> list[Finding]:
        """Findings in a note of this patient."""
        if not self._keys:
            return []
        return find_known_tokens(text, lambda token: _name_key(self._key, patient_id, token) in self._keys)


def _name_key(key: bytes, patient_id: str, token: str) -> bytes:
    # The patient is part of what is hashed: a name of one patient says nothing of another's note.
    return blake2b(f"{patient_id}\x1f{token}".encode(), digest_size=KEY_BYTES, key=key, person=b"name").digest()


def _finding(result: RecognizerResult) -> Finding:
    name = result.recognition_metadata[RecognizerResult.RECOGNIZER_NAME_KEY]
    return Finding(
        start=result.start, end=result.end, entity_type=result.entity_type, score=result.score, recogniser=name
    )
