"""The Presidio analyzer as the screen runs it: offline, fast, and with no way to fail quietly.

  texts ──▶ none, candidate sentences or all ──▶ NLP model, in batches ──▶ tagged texts
                                                                                  │
  results ◀── context words ◀── recognisers, their patterns behind one prefilter ◀┘

It stays an AnalyzerEngine: recognisers, thresholds and context words of a site's own YAML work as they do there. In
presidio mode the findings are those of `AnalyzerEngine().analyze` with the same model: types, spans and scores.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import regex
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, PatternRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.predefined_recognizers import PhoneRecognizer
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

from pipelines.screening.artifacts import Entity, TaggedText
from pipelines.screening.candidates import JoinedStretches, candidate_stretches
from pipelines.screening.context import FastContextEnhancer
from pipelines.screening.network import forbid_downloads
from pipelines.screening.nlp_models import LocalEngine, load_nlp_engine
from pipelines.screening.policy import NerReach, ScreeningConfig, ScreeningMode
from pipelines.screening.prefilter import StrictPattern, attach_prefilter
from pipelines.screening.recognisers import clinical_recognisers
from pipelines.screening.recognisers.pattern import CuedRecogniser
from pipelines.screening.recognisers.phone_numbers import PhoneNumberRecogniser
from pipelines.screening.recognisers.spanish import spanish_recognisers
from schemas.errors import ScreeningError

_RECOGNISERS = {"en": clinical_recognisers, "es": spanish_recognisers}


class Engine:
    """Tags texts and runs the recognisers over them.

    Args:
        config: settings.

    Attributes:
        analyzer: Presidio's analyzer, with every recogniser of the screen and the site's own.

    Raises:
        ScreeningError: the model or the site's recognisers cannot be loaded.
    """

    def __init__(self, config: ScreeningConfig):
        forbid_downloads()
        self._nlp: LocalEngine = load_nlp_engine(config)
        self._language = config.language
        is_english = config.mode is ScreeningMode.CLINICAL and config.language == "en"  # the gate knows English words
        self._reach = config.ner if is_english else NerReach.ALL
        registry = _registry(config, self._nlp)
        self._prefilter = attach_prefilter(_strict_patterns(registry, config.regex_timeout_s))
        self.analyzer = _Analyzer(
            registry=registry,
            nlp_engine=self._nlp,
            supported_languages=[config.language],
            log_decision_process=False,
            context_aware_enhancer=FastContextEnhancer(lemmas=config.mode is ScreeningMode.PRESIDIO),
        )

    def memory_zone(self) -> AbstractContextManager[Any]:
        """Where texts are tagged and analysed; nothing that the model made of them may be used when it ends."""
        return self._nlp.memory_zone()

    def tag(self, texts: Sequence[str]) -> list[TaggedText]:
        """What the NLP model says of each text.

        Raises:
            Exception: the model failed on one of them.
        """
        if self._reach is NerReach.NONE:
            return [TaggedText(None, [], [], self._nlp, text) for text in texts]
        if self._reach is NerReach.ALL:
            return self._process(texts)
        joined = [JoinedStretches(text, candidate_stretches(text)) for text in texts]
        tagged = iter(self._process([stretches.text for stretches in joined if stretches.text]))
        return [
            self._in_text(text, stretches, next(tagged) if stretches.text else None)
            for text, stretches in zip(texts, joined, strict=True)
        ]

    def analyze(self, text: str, tagged: TaggedText) -> list[RecognizerResult]:
        """Findings of all recognisers in one text.

        Raises:
            Exception: a recogniser failed, or ran out of time.
        """
        try:
            return self.analyzer.analyze(text, self._language, nlp_artifacts=tagged)
        finally:
            if self._prefilter:
                self._prefilter.forget()

    def _process(self, texts: Sequence[str]) -> list[TaggedText]:
        tagged = [
            artifacts for _, artifacts in self._nlp.process_batch(list(texts), self._language, batch_size=len(texts))
        ]
        if len(tagged) != len(texts):
            raise ScreeningError("the NLP model gave back fewer texts than it was given")
        return tagged

    def _in_text(self, text: str, stretches: JoinedStretches, tagged: TaggedText | None) -> TaggedText:
        """The tags of the stretches, as tags of the text that they are from."""
        entities, scores = [], []
        for entity, score in zip(tagged.entities, tagged.scores, strict=True) if tagged else ():
            span = stretches.original((entity.start_char, entity.end_char))
            if span:
                entities.append(Entity(*span, entity.label_))
                scores.append(score)
        return TaggedText(None, entities, scores, self._nlp, text)


class _Analyzer(AnalyzerEngine):
    """The analyzer without its sorting of all results by recogniser, of which few look at the others' results."""

    def _enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: TaggedText,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        default = EntityRecognizer.enhance_using_context
        if any(type(recogniser).enhance_using_context is not default for recogniser in recognizers):
            return super()._enhance_using_context(text, raw_results, nlp_artifacts, recognizers, context)
        return self.context_aware_enhancer.enhance_using_context(
            text=text, raw_results=raw_results, nlp_artifacts=nlp_artifacts, recognizers=recognizers, context=context
        )


def _registry(config: ScreeningConfig, nlp: LocalEngine) -> RecognizerRegistry:
    if config.mode is ScreeningMode.CLINICAL:
        recognisers = _RECOGNISERS[config.language](config.regex_timeout_s)
        registry = RecognizerRegistry(recognizers=recognisers, supported_languages=[config.language])
    else:
        settings = {"supported_languages": [config.language]}
        registry = RecognizerRegistryProvider(registry_configuration=settings).create_recognizer_registry()
        registry.add_nlp_recognizer(nlp_engine=nlp)
    if config.extra_recognisers:
        if not Path(config.extra_recognisers).is_file():
            raise ScreeningError(f"screening.extra_recognisers is {config.extra_recognisers!r}: no such file")
        ours = [recogniser.name for recogniser in registry.recognizers]
        registry.add_recognizers_from_yaml(config.extra_recognisers)
        theirs = [recogniser.name for recogniser in registry.recognizers[len(ours) :]]
        if config.mode is ScreeningMode.CLINICAL:
            _refuse_namesakes(theirs, ours)
    for recogniser in registry.recognizers:
        if type(recogniser) is PhoneRecognizer:
            recogniser.__class__ = PhoneNumberRecogniser  # the same settings and findings, in less time
    return registry


def _refuse_namesakes(theirs: Sequence[str], ours: Sequence[str]) -> None:
    """The tagger may overrule recognisers that it was trained with, which it knows by name."""
    taken = [name for name in theirs if name.partition(".")[0] in ours]
    if taken:
        raise ScreeningError(
            f"screening.extra_recognisers has a recogniser named {taken[0]!r}, which is one of Wardround's own: give "
            "it another name"
        )


def _strict_patterns(registry: RecognizerRegistry, timeout_s: float) -> list[StrictPattern]:
    """Every pattern of the registry, none of which can run out of time unseen any more."""
    patterns: list[StrictPattern] = []
    for recogniser in registry.recognizers:
        if isinstance(recogniser, CuedRecogniser):
            patterns += recogniser.strict_patterns
        elif isinstance(recogniser, PatternRecognizer):
            for pattern in recogniser.patterns:
                compiled = regex.compile(pattern.regex, flags=recogniser.global_regex_flags)
                pattern.compiled_with_flags = recogniser.global_regex_flags
                pattern.compiled_regex = StrictPattern(compiled, timeout_s)
                patterns.append(pattern.compiled_regex)
    return patterns
