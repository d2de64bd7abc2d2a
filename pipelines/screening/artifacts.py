"""What the NLP model leaves behind for the recognisers, made only as far as one asks for it.

Presidio makes lemmas and keywords of every token of every text, for the context words around a handful of findings.
The lemmas of a model depend on few tokens around each: its part-of-speech tagger sees them through a convolution of
known width. So a lemma is computed in its block of tokens, with that width on both sides, and is the one that the
whole text would give.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from presidio_analyzer.nlp_engine import NlpArtifacts
from spacy.language import Language
from spacy.tokens import Doc

from pipelines.screening.spans import Span

BLOCK_TOKENS = 8
_LEMMATISING = ("tok2vec", "tagger", "attribute_ruler", "lemmatizer")


class Entity(NamedTuple):
    """An entity by its place in the text, with the attributes of spaCy's spans that recognisers read."""

    start_char: int
    end_char: int
    label_: str


class TaggedText(NlpArtifacts):
    """Presidio's artifacts of one text.

    Args:
        tokens: the text's tokens, or None where they are still to be made from the text.
        entities: spans with a type of Presidio's as label.
        scores: one for each entity.
        nlp_engine: the engine, with its pipeline.
        text: the text, where there are no tokens.
    """

    def __init__(
        self, tokens: Doc | None, entities: Sequence[Any], scores: Sequence[float], nlp_engine: Any, text: str = ""
    ):
        self.entities = entities
        self.scores = scores
        self.nlp_engine = nlp_engine
        self._text = text
        if tokens is not None:
            self.tokens = tokens

    @cached_property
    def tokens(self) -> Doc:
        """Tokens of the whole text."""
        return self.nlp_engine.language_model.make_doc(self._text)

    @cached_property
    def tokens_indices(self) -> list[int]:
        """Where each token begins."""
        return self.tokens.to_array("IDX").tolist()

    @cached_property
    def lemmas(self) -> list[str]:
        """The lemma of each token; where the model has no lemmatiser, the token in lower case."""
        self.lemmatise(range(len(self.tokens)))
        return [self.lemma(index) for index in range(len(self.tokens))]

    @cached_property
    def keywords(self) -> list[str]:
        """Lemmas that are neither stop words nor punctuation, in lower case and split at colons."""
        return self.set_keywords(self.nlp_engine, self.lemmas, "en")

    def lemma(self, index: int) -> str:
        """The lemma of one token."""
        self.lemmatise([index])
        return self._blocks[index // BLOCK_TOKENS][index % BLOCK_TOKENS]

    def lemmatise(self, indices: Iterable[int]) -> None:
        """Make the lemmas of the blocks in which these tokens stand, all at once."""
        missing = sorted({index // BLOCK_TOKENS for index in indices} - self._blocks.keys())
        if not missing:
            return
        # neighbours as one span, since each span is tagged with the tokens around it
        runs: list[list[int]] = []
        for block in missing:
            if runs and block == runs[-1][-1] + 1:
                runs[-1].append(block)
            else:
                runs.append([block])
        spans = [(run[0] * BLOCK_TOKENS, min((run[-1] + 1) * BLOCK_TOKENS, len(self.tokens))) for run in runs]
        made = _lemmas(self.nlp_engine.language_model, self.tokens, spans)
        for run, lemmas in zip(runs, made, strict=True):
            for block, at in zip(run, range(0, len(lemmas), BLOCK_TOKENS), strict=True):
                self._blocks[block] = lemmas[at : at + BLOCK_TOKENS]

    @cached_property
    def _blocks(self) -> dict[int, list[str]]:
        return {}


def _lemmas(nlp: Language, doc: Doc, spans: Sequence[Span]) -> list[list[str]]:
    """Lemmas of the tokens of each span."""
    pipes = [(name, pipe) for name, pipe in nlp.components if name in _LEMMATISING]
    if "lemmatizer" not in dict(pipes):
        return [[token.lower_ for token in doc[start:end]] for start, end in spans]
    margin = _receptive_tokens(nlp)
    if margin is None:
        margin = len(doc)
    blocks = [doc[max(0, start - margin) : min(len(doc), end + margin)].as_doc() for start, end in spans]
    for _, pipe in pipes:
        blocks = list(pipe.pipe(blocks, batch_size=len(blocks)))
    lemmas = []
    for (start, end), block in zip(spans, blocks, strict=True):
        first = max(0, start - margin)
        lemmas.append([token.lemma_ for token in block[start - first : end - first]])
    return lemmas


def _receptive_tokens(nlp: Language) -> int | None:
    """How far to each side a token's tag depends on other tokens; None where the model does not say."""
    encoder = nlp.config["components"].get("tok2vec", {}).get("model", {}).get("encode", {})
    if not str(encoder.get("@architectures", "")).startswith("spacy.MaxoutWindowEncoder"):
        return None
    return int(encoder["depth"]) * int(encoder["window_size"])
