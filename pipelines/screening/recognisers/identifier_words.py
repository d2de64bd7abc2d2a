"""Single words that a number of one person's follows, by its kind, for codes that are told by their look."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from pipelines.screening.entities import EntityType

PLATES = frozenset(["plate", "plates", "reg", "registration", "tag", "tags", "licence", "license"])


@cache
def numbered() -> Mapping[str, EntityType]:
    """From a word to the kind of the number behind it: the list `lexicons/numbered.txt`, a kind a line."""
    text = resources.files("pipelines.screening").joinpath("lexicons", "numbered.txt").read_text(encoding="utf-8")
    kinds: dict[str, EntityType] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            kind, listed = line.split(": ")
            for word in listed.split(", "):
                kinds.setdefault(word, EntityType(kind))
    return MappingProxyType(kinds)
