"""What the headers of clinical notes are called: the data of lexicon.yaml, checked and made fast to look up."""

import enum
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

MAX_HEADER_CHARS = 70


class Family(enum.StrEnum):
    """What a kind of section is good for; lexicon.yaml says what each means."""

    STORY = "story"
    RESULTS = "results"
    REPORT = "report"
    OPERATIVE = "operative"
    DIAGNOSIS = "diagnosis"
    REASONING = "reasoning"
    PLAN = "plan"
    CLOSING = "closing"
    COURSE = "course"
    OUTCOME = "outcome"
    TAIL = "tail"
    OTHER = "other"  # what no header of the lexicon opens


@dataclass(frozen=True)
class Kind:
    """A kind of section, such as `history_of_present_illness`."""

    name: str
    family: Family
    inside_plan: bool = False


@dataclass(frozen=True)
class Entry:
    """What a header's words mean."""

    kind: Kind
    is_abbreviation: bool = False


class NoteType(enum.Enum):
    """What a note's type says about its target."""

    DEFAULT = "default"
    EMERGENCY = "emergency"
    UNSUITABLE = "unsuitable"


# Text before the first header, and sections whose header the lexicon does not hold.
OPENING = Kind("opening", Family.OTHER)
OTHER = Kind("other", Family.OTHER)

_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]|<[^>]*>|\{[^}]*\}")
# "as of 03/04/2024 14:32", "on Mon Jan 15, 2024 2:32 PM", and what screening leaves of them: "as of". Possessive, so
# that a long number which is no date costs no more than its length.
_DATE = re.compile(
    r"\s+(?:(?:as of|on|from|of|dated|at)\b\s*)?"
    r"(?:(?:(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*+|[ap]m\b|hrs?\b"
    r"|_{2,}+|\d[\d/.:-]*+)[ ,]*+)*+$"
)
_HAS_DATE = re.compile(r"\d[/.:-]\d|_{2,}|\b(?:as of|on|from|dated)(?:\s*$|.*\d)")
_AND = re.compile(r"\s*[&/+,|]\s*(?:and\s+)?|\s[-–—]\s|\bund\b")
_OUTSIDE_WORDS = re.compile(r"[^\w' ]+|_")
# The more decisive of "X and Y" first.
_DECISIVE = (
    Family.REASONING,
    Family.PLAN,
    Family.DIAGNOSIS,
    Family.OPERATIVE,
    Family.COURSE,
    Family.OUTCOME,
    Family.REPORT,
    Family.CLOSING,
    Family.STORY,
    Family.RESULTS,
    Family.TAIL,
)


def normalise(phrase: str) -> str:
    """The form in which headers are compared: "ASSESSMENT/PLAN (cont.):" → "assessment and plan"."""
    words = _BRACKETS.sub(" ", phrase.casefold().replace("’", "'").replace("∆", "δ")).rstrip(" :")
    if _HAS_DATE.search(words):
        words = _DATE.sub("", words)
    words = _AND.sub(" and ", words).replace("-", " ")
    return " ".join(_OUTSIDE_WORDS.sub(" ", words).split())


class Lexicon:
    """Looks up headers, note types and preferences.

    Args:
        data: lexicon.yaml as YAML reads it.

    Raises:
        ValueError: a phrase belongs to two kinds, or a preference names a kind that is not there.
    """

    def __init__(self, data: Mapping[str, Any]):
        self.kinds: dict[str, Kind] = {}
        self._entries: dict[str, Entry] = {}
        for name, described in data["kinds"].items():
            kind = Kind(name, Family(described["family"]), described.get("inside_plan", False))
            self.kinds[name] = kind
            for phrase in described.get("headers", ()):
                self._add(phrase, Entry(kind))
            for phrase in described.get("abbreviations", ()):
                self._add(phrase, Entry(kind, is_abbreviation=True))
        self._qualifiers = frozenset(normalise(word) for word in data["qualifiers"])
        self._suffixes = frozenset(normalise(word) for word in data["suffixes"])
        self._last_words = {words.rpartition(" ")[2] for words in self._entries} | self._suffixes
        self._note_types = {name: self._any_of(words) for name, words in data["note_types"].items()}
        self._preference = {name: tuple(kinds) for name, kinds in data["preference"].items()}
        for kinds in self._preference.values():
            unknown = set(kinds) - self.kinds.keys()
            if unknown:
                raise ValueError(f"lexicon.yaml: preference names {sorted(unknown)}, which kinds does not have")
        self.signature_line = self._line_of(data["signature_lines"])
        self.salutation_line = self._line_of(data["salutation_lines"])
        self.bare_headers = {self.kinds[name]: tuple(words) for name, words in data["bare_headers"].items()}

    def lookup(self, phrase: str) -> Entry | None:
        """What a header's words mean, or None where they are no header."""
        return self._lookup(phrase) if len(phrase) <= MAX_HEADER_CHARS else None

    def can_end(self, word: str) -> bool:
        """Whether a header may end in this word: a cheap test before `lookup`."""
        return word.casefold().strip("*_") in self._last_words or not word.isalpha()

    def note_type(self, note_type: str | None) -> NoteType:
        """What the type of a note, as the hospital writes it, says about its target."""
        words = normalise(note_type or "")
        if self._note_types["unsuitable"].search(words) and not self._note_types["physician"].search(words):
            return NoteType.UNSUITABLE
        return NoteType.EMERGENCY if self._note_types["emergency"].search(words) else NoteType.DEFAULT

    def preference(self, note_type: NoteType) -> tuple[str, ...]:
        """Names of the kinds that make a target, the best first."""
        return self._preference[note_type.value]

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - one lexicon lives as long as the process
    def _lookup(self, phrase: str) -> Entry | None:
        return self._find(normalise(phrase))

    def _find(self, words: str) -> Entry | None:
        if words in self._entries:
            return self._entries[words]
        first, _, rest = words.partition(" ")
        if rest and first in self._qualifiers:
            return self._find(rest)
        most, _, last = words.rpartition(" ")
        if most and last in self._suffixes:
            return self._find(most)
        parts = words.split(" and ")
        if len(parts) == 1 or any(len(part) < 2 for part in parts):
            return None
        entries = [self._find(part) for part in parts]
        found = [entry for entry in entries if entry is not None]
        if len(found) < len(parts):
            return None
        families = {entry.kind.family for entry in found}
        if Family.PLAN in families and families & {Family.REASONING, Family.DIAGNOSIS}:
            return Entry(self.kinds["assessment_and_plan"])
        return min(found, key=lambda entry: _DECISIVE.index(entry.kind.family))

    def _add(self, phrase: str, entry: Entry) -> None:
        words = normalise(phrase)
        if words in self._entries:
            raise ValueError(f"lexicon.yaml: {phrase!r} is a header of two kinds, or twice of one")
        self._entries[words] = entry

    @staticmethod
    def _line_of(beginnings: list[str]) -> re.Pattern[str]:
        return re.compile(rf"(?:{'|'.join(map(re.escape, beginnings))})\b", re.IGNORECASE)

    @staticmethod
    def _any_of(words: list[str]) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{'|'.join(re.escape(normalise(word)) for word in words)})\b")


@functools.cache
def load_lexicon() -> Lexicon:
    """The lexicon of lexicon.yaml, read once in a process."""
    text = resources.files("pipelines.splitting").joinpath("lexicon.yaml").read_text(encoding="utf-8")
    return Lexicon(yaml.safe_load(text))
