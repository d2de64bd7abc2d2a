"""A stage's output exists once its manifest does, and its name follows from what shaped it."""

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.stage.output import StageOutput, fingerprint, read_tables, write_atomically, write_table
from schemas.errors import InputError
from schemas.findings import Action


@dataclass(frozen=True)
class _Settings:
    actions: dict[str, Action] = field(default_factory=lambda: {"PERSON": Action.REDACT})
    shares: tuple[float, ...] = (0.1, 0.2)


def test_fingerprint_follows_values_and_not_their_order_or_type() -> None:
    assert fingerprint({"a": 1, "b": [1, 2]}) == fingerprint({"b": (1, 2), "a": 1})
    assert fingerprint(_Settings()) == fingerprint(_Settings(shares=(0.1, 0.2)))
    assert fingerprint(_Settings()) != fingerprint(_Settings(shares=(0.2, 0.1)))
    assert fingerprint(_Settings()) != fingerprint(_Settings(actions={"PERSON": Action.PASS}))


def test_an_output_without_a_manifest_is_none(tmp_path: Path) -> None:
    output = StageOutput(tmp_path, "prepare", "abc")
    write_table(output.path / "notes" / "shard-0.parquet", pa.table({"a": [1]}))
    assert not output.is_complete
    with pytest.raises(InputError, match=r"ray_jobs\.prepare"):
        output.manifest()
    output.commit(config=_Settings(), inputs=["x"], results={"n": 1})
    assert output.is_complete
    assert output.manifest()["results"] == {"n": 1}
    assert output.manifest()["config"]["actions"] == {"PERSON": "redact"}


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full_disk(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_atomically(path, b"new and longer")
    assert path.read_bytes() == b"old"


def test_reading_ignores_drafts_and_keeps_name_order(tmp_path: Path) -> None:
    write_table(tmp_path / "b.parquet", pa.table({"a": [2]}))
    write_table(tmp_path / "a.parquet", pa.table({"a": [1]}))
    (tmp_path / ".a.parquet.123").write_bytes(b"half")
    assert read_tables(tmp_path)["a"].to_pylist() == [1, 2]
    with pytest.raises(InputError):
        read_tables(tmp_path / "absent")
