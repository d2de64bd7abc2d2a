"""What is traded for memory changes no loss, on real gloo ranks; what cannot be combined is refused by name."""

import json
import multiprocessing
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.multiprocessing
from gloo_ranks import NUM_SLOTS, stream_rows

from pipelines.model.liger import require_liger
from pipelines.model.load import load_model
from pipelines.training.config import TrainingConfig
from pipelines.training.engine import deepspeed_settings, packed_model, start_engine, start_process_group
from pipelines.training.options import EngineOptions, require_dtype
from pipelines.training.state import TrainState
from pipelines.training.step import train_step
from pipelines.training.stream import steps_of_rank
from schemas.errors import ConfigError

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {"zero_stage": 1},
    "checkpointed": {"zero_stage": 1, "activation_checkpointing": True},
    "optimizer_offload": {"zero_stage": 2, "offload": "optimizer"},
    "parameter_offload": {"zero_stage": 3, "offload": "parameters", "activation_checkpointing": True},
    "no_zero": {"zero_stage": 0},
}
NUM_STEPS = 3


def _metrics(model: Path, rows: list[dict[str, Any]], settings: dict[str, Any]) -> list[dict[str, Any]]:
    rank, world_size = torch.distributed.get_rank(), torch.distributed.get_world_size()
    config = TrainingConfig(num_workers=world_size, learning_rate=1e-3, **settings)
    engine = start_engine(str(model), "float32", config, NUM_SLOTS // world_size)
    own = [row for row in rows if row["slot"] % world_size == rank]
    state, found = TrainState(), []
    for step in steps_of_rank(own, rank, world_size, NUM_SLOTS, state):
        state, metrics = train_step(engine, config, state, step)
        found.append(metrics)
        if len(found) == NUM_STEPS:
            break
    engine.destroy()
    return found


def _rank(rank: int, world_size: int, port: int, model: Path, rows: list[dict[str, Any]], output: Path) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank))
    os.environ.update(WORLD_SIZE=str(world_size), LOCAL_RANK=str(rank))
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=world_size)
    start_process_group()
    found = {name: _metrics(model, rows, settings) for name, settings in VARIANTS.items()}
    if rank == 0:
        output.write_text(json.dumps(found))


@pytest.fixture(scope="module")
def metrics(chat_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Of each variant's steps, on two ranks."""
    output = tmp_path_factory.mktemp("options") / "metrics.json"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.set_forkserver_preload(["deepspeed", "gloo_ranks", "transformers.models.qwen3.modeling_qwen3"])
    arguments = (2, port, chat_model, stream_rows(chat_model, 1), output)
    torch.multiprocessing.start_processes(_rank, args=arguments, nprocs=2, start_method="forkserver")
    return dict(json.loads(output.read_text()))


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "plain"])
def test_an_option_changes_no_loss_and_no_gradient(metrics: dict[str, list[dict[str, Any]]], name: str) -> None:
    for plain, other in zip(metrics["plain"], metrics[name], strict=True):
        assert other["loss"] == pytest.approx(plain["loss"], abs=1e-5)
        if other["gradient_norm"] is not None:
            assert other["gradient_norm"] == pytest.approx(plain["gradient_norm"], rel=1e-4)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_first_step_says_how_large_it_was(metrics: dict[str, list[dict[str, Any]]], name: str) -> None:
    first, second = metrics[name][:2]
    # Adam's first step moves each weight by the learning rate; these weights have a spread of 0.02.
    assert first["update_matrices_middle"] == pytest.approx(1e-3 / 0.02, rel=0.3)
    assert first["update_vectors_middle"] == pytest.approx(1e-3, rel=0.05)  # norms start at one
    assert first["update_matrices_num_rounded_away"] == 0
    assert first["update_matrices_largest"] == pytest.approx(metrics["plain"][0]["update_matrices_largest"], rel=1e-3)
    assert "update_matrices_middle" not in second


