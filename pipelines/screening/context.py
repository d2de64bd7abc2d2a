"""Presidio's context words, with the scores that its own enhancer gives and without its passes over the whole text.

The original copies all results, walks the tokens from the first for each, and looks each lemma up in a list of all
keywords. Here the token is found by bisection and lemmas are made for those around a result alone.
"""

from bisect import bisect_right
from collections.abc import Sequence

import regex
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer

from pipelines.screening.artifacts import TaggedText

_USUALLY_ENOUGH = 12  # tokens among which there are as many keywords as Presidio looks at
_NEAR_CHARS = 200
_WORD = regex.compile(r"[^\W_]+")
_COLON = regex.compile(":")
# what Presidio takes for no keyword
_NO_KEYWORDS = frozenset(["-PRON-", "be"])


class FastContextEnhancer(LemmaContextAwareEnhancer):
    """Raises scores of results with a context word of their recogniser beside them.

    Args:
        lemmas: look at the model's lemmas, as Presidio does; without them at the words as they are written, for which
            the text needs no tokens and no tagger. Presidio looks for a context word inside of those, so that "phone"
            is found in "phoned" either way.
    """

    def __init__(self, *, lemmas: bool):
        super().__init__()
        self._lemmas = lemmas

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
        places = [result.start for result, _ in enhanced]
        keywords = _Keywords(nlp_artifacts, places) if self._lemmas else _WrittenWords(text, nlp_artifacts)
        for result, context_words in enhanced:
            around = keywords.around(result.start, self.context_prefix_count, self.context_suffix_count)
            if self._find_supportive_word_in_context(
                [*around, *(context or ())], context_words, self.context_matching_mode
            ):
                score = max(result.score + self.context_similarity_factor, self.min_score_with_context_similarity)
                result.score = min(score, self.MAX_SCORE)
        return raw_results


class _WrittenWords:
    """Words of one text, without stop words."""

    def __init__(self, text: str, tagged: TaggedText):
        self._text = text
        self._stop_words = tagged.nlp_engine.language_model.Defaults.stop_words

    def around(self, start: int, num_before: int, num_after: int) -> set[str]:
        """Up to so many words before and after `start`, and the word that stands there."""
        before = self._words(max(0, start - _NEAR_CHARS), start)
        after = self._words(start, start + _NEAR_CHARS)
        return {*before[max(0, len(before) - num_before) :], *after[: num_after + 1]}

    def _words(self, start: int, end: int) -> list[str]:
        found = (word.lower() for word in _WORD.findall(self._text, start, end))
        return [word for word in found if word not in self._stop_words]


class _Keywords:
    """Keywords of one text, which will be asked for around some places."""

    def __init__(self, tagged: TaggedText, places: Sequence[int]):
        self._tagged = tagged
        # arrays: a Token object for each word takes longer than everything else here
        starts, lengths = tagged.tokens.to_array(["IDX", "LENGTH"]).T
        self._starts: list[int] = starts.tolist()
        self._ends: list[int] = (starts + lengths).tolist()
        self._parts: frozenset[str] | None = None
        at = [self._token_at(place) for place in places]
        tagged.lemmatise(index for token in at for index in range(max(0, token - _USUALLY_ENOUGH), token + 1))

    def around(self, start: int, num_before: int, num_after: int) -> set[str]:
        """Up to so many keywords before and after the token that stands at `start`, and that token's own."""
        at = self._token_at(start)
        before = self._first(range(at, -1, -1), num_before + 1)
        return {*before, *self._first(range(at, len(self._ends)), num_after + 1)}

    def _token_at(self, place: int) -> int:
        at = bisect_right(self._ends, place)
        if at == len(self._ends):
            raise ValueError("a result begins behind the last token")
        return at

    def _first(self, indices: Sequence[int], most: int) -> list[str]:
        found: list[str] = []
        for index in indices:
            if len(found) == most:
                break
            lemma = self._tagged.lemma(index)
            if self._is_keyword(lemma):
                found.append(lemma.lower())
        return found

    def _is_keyword(self, lemma: str) -> bool:
        return (self._counts(lemma) and ":" not in lemma) or lemma.lower() in self._parts_at_colons()

    def _counts(self, lemma: str) -> bool:
        engine = self._tagged.nlp_engine
        return not engine.is_stopword(lemma, "en") and not engine.is_punct(lemma, "en") and lemma not in _NO_KEYWORDS

    def _parts_at_colons(self) -> frozenset[str]:
        """What Presidio's keywords gain by being split at colons, "room:the" for one."""
        if self._parts is None:
            text = self._tagged.tokens.text
            at_colons = {bisect_right(self._ends, match.start()) for match in _COLON.finditer(text)}
            lemmas = [self._tagged.lemma(at) for at in at_colons if self._ends[at] - self._starts[at] > 1]
            self._parts = frozenset(
                part for lemma in lemmas if self._counts(lemma) for part in lemma.lower().split(":")
            )
        return self._parts
