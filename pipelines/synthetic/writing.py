"""The writer's hand: section headers and layout, abbreviations and typing errors."""

import random
import re
from collections.abc import Sequence
from functools import cache

from pipelines.synthetic.content import draw, layouts, wording
from pipelines.synthetic.markup import edit_unmarked

TYPO_RATE = 0.006  # of lower-case words of five letters and more
ABBREVIATING_SHARE = 0.25  # of notes

_LONG_WORD = re.compile(r"\b[a-z]{5,}\b")


@cache
def _abbreviable() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(wording()['abbreviations'])})\b")


class Layout:
    """One header style for one note."""

    def __init__(self, rng: random.Random):
        self._rng = rng
        self._style = draw(rng, {index: style["weight"] for index, style in enumerate(layouts()["styles"])})

    def reasoning_headers(self) -> list[str]:
        """One header for the reasoning, or two: assessment and plan."""
        choices = layouts()["reasoning"]
        return choices[draw(self._rng, {index: choice["weight"] for index, choice in enumerate(choices)})]["headers"]

    def section(self, name: str, body: str) -> str:
        """A section of `layouts.yaml` under one of its names."""
        return self.headed(self._rng.choice(layouts()["sections"][name]), body)

    def headed(self, header: str, body: str, *, is_list: bool = False) -> str:
        """The body under or behind its header, as the style has it; a list always under it."""
        style = layouts()["styles"][self._style]
        line = style["header"].replace("{CAPS}", header.upper()).replace("{Title}", header)
        separator = "\n" if is_list or style["place"] == "own_line" else " "
        return f"{line}{separator}{body}"

    def joined(self, sections: Sequence[str]) -> str:
        """The sections one after the other, as the style parts them."""
        return layouts()["styles"][self._style]["gap"].join(sections)


class Hand:
    """One writer's habits, applied to running text; headers, identifiers and diagnosis names stay as they are."""

    def __init__(self, rng: random.Random):
        self._rng = rng
        self._abbreviates = rng.random() < ABBREVIATING_SHARE

    def write(self, text: str) -> str:
        """The text as this writer types it."""
        return edit_unmarked(text, self._edit)

    def _edit(self, text: str) -> str:
        if self._abbreviates:
            text = _abbreviable().sub(lambda found: wording()["abbreviations"][found.group()], text)
        return _LONG_WORD.sub(lambda found: self._typed(found.group()), text)

    def _typed(self, word: str) -> str:
        if self._rng.random() >= TYPO_RATE:
            return word
        at = self._rng.randrange(1, len(word) - 1)
        return self._rng.choice(
            (
                word[:at] + word[at + 1 :],  # dropped
                word[:at] + word[at] + word[at:],  # doubled
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],  # swapped
            )
        )
