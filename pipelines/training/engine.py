"""A DeepSpeed engine around a PackedModel, right on CPUs (gloo, float32) and on GPUs (NCCL, bfloat16)."""

from typing import Any

import torch

from pipelines.model.load import load_model
from pipelines.model.packed import WRAPPER_PREFIX, PackedModel
from pipelines.training.config import TrainingConfig


def start_process_group() -> None:
    """Let DeepSpeed use the process group that the launcher has made.

    On CPUs DeepSpeed would compile a shared-memory operator first, which training does not need and which fails where
    there is no compiler; with no operator on offer it does not try.
    """
    import deepspeed
    import deepspeed.ops

    if not torch.cuda.is_available():
        deepspeed.ops.__compatible_ops__ = {}
    deepspeed.init_distributed(dist_backend="nccl" if torch.cuda.is_available() else "gloo", verbose=False)


def deepspeed_settings(
    config: TrainingConfig, accumulation_steps: int, dtype: str, *, from_universal: bool
) -> dict[str, Any]:
    """DeepSpeed's configuration: a micro-batch is one pack, gradients accumulate over this rank's packs of a step."""
    settings: dict[str, Any] = {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": accumulation_steps,
        "gradient_clipping": config.gradient_clip,
        "zero_allow_untested_optimizer": True,  # torch's AdamW needs no compiler; its results are tested here
        "zero_optimization": {"stage": config.zero_stage},
        "checkpoint": {"load_universal": from_universal},
        "steps_per_print": 10**9,
    }
    if dtype == "bfloat16":
        settings["bf16"] = {"enabled": True}  # float32 master weights: at small learning rates bf16 rounds updates away
        settings["data_types"] = {"grad_accum_dtype": "fp32"}
    if config.zero_stage == 3:
        settings["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"] = True
    return settings


def start_engine(
    model_path: str, dtype: str, config: TrainingConfig, accumulation_steps: int, *, from_universal: bool = False
) -> Any:
    """Load a model and wrap it in a DeepSpeed engine on this worker's device.

    Args:
        model_path: what `prepare_model` gave.
        dtype: "float32" or "bfloat16".
        accumulation_steps: packs of a step on this rank.
        from_universal: the checkpoint that will be loaded was converted for this number of workers.
    """
    import deepspeed

    model = PackedModel(load_model(model_path, dtype))
    decayed = [p for p in model.parameters() if p.requires_grad and p.dim() >= 2]
    plain = [p for p in model.parameters() if p.requires_grad and p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=config.learning_rate,
        betas=(0.9, 0.95),
        fused=torch.cuda.is_available(),
    )
    engine, *_ = deepspeed.initialize(
        model=model,
        optimizer=optimizer,
        config=deepspeed_settings(config, accumulation_steps, dtype, from_universal=from_universal),
    )
    return engine


def full_state_dict(engine: Any) -> dict[str, torch.Tensor] | None:
    """The whole model's weights on rank 0, by their names in the `transformers` model. Collective under ZeRO-3."""
    if engine.zero_optimization_partition_weights():
        state = engine._zero3_consolidated_16bit_state_dict()
    else:
        state = engine.module.state_dict()
    if torch.distributed.get_rank() != 0:
        return None
    return {name.removeprefix(WRAPPER_PREFIX): tensor.detach().cpu() for name, tensor in state.items()}