def _loss_and_gradients(model: Path, options: EngineOptions) -> tuple[float, dict[str, torch.Tensor]]:
    packed = packed_model(load_model(str(model), "float32"), options)
    ids = torch.randint(0, 400, (60,), generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(60, dtype=torch.bool)
    mask[5:20] = mask[30:60] = True
    nll, _ = packed(ids, mask, [25, 35])
    nll.sum().backward()
    return float(nll.detach().sum()), {
        name: parameter.grad for name, parameter in packed.named_parameters() if parameter.grad is not None
    }


def _assert_equal(model: Path, options: EngineOptions) -> None:
    loss, gradients = _loss_and_gradients(model, EngineOptions())
    other_loss, other_gradients = _loss_and_gradients(model, options)
    assert other_loss == pytest.approx(loss, abs=1e-4)
    assert gradients.keys() == {name.replace("._orig_mod", "") for name in other_gradients}
    for name, gradient in other_gradients.items():
        torch.testing.assert_close(gradient, gradients[name.replace("._orig_mod", "")], rtol=1e-4, atol=1e-4)


def test_checkpointed_blocks_give_the_same_gradients_and_see_the_documents(chat_model: Path) -> None:
    _assert_equal(chat_model, EngineOptions(activation_checkpointing=True))


def test_checkpointing_keeps_only_the_blocks_inputs(chat_model: Path) -> None:
    def kept(options: EngineOptions) -> int:
        packed = packed_model(load_model(str(chat_model), "float32"), options)
        sizes: dict[int, int] = {}

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            packed.hidden_states(torch.arange(200) % 400, [200])
        return sum(sizes.values())

    assert kept(EngineOptions(activation_checkpointing=True)) < 0.3 * kept(EngineOptions())


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, ("c++", "g++", "clang++"))), reason="there is no C++ compiler")
@pytest.mark.parametrize("checkpointed", [False, True])
def test_compiled_blocks_give_the_same_gradients(chat_model: Path, checkpointed: bool) -> None:
    _assert_equal(chat_model, EngineOptions(compile_blocks=True, activation_checkpointing=checkpointed))


def test_what_cannot_be_combined_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"offload is 'optimizer'.*zero_stage 2 or more"):
        TrainingConfig(offload="optimizer")
    with pytest.raises(ConfigError, match=r"offload is 'parameters'.*zero_stage 3"):
        TrainingConfig(zero_stage=2, offload="parameters")
    with pytest.raises(ConfigError, match=r"compile_blocks"):
        TrainingConfig(zero_stage=3, compile_blocks=True)
    with pytest.raises(ConfigError, match=r"kernels is 'liger'.*gpus_per_worker: 1"):
        TrainingConfig(kernels="liger")
    with pytest.raises(ConfigError, match=r"gpu_memory_gb is 0"):
        TrainingConfig(gpu_memory_gb=0)


def test_bfloat16_without_zero_is_refused_before_anything_is_loaded() -> None:
    with pytest.raises(ConfigError, match=r"bfloat16.*zero_stage 0"):
        require_dtype(EngineOptions(zero_stage=0), "bfloat16")
    with pytest.raises(ConfigError, match=r"bfloat16.*zero_stage 0"):
        start_engine("/nowhere", "bfloat16", TrainingConfig(zero_stage=0), 1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_ligers_kernels_ask_for_what_they_need() -> None:
    with pytest.raises(ConfigError, match="sees no GPU"):
        require_liger("qwen3")
    with pytest.raises(ConfigError, match=r"'gpt2'.*llama, qwen3"):
        require_liger("gpt2")


def test_on_cpus_nothing_is_left_to_the_planner() -> None:
    config = TrainingConfig()
    assert config.is_planned
    assert config.options == EngineOptions()
    assert config.result_settings == TrainingConfig(zero_stage=1).result_settings
    assert config.result_settings == TrainingConfig(activation_checkpointing=True).result_settings
    assert config.result_settings != TrainingConfig(zero_stage=2).result_settings


def test_on_gpus_what_is_left_open_must_be_planned_first() -> None:
    config = TrainingConfig(gpus_per_worker=1)
    assert not config.is_planned
    with pytest.raises(ConfigError, match="make a plan"):
        _ = config.result_settings


def test_bfloat16_sums_gradients_in_float32_and_sends_them_so() -> None:
    settings = deepspeed_settings(TrainingConfig(), 4, "bfloat16", from_universal=False)
    assert settings["bf16"] == {"enabled": True, "immediate_grad_update": True}
    assert settings["communication_data_type"] == "fp32"
    offloaded = TrainingConfig(zero_stage=3, offload="parameters")
    zero = deepspeed_settings(offloaded, 4, "bfloat16", from_universal=False)["zero_optimization"]
    assert zero["offload_optimizer"]["device"] == zero["offload_param"]["device"] == "cpu"
