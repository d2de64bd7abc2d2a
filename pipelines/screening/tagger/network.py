"""The tagger: for each token of a note, how likely it belongs to an identifier of each kind.

  words ─▶ features ─┐
                     ├─▶ sum of their vectors ─▶ 7 tokens wide, ReLU ─▶ 5 wide, ReLU ─▶ probabilities of the labels
  findings of rules ─┘

Two convolutions after Collobert et al., Natural Language Processing (Almost) from Scratch, JMLR 2011. It is small on
purpose: notes say the same words again and again, so what the first layer makes of a word is kept, and a note costs
additions of rows. It runs on NumPy; `fit` trains it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import IO
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from pipelines.screening.tagger.features import word_features
from schemas.errors import ScreeningError

WIDE, NARROW = 7, 5  # tokens that the two layers see at once
MAX_CACHED_ROWS = 8_192
WEIGHTS = "weights.npz"
_JOIN = "\0"

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What training has found.

    Attributes:
        features: name of each row of `vectors`; "w=", "s=", … alone are for what has no row.
        vectors: (features, width).
        wide: (WIDE, width, hidden), with its bias (hidden,).
        narrow: (NARROW, hidden, hidden of the second layer), with its bias.
        output: (hidden of the second layer, labels), with its bias.
    """

    features: tuple[str, ...]
    vectors: Floats
    wide: Floats
    wide_bias: Floats
    narrow: Floats
    narrow_bias: Floats
    output: Floats
    output_bias: Floats

    def save(self, file: Path) -> None:
        """Write them, in half precision."""
        arrays = {name: value.astype(np.float16) for name, value in vars(self).items() if name != "features"}
        np.savez_compressed(file, features=np.frombuffer(_JOIN.join(self.features).encode(), np.uint8), **arrays)

    @classmethod
    def load(cls, file: IO[bytes]) -> "Weights":
        """Read what `save` wrote.

        Raises:
            ValueError: they are not finite numbers, or no `.npz` file.
        """
        with np.load(file, allow_pickle=False) as arrays:
            features = tuple(arrays["features"].tobytes().decode().split(_JOIN))
            rest = {name: arrays[name].astype(np.float32) for name in arrays.files if name != "features"}
        if not all(np.isfinite(array).all() for array in rest.values()):
            raise ValueError("the weights are not finite")
        return cls(features=features, **rest)


