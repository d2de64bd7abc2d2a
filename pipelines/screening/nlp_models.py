"""The NLP model that a site may put beside the rules: from this machine's disk, NER alone, no failure like "no names".

Presidio would download a missing model, run part-of-speech tagger, parser and lemmatiser (two thirds of the time) for
their side effects, and take an error of a Hugging Face model for a text without names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import spacy
import yaml
from presidio_analyzer.nlp_engine import (
    NerModelConfiguration,
    NlpArtifacts,
    NlpEngineProvider,
    SpacyNlpEngine,
    TransformersNlpEngine,
)
from presidio_analyzer.nlp_engine.huggingface_token_pipe import FACTORY_NAME, HuggingFaceTokenPipe
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from thinc.api import NumpyOps

from pipelines.screening.artifacts import TaggedText
from pipelines.screening.encoder import speed_up
from pipelines.screening.policy import ENGINE_MAX_CHARS, ScreeningConfig, ScreeningMode
from pipelines.screening.tokeniser import CachedTokeniser
from schemas.errors import ScreeningError

# different words in spaCy's memory; about 200 bytes each
ZONE_WORDS = 20_000
_TEXTS_TOGETHER = 48

# what Presidio's own conf/spacy.yaml says; its two ways of being configured differ where this is not given
PRESIDIO_NER = NerModelConfiguration(
    model_to_presidio_entity_mapping={
        "PER": "PERSON",
        "PERSON": "PERSON",
        "NORP": "NRP",
        "FAC": "LOCATION",
        "LOC": "LOCATION",
        "LOCATION": "LOCATION",
        "GPE": "LOCATION",
        "ORG": "ORGANIZATION",
        "ORGANIZATION": "ORGANIZATION",
        "DATE": "DATE_TIME",
        "TIME": "DATE_TIME",
    },
    low_confidence_score_multiplier=0.4,
    low_score_entity_names=[],
    labels_to_ignore=[
        *("ORG", "ORGANIZATION", "CARDINAL", "EVENT", "LANGUAGE", "LAW", "MONEY", "ORDINAL", "PERCENT", "PRODUCT"),
        *("QUANTITY", "WORK_OF_ART"),
    ],
)

# the clinical recognisers use persons and places; patterns find the rest more exactly
CLINICAL_NER = NerModelConfiguration(
    model_to_presidio_entity_mapping={"PERSON": "PERSON", "PER": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION"},
    low_score_entity_names=[],
)


class OfflineModel:
    """What the two engines below share: the loaded pipeline, and what is known of English words.

    Attributes:
        language: of the notes, as Presidio names it.
        english_words: lower-case base forms that the model's lemmatiser lists, which tell words from names.
    """

    language: str
    nlp: dict[str, Language]
    ner_model_configuration: NerModelConfiguration
    english_words: frozenset[str] = frozenset()
    _zone: ExitStack | None = None
    _words_at_start: int = 0

    @property
    def language_model(self) -> Language:
        """The loaded spaCy pipeline."""
        return self.nlp[self.language]

    @contextmanager
    def memory_zone(self) -> Iterator[None]:
        """Where texts are tagged: what is kept of their words is let go of, so that a long run does not grow.

        That is not done at each end, but once ZONE_WORDS words have come together. Nearly all words come again in the
        next texts, and making what the model knows of them anew takes an eighth of the time of a small batch.
        """
        vocab = self.language_model.vocab
        if self._zone is None:
            self._zone = ExitStack()
            self._zone.enter_context(self.language_model.memory_zone())
            self._words_at_start = len(vocab)
        try:
            yield
        finally:
            if len(vocab) - self._words_at_start >= ZONE_WORDS:
                self._zone.close()
                self._zone = None

    def _prepare(self, needed: Sequence[str]) -> None:
        nlp = self.language_model
        self.english_words = _english_words(nlp)
        nlp.select_pipes(enable=needed)
        if type(nlp.tokenizer) is Tokenizer:
            nlp.tokenizer = CachedTokeniser(nlp.tokenizer)
        nlp.max_length = ENGINE_MAX_CHARS
        # NumPy's own BLAS is faster here, with the same result; the ops before are shared by all models
        # of the process, and other people's stay as they are
        ops = NumpyOps(use_blis=False)
        for model in (pipe.model for _, pipe in nlp.components if getattr(pipe, "model", None)):
            for node in model.walk():
                if isinstance(node.ops, NumpyOps):
                    node.ops = ops
            speed_up(model)


class OfflineSpacyEngine(OfflineModel, SpacyNlpEngine):
    """A spaCy model for NER.

    In the whole pipeline no entity runs over a sentence start of the parser, which can be anywhere, between "mm" and
    "Hg" for one. So if the entities are to be those of the whole pipeline, the parser runs too.

    Args:
        model: installed package or local directory.
        ner: entity types of the model's labels.
        language: of the notes.
        keep_sentences: give the entities of the whole pipeline.

    Raises:
        ScreeningError: from `load`, where the model is not there or has no NER pipe.
    """

    def __init__(self, model: str, ner: NerModelConfiguration, *, language: str, keep_sentences: bool):
        self.language = language
        self._model = model
        self._keep_sentences = keep_sentences
        super().__init__(models=[{"lang_code": language, "model_name": model}], ner_model_configuration=ner)

    def load(self) -> None:
        """Load the model and switch off what NER does not need."""
        self.nlp = {self.language: _load(self._model)}
        nlp = self.language_model
        if "ner" not in nlp.pipe_names:
            raise ScreeningError(f"screening.nlp_model {self._model!r} has no 'ner' pipe: choose a model with one")
        listens = any(node.name.endswith("-listener") for node in nlp.get_pipe("ner").model.walk())
        upstream = [name for name in ("transformer", "tok2vec") if listens and name in nlp.pipe_names]
        mapped = self.ner_model_configuration.model_to_presidio_entity_mapping
        # a label that nobody mapped would be kept under its own name, with a warning for each text
        ignored = {label for label in nlp.get_pipe("ner").labels if label not in mapped}
        self.ner_model_configuration = self.ner_model_configuration.model_copy(
            update={"labels_to_ignore": sorted({*self.ner_model_configuration.labels_to_ignore, *ignored})}
        )
        names = nlp.pipe_names
        if self._keep_sentences and "parser" in names[: names.index("ner")]:
            upstream = [name for name in names if name in ("transformer", "tok2vec", "parser")]
        self._prepare([*upstream, "ner"])

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,
        n_process: int = 1,
        as_tuples: bool = False,
    ) -> Iterator[tuple[Any, ...]]:
        """Each text with its artifacts, in order; the arguments are Presidio's, of which these engines use `texts`."""
        nlp = self.language_model
        docs = [nlp.make_doc(text) for text in texts]
        for _, pipe in nlp.pipeline:
            # NER takes a quarter of a batch at a time, and its steps cost less where more texts take them together
            docs = list(pipe.pipe(docs, batch_size=_TEXTS_TOGETHER))
        for doc in docs:
            yield doc.text, self._doc_to_nlp_artifact(doc, language)

    def _doc_to_nlp_artifact(self, doc: Doc, language: str) -> NlpArtifacts:
        entities, scores = self._get_updated_entities(doc.ents, self._get_scores_for_entities(doc))
        return TaggedText(doc, entities, scores, self)


