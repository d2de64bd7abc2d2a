"""Settings of selection: what contradicts itself is refused by name, value and remedy."""

from typing import Any

import pytest

from pipelines.selection.config import SelectionConfig
from schemas.errors import ConfigError

TIME: dict[str, Any] = {"split_by": "time", "validation_from": "2023-01-01", "test_from": "2023-07-01"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"within_patient": 0.3}, "within_patient is 0.3: give 0.7 to 1"),
        ({"across_patients": 0.8}, "across_patients is 0.8: give 0.9 to 1"),
        ({"test_from": "2023-07-01"}, "test_from is '2023-07-01': it needs selection.split_by to be time"),
        ({"split_by": "time"}, "validation_from is None: a split by time needs a day"),
        ({**TIME, "test_from": "July"}, "test_from is 'July'"),
        ({**TIME, "test_from": "2023-01-01"}, "must be before test_from"),
    ],
)
def test_contradictions_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        SelectionConfig(**settings)


def test_what_shapes_the_decisions_is_the_identity_and_the_policy_after_them_is_not() -> None:
    assert SelectionConfig(shared_prompts="count").identity == SelectionConfig().identity
    assert SelectionConfig(across_patients=None).identity != SelectionConfig().identity
    assert SelectionConfig(**TIME).identity != SelectionConfig().identity
