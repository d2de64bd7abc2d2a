"""What a training step computes, counted where PyTorch dispatches it: numbers that no noise can move.

The same counter watches every program, whatever it is built of, so nobody's arithmetic about padding is believed.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

_EMBEDDING = torch.ops.aten.embedding
_PRODUCTS = (torch.ops.aten.mm, torch.ops.aten.addmm)


@dataclass(frozen=True)
class StepCounts:
    """Of one optimizer step, all micro-batches.

    Attributes:
        forward_tokens: tokens that went through the model, padding included.
        head_rows: rows for which logits were computed; those computed again in the backward pass count again.
        flops: of matrix products and attention, forward and backward.
    """

    forward_tokens: int
    head_rows: int
    flops: int


class StepCounter(TorchDispatchMode):
    """Counts while it is entered. It slows that step down several times, and later ones too: count after all timing."""

    def __init__(self, vocab_size: int):
        super().__init__()
        self._vocab_size = vocab_size
        self._forward_tokens = 0
        self._head_rows = 0
        self._flops = FlopCounterMode(display=False)

    def __enter__(self) -> "StepCounter":
        self._flops.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._flops.__exit__(*error)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kind = func.overloadpacket
        if kind is _EMBEDDING:
            self._forward_tokens += args[1].numel()
        elif kind in _PRODUCTS:
            rows, weights = args[-2:]
            if weights.shape[1] == self._vocab_size and rows.shape[1] < self._vocab_size:
                self._head_rows += rows.shape[0] if weights.shape[0] == rows.shape[1] else 0
        return func(*args, **(kwargs or {}))

    def counts(self) -> StepCounts:
        """What was counted so far."""
        return StepCounts(self._forward_tokens, self._head_rows, self._flops.get_total_flops())
