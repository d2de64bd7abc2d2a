"""The tagger: for each token of a note, how likely it belongs to an identifier of each kind.

  words ─▶ features ─┐                                             means over line and note
                     ├─▶ sum of their vectors ─▶ 7 tokens wide, ReLU ─▶ 5 wide, ReLU ─▶ probabilities
  findings of rules ─┘                                                    │        where these are open
                                                                          └▶ 17 telling tokens wide ─▶ probabilities

Convolutions after Collobert et al., Natural Language Processing (Almost) from Scratch, JMLR 2011. It is small on
purpose: notes say the same words again and again, so what the first layer makes of a word is kept, and a note costs
additions of rows. Most tokens are settled by the first look; the second sees further, past the ordinary words, and
costs little because it is taken at few. It runs on NumPy; `fit` trains it.
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
from pipelines.screening.tagger.tokens import LINE_END
from schemas.errors import ScreeningError

WIDE, NARROW = 7, 5  # tokens that the first two layers see at once
FAR = 8  # telling tokens that the second look sees on each side
OPEN = 0.997  # probability of no identifier from which the first look settles it
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
        around: (2, hidden, hidden of the second layer), for the means over the line and over the note.
        settled: (hidden of the second layer, labels), with its bias: the first look's answer.
        far: (2 * FAR + 1, hidden of the second layer, hidden of the third), with its bias.
        output: (hidden of the second and of the third, labels), with its bias: the second look's answer.
    """

    features: tuple[str, ...]
    vectors: Floats
    wide: Floats
    wide_bias: Floats
    narrow: Floats
    narrow_bias: Floats
    around: Floats
    settled: Floats
    settled_bias: Floats
    far: Floats
    far_bias: Floats
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
        self._narrow = weights.narrow.reshape(-1, weights.narrow.shape[2])
        self._far = weights.far.reshape(-1, weights.far.shape[2])
        self._hidden = hidden
        self._keep_rows(MAX_CACHED_ROWS)

    def probabilities(self, words: Sequence[str], context: Mapping[int, tuple[str, ...]]) -> Floats:
        """Probabilities of the labels.

        The layers behind the first look at words that tell something and at the words beside them: most of a note is
        ordinary words in lower case, of which no identifier is made, and these are Label.NONE.

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
        probabilities[:, 0] = 1
        rows = self._rows([*words, *context.values()])
        own, others = rows[:num_tokens], rows[num_tokens:]
        positions = np.fromiter(context, np.intp, len(context))
        telling = self._is_telling[own]
        telling[positions] |= self._is_telling[others]
        seen = np.flatnonzero(widened(telling, 1))
        if not len(seen):
            return probabilities

        # where the second layer looks: some tokens, and the emptiness around the text
        reach = NARROW // 2
        looked_at = np.zeros(num_tokens + 2 * reach, bool)
        looked_at[seen + reach] = True
        needed = np.flatnonzero(widened(looked_at, reach))
        hidden = self._first_layer(own, positions, others, needed)
        row_of_needed = np.zeros(len(looked_at), np.intp)
        row_of_needed[needed] = np.arange(len(needed))
        windows = row_of_needed.take(seen[:, None] + np.arange(NARROW))
        second: Floats = (
            hidden.take(windows, axis=0).reshape(len(seen), len(self._narrow)) @ self._narrow + weights.narrow_bias
        )
        ends_of_lines = [index for index, word in enumerate(words) if word == LINE_END]
        of_line = np.searchsorted(ends_of_lines, seen, side="right")
        second += self._around(hidden.take(row_of_needed[seen + reach], axis=0), of_line)
        np.maximum(second, 0, out=second)
        answers = _softmax(second @ weights.settled + weights.settled_bias)
        still_open = np.flatnonzero(answers[:, 0] < OPEN)
        answers[still_open] = self._second_look(second, still_open)
        probabilities[seen] = answers
        return probabilities

    def _first_layer(
        self, own: NDArray[np.intp], positions: NDArray[np.intp], others: NDArray[np.intp], needed: NDArray[np.intp]
    ) -> Floats:
        """The first layer at the needed places, which are counted from NARROW // 2 places before the text.

        Args:
            own: row of each token's word.
            positions: of tokens that have further features.
            others: the rows of those.
            needed: places.
        """
        # rows of `kept` for each place of the window; row 0 is of nothing
        margin = WIDE // 2 + NARROW // 2
        padded = np.zeros(len(own) + 2 * margin, np.intp)
        padded[margin : margin + len(own)] = own
        padded_context = np.zeros_like(padded)
        padded_context[margin + positions] = others
        hidden = np.tile(self._weights.wide_bias, (len(needed), 1))
        rows = np.empty_like(hidden)
        for place, kept in enumerate(self._kept):
            at = needed + place
            hidden += kept.take(padded.take(at), axis=0, out=rows, mode="clip")  # "raise" would copy once more
            further = padded_context.take(at)
            has_more = np.flatnonzero(further)
            hidden[has_more] += kept.take(further[has_more], axis=0)
        return np.maximum(hidden, 0, out=hidden)

    def _around(self, hidden: Floats, of_line: NDArray[np.intp]) -> Floats:
        """What the line and the note say to each token, by the means of the tokens that are looked at."""
        starts = np.flatnonzero(np.diff(of_line, prepend=-1))
        sizes = np.diff(starts, append=len(hidden))
        sums = np.add.reduceat(hidden, starts, axis=0)
        lines = (sums / sizes[:, None].astype(np.float32)) @ self._weights.around[0]
        note = (sums.sum(axis=0) / len(hidden)) @ self._weights.around[1]
        return np.repeat(lines + note, sizes, axis=0)

    def _second_look(self, second: Floats, at: NDArray[np.intp]) -> Floats:
        """Probabilities of the labels at some of the tokens that are looked at."""
        weights = self._weights
        padded = np.zeros((len(second) + 2 * FAR, second.shape[1]), np.float32)
        padded[FAR : FAR + len(second)] = second
        windows = padded.take(at[:, None] + np.arange(2 * FAR + 1), axis=0)
        third = windows.reshape(len(at), len(self._far)) @ self._far + weights.far_bias
        both = np.concatenate([second.take(at, axis=0), np.maximum(third, 0)], axis=1)
        return _softmax(both @ weights.output + weights.output_bias)

    def knows(self, recogniser: str) -> bool:
        """True for a rule whose findings were there in training."""
        return f"r={recogniser}" in self._vector_of

    def _rows(self, keys: list[str | tuple[str, ...]]) -> NDArray[np.intp]:
        """Where `_kept` has each word and each set of features; those that are new are added."""
        if len(self._is_telling) > MAX_CACHED_ROWS:
            self._keep_rows(MAX_CACHED_ROWS)  # the note before had more words than are kept
        row_of = self._row_of
        if None not in (rows := list(map(row_of.get, keys))):  # as for nearly all notes, once some have been read
            return np.array(rows, np.intp)
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


def _softmax(logits: Floats) -> Floats:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def widened(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
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
