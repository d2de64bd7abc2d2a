"""An exported model computes what the training model did, and lies in the layout that transformers and vLLM load."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipelines.model.attention import DocumentLayout
from pipelines.model.load import DTYPES, load_model
from pipelines.training import export
from pipelines.training.checkpoint import newest_verified, weights_of
from pipelines.training.export import export_model
from pipelines.training.loop import EXPORT
from schemas.errors import CheckpointError

# Largest difference of a logit, of some 2 in size: training and generation attend through different kernels.
BOUNDS = {"float32": 1e-5, "bfloat16": 0.05}
PROMPT = "A 54 year old man presents with crushing chest pain and sweating since this morning."


@pytest.mark.parametrize(
    ("zero_stage", "dtype"),
    [
        (3, "float32"),
        (1, "bfloat16"),
        *(pytest.param(*c, marks=pytest.mark.slow) for c in ((1, "float32"), (3, "bfloat16"))),
    ],
)
def test_the_export_computes_what_the_training_model_did(
    train: Any, chat_model: Path, zero_stage: int, dtype: str
) -> None:
    run = train("run", 2, zero_stage=zero_stage, dtype=dtype, max_steps=3)
    last = newest_verified(run.directory)
    assert last is not None
    trained = load_model(str(chat_model), dtype)
    trained.load_state_dict(weights_of(last.path, DTYPES[dtype]))
    exported, base = (
        AutoModelForCausalLM.from_pretrained(path, dtype="auto").eval() for path in (run.directory / EXPORT, chat_model)
    )
    assert exported.dtype is DTYPES[dtype]
    ids = AutoTokenizer.from_pretrained(run.directory / EXPORT)(PROMPT, return_tensors="pt").input_ids
    layout = DocumentLayout.of([ids.shape[1]], ids.device)
    with torch.no_grad():
        hidden = trained.base_model(input_ids=ids, position_ids=layout.position_ids(), use_cache=False, layout=layout)
        expected = trained.get_output_embeddings()(hidden.last_hidden_state).float()
        difference = (exported(ids).logits.float() - expected).abs().max()
        learnt = (base(ids).logits.float() - expected).abs().max()
    assert difference <= BOUNDS[dtype]
    assert learnt > 4 * BOUNDS[dtype]


@pytest.fixture
def exported(chat_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small model, exported in shards."""
    monkeypatch.setattr(export, "MAX_SHARD_BYTES", 200_000)
    model = load_model(str(chat_model), "float32")
    export_model(model, model.state_dict(), str(chat_model), tmp_path / "run" / "model", {"steps": 5})
    return tmp_path / "run" / "model"


def stored(directory: Path) -> list[str]:
    names = []
    for path in directory.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            names += list(file.keys())
    return names


def test_the_layout_is_what_transformers_and_vllm_load(exported: Path, chat_model: Path) -> None:
    config = json.loads((exported / "config.json").read_text())
    assert config["architectures"] == ["Qwen3ForCausalLM"]
    assert config["use_cache"] is True
    assert config["dtype"] == "float32"
    index = json.loads((exported / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"].values()) == {path.name for path in exported.glob("*.safetensors")}
    assert len(set(index["weight_map"].values())) > 1
    tokenizer, original = (AutoTokenizer.from_pretrained(path) for path in (exported, chat_model))
    assert tokenizer.chat_template == original.chat_template
    generation = json.loads((exported / "generation_config.json").read_text())
    assert generation["eos_token_id"] == tokenizer.eos_token_id
    assert "no medical device" in (exported / "README.md").read_text()
    assert not list(exported.parent.glob(".model*")), "no draft is left"


def test_tied_weights_are_stored_once(exported: Path, chat_model: Path) -> None:
    names = stored(exported)
    assert len(names) == len(set(names))
    model = AutoModelForCausalLM.from_pretrained(exported)
    assert set(model.state_dict()) - set(names) == {"lm_head.weight"}
    assert model.lm_head.weight is model.get_input_embeddings().weight
    # As two tensors, which is how they come from a GPU.
    copies = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    export_model(model, copies, str(chat_model), exported, {})
    assert sorted(stored(exported)) == sorted(names)


def test_weights_that_are_missing_or_untied_are_refused(chat_model: Path, tmp_path: Path) -> None:
    model = load_model(str(chat_model), "float32")
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(CheckpointError, match=r"lm_head\.weight and .* differ"):
        export_model(
            model, {**weights, "lm_head.weight": weights["lm_head.weight"] + 1}, str(chat_model), tmp_path / "m", {}
        )
    del weights["model.norm.weight"]
    with pytest.raises(CheckpointError, match=r"lack 1 of the model's, model\.norm\.weight"):
        export_model(model, weights, str(chat_model), tmp_path / "m", {})
    assert not (tmp_path / "m").exists()