class OfflineTransformersEngine(OfflineModel, TransformersNlpEngine):
    """A Hugging Face token classifier over spaCy's tokens.

    Args:
        spacy_model: for the tokens; installed package or local directory.
        transformers_model: local directory.
        ner: entity types of the model's labels, overlap of its windows.
        language: of the notes.

    Raises:
        ScreeningError: from `load`, where a model is not there.
    """

    def __init__(self, spacy_model: str, transformers_model: str, ner: NerModelConfiguration, *, language: str):
        self.language = language
        self._spacy_model = spacy_model
        self._transformers_model = transformers_model
        names = {"spacy": spacy_model, "transformers": transformers_model}
        super().__init__(models=[{"lang_code": language, "model_name": names}], ner_model_configuration=ner)

    def load(self) -> None:
        """Load both models; of the spaCy model only the tokeniser runs."""
        if not (Path(self._transformers_model) / "config.json").is_file():
            raise ScreeningError(
                f"screening.nlp_config names the transformers model {self._transformers_model!r}: no such model "
                "directory; put the model there first, nothing is downloaded at run time"
            )
        nlp = _load(self._spacy_model)
        ner = self.ner_model_configuration
        settings = {
            "model": self._transformers_model,
            "stride": ner.stride,
            "alignment_mode": ner.alignment_mode,
            "aggregation_strategy": ner.aggregation_strategy,
            "spans_key": self.entity_key,
        }
        nlp.add_pipe(FACTORY_NAME, config=settings)
        self.nlp = {self.language: nlp}
        self._prepare([FACTORY_NAME])
        nlp.get_pipe(FACTORY_NAME).__class__ = StrictTokenPipe

    def _doc_to_nlp_artifact(self, doc: Doc, language: str) -> NlpArtifacts:
        entities, scores = self._get_updated_entities(self._get_entities(doc), self._get_scores_for_entities(doc))
        return TaggedText(doc, entities, scores, self)


