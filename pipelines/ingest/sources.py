"""From the paths a user gives to the Parquet files they mean, on any file system that pyarrow.fs opens."""

import fnmatch
import hashlib
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import fs

PARQUET_SUFFIXES = (".parquet", ".parq", ".pq")
FINGERPRINT_BYTES = 64 * 1024
_URI = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]+)://")
_GLOB = re.compile(r"[*?\[]")
_URI_GLOB = re.compile(r"[*\[]")  # "?" begins a URI's options


class UnusablePathError(Exception):
    """A path that leads to no file; the message says why and what to do."""


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
    """Parquet files that a path, folder, glob or URI means, in name order.

    In a folder or a glob only files that end in .parquet, .parq or .pq count, and names that begin with "_" or "." are
    passed over, as writers of Parquet agree to; a file named outright is taken as it is.

    Raises:
        UnusablePathError: nothing there, nothing Parquet there, or it cannot be read.
    """
    glob = (_URI_GLOB if _URI.match(path) else _GLOB).search(path)
    root, _, pattern = path[: glob.start()].rpartition("/") if glob else (path, "", "")
    pattern += path[glob.start() :] if glob else ""
    base = open_source(root or ("/" if path.startswith("/") else "."))
    try:
        info = base.filesystem.get_file_info(base.path)
        if info.type == fs.FileType.NotFound:
            raise UnusablePathError(f"{path}: no such file or folder; check `notes`")
        if info.type == fs.FileType.File:
            return [base]
        found = base.filesystem.get_file_info(fs.FileSelector(base.path, recursive=True))
    except (pa.ArrowException, OSError) as error:
        raise UnusablePathError(f"{path}: cannot be read ({type(error).__name__}); check its permissions") from None
    files = [_inside(base, entry.path) for entry in found if entry.type == fs.FileType.File]
    files = [file for file in files if _is_parquet(file.path, base.path)]
    if pattern:
        files = [file for file in files if _glob_matches(file.path, posixpath.join(base.path, pattern))]
    if not files:
        what = "no Parquet file matches" if pattern else "no Parquet file in this folder"
        raise UnusablePathError(f"{path}: {what}; files must end in {', '.join(PARQUET_SUFFIXES)}")
    return sorted(files, key=lambda file: file.name)


def file_fingerprint(source: Source) -> dict[str, Any]:
    """File, size in bytes, and SHA-256 of the first and last 64 KiB: independent of modification times.

    The footer with the statistics of every column chunk lies in the last bytes, so that an edit inside shows too.
    """
    with source.filesystem.open_input_file(source.path) as file:
        size = file.size()
        digest = hashlib.sha256(file.read_at(min(size, FINGERPRINT_BYTES), 0))
        tail = max(0, size - FINGERPRINT_BYTES)
        digest.update(file.read_at(size - tail, tail))
    return {"file": source.name, "size": size, "digest": digest.hexdigest()}


def _inside(base: Source, path: str) -> Source:
    uri = _URI.match(base.name)
    if not uri:
        return Source(path, path, base.filesystem)
    if not base.name.rstrip("/").endswith(base.path.strip("/")):
        # Options after "?" would be lost; from_uri keeps them only in the file system object.
        raise UnusablePathError(f"{base.name}: name the files one by one where the URI carries options")
    prefix = base.name.rstrip("/")[: -len(base.path.strip("/"))] if base.path.strip("/") else base.name
    return Source(prefix + path.strip("/"), path, base.filesystem)


def _is_parquet(path: str, base: str) -> bool:
    parts = path[len(base) :].strip("/").split("/")
    return path.lower().endswith(PARQUET_SUFFIXES) and not any(part.startswith(("_", ".")) for part in parts)


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
