"""Word lists, one word or phrase a line in `lexicons/`, lower case; lines that begin with # are remarks."""

from functools import cache
from importlib import resources


@cache
def words(name: str) -> frozenset[str]:
    """The list `lexicons/<name>.txt`; a line may hold several words of one theme, split at commas."""
    text = resources.files("pipelines.screening").joinpath("lexicons", f"{name}.txt").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return frozenset(
        word.strip().lower()
        for line in lines
        if line and not line.startswith("#")
        for word in line.split(",")
        if word.strip()
    )
