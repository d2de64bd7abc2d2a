"""Documents as tensors: the tokens, their features by number, and what is forgotten of them."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pipelines.screening.gazetteer import fold
from pipelines.screening.tagger.corpus import Document
from pipelines.screening.tagger.features import context_features, word_features
from pipelines.screening.tagger.network import FAR, WIDE, is_telling, widened
from pipelines.screening.tagger.rules import Rules
from pipelines.screening.tagger.tokens import LINE_END, tokenise

# a feature that fewer tokens have gets no vector of its own
MIN_COUNTS = {"w": 3, "s": 4, "t": 4, "p": 5, "f": 3, "v": 4, "l": 1, "k": 1, "n": 1, "r": 3}
FORGET_WORD = 0.3  # share of words whose own vector is left out; more where an identifier is
FORGET_IDENTIFIER = 0.7
FORGET_VECTOR = 0.1
FORGET_RULE = 0.15
DOCUMENTS_A_BATCH = 48
GAP_TOKENS = max(WIDE, FAR)  # between documents, so that no layer sees two of them at once


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
class Batch:
    """Documents one after the other, with gaps of GAP_TOKENS before, between and behind.

    Attributes:
        rows: features of all tokens, by number.
        offsets: (tokens,) where each token's features begin.
        known: (tokens,) number of the word among the word vectors, 0 for none.
        labels: (tokens,); -1 in gaps.
        seen: (tokens,) true where the layers behind the first look.
        lines: (tokens,) number of the line; -1 in gaps.
        documents: (tokens,) number of the document; -1 in gaps.
    """

    rows: Tensor
    offsets: Tensor
    known: Tensor
    labels: Tensor
    seen: Tensor
    lines: Tensor
    documents: Tensor


class Batches:
    """Makes batches.

    Args:
        examples: from which the features are counted.
        number_of: the number of each word that has a vector, from 1.
        rng: of the order and of what is forgotten.
    """

    def __init__(self, examples: Sequence[Example], number_of: Mapping[str, int], rng: random.Random):
        counts = Counter(
            name for ex in examples for word in ex.words for name in word_features(word) if name[0] in MIN_COUNTS
        )
        counts.update(name for ex in examples for names in ex.context.values() for name in names)
        kept = sorted(name for name, count in counts.items() if count >= MIN_COUNTS[name[0]])
        self.features = [*(f"{kind}=" for kind in MIN_COUNTS), *kept]
        self._row_of = {name: row for row, name in enumerate(self.features)}
        self._of_word: dict[str, tuple[list[int], bool]] = {}
        self._number_of = number_of
        self._rng = rng

    def of(self, examples: Sequence[Example]) -> Iterator[Batch]:
        """Batches of the examples, in another order each time."""
        order = list(examples)
        self._rng.shuffle(order)
        for first in range(0, len(order), DOCUMENTS_A_BATCH):
            yield self._batch(order[first : first + DOCUMENTS_A_BATCH])

    def _batch(self, examples: Sequence[Example]) -> Batch:
        rows: list[int] = []
        offsets, known = [0] * GAP_TOKENS, [0] * GAP_TOKENS
        labels, lines, documents = ([-1] * GAP_TOKENS for _ in range(3))
        seen = [False] * GAP_TOKENS
        line = 0
        for number, ex in enumerate(examples):
            telling = np.zeros(len(ex.words), bool)
            for index, (word, label) in enumerate(zip(ex.words, ex.labels, strict=True)):
                context = ex.context.get(index, ())
                forget = self._rng.random()
                offsets.append(len(rows))
                features, telling[index] = self._word(word)
                is_forgotten = forget < (FORGET_IDENTIFIER if label else FORGET_WORD)
                rows += [self._row_of["w="], *features[1:]] if is_forgotten else features
                rows += self._context(context)
                telling[index] |= is_telling(context, context)
                known.append(0 if forget < FORGET_VECTOR else self._number_of.get(fold(word), 0))
                line += word == LINE_END
                lines.append(line)
            line += 1
            seen += [*widened(telling, 1).tolist(), *[False] * GAP_TOKENS]
            offsets += [len(rows)] * GAP_TOKENS
            known += [0] * GAP_TOKENS
            labels += [*ex.labels, *[-1] * GAP_TOKENS]
            lines += [-1] * GAP_TOKENS
            documents += [*[number] * len(ex.words), *[-1] * GAP_TOKENS]
        columns = (rows, offsets, known, labels, seen, lines, documents)
        return Batch(*(torch.tensor(column) for column in columns))

    def _word(self, word: str) -> tuple[list[int], bool]:
        """Features by number, and whether the word tells something."""
        made = self._of_word.get(word)
        if made is None:
            names = [*word_features(word)]
            rows = [self._row(name) for name in names if not name.startswith("e=")]
            made = self._of_word[word] = (rows, is_telling(word, names))
        return made

    def _context(self, names: Sequence[str]) -> list[int]:
        return [self._row(name) for name in names if name[0] != "r" or self._rng.random() >= FORGET_RULE]

    def _row(self, name: str) -> int:
        return self._row_of.get(name, self._row_of[name[:2]])
