"""The Presidio analyzer as the screen runs it: an offline model, NER only, and no way to fail quietly.

Presidio's defaults would download a missing model and the public suffix list, run the tagger, parser and lemmatiser
for nothing (they are half the time), and skip a regex that runs out of time with a warning. Here a missing model is an
error, nothing touches the network, only the NER pipe runs, and a timeout reaches the caller.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import regex
import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import NumpyOps

from pipelines.screening.entities import EntityType
from pipelines.screening.policy import ENGINE_MAX_CHARS, ScreeningConfig
from pipelines.screening.recognisers import clinical_recognisers
from schemas.errors import ScreeningError

LANGUAGE = "en"

# The whole table, because Presidio's own default differs between its two ways of being configured.
_ENTITY_OF_LABEL = {
    "PERSON": EntityType.PERSON.value,
    "PER": EntityType.PERSON.value,
    "GPE": EntityType.LOCATION.value,
    "LOC": EntityType.LOCATION.value,
}


class OfflineSpacyEngine(SpacyNlpEngine):
    """A spaCy model for NER alone, from this machine's disk.

    `english_words` tells ordinary words from names: what the model's lemmatiser lists, read before that pipe is off.

    Args:
        model: installed package or local directory.

    Raises:
        ScreeningError: from `load`, where the model is not there or has no NER pipe.
    """

    def __init__(self, model: str):
        self._model = model
        self.english_words: frozenset[str] = frozenset()
        super().__init__(models=[{"lang_code": LANGUAGE, "model_name": model}])

    def load(self) -> None:
        """Load the model and switch off what NER does not need."""
        if not (spacy.util.is_package(self._model) or (Path(self._model) / "meta.json").is_file()):
            raise ScreeningError(
                f"screening.nlp_model is {self._model!r}: no such package or model directory; install it first, "
                "nothing is downloaded at run time"
            )
        nlp = spacy.load(self._model)
        if "ner" not in nlp.pipe_names:
            raise ScreeningError(f"screening.nlp_model {self._model!r} has no 'ner' pipe: choose a model with one")
        self.english_words = _english_words(nlp)
        nlp.select_pipes(enable=_needed_pipes(nlp))
        nlp.max_length = ENGINE_MAX_CHARS
        for node in nlp.get_pipe("ner").model.walk():
            if isinstance(node.ops, NumpyOps):
                node.ops.use_blis = False  # NumPy's own BLAS is faster here, with the same result
        self.ner_model_configuration = NerModelConfiguration(
            labels_to_ignore=[label for label in nlp.get_pipe("ner").labels if label not in _ENTITY_OF_LABEL],
            model_to_presidio_entity_mapping=dict(_ENTITY_OF_LABEL),
            low_score_entity_names=[],
        )
        self.nlp = {LANGUAGE: nlp}

    @property
    def language_model(self) -> Language:
        """The loaded spaCy pipeline."""
        return self.nlp[LANGUAGE]

    def _doc_to_nlp_artifact(self, doc: Doc, language: str) -> NlpArtifacts:
        entities, scores = self._get_updated_entities(doc.ents, self._get_scores_for_entities(doc))
        # without the lemmatiser the lower-case words serve the context words of a site's own recognisers; arrays,
        # because a Token object for each word costs a tenth of the whole screen
        lower = [doc.vocab.strings[int(key)] for key in doc.to_array("LOWER")]
        return NlpArtifacts(
            entities=entities,
            tokens=doc,
            tokens_indices=doc.to_array("IDX").tolist(),
            lemmas=lower,
            nlp_engine=self,
            language=language,
            scores=scores,
        )


def _english_words(nlp: Language) -> frozenset[str]:
    """Lower-case base forms that the model's lemmatiser lists; none where it has no such list."""
    tables = nlp.get_pipe("lemmatizer").lookups if "lemmatizer" in nlp.pipe_names else None
    if tables is None or not tables.has_table("lemma_index"):
        return frozenset()
    return frozenset(word for forms in tables.get_table("lemma_index").values() for word in forms)


def _needed_pipes(nlp: Language) -> list[str]:
    """NER, and the embedding pipe that it listens to where it has none of its own."""
    listens = any(node.name.endswith("-listener") for node in nlp.get_pipe("ner").model.walk())
    upstream = [name for name in ("transformer", "tok2vec") if listens and name in nlp.pipe_names]
    return [*upstream, "ner"]


class StrictPattern:
    """A compiled regex with our time limit, whose running out cannot be taken for "no match".

    Presidio catches TimeoutError around a pattern and goes on; this raises another type.
    """

    def __init__(self, compiled: "regex.Pattern[str]", timeout_s: float):
        self._compiled = compiled
        self._timeout_s = timeout_s

    def finditer(self, text: str, timeout: float) -> Iterator["regex.Match[str]"]:
        """Matches in the text. `timeout` is Presidio's own, and is replaced.

        Raises:
            ScreeningError: time ran out.
        """
        try:
            yield from self._compiled.finditer(text, timeout=min(timeout, self._timeout_s))
        except TimeoutError:
            raise ScreeningError(f"a screening pattern ran longer than {self._timeout_s} s on one note") from None


def build_analyzer(config: ScreeningConfig) -> AnalyzerEngine:
    """The analyzer with every recogniser of the screen, and the site's own.

    Raises:
        ScreeningError: the model or the site's recognisers cannot be loaded.
    """
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    engine = OfflineSpacyEngine(config.nlp_model)
    registry = RecognizerRegistry(
        recognizers=clinical_recognisers(config.regex_timeout_s), supported_languages=[LANGUAGE]
    )
    if config.extra_recognisers:
        if not Path(config.extra_recognisers).is_file():
            raise ScreeningError(f"screening.extra_recognisers is {config.extra_recognisers!r}: no such file")
        registry.add_recognizers_from_yaml(config.extra_recognisers)
    for recogniser in registry.recognizers:
        if isinstance(recogniser, PatternRecognizer):
            _enforce_time_limit(recogniser, config.regex_timeout_s)
    return AnalyzerEngine(
        registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE], log_decision_process=False
    )


def _enforce_time_limit(recogniser: Any, timeout_s: float) -> None:
    for pattern in recogniser.patterns:
        compiled = regex.compile(pattern.regex, flags=recogniser.global_regex_flags)
        pattern.compiled_with_flags = recogniser.global_regex_flags
        pattern.compiled_regex = StrictPattern(compiled, timeout_s)
