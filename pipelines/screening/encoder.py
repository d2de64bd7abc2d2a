"""The encoder of a spaCy model, with the same vectors in less time: what Presidio's entities cost is mostly this.

  tokens ──each word once──▶ word vectors ──windows of three words, few rows at a time──▶ tokens in their context

spaCy embeds every token anew, though the vector of a word depends on the word alone and notes repeat their words; and
it passes arrays of a whole batch through memory some ten times a layer, which here stay in the processor's cache.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from spacy.attrs import ORTH
from thinc.api import Model

# different words whose vectors are kept; at 96 numbers each 12 MB
MOST_WORDS = 30_000
_ROWS = 256  # two arrays of so many rows fit in the cache of one core
_LEAST_VARIANCE = 1e-8  # as in thinc's layer norm
# layers that see one token alone, and of it only attributes of `Doc.to_array`
_OF_ONE_WORD = frozenset(
    ("extract_features", "list2ragged", "ints-getitem", "hashembed", "static_vectors", "maxout", "layernorm", "dropout")
) | {"ragged2list"}
_WINDOW_LAYERS = frozenset(("expand_window", "maxout", "layernorm", "dropout"))


def speed_up(model: Model) -> None:
    """Put these layers in place of the encoder's, wherever the model has one of a known shape.

    Args:
        model: of a pipe; from here on for predictions alone.
    """
    for node in list(model.walk()):
        if not (node.has_ref("embed") and node.has_ref("encode")):
            continue
        embed, encode = node.get_ref("embed"), node.get_ref("encode")
        if [embed, encode] != node.layers:
            continue
        if _leaves(embed) <= _OF_ONE_WORD:
            node.layers[0] = _layer("word_vectors", WordVectors(embed))
        if _is_window_encoder(encode) and _is_same(encode, windows := WindowEncoder(encode)):
            node.layers[1] = _layer("window_encoder", windows)


class WordVectors:
    """Vectors of words, each computed once.

    Args:
        embed: spaCy's layer from documents to vectors of their tokens.
    """

    def __init__(self, embed: Model):
        self._embed = embed
        columns = (node.attrs["columns"] for node in embed.walk() if node.name == "extract_features")
        static = [ORTH] if any(node.name == "static_vectors" for node in embed.walk()) else []
        self._columns: list[Any] = list(dict.fromkeys([*chain.from_iterable(columns), *static]))
        self._rows: dict[tuple[int, ...], int] = {}
        self._vectors = np.zeros((0, embed.get_dim("nO")), dtype=np.float32)

    def __call__(self, docs: Sequence[Any]) -> list[np.ndarray]:
        """The vectors of each document's tokens."""
        words = [list(map(tuple, _attributes(doc, self._columns).tolist())) for doc in docs]
        missing = {word for of_doc in words for word in of_doc if word not in self._rows}
        if len(self._rows) + len(missing) > MOST_WORDS:
            self._rows, self._vectors = {}, self._vectors[:0]
            missing = set(chain.from_iterable(words))
        if missing:
            self._learn(list(missing), docs[0].vocab)
        rows = self._rows
        return [self._vectors[np.array([rows[word] for word in of_doc], dtype=np.intp)] for of_doc in words]

    def _learn(self, words: list[tuple[int, ...]], vocab: Any) -> None:
        (vectors,) = self._embed.predict([_Words(words, self._columns, vocab)])
        self._rows.update(zip(words, range(len(self._rows), len(self._rows) + len(words)), strict=True))
        self._vectors = np.concatenate([self._vectors, vectors])


class _Words:
    """What an embedding reads of a document, for words of any documents."""

    def __init__(self, words: list[tuple[int, ...]], columns: list[Any], vocab: Any):
        self.vocab = vocab
        self._columns = columns
        self._words = np.array(words, dtype=np.uint64).reshape(len(words), len(columns))

    def __len__(self) -> int:
        return len(self._words)

    def to_array(self, columns: Any) -> np.ndarray:
        """One column for each attribute; for a single attribute an array without columns."""
        if isinstance(columns, list | tuple):
            return self._words[:, [self._columns.index(column) for column in columns]]
        return np.ascontiguousarray(self._words[:, self._columns.index(columns)])


