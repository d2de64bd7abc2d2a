"""Compiled Hyperscan databases, kept in the user's cache directory, because compiling takes seconds.

A database's name holds the digest of all its expressions, flags and of the library's version, and its file begins with
the digest of what follows: a torn file, one of another processor or of another version is compiled anew. It is made of
patterns and holds nothing of any note.
"""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex

from pipelines.screening.byte_patterns import BytePattern

hyperscan: Any
try:
    import hyperscan
except ImportError:  # the extra `fast` is not installed
    hyperscan = None

_NOTHING = b"\\xff{8}"  # the encoding makes no such byte
_DIGEST_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A pattern for a database: its number there, and the flags of the pattern that it was translated from."""

    number: int
    pattern: BytePattern
    flags: int

    def hyperscan_flags(self) -> int:
        """The flags in Hyperscan's words; a match may be empty."""
        flags = hyperscan.HS_FLAG_PREFILTER | hyperscan.HS_FLAG_ALLOWEMPTY
        theirs = {
            regex.IGNORECASE: hyperscan.HS_FLAG_CASELESS,
            regex.MULTILINE: hyperscan.HS_FLAG_MULTILINE,
            regex.DOTALL: hyperscan.HS_FLAG_DOTALL,
        }
        return int(flags | sum(theirs[ours] for ours in theirs if self.flags & ours))


class PatternDatabase:
    """Says which of its expressions may match in some bytes, and where.

    Attributes:
        refused: numbers of the expressions that Hyperscan does not take.
    """

    def __init__(self, database: Any, refused: frozenset[int]):
        self.refused = refused
        self._database = database
        self._scratch = hyperscan.Scratch(database)
        self._found: list[tuple[int, int]] = []

    def matches(self, data: bytes) -> list[tuple[int, int]]:
        """An expression's number and the end of its match, in the order of the ends."""
        self._found = []
        self._database.scan(data, self._take, scratch=self._scratch)
        return self._found

    def _take(self, number: int, start: int, end: int, flags: int, context: object) -> None:
        self._found.append((number, end))


def open_database(expressions: list[Expression], directory: Path, *, once: bool) -> PatternDatabase:
    """The database of these expressions, from the directory where it is there, and kept there where it was not.

    Args:
        expressions: what it looks for.
        directory: where databases are kept.
        once: report one match of each expression, and not every place where one may end.
    """
    path = directory / f"patterns-{_digest(expressions, once)}.hsdb"
    kept = _load(path)
    if kept is not None:
        return kept
    database, refused = _compile_all(expressions, once)
    _keep(path, database, refused)
    return PatternDatabase(database, refused)


def cache_directory() -> Path:
    """Where databases are kept: the user's cache directory."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wardround"


def _digest(expressions: list[Expression], once: bool) -> str:
    rows = [[e.number, e.pattern.expression, e.hyperscan_flags()] for e in expressions]
    return hashlib.sha256(json.dumps([hyperscan.__version__, once, rows]).encode()).hexdigest()[:32]


def _compile(expressions: list[Expression], once: bool) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    # Hyperscan makes no empty database
    database.compile(
        expressions=[e.pattern.expression.encode("ascii") for e in expressions] or [_NOTHING],
        ids=[e.number for e in expressions] or [0],
        flags=[e.hyperscan_flags() | (hyperscan.HS_FLAG_SINGLEMATCH if once else 0) for e in expressions] or [0],
    )
    return database


def _compile_all(expressions: list[Expression], once: bool) -> tuple[Any, frozenset[int]]:
    """The database of those expressions that Hyperscan takes, and the numbers of the others."""
    try:
        return _compile(expressions, once), frozenset()
    except hyperscan.error:  # does not say which one it was
        taken = [e for e in expressions if _takes(e)]
        refused = frozenset(e.number for e in expressions) - {e.number for e in taken}
        return _compile(taken, once), refused


def _takes(expression: Expression) -> bool:
    try:
        _compile([expression], once=True)
    except hyperscan.error:
        return False
    return True


def _load(path: Path) -> PatternDatabase | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, payload = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != digest:
        return None
    refused, _, serialised = payload.partition(b"\n")
    try:
        database = hyperscan.loadb(serialised, hyperscan.HS_MODE_BLOCK)
        return PatternDatabase(database, frozenset(json.loads(refused)))
    except hyperscan.error:  # of another processor
        return None


def _keep(path: Path, database: Any, refused: frozenset[int]) -> None:
    """Write the database for the next process; where that cannot be done, the next one compiles it again."""
    payload = json.dumps(sorted(refused)).encode() + b"\n" + hyperscan.dumpb(database)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(payload).digest() + payload)
        Path(file.name).replace(path)
    except OSError:
        return
