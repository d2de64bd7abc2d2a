"""What the tagger knows of a token: the word's letters, shape and lists, and what the note and the rules say of it.

The lists carry what no training text could: a hundred thousand names, fifty thousand towns, the words of notes that
are neither. A word that training has not seen is read by its ending, its shape and its lists alone.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

from pipelines.screening.gazetteer import MAX_CACHED_WORDS, fold, name_lists
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.person import has_clinical_ending
from pipelines.screening.recognisers.vocabulary import reading
from pipelines.screening.tagger.tokens import LINE_END, Tokens
from pipelines.screening.towns import towns

# lexicons whose membership is a feature, beside the lists of names, towns and words of notes
LEXICONS = (
    *("first_names", "surnames", "name_words", "ambiguous_names", "proper_words", "people_words", "particles"),
    *("eponyms", "eponym_heads", "eponym_adjectives", "clinical_nouns", "drugs", "products", "not_names", "units"),
    *("places", "geographic_words", "town_words", "facility_words", "title_words", "kind_abbreviations", "services"),
    *("credentials", "occupations", "trades", "common_trades", "sentence_openers", "sentence_words"),
)
PHRASES = ("eponym_phrases", "products", "places", "not_names", "drugs")
MAX_SHAPE_CHARS = 4
OLD_AGE, OLDEST = 89, 120  # years; Safe Harbor lets ages up to the first stand
_HYPHENS = frozenset("-‐‑–")
_STROKES = frozenset("/-.")
LAST_MONTH, LAST_DAY = 12, 31
DATES_OF_A_NOTE = 3  # from which two numbers with a stroke are rather one more than a score


def word_features(word: str) -> Iterator[str]:
    """Names of a token's features: "w=" the word, "s=" its ending, "p=" its beginning, "f=" its form, "l=" its lists,
    "k=" what the lists together make of it, "e=" the vector that words like it have too."""
    folded = fold(word)
    yield f"w={folded if not word.isdigit() else 'd' * min(len(word), 9)}"
    yield f"f={shape(word)}"
    if word.isdigit():
        yield f"v={word}"  # 2019, 90, 12: known where training has seen them
        if is_great_age(word):
            yield "l=great_age"
        return
    if not word[0].isalpha():
        return
    yield f"e={folded}"
    yield f"s={folded[-3:]}"
    yield f"t={folded[-2:]}"
    yield f"p={folded[:3]}"
    yield f"k={reading(word).name}"
    plain = folded.replace("’", "'")
    lists = name_lists()
    spelled = plain.replace("'", "")
    if plain in lists.given or spelled in lists.given:
        yield "l=given"
    if plain in lists.family or spelled in lists.family:
        yield "l=family"
    if plain in lists.ordinary:
        yield "l=ordinary"
    elif plain.removesuffix("s") in lists.ordinary:
        yield "l=ordinary_s"
    if plain in towns():
        yield "l=town"
    if has_clinical_ending(plain):
        yield "l=clinical"
    for name in LEXICONS:
        if plain in words(name):
            yield f"l={name}"


def is_great_age(word: str) -> bool:
    """True for a number that may be an age over 89."""
    return len(word) <= len(str(OLDEST)) and word.isdecimal() and OLD_AGE < int(word) <= OLDEST


def shape(word: str) -> str:
    """The form of a word: "Xx" for "Grace", "XX" for "MRI", "dd" for "12"; runs are cut, the length counts in steps."""
    if not word[0].isalnum():
        return word if len(word) == 1 else word[:1] * 2
    if word.isdigit():
        return "d" * min(len(word), MAX_SHAPE_CHARS + 2)
    kinds = "".join("X" if char.isupper() else "x" if char.isalpha() else char for char in word)
    collapsed = re.sub(r"(.)\1{2,}", r"\1\1", kinds)
    return f"{collapsed[:6]}{min(len(word), 8)}"


def _is_double(tokens: Tokens, index: int) -> bool:
    """True for a capitalised word that a hyphen joins to the next capitalised word."""
    words, spans = tokens
    return (
        index + 2 < len(words)
        and words[index + 1] in _HYPHENS
        and words[index + 2][0].isupper()
        and spans[index + 2][0] - spans[index][1] == 1
    )


def _pairs(tokens: Tokens) -> Iterator[int]:
    """Where two numbers with a stroke between them begin that may be a month and a day, in either order."""
    words = tokens.words
    strokes = [index for index, word in enumerate(words[1:-1], 1) if word in _STROKES]
    for index in strokes:
        if _is_short_number(words[index - 1]) and _is_short_number(words[index + 1]):
            first, second = int(words[index - 1]), int(words[index + 1])
            if tokens.spans[index + 1][0] - tokens.spans[index - 1][1] == 1 and (
                0 < min(first, second) <= LAST_MONTH and max(first, second) <= LAST_DAY
            ):
                yield index - 1


def _is_short_number(word: str) -> bool:
    return len(word) <= len(str(LAST_DAY)) and word.isdecimal()


@lru_cache(maxsize=MAX_CACHED_WORDS)
def _is_phrase(first: str, second: str) -> bool:
    phrase = f"{first} {second}".lower()
    return any(phrase in words(name) for name in PHRASES)


class RuleFinding(Protocol):
    """What a rule has found."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def recogniser(self) -> str: ...


def context_features(tokens: Tokens, findings: Sequence[RuleFinding]) -> dict[int, tuple[str, ...]]:
    """Features of tokens in this text, for those that have any.

    "n=lower" where the note has the capitalised word in lower case too, "n=caps" in a line of capitals, "n=phrase" in
    two words that make a term ("Graves disease", "New York"), "n=double" in two that a hyphen joins ("Sealy-Koh"),
    "n=dated" in the numbers of "4/2" where rules have found several such dates in the note, "r=" and the name of each
    rule that has found the token, in whole or in part.
    """
    features: dict[int, set[str]] = defaultdict(set)
    words = tokens.words
    lower = {word for word in dict.fromkeys(words) if word.islower()}
    capitalised = [index for index, word in enumerate(words) if word[0].isupper()]
    for index in capitalised:
        if words[index].lower() in lower:
            features[index].add("n=lower")
        if index + 1 < len(words) and _is_phrase(words[index], words[index + 1]):
            features[index].add("n=phrase")
            features[index + 1].add("n=phrase")
        if _is_double(tokens, index):
            features[index].add("n=double")
            features[index + 2].add("n=double")
    ends_of_lines = [index for index, word in enumerate(words) if word == LINE_END]
    for start, end in pairwise([-1, *ends_of_lines, len(words)]):
        if start + 1 < end and not words[end - 1].islower() and "".join(words[start + 1 : end]).isupper():
            for index in capitalised[bisect_right(capitalised, start) : bisect_right(capitalised, end)]:
                features[index].add("n=caps")
    ends = [end for _, end in tokens.spans]
    for finding in findings:
        at = bisect_right(ends, finding.start)
        while at < len(words) and tokens.spans[at][0] < finding.end:
            features[at].add(f"r={finding.recogniser}")
            at += 1
    pairs = list(_pairs(tokens))
    dated = sum(any(name.startswith("r=DateRecogniser") for name in features.get(index, ())) for index in pairs)
    if dated >= DATES_OF_A_NOTE:
        for index in pairs:
            features[index].add("n=dated")
            features[index + 2].add("n=dated")
    return {index: tuple(sorted(names)) for index, names in features.items()}
