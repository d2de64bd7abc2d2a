"""Peak memory of one worker's device, by part: what DeepSpeed 0.19 holds, and what a pack's forward and backward take.

The layouts are read off DeepSpeed's buffers, and tests/benchmarks/training_memory.py compares each with a run:

    stage            weights   gradients     optimizer      beside them
    0, float32       4 P       4 P           8 P
    1, float32       4 P       4 P           12 P/W         a bucket
    1, bfloat16      2 P       4 P float32   12 P/W
    2, bfloat16      2 P       4 P/W         12 P/W         a bucket in the backward pass
    3, bfloat16      2 P/W     4 P/W         12 P/W         a bucket, and weights that are gathered

P parameters, W workers; 12 is float32 master weight and Adam's two moments.
"""

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from pipelines.model.load import DTYPES, meta_model
from pipelines.training.activations import ActivationBytes, activation_bytes, per_document_on_gpu
from pipelines.training.engine import bucket_elements
from pipelines.training.options import EngineOptions

# DeepSpeed's own defaults of ZeRO-3: elements that stay gathered, elements of a slice of the optimizer's step, and the
# size up to which a parameter is never let go.
MAX_LIVE_ELEMENTS = 1_000_000_000
STEP_SLICE_ELEMENTS = 1_000_000_000
PERSISTENT_ELEMENTS = 100_000
# Gathered weights and the receive buffers of theirs that still live, in sizes of the weights: measured on two workers,
# 1.6 without activation checkpointing and 2.1 with it. One worker's share is the whole weight: only from the host is it
# copied.
GATHERED_COPIES = 1.8


@dataclass(frozen=True, kw_only=True)
class MemoryEstimate:
    """Bytes on one worker's device at the worst moment of a step.

    Attributes:
        weights: of the model, as it computes with them.
        gradients: that stand between micro-batches.
        optimizer: master weights and moments.
        activations: what the decoder keeps for its backward pass.
        head: LM head and loss.
        buffers: of communication, gathered weights, and what the backward pass takes for a moment.
        host: bytes in the node's memory, beside them.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int
    head: int
    buffers: int
    host: int = 0

    @staticmethod
    def parts() -> list[str]:
        """Names of the parts that add up to the peak."""
        return [item.name for item in fields(MemoryEstimate) if item.name != "host"]

    @property
    def peak(self) -> int:
        """Their sum."""
        return sum(getattr(self, name) for name in self.parts())


@dataclass(frozen=True, kw_only=True)
class MemoryModel:
    """Estimates of one model on packs of one length.

    Attributes:
        architecture: the model's `transformers` configuration.
        dtype: "float32" or "bfloat16".
        pack_tokens: of a micro-batch; every one of them is taken for a target, which is the most that can be.
        document_lengths: of the pack; null for one document of that length.
        num_targets: in the pack; null for all that can be.
        gpu: attention and its memory as on a GPU.
    """

    architecture: Any
    dtype: str
    pack_tokens: int
    document_lengths: tuple[int, ...] | None = None
    num_targets: int | None = None
    gpu: bool = True
    _activations: dict[tuple[str, bool], ActivationBytes] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def parameter_sizes(self) -> list[int]:
        """Elements of each parameter."""
        model = meta_model(self.architecture, self.dtype, per_document_on_gpu)
        return [parameter.numel() for parameter in model.parameters()]

    def activations(self, options: EngineOptions) -> ActivationBytes:
        """Counted once for each pair of kernels and checkpointing."""
        key = (options.kernels, options.activation_checkpointing)
        if key not in self._activations:
            lengths = list(self.document_lengths or (self.pack_tokens,))
            targets = self.pack_tokens - len(lengths) if self.num_targets is None else self.num_targets
            self._activations[key] = activation_bytes(
                self.architecture, self.dtype, options, lengths, targets, gpu=self.gpu
            )
        return self._activations[key]

    def estimate(self, options: EngineOptions, num_workers: int) -> MemoryEstimate:
        """Peak memory of one of `num_workers` workers."""
        held = _held(self.parameter_sizes, DTYPES[self.dtype].itemsize, options, num_workers)
        activations = self.activations(options)
        in_head = held.always + activations.head
        in_blocks = held.always + held.in_backward + activations.blocks
        in_pass = activations.kept + max(in_head, in_blocks)
        if held.in_step > in_pass:
            kept, head, buffers = 0, 0, held.in_step
        else:
            kept, head = activations.kept, activations.head
            buffers = in_pass - kept - head
        return MemoryEstimate(
            weights=held.weights,
            gradients=held.gradients,
            optimizer=held.optimizer,
            activations=kept,
            head=head,
            buffers=buffers,
            host=held.host,
        )


@dataclass(frozen=True, kw_only=True)
class _Held:
    """What DeepSpeed holds on the device; `always`, `in_backward` and `in_step` are buffers of those moments."""

    weights: int
    gradients: int
    optimizer: int
    always: int = 0
    in_backward: int = 0
    in_step: int = 0
    host: int = 0


def _held(sizes: list[int], width: int, options: EngineOptions, num_workers: int) -> _Held:
    """Layout of the states.

    Args:
        sizes: elements of each parameter.
        width: bytes of an element of the weights: 4 or 2.
        options: of the engine.
        num_workers: that share what can be shared.
    """
    total, share = sum(sizes), -(-sum(sizes) // num_workers)
    bucket = width * bucket_elements(total)
    gathered_after_step = bucket if num_workers > 1 else 0
    norm = 8 * max(sizes)  # DeepSpeed takes each gradient's norm in float64
    if options.zero_stage == 0:
        reduced = 4 * total if num_workers > 1 else 0
        return _Held(weights=4 * total, gradients=4 * total, optimizer=8 * total, in_step=reduced)
    if options.zero_stage == 1 and width == 2:
        joined = 4 * total if total <= 500_000_000 else 0  # small models' two groups are joined to be reduced
        in_step = max(joined, gathered_after_step)
        return _Held(weights=2 * total, gradients=4 * total, optimizer=12 * share, in_step=in_step)
    if options.zero_stage == 1:
        flat = 4 * share + bucket
        return _Held(weights=4 * total, gradients=4 * total, optimizer=12 * share, always=bucket, in_step=flat)
    if options.zero_stage == 2:
        on_host = options.offload == "optimizer"
        return _Held(
            weights=width * total,
            gradients=0 if on_host else 4 * share,
            optimizer=0 if on_host else 12 * share,
            always=width * max(sizes) if on_host else 0,
            in_backward=bucket,
            in_step=max(norm, gathered_after_step),
            host=(16 + 2 * width) * share if on_host else 0,
        )
    persistent = width * sum(size for size in sizes if size <= PERSISTENT_ELEMENTS)
    one_worker = 1.0 if options.offload == "parameters" else 0.0
    copies = GATHERED_COPIES if num_workers > 1 else one_worker
    gathered = int(copies * width * min(total, MAX_LIVE_ELEMENTS + bucket_elements(total)))
    states_on_host = options.offload != "none"
    weights_on_host = options.offload == "parameters"
    return _Held(
        weights=persistent if weights_on_host else width * share,
        gradients=0 if states_on_host else 4 * share,
        optimizer=0 if states_on_host else 12 * share,
        always=bucket + gathered,
        in_step=0 if states_on_host else bucket + gathered + 4 * min(share, STEP_SLICE_ELEMENTS),
        host=(16 * share if states_on_host else 0) + (width * share if weights_on_host else 0),
    )
