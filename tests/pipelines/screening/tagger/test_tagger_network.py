import random

import numpy as np
import pytest
import torch

from pipelines.screening.tagger.batches import Batches, Example
from pipelines.screening.tagger.corpus import Label, Piece
from pipelines.screening.tagger.fit import FitConfig, fit
from pipelines.screening.tagger.layers import Network, WordVectors
from pipelines.screening.tagger.network import FAR, MAX_CACHED_ROWS, Tagger, Weights
from pipelines.screening.tagger.tokens import tokenise

WORDS = tokenise("Seen by Dr. Okonkwo of Carrick on 3/14.\nFoley in place.").words
CONTEXT = {2: ("r=rule",), 3: ("n=lower", "r=rule"), 13: ("r=never seen",)}


class NoRules:
    def find(self, texts):
        return [[] for _ in texts]


@pytest.fixture(scope="module")
def trained():
    """A network with random weights, its batches, and the tagger made of it."""
    torch.manual_seed(0)
    example = Example(WORDS, CONTEXT, [0] * len(WORDS))
    vectors = WordVectors(("seen", "foley"), np.array([[1, 2], [3, -4]], np.float32))
    batches = Batches([example] * 4, {"seen": 1, "foley": 2}, random.Random(0))
    network = Network(len(batches.features), vectors, width=16, hidden=(24, 12, 20), dropout=0.3).eval()
    return network, batches, example, Tagger(network.weights(batches.features))


def expected(network, batches, examples, monkeypatch):
    """Probabilities of the trained network for each example of one batch, none of whose features are forgotten."""
    for forgetting in ("WORD", "VECTOR", "RULE"):
        monkeypatch.setattr(f"pipelines.screening.tagger.batches.FORGET_{forgetting}", 0)
    monkeypatch.setattr(batches._rng, "shuffle", lambda order: None)
    (batch,) = batches.of(examples)
    with torch.no_grad():
        looks = network(batch)
        answers = torch.softmax(looks.first, dim=1)
        answers[looks.at] = torch.softmax(looks.second, dim=1)
    return [
        (answers[batch.documents == number], batch.seen[batch.documents == number]) for number in range(len(examples))
    ]


def test_numpy_gives_the_probabilities_of_the_trained_network(trained, monkeypatch):
    network, batches, example, tagger = trained
    other = Example(WORDS[::-1], {}, [0] * len(WORDS))  # a neighbour in the batch, which must not matter
    for (answers, seen), ex in zip(
        expected(network, batches, [example, other], monkeypatch), (example, other), strict=True
    ):
        given = tagger.probabilities(ex.words, ex.context)
        assert [word for word, is_seen in zip(ex.words, seen, strict=True) if not is_seen] == (
            ["place", "."] if ex is example else [".", "place"]
        )
        np.testing.assert_allclose(given[seen], answers[seen], atol=1e-5)
        assert (given[~seen.numpy(), 0] == 1).all()


def test_the_second_look_is_taken_only_where_the_first_leaves_doubt(trained, monkeypatch):
    _network, _batches, _example, tagger = trained
    before = tagger.probabilities(WORDS, CONTEXT)
    monkeypatch.setattr("pipelines.screening.tagger.network.OPEN", 0.0)  # no doubt is too much
    settled = tagger.probabilities(WORDS, CONTEXT)
    assert not np.allclose(before, settled)
    rows = np.random.default_rng(0).normal(size=(3 * FAR, 12)).astype(np.float32)
    some, every = tagger._second_look(rows, np.array([0, 20])), tagger._second_look(rows, np.arange(3 * FAR))
    np.testing.assert_allclose(some, every[[0, 20]], atol=1e-6)


def test_weights_survive_a_file(trained, tmp_path):
    *_, tagger = trained
    tagger._weights.save(tmp_path / "weights.npz")
    with (tmp_path / "weights.npz").open("rb") as file:
        read = Tagger(Weights.load(file))
    np.testing.assert_allclose(
        read.probabilities(WORDS, CONTEXT), tagger.probabilities(WORDS, CONTEXT), atol=5e-3
    )  # half precision
    assert read.knows("rule")
    assert not read.knows("another rule")


def test_what_is_kept_of_words_changes_nothing_when_it_overflows(trained):
    *_, tagger = trained
    before = tagger.probabilities(WORDS, CONTEXT)
    many = [f"word{number}" for number in range(MAX_CACHED_ROWS + 10)]
    assert tagger.probabilities(many, {}).shape == (len(many), len(Label))
    np.testing.assert_array_equal(tagger.probabilities(WORDS, CONTEXT), before)
    assert tagger._kept.shape[1] == MAX_CACHED_ROWS, "a long note's words are not kept"


def test_a_text_without_tokens_has_no_rows(trained):
    assert trained[-1].probabilities([], {}).shape == (0, len(Label))


def test_training_learns_what_stands_around_an_identifier_and_repeats_itself():
    names = ["Okonkwo", "Lindqvist", "Marsh", "Abiola", "Castellanos", "Grace", "Foley", "Wu"]
    documents = [
        document
        for name in names
        for document in (
            (Piece("Seen by Dr. ", Label.NONE), Piece(name, Label.NAME), Piece(" today.\n", Label.NONE)),
            (Piece(f"The {name} sign is absent.\n", Label.NONE),),
        )
    ]
    config = FitConfig(epochs=60, variants=2, width=16, hidden=(24, 12, 16), dropout=0.1, learning_rate=1e-2)
    vectors = WordVectors.none(config.vector_size)
    weights = fit(documents, NoRules(), vectors, config)
    tagger = Tagger(weights)

    def doubt(text, word):
        words = tokenise(text).words
        return tagger.probabilities(words, {})[words.index(word), Label.NONE]

    assert doubt("Seen by Dr. Venkataraman today.", "Venkataraman") < 0.3
    assert doubt("The Venkataraman sign is absent.", "Venkataraman") > 0.7
    again = fit(documents, NoRules(), vectors, config)
    np.testing.assert_array_equal(weights.vectors, again.vectors)
