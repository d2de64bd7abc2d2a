"""Word lists, one word or phrase a line in `lexicons/`, lower case; lines that begin with # are remarks."""

from functools import cache
from importlib import resources


@cache
def words(*names: str) -> frozenset[str]:
    """The list `lexicons/<name>.txt`, or several as one; a line may hold several words, split at commas."""
    if len(names) > 1:
        return frozenset().union(*map(words, names))  # made once: a note asks for it many times
    text = resources.files("pipelines.screening").joinpath("lexicons", f"{names[0]}.txt").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return frozenset(
        word.strip().lower()
        for line in lines
        if line and not line.startswith("#")
        for word in line.split(",")
        if word.strip()
    )
