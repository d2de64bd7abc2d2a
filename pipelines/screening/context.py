"""Presidio's context words, with the scores that its own enhancer gives and without its passes over the whole text.

The original copies all results, walks the tokens from the first for each, and looks each lemma up in a list of all
keywords. Here the token is found by bisection, and a lemma is made where those that its word can have do not decide.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

import regex
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer

from pipelines.screening.artifacts import TaggedText
from pipelines.screening.lemmas import PossibleLemmas

_NEAR_CHARS = 200
_WORD = regex.compile(r"[^\W_]+")
_COLON = regex.compile(":")
# what Presidio takes for no keyword
_NO_KEYWORDS = frozenset(["-PRON-", "be"])


class FastContextEnhancer(LemmaContextAwareEnhancer):
    """Raises scores of results with a context word of their recogniser beside them.

    Args:
        lemmas: look at the model's lemmas, as Presidio does; without them at the words as they are written, for which
            the text needs no tokens and no parts of speech. Presidio looks for a context word inside of those, so that
            "phone" is found in "phoned" either way.
    """

    def __init__(self, *, lemmas: bool):
        super().__init__()
        self._lemmas = lemmas
        self._possible: PossibleLemmas | None = None

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: TaggedText,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """The results, with their scores raised where a context word stands beside them.

        Raises:
            ValueError: a result begins behind the last token, as in the original.
        """
        by_id = {recogniser.id: recogniser for recogniser in recognizers if recogniser.context}
        enhanced = [
            (result, by_id[identifier].context)
            for result in raw_results
            if result.score < self.MAX_SCORE
            and (identifier := result.recognition_metadata[RecognizerResult.RECOGNIZER_IDENTIFIER_KEY]) in by_id
            and not result.recognition_metadata.get(RecognizerResult.IS_SCORE_ENHANCED_BY_CONTEXT_KEY)
        ]
        if not enhanced:
            return raw_results
        if self._lemmas:
            self._possible = self._possible or PossibleLemmas(nlp_artifacts.nlp_engine.language_model)
            words: _Keywords | _WrittenWords = _Keywords(text, nlp_artifacts, self._possible)
        else:
            words = _WrittenWords(text, nlp_artifacts)
        for result, context_words in enhanced:
            around = words.around(result.start, self.context_prefix_count, self.context_suffix_count)
            if self._is_supported(around, context_words, context or ()):
                score = max(result.score + self.context_similarity_factor, self.min_score_with_context_similarity)
                result.score = min(score, self.MAX_SCORE)
        return raw_results

    def _is_supported(self, around: "Sequence[_Word]", context_words: Sequence[str], context: Sequence[str]) -> bool:
        """Whether a context word stands there."""

        def is_found(words: Iterable[str]) -> bool:
            return bool(
                self._find_supportive_word_in_context([*words, *context], context_words, self.context_matching_mode)
            )

        if is_found(word.forms[0] for word in around if len(word.forms) == 1):
            return True
        return is_found(form for word in around for form in word.forms) and is_found(word.form() for word in around)


class _Word(NamedTuple):
    """A word beside a result.

    Attributes:
        forms: its lemma, or what that can be.
        form: tells its lemma.
    """

    forms: tuple[str, ...]
    form: Callable[[], str]


class _WrittenWords:
    """Words of one text, without stop words."""

    def __init__(self, text: str, tagged: TaggedText):
        self._text = text
        self._stop_words = tagged.nlp_engine.language_model.Defaults.stop_words

    def around(self, start: int, num_before: int, num_after: int) -> list[_Word]:
        """Up to so many words before and after `start`, and the word that stands there."""
        before = self._words(max(0, start - _NEAR_CHARS), start)
        after = self._words(start, start + _NEAR_CHARS)
        words = {*before[max(0, len(before) - num_before) :], *after[: num_after + 1]}
        return [_Word((word,), partial(str, word)) for word in words]

    def _words(self, start: int, end: int) -> list[str]:
        found = (word.lower() for word in _WORD.findall(self._text, start, end))
        return [word for word in found if word not in self._stop_words]


class _Keywords:
    """Keywords of one text."""

    def __init__(self, text: str, tagged: TaggedText, possible: PossibleLemmas):
        self._text = text
        self._tagged = tagged
        self._possible = possible
        # arrays: a Token object for each word takes longer than everything else here
        starts, lengths = tagged.tokens.to_array(["IDX", "LENGTH"]).T
        self._starts: list[int] = starts.tolist()
        self._ends: list[int] = (starts + lengths).tolist()
        self._parts: frozenset[str] | None = None

    def around(self, start: int, num_before: int, num_after: int) -> list[_Word]:
        """Up to so many keywords before and after the token that stands at `start`, and that token's own."""
        at = bisect_right(self._ends, start)
        if at == len(self._ends):
            raise ValueError("a result begins behind the last token")
        before = self._first(range(at, -1, -1), num_before + 1)
        return [*before, *self._first(range(at, len(self._ends)), num_after + 1)]

    def _first(self, indices: Sequence[int], most: int) -> list[_Word]:
        found: list[_Word] = []
        for index in indices:
            if len(found) == most:
                break
            lemmas = self._lemmas(index)
            are_keywords = {self._is_keyword(lemma) for lemma in lemmas}
            if len(are_keywords) > 1:  # it depends on the part of speech
                lemmas = (self._tagged.lemma(index),)
                are_keywords = {self._is_keyword(lemmas[0])}
            if are_keywords == {True}:
                forms = tuple({lemma.lower() for lemma in lemmas})
                found.append(_Word(forms, partial(self._form, index)))
        return found

    def _form(self, index: int) -> str:
        lemma = self._lemmas(index)
        return (lemma[0] if len(lemma) == 1 else self._tagged.lemma(index)).lower()

    def _lemmas(self, index: int) -> tuple[str, ...]:
        """The token's lemma, or what that can be."""
        word = self._text[self._starts[index] : self._ends[index]]
        return tuple(self._possible.of(word)) or (self._tagged.lemma(index),)

    def _is_keyword(self, lemma: str) -> bool:
        return (self._counts(lemma) and ":" not in lemma) or lemma.lower() in self._parts_at_colons()

    def _counts(self, lemma: str) -> bool:
        engine = self._tagged.nlp_engine
        return not engine.is_stopword(lemma, "en") and not engine.is_punct(lemma, "en") and lemma not in _NO_KEYWORDS

    def _parts_at_colons(self) -> frozenset[str]:
        """What Presidio's keywords gain by being split at colons, "room:the" for one."""
        if self._parts is None:
            at_colons = {bisect_right(self._ends, match.start()) for match in _COLON.finditer(self._text)}
            lemmas = [self._tagged.lemma(at) for at in at_colons if self._ends[at] - self._starts[at] > 1]
            self._parts = frozenset(
                part for lemma in lemmas if self._counts(lemma) for part in lemma.lower().split(":")
            )
        return self._parts
