"""Documents in a pack do not see each other, and the loss is taken on target tokens alone."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoModelForCausalLM

from pipelines.model import packed
from pipelines.model.attention import DocumentLayout, per_document_attention
from pipelines.model.load import load_model
from pipelines.model.packed import Pack, PackedModel, score_documents

LENGTHS = [17, 5, 30]


@pytest.fixture(scope="module")
def model(chat_model: Path) -> PackedModel:
    return PackedModel(load_model(str(chat_model), "float32")).eval()


@pytest.fixture(scope="module")
def plain(chat_model: Path) -> AutoModelForCausalLM:
    return AutoModelForCausalLM.from_pretrained(chat_model, attn_implementation="eager").eval()


def _pack(seed: int = 0, lengths: list[int] = LENGTHS) -> Pack:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, 400, (sum(lengths),), generator=generator)
    mask = torch.zeros(sum(lengths), dtype=torch.bool)
    start = 0
    for length in lengths:
        mask[start + length // 2 : start + length] = True
        start += length
    return Pack(ids, mask, lengths, [f"d{index}" for index in range(len(lengths))])


def _alone(plain: AutoModelForCausalLM, ids: torch.Tensor, first_target: int) -> float:
    with torch.no_grad():
        logits = plain(ids.unsqueeze(0)).logits[0].log_softmax(dim=-1)
    rows = torch.arange(first_target, len(ids))
    return float(-logits[rows - 1, ids[rows]].sum())


def test_packed_loss_is_the_sum_of_the_single_losses(model: PackedModel, plain: AutoModelForCausalLM) -> None:
    pack = _pack()
    scores = score_documents(model, pack)
    documents = pack.input_ids.split(LENGTHS)
    for score, ids in zip(scores, documents, strict=True):
        assert score.nll == pytest.approx(_alone(plain, ids, len(ids) // 2), abs=1e-3)
        assert score.num_targets == len(ids) - len(ids) // 2


def test_changing_one_document_moves_nothing_in_another(model: PackedModel) -> None:
    pack = _pack()
    changed_ids = pack.input_ids.clone()
    changed_ids[: LENGTHS[0]] = changed_ids[: LENGTHS[0]].flip(0)
    before = score_documents(model, pack)
    after = score_documents(model, Pack(changed_ids, pack.target_mask, LENGTHS, pack.document_ids))
    assert before[0].nll != pytest.approx(after[0].nll, abs=1e-3)
    assert before[1:] == after[1:]


def test_a_long_list_of_targets_goes_through_the_head_in_pieces(
    model: PackedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = _pack()
    whole = model(pack.input_ids, pack.target_mask, LENGTHS)[0]
    gradient = torch.autograd.grad(whole.sum(), model.causal_lm.get_input_embeddings().weight)[0]
    monkeypatch.setattr(packed, "HEAD_CHUNK_TOKENS", 7)
    pieces = model(pack.input_ids, pack.target_mask, LENGTHS)[0]
    assert torch.allclose(whole, pieces, atol=1e-6)
    in_pieces = torch.autograd.grad(pieces.sum(), model.causal_lm.get_input_embeddings().weight)[0]
    assert torch.allclose(gradient, in_pieces, atol=1e-5)


def test_a_filler_pack_has_no_loss_and_reaches_every_parameter(chat_model: Path) -> None:
    model = PackedModel(load_model(str(chat_model), "float32"))
    nll, correct = model(torch.tensor([0]), torch.tensor([False]), [1])
    assert nll.numel() == 0
    assert correct.numel() == 0
    nll.sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert all(float(parameter.grad.abs().sum()) == 0.0 for parameter in model.parameters())


def test_another_attention_is_refused(plain: AutoModelForCausalLM) -> None:
    with pytest.raises(ValueError, match="per_document"):
        PackedModel(plain)


def test_attention_refuses_what_would_be_wrong_silently() -> None:
    query = torch.zeros(1, 2, 6, 4)
    layout = DocumentLayout.of([6], query.device)
    with pytest.raises(ValueError, match="no attention mask"):
        per_document_attention(torch.nn.Identity(), query, query, query, torch.ones(1, 6), layout=layout)
    with pytest.raises(ValueError, match="layout"):
        per_document_attention(torch.nn.Identity(), query, query, query, None)
    with pytest.raises(ValueError, match="sliding window of 4"):
        per_document_attention(torch.nn.Identity(), query, query, query, None, sliding_window=4, layout=layout)


class _ElementCount(TorchDispatchMode):
    """Counts the elements of all tensors that are made while it is entered."""

    elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        results = func(*args, **(kwargs or {}))
        for result in results if isinstance(results, tuple | list) else [results]:
            self.elements += result.numel() if isinstance(result, torch.Tensor) else 0
        return results


def test_the_gradient_of_a_document_is_not_as_long_as_its_pack() -> None:
    def elements_of_backward(lengths: list[int]) -> int:
        query, key, value = (torch.randn(1, heads, sum(lengths), 8, requires_grad=True) for heads in (4, 2, 2))
        layout = DocumentLayout.of(lengths, query.device)
        output, _ = per_document_attention(torch.nn.Identity(), query, key, value, None, layout=layout)
        with _ElementCount() as count:
            output.sum().backward()
        return count.elements

    assert elements_of_backward([8] * 32) < 2 * elements_of_backward([256])
