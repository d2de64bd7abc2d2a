from pathlib import Path

import pytest
from reporting_run import Run, build_run

from pipelines.reporting.config import ReportingConfig
from pipelines.reporting.report import write_report


@pytest.fixture(scope="session")
def written_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run for all tests; not to be changed."""
    return build_run(tmp_path_factory.mktemp("reporting") / "storage")


@pytest.fixture
def run(written_run: Run, tmp_path: Path) -> Run:
    """A run of the test's own."""
    return written_run.copied_to(tmp_path / "storage")


@pytest.fixture(scope="session")
def page(written_run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the unchanged run."""
    config = ReportingConfig(title="A run", remarks=["The base model's weights were random."])
    return write_report(config, *written_run.stages, tmp_path_factory.mktemp("page")).read_text()
