"""What tests of several parts share: a small chat model made on the spot, and the public data where it is there."""

from pathlib import Path

import pytest

from pipelines.synthetic.model import TinyModelConfig, write_model

REPOSITORY = Path(__file__).resolve().parents[1]

SENTENCES = [
    "A 54 year old man presents with crushing chest pain and sweating since this morning.",
    "She has fever, cough and a new oxygen requirement; pneumonia and sepsis are considered.",
    "The most likely diagnosis is myocardial infarction, given the ECG and the troponin.",
    "Plan: admit to telemetry, start heparin, repeat the ECG. Did the note mention a cardiac arrest? yes no",
]


@pytest.fixture(scope="session")
def chat_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of a Qwen3 of about 0.1 million parameters with a ChatML tokenizer."""
    config = TinyModelConfig(
        vocab_size=500,
        hidden_size=64,
        intermediate_size=128,
        num_layers=2,
        num_heads=4,
        num_kv_heads=2,
        head_dim=16,
        max_position_embeddings=1024,
        seed=5,
    )
    return write_model(config, SENTENCES * 5, tmp_path_factory.mktemp("chat-model") / "model")


@pytest.fixture(scope="session")
def public_data() -> Path:
    """Folder of public notes and benchmarks, which lie beside the checkout and not in it."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public data is not beside this checkout")
    return folder
