"""What the planner counts is what training takes, to the byte where it can be: in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig

from pipelines.training.activations import LiveBytes, activation_bytes
from pipelines.training.memory import MemoryModel
from pipelines.training.options import EngineOptions

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.slow
def test_estimates_are_within_a_tenth_of_what_is_allocated() -> None:
    script = REPOSITORY / "tests/benchmarks/training_memory.py"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(script), "--tiny"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.count("| qwen3 |") >= 10


def test_storages_are_counted_once_and_while_they_live() -> None:
    given = torch.empty(1000, device="meta")
    with LiveBytes([given]) as live:
        view = given[10:20]
        assert live.live == 0  # what was given, and its views, are not counted
        made = given * 2
        half = made[:500]
        assert live.live == 4000
        del made
        assert live.live == 4000  # the view keeps the storage
        del half, view
        assert live.live == 0
        assert live.take_peak() == 4000
        assert live.take_peak() == 0


def test_saved_tensors_that_no_name_holds_are_counted() -> None:
    with LiveBytes([]) as live:
        weight = torch.empty(1000, device="meta", requires_grad=True)
        result = weight.exp().sum()
        assert live.live == 4000 + 4000 + 4  # the leaf, what exp keeps, and the sum
        result.backward()
        del result
        assert live.live == 4000 + 4000  # the leaf and its gradient


@pytest.fixture(scope="module")
def llama() -> AutoConfig:
    return AutoConfig.for_model(
        "llama",
        vocab_size=3000,
        hidden_size=128,
        intermediate_size=512,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        tie_word_embeddings=False,
    )


def test_a_blocks_activations_are_those_of_its_modules(llama: AutoConfig) -> None:
    def kept(num_layers: int, options: EngineOptions) -> float:
        llama.num_hidden_layers = num_layers
        return activation_bytes(llama, "bfloat16", options, [1000], 500, gpu=True).kept / 1000

    hidden, inner, query, key_value = 128, 512, 128, 64
    # Liger: two norms' outputs and the two sums; query, attention's output, key, value; gate, up and their product.
    elements = 4 * hidden + 2 * query + 2 * key_value + 3 * inner
    rows = 4 * (4 + 2)  # float32: log-sum-exp of each head, scale of each norm
    liger = EngineOptions(kernels="liger")
    assert kept(3, liger) - kept(2, liger) == 2 * elements + rows
    checkpointed = EngineOptions(kernels="liger", activation_checkpointing=True)
    assert kept(3, checkpointed) - kept(2, checkpointed) == 2 * hidden
    torch_kernels = kept(3, EngineOptions()) - kept(2, EngineOptions())
    assert torch_kernels > 1.3 * (2 * elements + rows)


def test_packs_of_twice_the_length_take_twice_the_activations(llama: AutoConfig) -> None:
    short, long = (activation_bytes(llama, "bfloat16", EngineOptions(), [n], n, gpu=True) for n in (1024, 2048))
    assert long.kept == pytest.approx(2 * short.kept, rel=0.01)


def test_the_fused_loss_holds_no_logits(llama: AutoConfig) -> None:
    plain = activation_bytes(llama, "bfloat16", EngineOptions(), [4096], 4095, gpu=True)
    fused = activation_bytes(llama, "bfloat16", EngineOptions(kernels="liger"), [4096], 4095, gpu=True)
    assert plain.head > 4095 * 3000 * 4
    assert fused.head < 0.2 * plain.head


def test_one_workers_weights_are_copied_from_the_host_alone(llama: AutoConfig) -> None:
    model = MemoryModel(architecture=llama, dtype="bfloat16", pack_tokens=8, gpu=True)
    weights = 2 * sum(model.parameter_sizes)
    on_device = model.estimate(EngineOptions(zero_stage=3, offload="optimizer"), 1)
    on_host = model.estimate(EngineOptions(zero_stage=3, offload="parameters"), 1)
    assert on_host.buffers - on_device.buffers == weights
