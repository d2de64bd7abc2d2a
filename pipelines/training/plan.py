"""The planner: the fastest options that fit into a GPU's memory, and what was refused on the way.

Fast first. What only moves memory about costs least, running blocks again costs about a quarter of a step, sharing out
the weights costs traffic, and a PCIe bus is the slowest of all; so the order is that of `_steps`, and the first that
fits is taken. A setting that the configuration names stays as it is named.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pipelines.model.liger import SUPPORTED
from pipelines.training.config import PLANNED, TrainingConfig
from pipelines.training.memory import MemoryEstimate, MemoryModel
from pipelines.training.options import EngineOptions, require_dtype
from schemas.errors import ConfigError

# What a process takes beside its tensors: CUDA's and NCCL's own buffers, cuBLAS's workspace.
RESERVED_BYTES = 2_000_000_000
# What the allocator may lose between tensors with expandable segments.
FRAGMENTATION = 0.03
# A worker's memory, in MiB as nvidia-smi shows it, by the name that Ray gives an accelerator.
GPU_MEMORY_MIB = {
    "A10G": 23_028,
    "A100-40G": 40_960,
    "A100-80G": 81_920,
    "B200": 183_359,
    "H100": 81_559,
    "H200": 143_771,
    "L4": 23_034,
    "L40S": 46_068,
    "T4": 15_360,
    "V100": 16_384,
}


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Options, and what they take on one worker."""

    options: EngineOptions
    memory: MemoryEstimate


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the planner chose.

    Attributes:
        chosen: the first alternative that fits.
        refused: those before it, in order of preference.
        gpu_bytes: memory of one GPU.
        usable_bytes: what of it the tensors may take.
    """

    chosen: Alternative
    refused: tuple[Alternative, ...]
    gpu_bytes: int
    usable_bytes: int

    @property
    def reason(self) -> str:
        """Why it was chosen, in a sentence."""
        spare = (self.usable_bytes - self.chosen.memory.peak) / 1e9
        chosen = f"{self.chosen.options}: {self.chosen.memory.peak / 1e9:.1f} GB a GPU, {spare:.1f} GB to spare"
        if not self.refused:
            return f"{chosen}; nothing is faster"
        return f"{chosen}; what is faster does not fit into the {self.usable_bytes / 1e9:.1f} GB that are usable"

    def table(self) -> str:
        """Peak memory of one GPU by part, in 1e9 bytes, as a Markdown table; the chosen options first."""
        names = MemoryEstimate.parts()
        lines = [
            "| options | " + " | ".join([*names, "peak", ""]) + " |",
            "|---|" + "--:|" * (len(names) + 1) + "---|",
        ]
        for alternative in (self.chosen, *self.refused):
            memory = alternative.memory
            sizes = [getattr(memory, name) for name in names] + [memory.peak]
            verdict = "chosen" if alternative is self.chosen else "does not fit"
            cells = [str(alternative.options), *(f"{size / 1e9:.1f}" for size in sizes), verdict]
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines)


def usable(gpu_bytes: int) -> int:
    """What tensors may take of a GPU's memory."""
    return int(gpu_bytes * (1 - FRAGMENTATION)) - RESERVED_BYTES


def make_plan(config: TrainingConfig, architecture: Any, dtype: str, pack_tokens: int, gpu_bytes: int) -> Plan:
    """Choose what the configuration leaves open.

    Args:
        config: of training.
        architecture: the model's `transformers` configuration.
        dtype: "float32" or "bfloat16".
        pack_tokens: of a micro-batch.
        gpu_bytes: memory of one GPU.

    Raises:
        ConfigError: nothing fits; the message names the smallest change that would.
    """
    memory = MemoryModel(architecture=architecture, dtype=dtype, pack_tokens=pack_tokens)
    refused: list[Alternative] = []
    for options in candidates(config, architecture.model_type, dtype):
        alternative = Alternative(options=options, memory=memory.estimate(options, config.num_workers))
        if alternative.memory.peak <= usable(gpu_bytes):
            return Plan(chosen=alternative, refused=tuple(refused), gpu_bytes=gpu_bytes, usable_bytes=usable(gpu_bytes))
        refused.append(alternative)
    raise ConfigError(_remedy(config, memory, refused, usable(gpu_bytes)))


def candidates(config: TrainingConfig, model_type: str, dtype: str) -> list[EngineOptions]:
    """The options that the planner tries, in order: what `config` names, with each step where it leaves room.

    Raises:
        ConfigError: what it names cannot be combined.
    """
    named = {name: getattr(config, name) for name in PLANNED if getattr(config, name) != "auto"}
    found: list[EngineOptions] = []
    fault: ConfigError | None = None
    for step in _steps(config.num_workers, model_type in SUPPORTED):
        try:
            options = EngineOptions(**(step | named))
            require_dtype(options, dtype)
        except ConfigError as error:
            fault = fault or error
            continue
        if options not in found:
            found.append(options)
    if not found and fault is not None:
        raise fault
    return found


_PARAMETERS = {"zero_stage": 3, "offload": "parameters"}


def _steps(num_workers: int, has_liger: bool) -> Iterator[dict[str, Any]]:
    """Each takes more time than the one before it, and as a rule less memory."""
    several = num_workers > 1  # one worker has nobody to share with
    step: dict[str, Any] = {"zero_stage": 1}
    yield step
    if has_liger:
        step = step | {"kernels": "liger"}
        yield step
    if several:
        step = step | {"zero_stage": 2}
        yield step
    recomputed = {"activation_checkpointing": True}
    yield step | recomputed
    if several:
        step = step | {"zero_stage": 3}
        yield step | recomputed
    for offloaded in ({"zero_stage": 3 if several else 2, "offload": "optimizer"}, _PARAMETERS):
        yield step | offloaded  # the bus costs more than running blocks again, so that is not paid as well if spared
        yield step | offloaded | recomputed


def _remedy(config: TrainingConfig, memory: MemoryModel, refused: list[Alternative], usable_bytes: int) -> str:
    """What to change so that the last alternative fits."""
    last = min(refused, key=lambda alternative: alternative.memory.peak)
    ways = []
    for tokens in _fewer(memory.pack_tokens):
        if replace(memory, pack_tokens=tokens).estimate(last.options, config.num_workers).peak <= usable_bytes:
            ways.append(f"packing.pack_tokens: {tokens}")
            break
    for num_workers in (config.num_workers * factor for factor in (2, 4, 8, 16, 32, 64)):
        if memory.estimate(last.options, num_workers).peak <= usable_bytes:
            ways.append(f"training.num_workers: {num_workers}")
            break
    remedy = " or ".join(ways) if ways else "GPUs of more memory, or a smaller model"
    return (
        f"no options of training fit into the {usable_bytes / 1e9:.1f} GB that are usable of a GPU: "
        f"{last.options} takes least, {last.memory.peak / 1e9:.1f} GB. Give {remedy}"
    )


def _fewer(pack_tokens: int) -> Iterator[int]:
    while pack_tokens >= 1024:
        pack_tokens //= 2
        yield pack_tokens


def planned(config: TrainingConfig, plan: Plan) -> TrainingConfig:
    """The configuration with the plan's options in place of `auto`."""
    return replace(config, **{name: getattr(plan.chosen.options, name) for name in PLANNED})
