"""The model between two: arithmetic, types, tied weights, shards, and what is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipelines.model.load import weights_digest
from pipelines.retention.interpolate import interpolate
from pipelines.retention.weights import INDEX, SINGLE_FILE, StoredWeights, local_directory
from schemas.errors import CheckpointError, ConfigError, InputError

Weights = dict[str, torch.Tensor]


def edited(model: Path, directory: Path, edit: Callable[[Weights], None]) -> Path:
    """A copy of a model with other weights."""
    shutil.copytree(model, directory)
    weights = load_file(model / SINGLE_FILE)
    edit(weights)
    save_file(weights, directory / SINGLE_FILE, metadata={"format": "pt"})
    return directory


def as_type(dtype: torch.dtype) -> Callable[[Weights], None]:
    def edit(weights: Weights) -> None:
        weights.update({name: weight.to(dtype) for name, weight in weights.items()})

    return edit


def bits(weights: Weights) -> dict[str, bytes]:
    return {name: weight.contiguous().view(torch.uint8).numpy().tobytes() for name, weight in weights.items()}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_ends_are_the_two_models_bit_for_bit(
    chat_model: Path, moved_model: Path, tmp_path: Path, dtype: torch.dtype
) -> None:
    def with_negative_zero(weights: Weights) -> None:
        as_type(dtype)(weights)
        weights["model.norm.weight"][0] = -0.0

    ends = [
        edited(chat_model, tmp_path / "origin", with_negative_zero),
        edited(moved_model, tmp_path / "finetuned", as_type(dtype)),
    ]
    for alpha, end in zip((0.0, 1.0), ends, strict=True):
        interpolate(*ends, alpha, tmp_path / "out")
        assert bits(load_file(tmp_path / "out" / SINGLE_FILE)) == bits(load_file(end / SINGLE_FILE))


def test_between_them_every_weight_is_the_weighted_mean_rounded_once(
    chat_model: Path, moved_model: Path, tmp_path: Path
) -> None:
    origin = edited(chat_model, tmp_path / "origin", as_type(torch.bfloat16))
    finetuned = edited(moved_model, tmp_path / "finetuned", as_type(torch.bfloat16))
    interpolate(origin, finetuned, 0.3, tmp_path / "out")
    ours, theirs = load_file(origin / SINGLE_FILE), load_file(finetuned / SINGLE_FILE)
    mixed = load_file(tmp_path / "out" / SINGLE_FILE)
    assert mixed.keys() == ours.keys()
    rounded_early = 0
    for name, weight in mixed.items():
        exact = 0.7 * ours[name].double() + 0.3 * theirs[name].double()
        assert weight.dtype == torch.bfloat16
        torch.testing.assert_close(weight.double(), exact, rtol=2**-8, atol=1e-7)  # half a unit in the last place
        rounded_early += int((weight != 0.7 * ours[name] + 0.3 * theirs[name]).sum())
    assert rounded_early > 0, "the test would not notice arithmetic in bfloat16"


def test_a_bfloat16_origin_of_a_float32_model_is_widened_and_nothing_is_narrowed(
    chat_model: Path, moved_model: Path, tmp_path: Path
) -> None:
    narrow = edited(chat_model, tmp_path / "narrow", as_type(torch.bfloat16))
    interpolate(narrow, moved_model, 0.0, tmp_path / "out")
    stored = load_file(narrow / SINGLE_FILE)
    for name, weight in load_file(tmp_path / "out" / SINGLE_FILE).items():
        assert weight.dtype == torch.float32
        assert torch.equal(weight, stored[name].float())
    with pytest.raises(CheckpointError, match=r"is F32 in the origin and BF16 in the fine-tuned"):
        interpolate(moved_model, narrow, 0.5, tmp_path / "refused")


def test_a_tied_weight_that_one_model_stores_twice_is_written_once(
    chat_model: Path, moved_model: Path, tmp_path: Path
) -> None:
    def store_twice(weights: Weights) -> None:
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"].clone()

    def store_apart(weights: Weights) -> None:
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"] + 1

    twice = edited(chat_model, tmp_path / "twice", store_twice)
    interpolate(twice, moved_model, 0.5, tmp_path / "out")
    assert load_file(tmp_path / "out" / SINGLE_FILE).keys() == load_file(moved_model / SINGLE_FILE).keys()
    apart = edited(chat_model, tmp_path / "apart", store_apart)
    with pytest.raises(CheckpointError, match=r"'lm_head.weight' is tied to"):
        interpolate(apart, moved_model, 0.5, tmp_path / "refused")


def test_sharded_models_are_read_and_written(chat_model: Path, moved_model: Path, tmp_path: Path) -> None:
    interpolate(chat_model, moved_model, 0.5, tmp_path / "whole")
    interpolate(chat_model, moved_model, 0.0, tmp_path / "parts", shard_bytes=50_000)
    assert not (tmp_path / "parts" / SINGLE_FILE).exists()
    files = sorted((tmp_path / "parts").glob("model-*.safetensors"))
    assert len(files) > 2
    assert files[0].name == f"model-00001-of-{len(files):05d}.safetensors"
    interpolate(tmp_path / "parts", moved_model, 0.5, tmp_path / "again", shard_bytes=50_000)
    whole = AutoModelForCausalLM.from_pretrained(tmp_path / "whole").state_dict()
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "again").state_dict()
    assert bits(dict(whole)) == bits(dict(again))

    index = json.loads((tmp_path / "again" / INDEX).read_text())
    index["weight_map"]["model.norm.weight"] = "model-00001-of-00099.safetensors"
    (tmp_path / "again" / INDEX).write_text(json.dumps(index))
    with pytest.raises(CheckpointError, match=r"model-00001-of-00099\.safetensors cannot be read"):
        StoredWeights(tmp_path / "again")


def test_what_is_written_is_a_whole_model_with_its_lineage(chat_model: Path, moved_model: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "of_an_earlier_run").write_text("")
    interpolate(chat_model, moved_model, 0.25, target)
    AutoModelForCausalLM.from_pretrained(target)
    text = "chest pain since this morning"
    for folder in (chat_model, target):
        assert AutoTokenizer.from_pretrained(folder)(text) == AutoTokenizer.from_pretrained(target)(text)
    assert {path.name for path in target.iterdir()} == {path.name for path in moved_model.iterdir()} | {"README.md"}
    card = (target / "README.md").read_text()
    assert weights_digest(str(chat_model)) in card
    assert weights_digest(str(moved_model)) in card
    assert "| alpha | `0.25` |" in card
    assert list(tmp_path.iterdir()) == [target], "no draft is left"


def drop_norm(weights: Weights) -> None:
    del weights["model.norm.weight"]


def widen_norm(weights: Weights) -> None:
    weights["model.norm.weight"] = torch.ones(65)


def break_norm(weights: Weights) -> None:
    weights["model.norm.weight"][3] = float("inf")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (drop_norm, "'model.norm.weight' is in one of the two models only"),
        (widen_norm, r"'model.norm.weight' has shape \[64\] in the origin and \[65\]"),
        (break_norm, "'model.norm.weight' holds NaN or infinity"),
    ],
)
def test_tensors_that_do_not_match_are_named_and_nothing_is_left(
    chat_model: Path, tmp_path: Path, edit: Callable[[Weights], None], message: str
) -> None:
    other = edited(chat_model, tmp_path / "other", edit)
    with pytest.raises(CheckpointError, match=message):
        interpolate(chat_model, other, 0.5, tmp_path / "out" / "model")
    assert not list((tmp_path / "out").glob("*")), "neither a model nor a draft"


def test_models_of_other_positions_or_vocabulary_are_refused(chat_model: Path, tmp_path: Path) -> None:
    other = edited(chat_model, tmp_path / "positions", lambda _: None)
    config = json.loads((other / "config.json").read_text())
    config["rope_parameters"]["rope_theta"] = 5e5
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="differ in rope_parameters"):
        interpolate(chat_model, other, 0.5, tmp_path / "out")

    other = edited(chat_model, tmp_path / "vocabulary", lambda _: None)
    tokenizer = AutoTokenizer.from_pretrained(other)
    tokenizer.add_tokens(["<new>"])
    tokenizer.save_pretrained(other)
    with pytest.raises(CheckpointError, match=r"tokenizers of .* differ"):
        interpolate(chat_model, other, 0.5, tmp_path / "out")


def test_what_cannot_be_used_is_said(chat_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"alpha is 1\.5"):
        interpolate(chat_model, chat_model, 1.5, tmp_path / "out")
    with pytest.raises(InputError, match=r"no model\.safetensors"):
        StoredWeights(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="'nobody/no-model' could not be fetched"):
        local_directory("nobody/no-model")
    assert local_directory(str(chat_model)) == chat_model
