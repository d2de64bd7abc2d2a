"""One pass that says where each of a hundred patterns may match, before any of them runs.

  text ──one byte a character──▶ Hyperscan, line by line ──▶ the lines on which a pattern runs
                                 Hyperscan, whole text   ──▶ the lines around a match, where it may cross lines

Hyperscan answers a superset: expressions are widened (`byte_patterns`) and its prefilter flag widens what is left, such
as lookarounds. Every match of a pattern, with all that its lookarounds look at, then lies inside one stretch, and no
stretch begins inside a match: searching the stretches finds what searching the text does. A pattern that cannot be
translated runs everywhere, as all do where the package `hyperscan` (the extra `fast`) is missing: the findings are the
same, and take several times as long.
"""

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import regex

from pipelines.screening import pattern_database
from pipelines.screening.byte_patterns import UntranslatableError, encode, translate
from pipelines.screening.pattern_database import Expression, cache_directory, open_database
from pipelines.screening.policy import ENGINE_MAX_CHARS
from pipelines.screening.spans import Span
from schemas.errors import ScreeningError


class Prefilter:
    """Tells where patterns may match.

    Args:
        patterns: compiled patterns; their positions here are their numbers.
        directory: where compiled databases are kept.
    """

    def __init__(self, patterns: Sequence["regex.Pattern[str]"], directory: Path):
        self._num_patterns = len(patterns)
        self._max_line_feeds: dict[int, int] = {}
        by_line: list[Expression] = []
        across: list[Expression] = []
        everywhere: list[int] = []
        for number, pattern in enumerate(patterns):
            try:
                translated = translate(pattern)
            except UntranslatableError:
                everywhere.append(number)
                continue
            expression = Expression(number=number, pattern=translated, flags=pattern.flags)
            (across if translated.max_line_feeds else by_line).append(expression)
            self._max_line_feeds[number] = int(min(translated.max_line_feeds, ENGINE_MAX_CHARS))
        self._by_line = open_database(by_line, directory, once=True)
        self._across = open_database(across, directory, once=False)
        self.everywhere = frozenset(everywhere) | self._by_line.refused | self._across.refused
        self._text: str | None = None
        self._stretches: dict[int, list[Span]] = {}

    def stretches(self, text: str, number: int) -> Sequence[Span]:
        """Stretches of the text outside which this pattern matches nothing, in order and disjoint."""
        if self._text is not text:  # the patterns of a note are asked one after the other
            self._text, self._stretches = text, self._scan(text)
        return self._stretches.get(number, ())

    def forget(self) -> None:
        """Let go of the last text."""
        self._text, self._stretches = None, {}

    def _scan(self, text: str) -> dict[int, list[Span]]:
        everything = [(0, len(text))]
        data = encode(text)
        if data is None:
            return dict.fromkeys(range(self._num_patterns), everything)
        found: dict[int, list[Span]] = defaultdict(list)
        lines = _lines(data)
        for start, end in lines:
            if start < end:
                for number, _ in self._by_line.matches(data[start:end]):
                    _add(found[number], (start, end))
        starts = [start for start, _ in lines]
        for number, end in self._across.matches(data):
            margin = self._max_line_feeds[number]
            line = bisect_right(starts, end) - 1
            # an end right behind a line feed is the line feed's
            first, last = max(0, line - 1 - margin), min(len(lines) - 1, line + margin)
            _add(found[number], (lines[first][0], lines[last][1]))
        return {**found, **dict.fromkeys(self.everywhere, everything)}


def _lines(data: bytes) -> list[Span]:
    lines, start = [], 0
    for line in data.split(b"\n"):
        lines.append((start, start + len(line)))
        start += len(line) + 1
    return lines


def _add(stretches: list[Span], span: Span) -> None:
    """Add a span of whole lines to disjoint stretches; what it touches, or follows upon, becomes one with it."""
    start, end = span
    while stretches and start <= stretches[-1][1] + 1:  # a line feed between
        last_start, last_end = stretches.pop()
        start, end = min(start, last_start), max(end, last_end)
    stretches.append((start, end))


class StrictPattern:
    """A compiled pattern with a time limit that cannot be taken for "no match", kept to where it may match.

    Presidio catches TimeoutError around a pattern and goes on without it; this raises another type.

    Args:
        compiled: the pattern.
        timeout_s: time on one text, in seconds.
    """

    def __init__(self, compiled: "regex.Pattern[str]", timeout_s: float):
        self.compiled = compiled
        self._timeout_s = timeout_s
        self._prefilter: Prefilter | None = None
        self._number = 0

    def attach(self, prefilter: Prefilter, number: int) -> None:
        """Search from now on only where the prefilter allows it for this number."""
        self._prefilter, self._number = prefilter, number

    def finditer(self, text: str, timeout: float | None = None) -> Iterable["regex.Match[str]"]:
        """Matches in the text, in order. `timeout` is Presidio's own, and is not used.

        Raises:
            ScreeningError: time ran out.
        """
        stretches = self._prefilter.stretches(text, self._number) if self._prefilter else [(0, len(text))]
        return self._matches(text, stretches) if stretches else ()

    def _matches(self, text: str, stretches: Sequence[Span]) -> Iterator["regex.Match[str]"]:
        deadline = time.monotonic() + self._timeout_s
        try:
            for start, end in stretches:
                # a limit of nothing or less would mean none at all
                left = max(deadline - time.monotonic(), 1e-6)
                yield from self.compiled.finditer(text, start, end, timeout=left)
        except TimeoutError:
            raise ScreeningError(f"a screening pattern ran longer than {self._timeout_s} s on one note") from None


def attach_prefilter(patterns: Sequence[StrictPattern]) -> Prefilter | None:
    """Put one prefilter in front of these patterns; None where Hyperscan is not installed."""
    if pattern_database.hyperscan is None:
        return None
    prefilter = Prefilter([pattern.compiled for pattern in patterns], cache_directory())
    for number, pattern in enumerate(patterns):
        pattern.attach(prefilter, number)
    return prefilter
