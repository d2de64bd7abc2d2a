"""The lemmas that a word can have, whatever part of speech it is taken for.

A rule lemmatiser gives each part of speech one lemma of a word, and mostly the same to all of them: then the lemma is
known without the part-of-speech tagger, which costs as much as all recognisers together.
"""

import re
from collections import defaultdict
from functools import lru_cache
from typing import Any, NamedTuple

from spacy.attrs import LEMMA
from spacy.lang.en.lemmatizer import EnglishLemmatizer
from spacy.language import Language
from spacy.parts_of_speech import IDS
from spacy.pipeline import Lemmatizer

_KEPT_WORDS = 20_000


class PossibleLemmas:
    """Lemmas of words in a pipeline.

    Args:
        nlp: the pipeline; its part-of-speech tagger and lemmatiser may be switched off.
    """

    def __init__(self, nlp: Language):
        components = dict(nlp.components)
        lemmatiser = components.get("lemmatizer")
        self._lemmatiser = lemmatiser if type(lemmatiser) in (Lemmatizer, EnglishLemmatizer) else None
        self._by_ruler = _lemmas_of_ruler(components.get("attribute_ruler"))
        if self._lemmatiser and "lemma_index" in self._lemmatiser.lookups:
            index = self._lemmatiser.lookups.get_table("lemma_index")
            for part, words in list(index.items()):
                index[part] = frozenset(words)  # the lemmatiser asks whether words are in these lists of thousands
        self.of = lru_cache(_KEPT_WORDS)(self._of)

    def _of(self, word: str) -> frozenset[str]:
        """All lemmas that the word can have; none where that is not known."""
        if self._lemmatiser is None or self._by_ruler is None or self._lemmatiser.mode != "rule":
            return frozenset()
        # a base form, a part of speech without rules, a proper noun
        lemmas = {word, word.lower()}
        for expression, given in self._by_ruler.items():
            if expression.search(word.lower()):
                lemmas |= given
        for part in filter(None, IDS):  # the empty name is that of no part of speech
            token = _Token(word, f"{part} {word}", part, part, _NoFeatures())
            lemmas.add(self._lemmatiser.rule_lemmatize(token)[0])
            self._lemmatiser.cache.pop((token.orth, token.pos, token.morph.key), None)
        return frozenset(lemmas)


class _NoFeatures(NamedTuple):
    key: str = "features of no token"

    def to_dict(self) -> dict[str, str]:
        return {}


class _Token(NamedTuple):
    """What a lemmatiser reads of a token."""

    text: str
    orth: str
    pos: str
    pos_: str
    morph: _NoFeatures


def _lemmas_of_ruler(ruler: Any) -> "dict[re.Pattern[str], frozenset[str]] | None":
    """Lemmas that an attribute ruler gives, by a pattern of the words, in lower case, to which it may give them.

    None where a pattern of the ruler is of another kind.
    """
    lemmas: dict[str, set[str]] = defaultdict(set)
    for pattern in ruler.patterns if ruler else ():
        given = pattern["attrs"].get("LEMMA", pattern["attrs"].get(LEMMA))
        if given is None:
            continue
        for tokens in pattern["patterns"]:
            words = tokens[pattern["index"]].get("LOWER")
            words = {"IN": [words]} if isinstance(words, str) else words
            if not (isinstance(words, dict) and len(words) == 1 and words.keys() <= {"IN", "REGEX"}):
                return None
            expressions = [words["REGEX"]] if "REGEX" in words else [f"^{re.escape(word)}$" for word in words["IN"]]
            for expression in expressions:
                lemmas[expression].add(str(given))
    return {re.compile(expression): frozenset(of_words) for expression, of_words in lemmas.items()}
