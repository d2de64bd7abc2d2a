"""The demo's model loads, speaks the chat format and is the same every time."""

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipelines.stage.output import read_tables
from pipelines.synthetic.model import TinyModelConfig, write_model
from pipelines.synthetic.notes import SyntheticConfig, write_notes
from schemas.errors import ConfigError


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    notes = read_tables(write_notes(SyntheticConfig(num_patients=200), tmp_path_factory.mktemp("notes")))
    return notes["text"].to_pylist()


@pytest.fixture(scope="module")
def directory(texts, tmp_path_factory):
    return write_model(TinyModelConfig(), texts, tmp_path_factory.mktemp("model"))


def test_same_settings_same_bytes_whatever_the_order(texts, directory, tmp_path):
    again = write_model(TinyModelConfig(), texts[::-1], tmp_path / "again")
    files = {path.name: path.read_bytes() for path in directory.iterdir()}
    assert files == {path.name: path.read_bytes() for path in again.iterdir()}
    other = write_model(TinyModelConfig(seed=18), texts, tmp_path / "other")
    assert (other / "model.safetensors").read_bytes() != files["model.safetensors"]


def test_loads_and_has_about_two_million_parameters(directory):
    model, tokenizer = AutoModelForCausalLM.from_pretrained(directory), AutoTokenizer.from_pretrained(directory)
    assert type(model).__name__ == "Qwen3ForCausalLM"
    assert model.dtype == torch.float32
    assert 1.5e6 < sum(parameter.numel() for parameter in model.parameters()) < 3e6
    assert model.config.tie_word_embeddings
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert model.config.vocab_size == len(tokenizer)
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id
    logits = model(**tokenizer("Most likely diagnosis is", return_tensors="pt")).logits  # (1, num_tokens, vocab)
    assert torch.isfinite(logits).all()


def test_tokenizer_round_trips_any_text(directory, texts):
    tokenizer = AutoTokenizer.from_pretrained(directory)
    for text in (*texts[:20], "naïve — 38.5 °C 😷\n\n  two  spaces"):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert tokenizer.convert_ids_to_tokens([tokenizer.eos_token_id, tokenizer.pad_token_id]) == [
        "<|im_end|>",
        "<|endoftext|>",
    ]


def test_chat_template(directory):
    tokenizer = AutoTokenizer.from_pretrained(directory)
    user, system = {"role": "user", "content": "A note."}, {"role": "system", "content": "Be brief."}
    assert tokenizer.apply_chat_template([user], tokenize=False, add_generation_prompt=True) == (
        "<|im_start|>user\nA note.<|im_end|>\n<|im_start|>assistant\n"
    )
    answer = {"role": "assistant", "content": "Gout."}
    rendered = tokenizer.apply_chat_template([system, user, answer], tokenize=False)
    assert rendered == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nA note.<|im_end|>\n"
        "<|im_start|>assistant\nGout.<|im_end|>\n"
    )
    ids = tokenizer(rendered, add_special_tokens=False)["input_ids"]
    assert ids.count(tokenizer.eos_token_id) == 3
    assert tokenizer.decode(ids) == rendered


def test_random_stream_of_the_caller_is_left_alone(texts, tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    write_model(TinyModelConfig(num_layers=1), texts[:5], tmp_path)
    assert torch.rand(1) == expected


@pytest.mark.parametrize("settings", [{"vocab_size": 100}, {"num_kv_heads": 3}, {"head_dim": 7}, {"num_layers": 0}])
def test_wrong_shapes_are_refused(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        TinyModelConfig(**settings)
