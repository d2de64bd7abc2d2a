import pytest

from pipelines.reporting.config import ReportingConfig
from schemas.errors import ConfigError


@pytest.mark.parametrize(
    ("settings", "field"), [({"title": "  "}, "reporting.title"), ({"remarks": ["a", ""]}, r"reporting.remarks\[1\]")]
)
def test_empty_texts_are_refused(settings, field):
    with pytest.raises(ConfigError, match=field):
        ReportingConfig(**settings)
