"""The engine's options: what is traded for memory, and what can be combined."""

from dataclasses import dataclass
from typing import Literal

from schemas.errors import ConfigError

ZeroStage = Literal[0, 1, 2, 3]
Offload = Literal["none", "optimizer", "parameters"]
Kernels = Literal["torch", "liger"]


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """How the engine spends memory and time. None of them changes a loss or a gradient beyond rounding.

    Attributes:
        zero_stage: what ZeRO shares out among the workers: 1 the optimizer's state, 2 the gradients too, 3 the weights
            too. A checkpoint belongs to its stage.
        activation_checkpointing: keep each decoder block's input alone and run the block again in the backward pass.
        offload: what lies in the node's memory: the optimizer's state (from ZeRO-2 on), or the weights too (ZeRO-3).
        kernels: `liger` takes Liger's RMSNorm, SwiGLU, rotary embedding and fused linear cross-entropy; needs a GPU.
        compile_blocks: torch.compile of each decoder block, attention left out; needs a C++ compiler on CPUs.
    """

    zero_stage: ZeroStage = 1
    activation_checkpointing: bool = False
    offload: Offload = "none"
    kernels: Kernels = "torch"
    compile_blocks: bool = False

    def __post_init__(self) -> None:
        least = {"none": 0, "optimizer": 2, "parameters": 3}[self.offload]
        if self.zero_stage < least:
            raise ConfigError(
                f"training.offload is {self.offload!r} and training.zero_stage {self.zero_stage}: "
                f"give zero_stage {least} or more, or offload: none"
            )
        if self.compile_blocks and self.zero_stage == 3:
            raise ConfigError(
                "training.compile_blocks is true and training.zero_stage 3, which fetches weights inside the blocks "
                "and leaves nothing to compile: give a lower stage, or compile_blocks: false"
            )

    def __str__(self) -> str:
        parts = [f"ZeRO-{self.zero_stage}"]
        parts += ["Liger kernels"] if self.kernels == "liger" else []
        parts += ["activation checkpointing"] if self.activation_checkpointing else []
        parts += [f"{self.offload} on the CPU"] if self.offload != "none" else []
        parts += ["compiled blocks"] if self.compile_blocks else []
        return ", ".join(parts)


def require_dtype(options: EngineOptions, dtype: str) -> None:
    """Check that the options can train a model of this dtype.

    Raises:
        ConfigError: bfloat16 without ZeRO, for which DeepSpeed keeps no float32 master weights: losses drift.
    """
    if dtype == "bfloat16" and options.zero_stage == 0:
        raise ConfigError(
            "model.dtype is 'bfloat16' and training.zero_stage 0, which trains without float32 master weights: "
            "give zero_stage 1 or more, also for one worker"
        )
