"""A DeepSpeed engine around a PackedModel, right on CPUs (gloo, float32) and on GPUs (NCCL, bfloat16)."""

import ctypes
import os
from typing import Any

import torch

from pipelines.model.liger import use_liger
from pipelines.model.load import load_model
from pipelines.model.packed import WRAPPER_PREFIX, PackedModel
from pipelines.training.config import TrainingConfig
from pipelines.training.options import EngineOptions, require_dtype

# Elements of the buffers in which gradients and weights are sent: large enough for the network, small for the memory.
BUCKET_ELEMENTS = 50_000_000
# mallopt's M_MMAP_THRESHOLD and M_TRIM_THRESHOLD, in bytes: of one block, and of what is free at the heap's end.
_KEPT_MEMORY = {-3: 2**30, -1: 2**31 - 1}


def start_process_group() -> None:
    """Let DeepSpeed use the process group that the launcher has made.

    On CPUs DeepSpeed would compile a shared-memory operator first, which training does not need and which fails where
    there is no compiler; with no operator on offer it does not try.
    """
    # The longest packs and the short last ones take turns; segments that grow keep the allocator from splintering.
    os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
    import deepspeed
    import deepspeed.ops

    if not torch.cuda.is_available():
        deepspeed.ops.__compatible_ops__ = {}
        keep_freed_memory()
    deepspeed.init_distributed(dist_backend="nccl" if torch.cuda.is_available() else "gloo", verbose=False)


def keep_freed_memory() -> None:
    """Let this process keep what a step on CPUs frees, for the next step.

    glibc returns blocks as large as activations to the system, which clears every page before it gives them again:
    thousands of page faults a step, where the kept memory has a hundred. Another C library stays as it is.
    """
    libc = ctypes.CDLL(None)
    for option, num_bytes in _KEPT_MEMORY.items():
        if hasattr(libc, "mallopt"):
            libc.mallopt(option, num_bytes)


def bucket_elements(num_parameters: int) -> int:
    """Elements of a bucket; an even number, as DeepSpeed aligns to two, and no more than the model has use for."""
    return min(BUCKET_ELEMENTS, num_parameters + num_parameters % 2)


def deepspeed_settings(
    config: TrainingConfig,
    accumulation_steps: int,
    dtype: str,
    *,
    from_universal: bool,
    bucket: int = BUCKET_ELEMENTS,
) -> dict[str, Any]:
    """DeepSpeed's configuration: a micro-batch is one pack, gradients accumulate over this rank's packs of a step."""
    options = config.options
    zero: dict[str, Any] = {
        "stage": options.zero_stage,
        "reduce_bucket_size": bucket,
        "allgather_bucket_size": bucket,
    }
    settings: dict[str, Any] = {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": accumulation_steps,
        "gradient_clipping": config.gradient_clip,
        "zero_allow_untested_optimizer": True,  # torch's AdamW needs no compiler; its results are tested here
        "zero_force_ds_cpu_optimizer": False,  # torch's fused AdamW runs on CPUs too
        "zero_optimization": zero,
        "checkpoint": {"load_universal": from_universal},
        "steps_per_print": 10**9,
    }
    if dtype == "bfloat16":
        # float32 master weights: at small learning rates bf16 rounds updates away. Each gradient is added to its
        # float32 sum as soon as it is there, so that the bf16 ones never stand side by side.
        settings["bf16"] = {"enabled": True, "immediate_grad_update": True}
        settings["data_types"] = {"grad_accum_dtype": "fp32"}
        if options.zero_stage == 1:
            settings["communication_data_type"] = "fp32"  # the sums are reduced in place, not as a rounded copy
    if options.offload != "none":
        place = {"device": "cpu", "pin_memory": torch.cuda.is_available()}
        zero["offload_optimizer"] = place
        if options.offload == "parameters":
            zero["offload_param"] = place
    if options.zero_stage == 3:
        zero["stage3_gather_16bit_weights_on_model_save"] = True
    return settings


def start_engine(
    model_path: str, dtype: str, config: TrainingConfig, accumulation_steps: int, *, from_universal: bool = False
) -> Any:
    """Load a model and wrap it in a DeepSpeed engine on this worker's device.

    Args:
        model_path: what `prepare_model` gave.
        dtype: "float32" or "bfloat16".
        config: settings, with nothing left to the planner.
        accumulation_steps: packs of a step on this rank.
        from_universal: the checkpoint that will be loaded was converted for this number of workers.

    Raises:
        ConfigError: the options do not fit the dtype or this machine.
    """
    require_dtype(config.options, dtype)
    return wrap(load_model(model_path, dtype), dtype, config, accumulation_steps, from_universal=from_universal)


def wrap(
    causal_lm: Any, dtype: str, config: TrainingConfig, accumulation_steps: int, *, from_universal: bool = False
) -> Any:
    """A DeepSpeed engine around a `transformers` causal LM; arguments as `start_engine`'s."""
    import deepspeed

    options = config.options
    model = packed_model(causal_lm, options)
    decayed = [p for p in model.parameters() if p.requires_grad and p.dim() >= 2]
    plain = [p for p in model.parameters() if p.requires_grad and p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=config.learning_rate,
        betas=(0.9, 0.95),
        fused=True,  # one pass over memory and no temporaries, on CPUs and GPUs
    )
    bucket = bucket_elements(sum(parameter.numel() for parameter in model.parameters()))
    settings = deepspeed_settings(config, accumulation_steps, dtype, from_universal=from_universal, bucket=bucket)
    engine, *_ = deepspeed.initialize(model=model, optimizer=optimizer, config=settings)
    return engine


def packed_model(causal_lm: Any, options: EngineOptions) -> PackedModel:
    """The model that is trained: with the kernels, the checkpointing and the compilation that are asked for."""
    if options.kernels == "liger":
        use_liger(causal_lm)
    if options.activation_checkpointing:
        causal_lm.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
    if options.compile_blocks:
        for block in causal_lm.base_model.layers:
            block.compile()
    model = PackedModel(causal_lm, has_fused_loss=options.kernels == "liger")
    return model.train()  # a loaded model stands in evaluation mode, in which no block is checkpointed


def full_state_dict(engine: Any) -> dict[str, torch.Tensor] | None:
    """The whole model's weights on rank 0, by their names in the `transformers` model. Collective under ZeRO-3."""
    if engine.zero_optimization_partition_weights():
        state = engine._zero3_consolidated_16bit_state_dict()
    else:
        state = engine.module.state_dict()
    if torch.distributed.get_rank() != 0:
        return None
    return {name.removeprefix(WRAPPER_PREFIX): tensor.detach().cpu() for name, tensor in state.items()}
