"""Short flags of the jobs, and a look into a table before there is a configuration."""

import logging
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import ray
import yaml
from miniature import write_config

from ray_jobs import prepare
from ray_jobs.config import JobConfig, parse
from ray_jobs.launch import SHORT_FLAGS, launch, long_flags
from schemas.errors import ConfigError

SECRET = "Unmistakable"
NOTE = (
    f"CHIEF COMPLAINT: {SECRET} has a cough.\n\nASSESSMENT: Bronchitis of three days, without any fever.\n\nPLAN: Rest."
)


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """`launch` sets up logging for a process of its own; give the tests' back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = {
        "ReportID": [f"{SECRET}{row}" for row in range(12)],
        "mrn": [f"{SECRET}-{row % 5}" for row in range(12)],
        "Type": ["ED note"] * 11 + [f"Letter to {SECRET}"],
        "Dictated": [f"2180-05-{row + 1:02d}" for row in range(12)],
        "Body": [NOTE] * 12,
    }
    path = tmp_path / "notes.csv"
    pl.DataFrame(rows).write_csv(path)
    return path


def test_a_short_flag_is_the_setting_in_both_spellings() -> None:
    assert long_flags(["--on-bad-file", "skip"]) == ["--ingest.on_bad_file", "skip"]
    assert long_flags(["--canaries=50", "--config", "a=b"]) == ["--canaries.num_notes=50", "--config", "a=b"]


@pytest.mark.parametrize(
    ("flag", "value"), [("--on-bad-file", "skip"), ("--canaries", "400"), ("--max-miss-rate", "0.25")]
)
def test_every_short_flag_stands_for_a_setting(tmp_path: Path, flag: str, value: str) -> None:
    config: object = parse(["--config", str(write_config(tmp_path)), *long_flags([flag, value])])
    for name in SHORT_FLAGS[flag].removeprefix("--").split("."):
        config = getattr(config, name)
    assert str(config) == value


def test_launch_gives_the_job_the_setting_of_a_short_flag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def job(config: JobConfig) -> str:
        return config.ingest.on_bad_file

    launch(job, ["--config", str(write_config(tmp_path)), "--on-bad-file", "skip"])
    assert capsys.readouterr().out == "skip\n"


def test_an_unknown_flag_is_refused_with_the_valid_keys(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"valid keys of the configuration: .*storage"):
        parse(["--config", str(write_config(tmp_path)), *long_flags(["--on-bad-files", "skip"])])


@pytest.mark.parametrize("joined", [False, True])
def test_inspect_shows_the_table_and_no_patient(table: Path, joined: bool, capsys: pytest.CaptureFixture[str]) -> None:
    prepare.main([f"--inspect={table}"] if joined else ["--inspect", str(table)])
    shown = capsys.readouterr().out
    for part in ("ReportID", "12 rows", "ED note", "chief_complaint", "assessment", "91.7%"):
        assert part in shown
    assert SECRET not in shown
    assert "2180" not in shown
    settings = yaml.safe_load(shown[shown.index("ingest:") :])["ingest"]
    assert settings["notes"] == str(table)
    assert settings["columns"] == {"note_id": "ReportID", "patient_id": "mrn", "text": "Body", "note_type": "Type"}
    assert not ray.is_initialized()


@pytest.mark.parametrize(
    "argv", [["--inspect"], ["--inspect="], ["--inspect", "a", "b"], ["--config", "x", "--inspect"]]
)
def test_inspect_takes_one_path(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        prepare.main(argv)
    assert ended.value.code == 2
    assert "--inspect takes one path" in capsys.readouterr().err


def test_inspect_says_what_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        prepare.main(["--inspect", str(tmp_path / "absent.parquet")])
    assert ended.value.code == 2
    assert "absent.parquet" in capsys.readouterr().err
