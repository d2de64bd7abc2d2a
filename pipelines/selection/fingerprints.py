"""What is kept of a note so that copies can be found: keyed hashes and a MinHash signature, never its words.

A five-word sequence is the unit of comparison, as in the near-duplicate search of web pages (Broder, On the resemblance
and containment of documents, 1997): single words are shared by all notes of a specialty, longer sequences are broken by
every small change. Each word is hashed with the key, a sequence's hash is a linear form of its words' hashes modulo
2^64 with random odd coefficients drawn from the key, and datasketch's MinHash takes the upper 32 bits: whoever lacks
the key can test no word, sequence or note against a signature.

Costs 1 to 2 ms a thousand words (tests/benchmarks/duplicate_detection.py).
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
import pyarrow as pa
from datasketch import MinHash
from numpy.typing import NDArray

from schemas.errors import ConfigError
from schemas.selection import KEY, KEY_BYTES, NUM_PERMUTATIONS, SIGNATURE_BYTES, SURVEY

WORDS_PER_SEQUENCE = 5
MIN_SECRET_BYTES = 16


class Fingerprinter:
    """Hashes notes with a secret.

    Args:
        secret: 16 to 64 bytes; the same secret gives the same hashes on every machine.

    Raises:
        ConfigError: the secret is too short or too long.
    """

    def __init__(self, secret: bytes):
        if not MIN_SECRET_BYTES <= len(secret) <= blake2b.MAX_KEY_SIZE:
            raise ConfigError(
                f"the audit key has {len(secret)} bytes: it must be a random secret of {MIN_SECRET_BYTES} to "
                f"{blake2b.MAX_KEY_SIZE} bytes"
            )
        self._secret = secret
        self._word_hash = blake2b(digest_size=8, key=secret, person=b"word")
        random = np.random.default_rng(int.from_bytes(self.key("coefficients", "seed"), "big"))
        self._coefficients = random.integers(0, 2**64, WORDS_PER_SEQUENCE, dtype=np.uint64) | np.uint64(1)
        seed = int(random.integers(0, 2**32))
        self._empty = MinHash(NUM_PERMUTATIONS, seed=seed, hashfunc=int, scheme="affine32")

    def key(self, kind: str, value: str) -> bytes:
        """Keyed hash of a value; of another kind, the same value has another hash.

        Args:
            kind: at most 16 ASCII characters.
        """
        return blake2b(value.encode(), digest_size=KEY_BYTES, key=self._secret, person=kind.encode()).digest()

    def text_key(self, text: str) -> bytes:
        """Keyed hash of a text, the same for texts that differ in case and white space alone."""
        return self.key("text", " ".join(words(text)))

    def signature(self, text_words: Sequence[str]) -> tuple[NDArray[np.uint32], int]:
        """MinHash of the set of five-word sequences, (NUM_PERMUTATIONS,), and the set's size.

        A text of fewer words is one sequence.
        """
        hashes = {word: self._hash_word(word) for word in set(text_words)}
        row = np.array([hashes[word] for word in text_words], dtype=np.uint64)
        row = np.pad(row, (0, max(0, WORDS_PER_SEQUENCE - len(row))))
        sequences = np.unique(np.lib.stride_tricks.sliding_window_view(row, WORDS_PER_SEQUENCE) @ self._coefficients)
        sketch = self._empty.copy()
        sketch.update_batch((sequences >> np.uint64(32)).tolist())
        return sketch.hashvalues, len(sequences)

    def _hash_word(self, word: str) -> int:
        state = self._word_hash.copy()  # the key is a block of its own, compressed once
        state.update(word.encode())
        return int.from_bytes(state.digest(), "little")


def words(text: str) -> list[str]:
    """The text's words without regard to case and white space."""
    return text.casefold().split()


def survey(notes: pa.Table, fingerprinter: Fingerprinter) -> pa.Table:
    """What is kept of each note.

    Args:
        notes: rows of `schemas.notes.notes_schema`.

    Returns:
        Rows of SURVEY, in the order of `notes`.
    """
    keys, counts, signatures = [], [], []
    for text in notes["text"].to_pylist():
        text_words = words(text)
        keys.append(fingerprinter.key("text", " ".join(text_words)))
        signature, num_sequences = fingerprinter.signature(text_words)
        counts.append(num_sequences)
        signatures.append(signature.astype("<u4").tobytes())
    columns = {
        "patient_key": _keys(fingerprinter.key("patient", patient) for patient in notes["patient_id"].to_pylist()),
        "text_key": _keys(keys),
        "num_sequences": pa.array(counts, pa.int64()),
        "signature": pa.array(signatures, pa.binary(SIGNATURE_BYTES)),
    }
    arrays = [columns[name] if name in columns else notes[name] for name in SURVEY.names]
    return pa.table(arrays, schema=SURVEY)


def _keys(values: Iterable[bytes]) -> pa.Array:
    return pa.array(list(values), KEY)
