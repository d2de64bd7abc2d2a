"""What a machine lacks is said before anything is installed."""

import shutil
from types import SimpleNamespace

import pytest

import preflight


def test_a_machine_that_has_all_lacks_nothing() -> None:
    assert preflight.missing() == []


def test_each_thing_that_is_missing_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2e9))
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setattr("sys.version_info", (3, 9, 2))
    said = "\n".join(preflight.missing())
    for words in ("Python 3.11 is needed, this is 3.9", "install g++", "2.0 GB of disk", "one core"):
        assert words in said
