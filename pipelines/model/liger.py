"""Liger's kernels in a `transformers` model: fused RMSNorm, SwiGLU, rotary embedding, and LM head with cross-entropy.

They keep fewer activations than torch's: a norm its input alone, SwiGLU its two factors, the loss no logits at all. On
GPUs only (Hsu et al., Liger Kernel, 2024, https://arxiv.org/abs/2410.10989).
"""

import importlib.util
from types import MethodType
from typing import Any

import torch
from torch.nn.functional import linear

from schemas.errors import ConfigError

# What `transformers` calls the models whose blocks are patched here; Liger knows more of them.
SUPPORTED = ("llama", "qwen3")


def require_liger(model_type: str) -> None:
    """Check that the kernels can run here.

    Raises:
        ConfigError: there is no GPU, the package is missing, or the model is not one that they are used for.
    """
    if model_type not in SUPPORTED:
        raise ConfigError(
            f"training.kernels is 'liger' and the model a {model_type!r}: they are used for {', '.join(SUPPORTED)}; "
            "give kernels: torch"
        )
    if not torch.cuda.is_available():
        raise ConfigError("training.kernels is 'liger' and this worker sees no GPU: give kernels: torch")
    if importlib.util.find_spec("liger_kernel") is None:
        raise ConfigError(
            "training.kernels is 'liger', which is not installed: pip install 'wardround[gpu]', or give kernels: torch"
        )


def use_liger(causal_lm: Any) -> None:
    """Patch a loaded model. Its LM head then takes labels too and returns their summed loss (see `_head`).

    Raises:
        ConfigError: the kernels cannot run here.
    """
    from transformers.integrations.liger import apply_liger_kernel

    require_liger(causal_lm.config.model_type)
    fused = {"rope": True, "rms_norm": True, "swiglu": True}
    apply_liger_kernel(causal_lm, {**fused, "cross_entropy": False, "fused_linear_cross_entropy": False})
    head = causal_lm.get_output_embeddings()
    # The head keeps its own call, so that ZeRO-3 gathers the weight around it.
    head.forward = MethodType(_head, head)


def _head(module: Any, hidden: torch.Tensor, labels: torch.Tensor | None = None) -> Any:
    """Logits; with labels, the sum of their negative log-likelihoods and how many were the most likely token.

    Both are float32 (1,): Liger computes the gradients in the forward pass, which is right for a sum and for no other
    weighting of the rows. The weight's gradient is summed up in float32 over the rows' chunks.
    """
    if labels is None:
        return linear(hidden, module.weight)
    from liger_kernel.transformers.functional import liger_fused_linear_cross_entropy

    output = liger_fused_linear_cross_entropy(
        hidden,
        module.weight,
        labels,
        reduction="sum",
        accum_dtype=torch.float32,
        return_token_accuracy=True,
    )
    return output.loss.reshape(1), (output.token_accuracy * len(labels)).detach().reshape(1)
