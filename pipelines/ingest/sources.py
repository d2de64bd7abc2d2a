"""From the paths a user gives to the files they mean, on any file system that pyarrow.fs opens, and to their bytes."""

import fnmatch
import posixpath
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from pyarrow import fs

from pipelines.ingest.formats import GZIP_SUFFIX, SUFFIXES, format_of
from pipelines.ingest.formats.parquet import ends_digest

T = TypeVar("T")

# Between the first and the second, and the second and the third try.
BACKOFF_S = (0.5, 2.0)
# What another try does not mend.
_LASTING_ERRORS = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
_URI = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]+)://")
_GLOB = re.compile(r"[*?\[]")
_URI_GLOB = re.compile(r"[*\[]")  # "?" begins a URI's options


class UnusablePathError(Exception):
    """A path that leads to no file; the message says why and what to do."""


class UnreadableFileError(Exception):
    """A file that cannot be read; the message is the error's type and how often it was tried."""


class MissingFileError(UnreadableFileError):
    """A file that is not there, or not any more."""


@dataclass(frozen=True)
class Source:
    """One input file: `name` opens it again anywhere and stands in the ledger, `path` is what its file system takes."""

    name: str
    path: str
    filesystem: fs.FileSystem


def open_source(name: str) -> Source:
    """The source that a name from `find_sources` stands for.

    Raises:
        UnusablePathError: no such file system.
    """
    if not _URI.match(name):
        local = str(Path(name).expanduser().absolute())
        return Source(local, local, fs.LocalFileSystem())
    try:
        filesystem, path = fs.FileSystem.from_uri(name)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnusablePathError(f"{name}: no file system opens this URI ({type(error).__name__})") from None
    return Source(name, path, filesystem)


def find_sources(path: str) -> list[Source]:
    """Files of notes that a path, folder, glob or URI means, in name order.

    In a folder or a glob only files of a known suffix count, and names that begin with "_" or "." are passed over, as
    writers of Parquet agree to. All must be of one format: a table of labels beside the notes is not read as notes.

    Raises:
        UnusablePathError: nothing there, nothing of a known format there, several formats, or it cannot be read.
    """
    glob = (_URI_GLOB if _URI.match(path) else _GLOB).search(path)
    root, _, pattern = path[: glob.start()].rpartition("/") if glob else (path, "", "")
    pattern += path[glob.start() :] if glob else ""
    base = open_source(root or ("/" if path.startswith("/") else "."))
    try:
        info = _retried(lambda: base.filesystem.get_file_info(base.path))
        if info.type == fs.FileType.NotFound:
            raise UnusablePathError(f"{path}: no such file or folder; check `notes`")
        if info.type == fs.FileType.File:
            if format_of(base.path) is None:
                raise UnusablePathError(f"{path}: no known suffix; files must end in {', '.join(SUFFIXES)}")
            return [base]
        found = _retried(lambda: base.filesystem.get_file_info(fs.FileSelector(base.path, recursive=True)))
    except UnreadableFileError as error:
        raise UnusablePathError(f"{path}: cannot be read ({error}); check its permissions") from None
    files = [_inside(base, entry.path) for entry in found if entry.type == fs.FileType.File]
    files = [file for file in files if _holds_notes(file.path, base.path)]
    if pattern:
        files = [file for file in files if _glob_matches(file.path, posixpath.join(base.path, pattern))]
    if not files:
        what = "no file of notes matches" if pattern else "no file of notes in this folder"
        raise UnusablePathError(f"{path}: {what}; files must end in {', '.join(SUFFIXES)}")
    names = sorted({file_format.name for file in files if (file_format := format_of(file.path))})
    if len(names) > 1:
        raise UnusablePathError(
            f"{path}: holds files of {' and '.join(names)}; give a glob that means those of the notes"
        )
    return sorted(files, key=lambda file: file.name)


def file_fingerprint(source: Source) -> dict[str, Any]:
    """File, size in bytes, and SHA-256 of its first and last 64 KiB: independent of modification times."""
    with source.filesystem.open_input_file(source.path) as file:
        return {"file": source.name, "size": file.size(), "digest": ends_digest(file)}


def read_source(source: Source, read: Callable[[pa.NativeFile, int], T]) -> T:
    """What `read` makes of a file, given its decompressed bytes as a stream and its size in bytes as it is stored.

    What the storage may mend by itself is tried three times, each time from the start.

    Raises:
        MissingFileError: there is no such file.
        UnreadableFileError: it cannot be read.
    """

    def attempt() -> T:
        with source.filesystem.open_input_file(source.path) as file:
            num_bytes = file.size()
            if not source.path.lower().endswith(GZIP_SUFFIX):
                return read(file, num_bytes)
            with pa.CompressedInputStream(file, "gzip") as stream:
                return read(stream, num_bytes)

    return _retried(attempt)


def _retried(attempt: Callable[[], T]) -> T:
    for wait_s in (*BACKOFF_S, None):
        try:
            return attempt()
        except FileNotFoundError as error:
            raise MissingFileError(type(error).__name__) from None
        except (pa.ArrowException, *_LASTING_ERRORS) as error:
            raise UnreadableFileError(type(error).__name__) from None
        except OSError as error:
            if wait_s is None:
                raise UnreadableFileError(f"{type(error).__name__}, tried {len(BACKOFF_S) + 1} times") from None
            time.sleep(wait_s)
    raise AssertionError("unreachable")


def _inside(base: Source, path: str) -> Source:
    uri = _URI.match(base.name)
    if not uri:
        return Source(path, path, base.filesystem)
    if not base.name.rstrip("/").endswith(base.path.strip("/")):
        # Options after "?" would be lost; from_uri keeps them only in the file system object.
        raise UnusablePathError(f"{base.name}: name the files one by one where the URI carries options")
    prefix = base.name.rstrip("/")[: -len(base.path.strip("/"))] if base.path.strip("/") else base.name
    return Source(prefix + path.strip("/"), path, base.filesystem)


def _holds_notes(path: str, base: str) -> bool:
    parts = path[len(base) :].strip("/").split("/")
    return format_of(path) is not None and not any(part.startswith(("_", ".")) for part in parts)


def _glob_matches(path: str, pattern: str) -> bool:
    """Shell rules: "*" stays within one folder, "**" spans any number of them."""
    parts, wanted = path.strip("/").split("/"), pattern.strip("/").split("/")

    def match(i: int, j: int) -> bool:
        if j == len(wanted):
            return i == len(parts)
        if wanted[j] == "**":
            return any(match(k, j + 1) for k in range(i, len(parts) + 1))
        return i < len(parts) and fnmatch.fnmatchcase(parts[i], wanted[j]) and match(i + 1, j + 1)

    return match(0, 0)
