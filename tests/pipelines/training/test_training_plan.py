"""The planner takes the first options that fit, says what it refused, and names the smallest change where none does."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig

from pipelines.flows.training_plan import describe, gpu_bytes, planned_training
from pipelines.training.config import TrainingConfig
from pipelines.training.memory import MemoryModel
from pipelines.training.options import EngineOptions
from pipelines.training.plan import GPU_MEMORY_MIB, RESERVED_BYTES, candidates, make_plan, planned, usable
from schemas.errors import ConfigError

PACK_TOKENS = 2048
GPU = TrainingConfig(gpus_per_worker=1, num_workers=1)


@pytest.fixture(scope="module")
def architecture() -> Any:
    return AutoConfig.for_model(
        "qwen3",
        vocab_size=20_000,
        hidden_size=512,
        intermediate_size=2048,
        num_hidden_layers=4,
        num_attention_heads=8,
        num_key_value_heads=2,
        head_dim=64,
        tie_word_embeddings=True,
    )


def _memory(usable_bytes: int) -> int:
    """A GPU of which so much is usable."""
    memory = usable_bytes + RESERVED_BYTES
    while usable(memory) < usable_bytes:
        memory = int(memory * 1.001)
    return memory


@pytest.mark.parametrize("num_workers", [1, 4])
def test_the_first_options_that_fit_are_taken_and_each_takes_less_than_the_one_before(
    architecture: Any, num_workers: int
) -> None:
    config = replace(GPU, num_workers=num_workers)
    model = MemoryModel(architecture=architecture, dtype="bfloat16", pack_tokens=PACK_TOKENS)
    tried = candidates(config, "qwen3", "bfloat16")
    peaks = [model.estimate(options, num_workers).peak for options in tried]
    assert tried[0] == EngineOptions(zero_stage=1)
    assert tried[-1].offload == "parameters"
    for index, options in enumerate(tried):
        if peaks[index] == min(peaks[: index + 1]):
            plan = make_plan(config, architecture, "bfloat16", PACK_TOKENS, _memory(peaks[index]))
            assert plan.chosen.options == options
            assert [refused.options for refused in plan.refused] == tried[:index]
            assert planned(config, plan).options == options


def test_the_parts_add_up_to_the_peak_and_stand_in_the_table(architecture: Any) -> None:
    plan = make_plan(GPU, architecture, "bfloat16", PACK_TOKENS, 80 * 10**9)
    memory = plan.chosen.memory
    num_parameters = sum(MemoryModel(architecture=architecture, dtype="bfloat16", pack_tokens=1).parameter_sizes)
    assert (memory.weights, memory.gradients, memory.optimizer) == tuple(n * num_parameters for n in (2, 4, 12))
    assert memory.peak == sum(getattr(memory, part) for part in memory.parts())
    assert plan.refused == ()
    assert f"| ZeRO-1 | {memory.weights / 1e9:.1f} |" in plan.table()


def test_a_setting_that_is_named_stays(architecture: Any) -> None:
    named = replace(GPU, num_workers=2, zero_stage=3, kernels="torch")
    tried = candidates(named, "qwen3", "bfloat16")
    assert {options.zero_stage for options in tried} == {3}
    assert {options.kernels for options in tried} == {"torch"}
    assert [options.activation_checkpointing for options in tried[:2]] == [False, True]
    with pytest.raises(ConfigError, match="bfloat16"):
        candidates(replace(GPU, zero_stage=0), "qwen3", "bfloat16")


def test_kernels_that_the_model_has_not_are_not_chosen() -> None:
    assert {options.kernels for options in candidates(GPU, "gpt_neox", "bfloat16")} == {"torch"}


def test_where_nothing_fits_the_smallest_change_is_named(architecture: Any) -> None:
    model = MemoryModel(architecture=architecture, dtype="bfloat16", pack_tokens=PACK_TOKENS)
    named = replace(GPU, num_workers=2, zero_stage=1, kernels="torch", activation_checkpointing=False, offload="none")
    options = replace(named, compile_blocks=False).options
    memory = _memory(replace(model, pack_tokens=PACK_TOKENS // 2).estimate(options, 2).peak)
    with pytest.raises(ConfigError, match=rf"packing\.pack_tokens: {PACK_TOKENS // 2}"):
        make_plan(named, architecture, "bfloat16", PACK_TOKENS, memory)
    memory = _memory(model.estimate(options, 4).peak)
    with pytest.raises(ConfigError, match=r"training\.num_workers: 4"):
        make_plan(named, architecture, "bfloat16", PACK_TOKENS, memory)


def test_a_plan_is_made_once_and_found_by_a_job_that_sees_no_gpu(chat_model: Path, tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"model_path": str(chat_model), "dtype": "bfloat16", "pack_tokens": 512}
    config = replace(GPU, zero_stage="auto", gpu_memory_gb=24.0)
    first = planned_training(config, storage=str(tmp_path), **arguments)
    assert first.options == EngineOptions(zero_stage=1)
    (manifest,) = tmp_path.glob("plan-*/manifest.json")
    found = json.loads(manifest.read_text())
    assert found["results"]["options"]["zero_stage"] == 1
    # What is written decides, and not what would be chosen now.
    found["results"]["options"]["zero_stage"] = 2
    manifest.write_text(json.dumps(found))
    assert planned_training(config, storage=str(tmp_path), **arguments).result_settings["zero_stage"] == 2
    planned_training(replace(config, num_workers=3), storage=str(tmp_path), **arguments)
    assert len(list(tmp_path.glob("plan-*"))) == 2


def test_what_needs_no_plan_is_left_as_it_is(tmp_path: Path) -> None:
    config = TrainingConfig()
    assert planned_training(config, storage=str(tmp_path), model_path="x", dtype="float32", pack_tokens=1) is config
    assert list(tmp_path.iterdir()) == []


def test_the_description_names_the_settings_to_paste(chat_model: Path) -> None:
    config = replace(GPU, gpu_memory_gb=24.0)
    text = describe(config, model_path=str(chat_model), dtype="bfloat16", pack_tokens=512)
    assert "ZeRO-1" in text
    assert "nothing is faster" in text
    assert "activation_checkpointing: false" in text
    assert "| chosen |" in text


def test_a_gpu_of_unknown_memory_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("ray.is_initialized", lambda: False)
    with pytest.raises(ConfigError, match=r"gpu_memory_gb is null.*150\.8"):
        gpu_bytes(GPU)
    assert gpu_bytes(replace(GPU, gpu_memory_gb=80.0)) == 80_000_000_000


def test_qwen3_4b_trains_on_one_h200_without_recomputation() -> None:
    shape = {"hidden_size": 2560, "intermediate_size": 9728, "num_attention_heads": 32, "num_key_value_heads": 8}
    qwen = AutoConfig.for_model(
        "qwen3", vocab_size=151_936, num_hidden_layers=36, head_dim=128, tie_word_embeddings=True, **shape
    )
    memory = GPU_MEMORY_MIB["H200"] * 2**20
    chosen = make_plan(GPU, qwen, "bfloat16", 16_384, memory).chosen
    assert chosen.options.zero_stage == 1
    assert not chosen.options.activation_checkpointing
    assert chosen.options.offload == "none"
