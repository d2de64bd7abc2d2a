"""A stage's output is a directory, and it exists only once its manifest does.

The directory's name carries the fingerprint of everything that shaped it (settings, inputs, upstream outputs), so a
rerun with the same inputs finds it finished, a rerun of a killed job finds it half done and does the rest, and a
changed setting makes a new directory beside the old one: nothing is ever overwritten or deleted.
"""

import dataclasses
import enum
import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import InputError

MANIFEST = "manifest.json"
PACKAGE = "wardround"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    return value


def canonical_json(value: Any) -> str:
    """JSON of dataclasses, mappings and sequences with sorted keys: equal values give equal text."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def fingerprint(*values: Any) -> str:
    """First 12 hex digits of the SHA-256 of the values' canonical JSON and of Wardround's version."""
    text = canonical_json([metadata.version(PACKAGE), *values])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def file_digest(path: Path) -> str:
    """SHA-256 of a local file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.expanduser().open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"file {path} cannot be read ({error.strerror}): check the path") from None


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or none, also after a kill or a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def write_table(path: Path, table: pa.Table) -> None:
    """Write a Parquet file atomically, zstd-compressed."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    write_atomically(path, sink.getvalue().to_pybytes())


def read_tables(directory: Path, schema: pa.Schema | None = None) -> pa.Table:
    """All Parquet files of a directory in name order as one table; empty of `schema` where there are none."""
    files = sorted(directory.glob("*.parquet"))
    if not files:
        if schema is None:
            raise InputError(f"no Parquet files in {directory}: the stage that writes them has not run")
        return schema.empty_table()
    return pa.concat_tables([pq.read_table(file, partitioning=None) for file in files], promote_options="default")


class StageOutput:
    """The directory `<storage>/<stage>-<fingerprint>`.

    Args:
        storage: folder that every node of the cluster sees under the same path.
        stage: "prepare", "train", ...
        identity: what `fingerprint` gave for the settings and inputs of this run of the stage.
    """

    def __init__(self, storage: str | Path, stage: str, identity: str):
        self.stage = stage
        self.identity = identity
        self.path = Path(storage).expanduser().resolve() / f"{stage}-{identity}"

    @property
    def is_complete(self) -> bool:
        """True once the manifest was committed."""
        return (self.path / MANIFEST).is_file()

    def manifest(self) -> dict[str, Any]:
        """The committed manifest.

        Raises:
            InputError: the stage has not run, or did not finish, for these settings.
        """
        path = self.path / MANIFEST
        if not path.is_file():
            raise InputError(
                f"no finished output of stage {self.stage!r} at {self.path}: run `python -m ray_jobs.{self.stage}` "
                "with the same configuration first"
            )
        return json.loads(path.read_text())

    def commit(self, *, config: Any, inputs: Any, results: Mapping[str, Any]) -> dict[str, Any]:
        """Write the manifest, last and atomically, and return it."""
        manifest = {
            "stage": self.stage,
            "identity": self.identity,
            "config": _plain(config),
            "inputs": _plain(inputs),
            "results": _plain(results),
            "versions": versions(),
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        write_atomically(self.path / MANIFEST, json.dumps(manifest, indent=2, sort_keys=True).encode())
        return manifest

    def files(self, part: str) -> Iterator[Path]:
        """Parquet files of one part of the output ("examples", "ledger", ...) in name order."""
        return iter(sorted((self.path / part).glob("*.parquet")))

    def read(self, part: str, schema: pa.Schema | None = None) -> pa.Table:
        """All rows of one part of the output."""
        return read_tables(self.path / part, schema)


def versions() -> dict[str, str]:
    """Versions of Wardround and of the libraries that decide its results."""
    names = (PACKAGE, "ray", "torch", "transformers", "deepspeed", "presidio-analyzer", "spacy", "pyarrow")
    return {name: metadata.version(name) for name in names}
