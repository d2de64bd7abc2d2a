"""Memory that a forward and backward pass takes beside weights and gradients, counted and not guessed.

The real model class runs once, at its full depth and on the real pack length, on torch's meta device: nothing is
computed, and every tensor that the pass would make is counted while it lives. What cannot run there stands in as an
autograd function that keeps what the real kernel keeps: attention, and Liger's kernels.
"""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pipelines.model.attention import DocumentLayout
from pipelines.model.load import meta_model
from pipelines.model.packed import PackedModel
from pipelines.training.options import EngineOptions


@dataclass(frozen=True, kw_only=True)
class ActivationBytes:
    """Bytes of one pack's forward and backward pass on one worker.

    Attributes:
        kept: what the decoder keeps for the backward pass.
        head: on top of that, the most that LM head and loss take, before the backward pass reaches the blocks.
        blocks: on top of what is kept, the most that the blocks' backward pass takes.
    """

    kept: int
    head: int
    blocks: int

    @property
    def peak(self) -> int:
        """The most that stands at once."""
        return self.kept + max(self.head, self.blocks)


class LiveBytes(TorchDispatchMode):
    """Counts the storages that operations inside it make, while they live.

    Args:
        ignored: storages that are not counted, and views of which are not either.
    """

    def __init__(self, ignored: list[torch.Tensor]):
        super().__init__()
        self.live = 0
        self.peak = 0
        self._known = {tensor.untyped_storage()._cdata for tensor in ignored}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._count(leaf.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        identity = storage._cdata
        if identity in self._known:
            return
        self._known.add(identity)
        size = storage.nbytes()
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._forget, identity, size)

    def _forget(self, identity: int, size: int) -> None:
        self._known.discard(identity)
        self.live -= size

    def take_peak(self) -> int:
        """The highest count since the last call."""
        peak, self.peak = self.peak, self.live
        return peak


def activation_bytes(
    architecture: Any, dtype: str, options: EngineOptions, document_lengths: list[int], num_targets: int, *, gpu: bool
) -> ActivationBytes:
    """Count the activations of one pack.

    Args:
        architecture: the model's `transformers` configuration.
        dtype: "float32" or "bfloat16".
        options: kernels and checkpointing matter.
        document_lengths: of the pack, in tokens.
        num_targets: rows that go through the LM head.
        gpu: attention as the GPU's kernel does it, or as the CPU's.
    """
    causal_lm = meta_model(architecture, dtype, per_document_on_gpu if gpu else per_document_on_cpu)
    if options.kernels == "liger":
        _stand_in_for_liger(causal_lm)
    if options.activation_checkpointing:
        # There is no state of random numbers on the meta device.
        arguments = {"use_reentrant": False, "preserve_rng_state": False}
        causal_lm.activation_checkpointing_enable(activation_checkpointing_kwargs=arguments)
    model = PackedModel(causal_lm, has_fused_loss=options.kernels == "liger").train()
    tensors = [*model.parameters(), *model.buffers()]
    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(_drop_gradient)  # the engine's gradients are counted apart
    with torch.device("meta"):
        input_ids = torch.empty(sum(document_lengths), dtype=torch.int64)
        rows = torch.empty(num_targets, dtype=torch.int64)
    with LiveBytes([*tensors, input_ids, rows]) as live:
        hidden = model.hidden_states(input_ids, document_lengths)
        kept = live.live
        peaks = {"decoder": live.take_peak()}
        hidden.register_hook(lambda _: peaks.update(head=live.take_peak()))
        predictors = hidden[rows]
        nll, correct = model.loss(predictors, input_ids[rows])
        del predictors, hidden
        (nll.sum() * 1.0).backward()
        del nll, correct
        blocks = live.take_peak()
    return ActivationBytes(kept=kept, head=max(peaks.values()) - kept, blocks=max(blocks - kept, 0))


def _drop_gradient(parameter: torch.Tensor) -> None:
    parameter.grad = None


