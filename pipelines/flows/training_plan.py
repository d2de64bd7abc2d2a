"""What a run of training leaves to the planner, decided once and found again by every later job.

<storage>/plan-<identity>/manifest.json   the engine's options, the estimates and what was refused

The decision depends on the GPUs' memory, which a report on another machine cannot see, and it shapes the checkpoints.
So it is an output as any other: written once for a configuration, and read from then on.
"""

import logging
from dataclasses import asdict, replace

import ray
import torch

from pipelines.model.load import load_architecture
from pipelines.stage.output import StageOutput, fingerprint
from pipelines.training.config import PLANNED, TrainingConfig
from pipelines.training.options import require_dtype
from pipelines.training.plan import GPU_MEMORY_MIB, Plan, make_plan, planned
from schemas.errors import ConfigError

logger = logging.getLogger(__name__)

_ACCELERATOR = "accelerator_type:"


def planned_training(
    training: TrainingConfig, *, storage: str, model_path: str, dtype: str, pack_tokens: int
) -> TrainingConfig:
    """The configuration with nothing left to the planner.

    Args:
        training: as configured.
        storage: folder that every node sees.
        model_path: what `prepare_model` gave; models that differ in weights alone share a plan.
        dtype: of the weights that the model computes with.
        pack_tokens: of a micro-batch.

    Raises:
        ConfigError: nothing fits, how much memory a GPU has is not known here, or the dtype asks for ZeRO.
    """
    if training.is_planned:
        require_dtype(training.options, dtype)
        return training
    architecture = load_architecture(model_path)
    shape = {name: value for name, value in architecture.to_dict().items() if not name.startswith("_")}
    named = {name: getattr(training, name) for name in PLANNED}
    identity = fingerprint(shape, dtype, pack_tokens, training.num_workers, named, training.gpu_memory_gb)
    output = StageOutput(storage, "plan", identity)
    if not output.is_complete:
        plan = make_plan(training, architecture, dtype, pack_tokens, gpu_bytes(training))
        logger.info("plan: %s", plan.reason)
        output.commit(
            config=training,
            inputs={"model": model_path, "dtype": dtype, "pack_tokens": pack_tokens, "gpu_bytes": plan.gpu_bytes},
            results={"options": asdict(plan.chosen.options), "memory": plan.chosen.memory, "refused": plan.refused},
        )
        return planned(training, plan)
    return replace(training, **output.manifest()["results"]["options"])


def describe(training: TrainingConfig, *, model_path: str, dtype: str, pack_tokens: int) -> str:
    """What the planner chooses and why, as text for a terminal. Nothing is written.

    Raises:
        ConfigError: as `planned_training`.
    """
    if training.gpus_per_worker == 0:
        return f"training.gpus_per_worker is 0: {training.options} on CPUs; there is nothing to plan"
    plan: Plan = make_plan(training, load_architecture(model_path), dtype, pack_tokens, gpu_bytes(training))
    head = (
        f"{training.num_workers} x {plan.gpu_bytes / 1e9:.1f} GB, packs of {pack_tokens} tokens, {dtype}\n{plan.reason}"
    )
    settings = "\n".join(f"  {name}: {_yaml(getattr(plan.chosen.options, name))}" for name in PLANNED)
    host = plan.chosen.memory.host
    beside = f"\nand {host / 1e9:.1f} GB of the node's memory for each worker" if host else ""
    return f"{head}{beside}\n\n{plan.table()}\n\ntraining:\n{settings}"


def gpu_bytes(training: TrainingConfig) -> int:
    """Memory of one GPU: as configured, else of the joined cluster's smallest kind, else of this machine's GPU.

    Raises:
        ConfigError: none of them says.
    """
    if training.gpu_memory_gb is not None:
        return int(training.gpu_memory_gb * 1e9)
    if ray.is_initialized():
        names = [name.removeprefix(_ACCELERATOR) for name in ray.cluster_resources() if name.startswith(_ACCELERATOR)]
        known = [GPU_MEMORY_MIB[name] * 2**20 for name in names if name in GPU_MEMORY_MIB]
        if known and len(known) == len(names):
            return min(known)
    if torch.cuda.is_available():
        return int(torch.cuda.get_device_properties(0).total_memory)
    raise ConfigError(
        "training.gpu_memory_gb is null, and neither Ray nor this machine knows a GPU: give the memory of one in 1e9 "
        f"bytes, such as {GPU_MEMORY_MIB['H200'] * 2**20 / 1e9:.1f} for an H200"
    )


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