class Tagger:
    """Label probabilities of tokens. Not for several threads: what it keeps of words changes with each text.

    Args:
        weights: trained.
    """

    def __init__(self, weights: Weights):
        self._weights = weights
        self._vector_of = {name: row for row, name in enumerate(weights.features)}
        width, hidden = weights.wide.shape[1:]
        self._wide = weights.wide.transpose(1, 0, 2).reshape(width, -1)
        self._hidden = hidden
        self._keep_rows(MAX_CACHED_ROWS)

    def probabilities(self, words: Sequence[str], context: Mapping[int, tuple[str, ...]]) -> Floats:
        """Probabilities of the labels.

        The second layer looks at words that tell something and at the words beside them: most of a note is ordinary
        words in lower case, of which no identifier is made, and these are Label.NONE.

        Args:
            words: tokens of a text.
            context: features of a token in this text, beside its word's.

        Returns:
            (tokens, labels); each row adds up to 1.
        """
        num_tokens = len(words)
        weights = self._weights
        probabilities = np.zeros((num_tokens, len(weights.output_bias)), np.float32)
        if not num_tokens:
            return probabilities
        rows = self._rows([*words, *context.values()])
        own, others = rows[:num_tokens], rows[num_tokens:]
        positions = np.fromiter(context, np.intp, len(context))
        telling = self._is_telling[own]
        telling[positions] |= self._is_telling[others]
        seen = np.flatnonzero(_widened(telling, 1))

        # where the second layer looks: some tokens, and the emptiness around the text
        reach = NARROW // 2
        looked_at = np.zeros(num_tokens + 2 * reach, bool)
        looked_at[seen + reach] = True
        needed = np.flatnonzero(_widened(looked_at, reach))
        # rows of `kept` for each place of the window; row 0 is of nothing
        margin = WIDE // 2 + reach
        padded = np.zeros(num_tokens + 2 * margin, np.intp)
        padded[margin : margin + num_tokens] = own
        padded_context = np.zeros_like(padded)
        padded_context[margin + positions] = others
        hidden = np.tile(weights.wide_bias, (len(needed), 1))
        for place, kept in enumerate(self._kept):
            at = needed + place
            hidden += kept.take(padded.take(at), axis=0)
            further = padded_context.take(at)
            has_more = np.flatnonzero(further)
            hidden[has_more] += kept.take(further[has_more], axis=0)
        np.maximum(hidden, 0, out=hidden)

        row_of_needed = np.zeros(len(looked_at), np.intp)
        row_of_needed[needed] = np.arange(len(needed))
        second = np.tile(weights.narrow_bias, (len(seen), 1))
        for place, narrow in enumerate(weights.narrow):
            second += hidden.take(row_of_needed[seen + place], axis=0) @ narrow
        logits = np.maximum(second, 0) @ weights.output + weights.output_bias
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities[:, 0] = 1
        probabilities[seen] = odds / odds.sum(axis=1, keepdims=True)
        return probabilities

    def knows(self, recogniser: str) -> bool:
        """True for a rule whose findings were there in training."""
        return f"r={recogniser}" in self._vector_of

    def _rows(self, keys: list[str | tuple[str, ...]]) -> NDArray[np.intp]:
        """Where `_kept` has each word and each set of features; those that are new are added."""
        if len(self._is_telling) > MAX_CACHED_ROWS:
            self._keep_rows(MAX_CACHED_ROWS)  # the note before had more words than are kept
        row_of = self._row_of
        new = [key for key in dict.fromkeys(keys) if key not in row_of]
        if len(row_of) + len(new) >= len(self._is_telling):
            self._keep_rows(max(len(set(keys)) + 1, MAX_CACHED_ROWS))
            row_of, new = self._row_of, list(dict.fromkeys(keys))
        if new:
            features = [(*word_features(key),) if isinstance(key, str) else key for key in new]
            first, last = len(row_of) + 1, len(row_of) + 1 + len(new)
            made = np.stack([self._vector(names) for names in features]) @ self._wide
            self._kept[:, first:last] = made.reshape(len(new), WIDE, -1).transpose(1, 0, 2)
            self._is_telling[first:last] = [is_telling(key, names) for key, names in zip(new, features, strict=True)]
            row_of.update((key, first + index) for index, key in enumerate(new))
        return np.fromiter(map(row_of.__getitem__, keys), np.intp, len(keys))

    def _keep_rows(self, number: int) -> None:
        """Make room for so many rows; none is kept of those before, and the first stays that of nothing."""
        # what the first layer makes of a word, or of a set of further features, at each place of its window
        self._kept = np.zeros((WIDE, number, self._hidden), np.float32)
        self._is_telling = np.zeros(number, bool)
        self._row_of: dict[str | tuple[str, ...], int] = {}

    def _vector(self, features: Iterable[str]) -> Floats:
        rows = [self._vector_of.get(name, self._vector_of[name[:2]]) for name in features]
        return self._weights.vectors[rows].sum(axis=0)


def _widened(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """True also up to so many places from where it is True."""
    wide = mask.copy()
    for distance in range(1, reach + 1):
        wide[distance:] |= mask[:-distance]
        wide[:-distance] |= mask[distance:]
    return wide


def is_telling(key: str | tuple[str, ...], features: Sequence[str]) -> bool:
    """True for a word that may be of an identifier's, and for the finding of a rule.

    Not for signs, and not for words of notes in lower case that are nobody's name.
    """
    if not isinstance(key, str):
        return any(name.startswith("r=") for name in features)
    if not key[0].isalnum():
        return False
    is_word_of_notes = "l=ordinary" in features or "l=ordinary_s" in features or "l=sentence_words" in features
    return not (key.islower() and is_word_of_notes and "l=given" not in features and "l=family" not in features)


def load_tagger() -> Tagger:
    """The trained tagger of this package.

    Raises:
        ScreeningError: its weights are not there, or not whole.
    """
    try:
        with resources.files("pipelines.screening.tagger").joinpath(WEIGHTS).open("rb") as file:
            return Tagger(Weights.load(file))
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise ScreeningError(
            f"the tagger's weights cannot be read ({type(error).__name__}): install wardround again, or train them "
            "with python -m pipelines.screening.tagger.fit"
        ) from None
