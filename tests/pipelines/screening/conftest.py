import pytest
from screening_bench import KEY, Bench

from pipelines.screening.policy import ScreeningConfig
from pipelines.screening.screener import Screener


@pytest.fixture(scope="session")
def screener():
    # every redaction allowed: the share limit has a test of its own
    return Screener(ScreeningConfig(max_redacted_share=1.0), KEY)


@pytest.fixture(scope="session")
def bench(screener):
    return Bench(screener)
