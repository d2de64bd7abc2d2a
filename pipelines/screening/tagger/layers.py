"""The layers of `network.Tagger` in PyTorch, to be trained."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import spacy
import torch
from torch import Tensor, nn

from pipelines.screening.gazetteer import fold
from pipelines.screening.tagger.batches import Batch
from pipelines.screening.tagger.corpus import Label
from pipelines.screening.tagger.network import FAR, NARROW, OPEN, WIDE, Weights


@dataclass(frozen=True)
class WordVectors:
    """Vectors of frequent words, made elsewhere.

    Attributes:
        words: folded.
        rows: (words, size).
    """

    words: tuple[str, ...]
    rows: "np.ndarray[tuple[int, int], np.dtype[np.float32]]"

    @classmethod
    def of_model(cls, model: str, size: int) -> "WordVectors":
        """Those of a spaCy model, of the words that have a vector to themselves, as `size` principal components."""
        vocab = spacy.load(model).vocab
        vectors, strings = vocab.vectors, vocab.strings
        row_of: dict[str, int] = {}
        taken: set[int] = set()
        for key, row in vectors.key2row.items():  # in the order of frequency; later ones share their neighbour's row
            word = strings[key]
            if row not in taken and word.isalpha():
                row_of.setdefault(fold(word), row)
            taken.add(row)
        table = vectors.data[list(row_of.values())]
        centred = table - table.mean(axis=0)
        components = np.linalg.svd(centred, full_matrices=False)[2][:size]
        rows = centred @ components.T
        return cls(tuple(row_of), (rows / rows.std()).astype(np.float32))

    @classmethod
    def none(cls, size: int) -> "WordVectors":
        """Of no word."""
        return cls((), np.zeros((0, size), np.float32))


@dataclass(frozen=True)
class Looks:
    """What the two looks say.

    Attributes:
        first: logits (tokens, labels).
        at: places of the tokens that the second look was taken at.
        second: their logits (places, labels).
    """

    first: Tensor
    at: Tensor
    second: Tensor


class Network(nn.Module):
    """The layers of `network.Tagger`.

    Args:
        num_features: rows of the table of vectors.
        word_vectors: of words, which stay as they are; how they enter is trained.
        width: of a token's vector.
        hidden: of the three layers.
        dropout: share of units left out.
    """

    def __init__(
        self, num_features: int, word_vectors: WordVectors, *, width: int, hidden: tuple[int, int, int], dropout: float
    ):
        super().__init__()
        size = word_vectors.rows.shape[1]
        known = torch.from_numpy(np.concatenate([np.zeros((1, size), np.float32), word_vectors.rows]))
        self._words = word_vectors.words
        self.known = nn.Embedding.from_pretrained(known)
        self.enter = nn.Linear(size, width, bias=False)
        nn.init.normal_(self.enter.weight, std=0.02)
        first, second, third = hidden
        self.vectors = nn.EmbeddingBag(num_features, width, mode="sum")
        nn.init.normal_(self.vectors.weight, std=0.1)
        self.wide = nn.Linear(WIDE * width, first)
        self.narrow = nn.Linear(NARROW * first, second)
        self.line = nn.Linear(first, second, bias=False)
        self.note = nn.Linear(first, second, bias=False)
        self.settled = nn.Linear(second, len(Label))
        self.far = nn.Linear((2 * FAR + 1) * second, third)
        self.output = nn.Linear(second + third, len(Label))
        self.drop = nn.Dropout(dropout)

    def forward(self, batch: Batch) -> Looks:
        """Both looks at documents that follow each other with enough gaps between."""
        tokens = self.vectors(batch.rows, batch.offsets) + self.enter(self.known(batch.known))
        hidden = torch.relu(self.wide(_windows(self.drop(tokens), WIDE)))
        second = self.narrow(_windows(self.drop(hidden), NARROW))
        second = second + self.line(self.drop(_means(hidden, batch.lines, batch.seen)))
        second = torch.relu(second + self.note(self.drop(_means(hidden, batch.documents, batch.seen))))
        first = self.settled(self.drop(second))
        with torch.no_grad():
            is_open = batch.seen & (torch.softmax(first, 1)[:, 0] < OPEN)
        if self.training:
            is_open |= batch.seen & (batch.labels > 0)
        # the second look passes over what is not looked at; the gaps stay, so that it does not reach the next document
        kept = torch.nonzero(batch.seen | (batch.documents < 0))[:, 0]
        windows = _windows(self.drop((second * batch.seen[:, None])[kept]), 2 * FAR + 1)
        chosen = torch.nonzero(is_open[kept])[:, 0]
        at = kept[chosen]
        third = torch.relu(self.far(windows[chosen]))
        return Looks(first, at, self.output(self.drop(torch.cat([second[at], third], 1))))

    def weights(self, features: Sequence[str]) -> Weights:
        """As NumPy arrays."""
        tensors = {name: value.detach().numpy().copy() for name, value in self.state_dict().items()}
        entered = self.enter(self.known.weight[1:]).detach().numpy()
        for row, name in enumerate(features):
            if name in ("l=", "k=", "n=", "r="):  # these were not there; a rule that found too little counts as none
                tensors["vectors.weight"][row] = 0
        return Weights(
            features=(*features, "e=", *(f"e={word}" for word in self._words)),
            vectors=np.concatenate([tensors["vectors.weight"], np.zeros((1, entered.shape[1]), np.float32), entered]),
            wide=_by_place(tensors["wide.weight"], WIDE),
            wide_bias=tensors["wide.bias"],
            narrow=_by_place(tensors["narrow.weight"], NARROW),
            narrow_bias=tensors["narrow.bias"],
            around=np.stack([tensors["line.weight"].T, tensors["note.weight"].T]),
            settled=tensors["settled.weight"].T.copy(),
            settled_bias=tensors["settled.bias"],
            far=_by_place(tensors["far.weight"], 2 * FAR + 1),
            far_bias=tensors["far.bias"],
            output=tensors["output.weight"].T.copy(),
            output_bias=tensors["output.bias"],
        )


def _by_place(weight: np.ndarray, size: int) -> np.ndarray:
    """A layer's weight (out, size * in) as (size, in, out)."""
    return weight.T.reshape(size, -1, len(weight))


def _windows(rows: Tensor, size: int) -> Tensor:
    """(tokens, size * width): each row with its neighbours."""
    padded = nn.functional.pad(rows, (0, 0, size // 2, size // 2))
    return padded.unfold(0, size, 1).transpose(1, 2).reshape(len(rows), -1)


def _means(rows: Tensor, groups: Tensor, counted: Tensor) -> Tensor:
    """(tokens, width): the mean of the counted rows of each row's group; -1 is no group and has zeros."""
    of_group = groups + 1
    num_groups = int(of_group.max()) + 1
    sums = torch.zeros(num_groups, rows.shape[1]).index_add(0, of_group[counted], rows[counted])
    sizes = torch.bincount(of_group[counted], minlength=num_groups).clamp(min=1)
    return (sums / sizes[:, None])[of_group]
