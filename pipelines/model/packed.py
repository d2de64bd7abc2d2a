"""A causal language model over packed documents: negative log-likelihood of the target tokens alone.

The LM head runs only where a target is predicted; a prompt's tokens never reach it. Training, validation and scoring
all go through this one forward pass, so a loss and a score of the same text are the same number.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint

from pipelines.model.attention import PER_DOCUMENT, DocumentLayout

# Target tokens whose logits are held at once: 4096 x 152K vocabulary x 4 bytes = 2.5 GB.
HEAD_CHUNK_TOKENS = 4096


@dataclass(frozen=True)
class Pack:
    """One packed sequence.

    Attributes:
        input_ids: int64 (num_tokens,).
        target_mask: bool (num_tokens,), True for the tokens that are predicted and scored.
        document_lengths: tokens of each document.
        document_ids: an id for each document.
    """

    input_ids: torch.Tensor
    target_mask: torch.Tensor
    document_lengths: list[int]
    document_ids: list[str]


# What stands before the `transformers` model's own names of its weights in a PackedModel's.
WRAPPER_PREFIX = "causal_lm."


class PackedModel(torch.nn.Module):
    """Wraps a `transformers` causal LM whose attention is PER_DOCUMENT.

    Args:
        causal_lm: the model.
        has_fused_loss: its LM head takes labels and returns sums, as `use_liger` makes it; in training they are used.

    Raises:
        ValueError: the model attends in another way, so that documents would see each other.
    """

    def __init__(self, causal_lm: Any, *, has_fused_loss: bool = False):
        super().__init__()
        if not causal_lm.config._attn_implementation.startswith(PER_DOCUMENT):
            raise ValueError(f"load the model with attn_implementation={PER_DOCUMENT!r}")
        self.causal_lm: Any = causal_lm
        self._has_fused_loss = has_fused_loss

    def forward(
        self, input_ids: torch.Tensor, target_mask: torch.Tensor, document_lengths: list[int]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Score a pack.

        Args:
            input_ids: int64 (num_tokens,).
            target_mask: bool (num_tokens,); never True on a document's first token.
            document_lengths: tokens of each document; they sum to num_tokens.

        Returns:
            Negative log-likelihood in nats, float32 (num_targets,), and whether the most likely token was the
            target, bool (num_targets,), both in the order of the tokens. A fused loss gives their sums in training,
            both float32 (1,).
        """
        hidden = self.hidden_states(input_ids, document_lengths)
        targets = target_mask.nonzero().squeeze(1)
        if targets.numel() == 0:
            # A filler pack: no target, but every parameter stays in the graph, as ZeRO-3's collectives need.
            nothing = self.causal_lm.get_output_embeddings()(hidden[:1]).sum(dim=1)[:0]
            return nothing.float() + hidden.sum() * 0.0, torch.zeros(0, dtype=torch.bool, device=hidden.device)
        return self.loss(hidden[targets - 1], input_ids[targets])

    def hidden_states(self, input_ids: torch.Tensor, document_lengths: list[int]) -> torch.Tensor:
        """What stands before the LM head, (num_tokens, hidden_size)."""
        layout = DocumentLayout.of(document_lengths, input_ids.device)
        hidden: torch.Tensor = self.causal_lm.base_model(
            input_ids=input_ids.unsqueeze(0),
            position_ids=layout.position_ids(),
            use_cache=False,
            layout=layout,
        ).last_hidden_state[0]
        return hidden

    def loss(self, predictors: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What `forward` returns, from the hidden states (num_targets, hidden_size) that predict the labels."""
        if self._has_fused_loss and torch.is_grad_enabled():
            sums: tuple[torch.Tensor, torch.Tensor] = self.causal_lm.get_output_embeddings()(predictors, labels)
            return sums
        if len(labels) <= HEAD_CHUNK_TOKENS:
            return self._head(predictors, labels)
        parts = [
            checkpoint(self._head, rows, chunk, use_reentrant=False)
            for rows, chunk in zip(predictors.split(HEAD_CHUNK_TOKENS), labels.split(HEAD_CHUNK_TOKENS), strict=True)
        ]
        return torch.cat([nll for nll, _ in parts]), torch.cat([hit for _, hit in parts])

    def _head(self, hidden: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits = self.causal_lm.get_output_embeddings()(hidden).float()
        return cross_entropy(logits, labels, reduction="none"), logits.detach().argmax(dim=-1) == labels


@dataclass(frozen=True)
class DocumentScore:
    """Sums over one document's target tokens: `nll` in nats, and two counts."""

    document_id: str
    nll: float
    num_targets: int
    num_correct: int


@torch.no_grad()
def score_documents(model: torch.nn.Module, pack: Pack) -> list[DocumentScore]:
    """Score each document of a pack by itself.

    Args:
        model: a PackedModel, or an engine around one, in evaluation mode.
        pack: documents; those without a target token score zero over zero tokens.
    """
    device = next(model.parameters()).device
    nll, correct = model(pack.input_ids.to(device), pack.target_mask.to(device), pack.document_lengths)
    owner = torch.repeat_interleave(torch.arange(len(pack.document_lengths)), torch.tensor(pack.document_lengths))
    owner = owner[pack.target_mask.cpu()]
    num_documents = len(pack.document_ids)
    sums = torch.zeros(num_documents, dtype=torch.float64).index_add_(0, owner, nll.double().cpu())
    hits = torch.zeros(num_documents, dtype=torch.int64).index_add_(0, owner, correct.long().cpu())
    counts = torch.bincount(owner, minlength=num_documents)
    return [
        DocumentScore(document_id, float(sums[i]), int(counts[i]), int(hits[i]))
        for i, document_id in enumerate(pack.document_ids)
    ]
