"""Causal attention inside each document of a pack, and never between documents.

A dense block mask leaves the fast kernels and costs O(pack²); here each document is a call of its own on the CPU and a
segment of one variable-length kernel on the GPU. `register` makes it known to transformers under the name PER_DOCUMENT.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

PER_DOCUMENT = "per_document"


@dataclass(frozen=True)
class DocumentLayout:
    """Where the documents of a pack lie.

    Attributes:
        lengths: tokens of each document, in order; their sum is the pack's length.
        offsets: int32 (num_documents + 1,) cumulative lengths from 0, on the model's device.
    """

    lengths: tuple[int, ...]
    offsets: torch.Tensor

    @classmethod
    def of(cls, lengths: list[int], device: torch.device) -> "DocumentLayout":
        """Layout of documents with these lengths."""
        offsets = torch.tensor([0, *lengths], dtype=torch.int32).cumsum(0, dtype=torch.int32)
        return cls(tuple(lengths), offsets.to(device))

    def position_ids(self) -> torch.Tensor:
        """int64 (1, num_tokens): positions that restart at 0 with each document."""
        positions = torch.cat([torch.arange(length) for length in self.lengths])
        return positions.unsqueeze(0).to(self.offsets.device)


@torch.compiler.disable  # a compiled block breaks here: the documents' lengths would be a new graph for every pack
def per_document_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    layout: DocumentLayout | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention in transformers' interface.

    Args:
        query: (1, num_heads, num_tokens, head_dim).
        key: (1, num_kv_heads, num_tokens, head_dim), as is `value`.
        layout: the documents; required.

    Returns:
        (1, num_tokens, num_heads, head_dim) and no weights.

    Raises:
        ValueError: no layout, a mask, or a window shorter than a document, each of which would be wrong silently.
    """
    if layout is None or attention_mask is not None:
        raise ValueError("per-document attention needs a document layout and no attention mask")
    if sliding_window is not None and max(layout.lengths) > sliding_window:
        raise ValueError(
            f"a document of {max(layout.lengths)} tokens exceeds the model's sliding window of {sliding_window}: "
            "set packing.pack_tokens to the window or less"
        )
    if query.is_cuda:
        return _variable_length_kernel(query, key, value, scaling, layout), None
    # Split once: the gradient of a slice is as long as the pack, and there would be one for each document.
    documents = zip(*(part.transpose(1, 2).split(layout.lengths, dim=1) for part in (query, key, value)), strict=True)
    outputs = [
        scaled_dot_product_attention(
            queries.transpose(1, 2),
            keys.transpose(1, 2),
            values.transpose(1, 2),
            dropout_p=dropout,
            is_causal=True,
            scale=scaling,
            enable_gqa=query.shape[1] != key.shape[1],
        ).transpose(1, 2)
        for queries, keys, values in documents
    ]
    return torch.cat(outputs, dim=1), None


def _variable_length_kernel(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float | None, layout: DocumentLayout
) -> torch.Tensor:
    from torch.nn.attention.varlen import varlen_attn  # CUDA builds only

    longest = max(layout.lengths)
    output = varlen_attn(
        query[0].transpose(0, 1),
        key[0].transpose(0, 1),
        value[0].transpose(0, 1),
        layout.offsets,
        layout.offsets,
        longest,
        longest,
        scale=scaling,
        window_size=(-1, 0),  # causal
        enable_gqa=query.shape[1] != key.shape[1],
    )
    assert isinstance(output, torch.Tensor)
    return output.unsqueeze(0)


def register() -> None:
    """Make PER_DOCUMENT an attention implementation of transformers in this process.

    It has no mask function there, so transformers makes no mask, and does not look for documents in the position ids,
    which would stop a GPU once a pass.
    """
    from transformers import AttentionInterface

    AttentionInterface.register(PER_DOCUMENT, per_document_attention)