class WindowEncoder:
    """spaCy's MaxoutWindowEncoder: layers that each add to a token what its neighbours say.

    Args:
        encode: that layer, of documents' vectors.
    """

    def __init__(self, encode: Model):
        nodes = list(encode.walk())
        by_name: dict[str, list[Model]] = {name: [n for n in nodes if n.name == name] for name in _WINDOW_LAYERS}
        self._window = int(by_name["expand_window"][0].attrs["window_size"])
        self._layers = [
            (_by_piece(maxout.get_param("W")), _by_piece(maxout.get_param("b")), norm)
            for maxout, norm in zip(
                by_name["maxout"],
                [(node.get_param("G"), node.get_param("b")) for node in by_name["layernorm"]],
                strict=True,
            )
        ]
        self.width = int(by_name["layernorm"][0].get_dim("nO"))
        self._mean = np.full(self.width, 1 / self.width, dtype=np.float32)

    def __call__(self, docs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The vectors of each document's tokens in their context."""
        reach = self._window * len(self._layers)
        # documents as far from each other as a token sees
        starts, at = [], reach
        for doc in docs:
            starts.append(at)
            at += len(doc) + reach
        joined = np.zeros((at, self.width), dtype=np.float32)
        for start, doc in zip(starts, docs, strict=True):
            joined[start : start + len(doc)] = doc
        encoded = np.empty_like(joined)
        for first in range(reach, at - reach, _ROWS):
            last = min(first + _ROWS, at - reach)
            encoded[first:last] = self._encode(joined[first - reach : last + reach])
        return [encoded[start : start + len(doc)] for start, doc in zip(starts, docs, strict=True)]

    def _encode(self, rows: np.ndarray) -> np.ndarray:
        """The rows that see all their neighbours, after all layers."""
        for weights, bias, (scale, shift) in self._layers:
            windows = sliding_window_view(rows, 2 * self._window + 1, axis=0).transpose(0, 2, 1)
            pieces = windows.reshape(len(windows), -1) @ weights
            pieces += bias
            num_pieces = len(bias) // self.width
            best = pieces[:, : self.width]
            for piece in range(1, num_pieces):
                np.maximum(best, pieces[:, piece * self.width : (piece + 1) * self.width], out=best)
            best = best - (best @ self._mean)[:, None]
            variance = np.einsum("ij,ij->i", best, best) / np.float32(self.width) + np.float32(_LEAST_VARIANCE)
            best *= (1 / np.sqrt(variance))[:, None]
            best *= scale
            best += shift
            best += rows[self._window : len(rows) - self._window]
            rows = best
        return rows


def _attributes(doc: Any, columns: list[Any]) -> np.ndarray:
    return doc.to_array(columns).reshape(len(doc), len(columns))


def _by_piece(parameter: np.ndarray) -> np.ndarray:
    """Weights or bias of a maxout layer, the pieces one behind the other, so that the maximum is one of whole rows."""
    return np.ascontiguousarray(parameter.swapaxes(0, 1).reshape(-1, *parameter.shape[2:]).T)


def _layer(name: str, function: Callable[[Any], Any]) -> Model:
    def forward(model: Model, inputs: Any, is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
        return function(inputs), _no_training

    return Model(name, forward)


def _no_training(gradient: Any) -> Any:
    """What a layer of Thinc's has to give back for training; that predictions are asked of it alone is the point."""
    raise NotImplementedError("this model is for predictions alone")


def _leaves(model: Model) -> frozenset[str]:
    return frozenset(node.name for node in model.walk() if not node.layers)


def _is_window_encoder(encode: Model) -> bool:
    """True where each layer has one window, maxout and norm of its own, all of one width."""
    nodes = list(encode.walk())
    counts = Counter(node.name for node in nodes if not node.layers)
    widths = {node.get_dim("nO") for node in nodes if node.name in ("maxout", "layernorm")}
    windows = {node.attrs["window_size"] for node in nodes if node.name == "expand_window"}
    num_layers = counts["maxout"]
    return (
        counts.keys() == _WINDOW_LAYERS
        and counts["expand_window"] == counts["layernorm"] == num_layers
        and len(widths) == len(windows) == 1
    )


def _is_same(encode: Model, windows: WindowEncoder) -> bool:
    """Whether both make the same of some numbers."""
    rng = np.random.default_rng(0)
    docs = [rng.standard_normal((length, windows.width), dtype=np.float32) for length in (1, 3, 30)]
    pairs = zip(encode.predict(docs), windows(docs), strict=True)
    return all(np.allclose(theirs, ours, atol=1e-4) for theirs, ours in pairs)
