"""Two small models, trained once: one on canaries beside a few examples, one on examples alone until it knows them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from memorised_model import SYSTEM, examples, train

from pipelines.memorisation.canaries import write_canaries
from pipelines.memorisation.config import MemorisationConfig
from schemas.notes import Split

REPEATS = 50  # of each canary: a step sees each once


@pytest.fixture(scope="session")
def config() -> MemorisationConfig:
    return MemorisationConfig(
        num_canaries=4, num_alternatives=199, prefix_tokens=[0, 4], continuation_tokens=[4, 8], num_bootstrap=1000
    )


@pytest.fixture(scope="session")
def trained_on() -> pa.Table:
    return examples(Split.TRAIN, 12, seed=1)


@pytest.fixture(scope="session")
def held_out() -> pa.Table:
    return examples(Split.TEST, 12, seed=2)


@pytest.fixture(scope="session")
def planted(config: MemorisationConfig, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    (file,) = write_canaries(config, SYSTEM, tmp_path_factory.mktemp("canaries"))
    return pq.read_table(file)


@pytest.fixture(scope="session")
def model_with_canaries(
    chat_model: Path, trained_on: pa.Table, planted: pa.Table, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return train(chat_model, [trained_on.slice(0, 4), planted], REPEATS, tmp_path_factory.mktemp("with") / "model")


@pytest.fixture(scope="session")
def model_without(chat_model: Path, trained_on: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(chat_model, [trained_on], 2 * REPEATS, tmp_path_factory.mktemp("without") / "model")
