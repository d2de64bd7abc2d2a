"""spaCy's tokeniser, asked once for each word between spaces.

Inside a memory zone spaCy keeps no tokens of a word, and takes each one apart by its regular expressions anew. What
lies between spaces is taken apart by itself, but for exceptions of several tokens, which spaCy also finds across a
space: where one might, it tokenises the whole text.
"""

import re

from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc

# different words whose tokens are kept
MOST_WORDS = 30_000
MOST_WORD_CHARS = 64
_RUN = re.compile(r"\S+|\s+")


class CachedTokeniser:
    """Makes the documents that a tokeniser makes.

    Args:
        tokeniser: spaCy's own, with its rules as they will stay.
    """

    def __init__(self, tokeniser: Tokenizer):
        self._tokeniser = tokeniser
        self._tokens: dict[str, tuple[list[str], dict[int, str]]] = {}
        # what two neighbouring tokens of such an exception can be, written together
        self._joined = {
            joined[start:end]
            for rule in tokeniser.rules
            if not tokeniser.faster_heuristics
            or " " in rule
            or tokeniser.find_prefix(rule)
            or tokeniser.find_infix(rule)
            or tokeniser.find_suffix(rule)
            for joined in [rule.replace(" ", "")]
            for start in range(len(joined))
            for end in range(start + 2, len(joined) + 1)
        }

    def __call__(self, text: str) -> Doc:
        """The text's tokens."""
        words: list[str] = []
        spaces: list[bool] = []
        norms: dict[int, str] = {}
        beginnings: list[int] = []
        for run in _RUN.findall(text):
            if words and run.isspace():
                # the first of several spaces belongs to the token before
                spaces[-1] = run.startswith(" ")
                run = run.removeprefix(" ")
                if not run:
                    continue
            tokens, norms_of_tokens = self._tokens.get(run) or self._learn(run)
            if norms_of_tokens:
                norms.update((len(words) + at, norm) for at, norm in norms_of_tokens.items())
            beginnings.append(len(words))
            words += tokens
            spaces += [False] * len(tokens)
        if not self._joined.isdisjoint([words[at - 1] + words[at] for at in beginnings[1:]]):
            return self._tokeniser(text)
        doc = Doc(self._tokeniser.vocab, words=words, spaces=spaces)
        for at, norm in norms.items():
            doc[at].norm_ = norm
        return doc

    def _learn(self, run: str) -> tuple[list[str], dict[int, str]]:
        """The tokens of what stands between spaces, and the norms of those with another than the word has."""
        if len(self._tokens) >= MOST_WORDS:
            self._tokens.clear()
        doc = self._tokeniser(run)
        norms = {token.i: token.norm_ for token in doc if token.norm != token.lex.norm}
        learnt = ([token.text for token in doc], norms)
        if len(run) <= MOST_WORD_CHARS:  # a longer one is no word that comes again
            self._tokens[run] = learnt
        return learnt