class _GpuAttention(torch.autograd.Function):
    """Keeps what FlashAttention-2 keeps: query, key, value, output and the rows' log-sum-exp (Dao, 2023).

    Its backward pass takes a float32 sum of the query's gradient and, where several query heads share a key, the
    key's and value's gradients for each of them.
    """

    @staticmethod
    def forward(ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        _, num_heads, num_tokens, _ = query.shape
        output = torch.empty_like(query)
        ctx.save_for_backward(query, key, value, output, query.new_empty((num_heads, num_tokens), dtype=torch.float32))
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
        query, key, value, _, rows = ctx.saved_tensors
        inner, total = torch.empty_like(rows), torch.empty_like(query, dtype=torch.float32)
        for_each_head = [torch.empty_like(query) for _ in range(2 if query.shape != key.shape else 0)]
        result = torch.empty_like(query), torch.empty_like(key), torch.empty_like(value)
        del inner, total, for_each_head
        return result


class _CpuAttention(torch.autograd.Function):
    """Keeps what the CPU's fused kernel keeps, which is the same, and takes nothing more."""

    @staticmethod
    def forward(ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        batch, num_heads, num_tokens, head_dim = query.shape
        output = query.new_empty((batch, num_tokens, num_heads, head_dim)).transpose(1, 2)
        ctx.save_for_backward(query, key, value, output, query.new_empty((num_heads, num_tokens), dtype=torch.float32))
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(torch.empty_like(tensor) for tensor in ctx.saved_tensors[:3])


def per_document_on_gpu(
    module: torch.nn.Module, query: Any, key: Any, value: Any, *_: Any, **__: Any
) -> tuple[torch.Tensor, None]:
    """Stands in for the variable-length kernel."""
    return _apply(_GpuAttention, query, key, value).transpose(1, 2), None


def per_document_on_cpu(
    module: torch.nn.Module, query: Any, key: Any, value: Any, *_: Any, layout: DocumentLayout, **__: Any
) -> tuple[torch.Tensor, None]:
    """Stands in for one call a document."""
    outputs, start = [], 0
    for length in layout.lengths:
        span = slice(start, start + length)
        outputs.append(_apply(_CpuAttention, query[:, :, span], key[:, :, span], value[:, :, span]))
        start += length
    return torch.cat(outputs, dim=2).transpose(1, 2), None


def _apply(function: Any, *tensors: Any) -> torch.Tensor:
    output: torch.Tensor = function.apply(*tensors)
    return output


class _LigerNorm(torch.autograd.Function):
    """Keeps its input and each row's scale; writes the input's gradient over the output's."""

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(rows, weight, rows.new_empty(rows.shape[:-1], dtype=torch.float32))
        return torch.empty_like(rows)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return gradients[0], torch.empty_like(ctx.saved_tensors[1])


class _LigerSwiGLU(torch.autograd.Function):
    """Keeps its two factors and writes their gradients over them."""

    @staticmethod
    def forward(ctx: Any, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(gate, up)
        return torch.empty_like(gate)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
        gate, up = ctx.saved_tensors
        return gate, up


class _LigerLoss(torch.autograd.Function):
    """Computes both gradients in the forward pass, over chunks of rows that make logits no larger than the input."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        num_rows, hidden_size = hidden.shape
        chunks = -(-len(weight) // hidden_size)
        chunk_rows = min(num_rows, 1 << (-(-num_rows // chunks) - 1).bit_length())
        logits = hidden.new_empty((chunk_rows, len(weight)))
        weight_sum = torch.empty_like(weight, dtype=torch.float32)
        losses = torch.empty_like(labels, dtype=torch.float32)
        hidden_gradient, weight_gradient = torch.empty_like(hidden), torch.empty_like(weight)
        del logits, weight_sum
        ctx.save_for_backward(hidden_gradient, weight_gradient)
        return losses.sum().reshape(1)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return (*ctx.saved_tensors, None)


def _stand_in_for_liger(causal_lm: Any) -> None:
    def norm(module: Any) -> Callable[[torch.Tensor], torch.Tensor]:
        return lambda rows: _apply(_LigerNorm, rows, module.weight)

    def mlp(module: Any) -> Callable[[torch.Tensor], torch.Tensor]:
        return lambda rows: module.down_proj(_apply(_LigerSwiGLU, module.gate_proj(rows), module.up_proj(rows)))

    def head(module: Any) -> Callable[..., Any]:
        return lambda rows, labels: (_apply(_LigerLoss, rows, module.weight, labels), labels)

    for module in causal_lm.modules():
        if type(module).__name__.endswith("RMSNorm"):
            module.forward = norm(module)
        elif all(hasattr(module, name) for name in ("gate_proj", "up_proj", "down_proj")):
            module.forward = mlp(module)
    output = causal_lm.get_output_embeddings()
    output.forward = head(output)