class StrictTokenPipe(HuggingFaceTokenPipe):
    """Presidio's pipe, but an error of the model is an error: there it is a text without entities."""

    def _predict_one(self, doc: Doc) -> Sequence[Mapping[str, Any]]:
        return self._validate_predictions(self.pipeline(doc.text))

    def _predict_batch(self, docs: Sequence[Doc]) -> list[Sequence[Mapping[str, Any]]]:
        return [self._predict_one(doc) for doc in docs]


LocalEngine = OfflineSpacyEngine | OfflineTransformersEngine


def load_nlp_engine(config: ScreeningConfig) -> LocalEngine:
    """The configured engine, loaded.

    Raises:
        ScreeningError: a model or file is not there, or the engine is of a kind that fetches its own models.
    """
    is_presidio = config.mode is ScreeningMode.PRESIDIO
    default = PRESIDIO_NER if is_presidio else CLINICAL_NER
    if config.nlp_config:
        engine = _engine_of_file(config.nlp_config, default, config.language, keep_sentences=is_presidio)
    else:
        engine = OfflineSpacyEngine(config.nlp_model, default, language=config.language, keep_sentences=is_presidio)
    engine.load()
    return engine


def _engine_of_file(path: str, default: NerModelConfiguration, language: str, *, keep_sentences: bool) -> LocalEngine:
    try:
        settings = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        settings = NlpEngineProvider(nlp_configuration=settings).nlp_configuration
    except (OSError, TypeError, ValueError, yaml.YAMLError) as error:
        raise ScreeningError(f"screening.nlp_config is {path!r}, which cannot be used: {error}") from None
    models = [model["model_name"] for model in settings["models"] if model["lang_code"] == language]
    if len(models) != 1:
        raise ScreeningError(f"screening.nlp_config {path!r} names {len(models)} models for {language!r}: name one")
    given = settings.get("ner_model_configuration")
    ner = NerModelConfiguration.from_dict(given) if given else default
    if settings["nlp_engine_name"] == SpacyNlpEngine.engine_name:
        return OfflineSpacyEngine(models[0], ner, language=language, keep_sentences=keep_sentences)
    if settings["nlp_engine_name"] == TransformersNlpEngine.engine_name:
        return OfflineTransformersEngine(models[0]["spacy"], models[0]["transformers"], ner, language=language)
    raise ScreeningError(
        f"screening.nlp_config {path!r} asks for the engine {settings['nlp_engine_name']!r}: choose 'spacy' or "
        "'transformers', of which it is known that they load from this machine alone"
    )


def _load(model: str) -> Language:
    if not (spacy.util.is_package(model) or (Path(model) / "meta.json").is_file()):
        raise ScreeningError(
            f"screening.nlp_model is {model!r}: no such package or model directory; install it first, "
            "nothing is downloaded at run time"
        )
    return spacy.load(model)


def _english_words(nlp: Language) -> frozenset[str]:
    tables = nlp.get_pipe("lemmatizer").lookups if "lemmatizer" in nlp.pipe_names else None
    if tables is None or not tables.has_table("lemma_index"):
        return frozenset()
    return frozenset(word for forms in tables.get_table("lemma_index").values() for word in forms)
