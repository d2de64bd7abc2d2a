"""A function that trains on real gloo ranks in this test's folder."""

from pathlib import Path
from typing import Any

import pytest
from gloo_ranks import Run, start


@pytest.fixture
def train(chat_model: Path, tmp_path: Path) -> Any:
    """train(name, world_size, **options of gloo_ranks.start) → Run."""

    def run(name: str, world_size: int, **options: Any) -> Run:
        return start(chat_model, tmp_path / name, world_size, **options)

    return run
