"""Many names and many other words: a name that nothing in the note gives away is known by a list or not at all.

The lists are those of the `philter-lite` package (BSD 3-clause), gathered at UCSF from census data and clinical text:
about 97,000 given names, 161,000 surnames, and 195,000 words of notes that are no names. They are read once a process,
on first use: 0.2 s and about 60 MB. The package itself is not imported, because it would bring NLTK with it.
"""

import importlib.metadata
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import regex

from schemas.errors import ScreeningError

# answers to keep: a note says nearly all of its words again, as does the next one
MAX_CACHED_WORDS = 10_000

_PACKAGE = "philter-lite"
_FILE = "philter_lite/filters/set.toml"
_WORD = regex.compile(r'"([^"]*)"')


class NameLists(NamedTuple):
    """Lower-case words without accents. A word may be in several lists."""

    given: frozenset[str]
    family: frozenset[str]
    ordinary: frozenset[str]


@cache
def name_lists() -> NameLists:
    """The lists.

    Raises:
        ScreeningError: the package is missing, or its file is not the one that was measured.
    """
    try:
        text = Path(str(importlib.metadata.distribution(_PACKAGE).locate_file(_FILE))).read_text(encoding="utf-8")
    except (importlib.metadata.PackageNotFoundError, OSError):
        raise ScreeningError(
            f"the name lists of {_PACKAGE} are not installed: pip install {_PACKAGE}; without them the screen "
            "would miss names that nothing else gives away"
        ) from None
    # one list a line; a TOML parser takes ten times as long
    lines = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)
    if not {"firstnames", "lastnames", "nonames"} <= lines.keys():
        raise ScreeningError(f"{_FILE} of {_PACKAGE} has no lists of names: install the pinned version")
    given, family, ordinary = (frozenset(_WORD.findall(lines[key])) for key in ("firstnames", "lastnames", "nonames"))
    return NameLists(given=given, family=family, ordinary=ordinary)


@lru_cache(maxsize=MAX_CACHED_WORDS)
def fold(word: str) -> str:
    """The word as the lists spell it: lower case, without accents."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.lower()).translate(_LETTERS)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


# letters that have no decomposition
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"})


@lru_cache(maxsize=MAX_CACHED_WORDS)
def is_given_name(word: str) -> bool:
    """True for a given name that is no other word of notes."""
    lists, folded = name_lists(), fold(word)
    return folded in lists.given and folded not in lists.ordinary


@lru_cache(maxsize=MAX_CACHED_WORDS)
def is_family_name(word: str) -> bool:
    """True for a surname that is no other word of notes; either part of a double name will do."""
    lists, folded = name_lists(), fold(word)
    return any(
        (part in lists.family or part.replace("'", "") in lists.family) and part not in lists.ordinary
        for part in folded.replace("’", "'").split("-")
    )


@lru_cache(maxsize=MAX_CACHED_WORDS)
def may_be_name(word: str) -> bool:
    """True for a word of either list of names, whatever else it means."""
    lists, folded = name_lists(), fold(word)
    return folded in lists.given or folded in lists.family


def is_listed_word(word: str) -> bool:
    """True for a word of notes, also where it is somebody's name."""
    return word.lower() in name_lists().ordinary


@lru_cache(maxsize=MAX_CACHED_WORDS)
def is_ordinary(word: str) -> bool:
    """True for a word of notes that is no name at all."""
    return word.lower() in name_lists().ordinary and not may_be_name(word)  # not folded: "Åsa" is no "ASA"
