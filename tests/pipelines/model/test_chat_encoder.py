"""The template's tokens and no others; a loss on the answer and the stop token, exactly; cuts in the body alone."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from pipelines.model.chat import ChatEncoder, NoRoomForTargetError
from pipelines.model.tokenizer import load_tokenizer
from schemas.errors import InputError

SYSTEM = "You are a physician."
BODY = "Chest pain since morning. Sweating. No fever."
ASK = "Write the plan."
TARGET = "Likely infarction. Admit."


@pytest.fixture(scope="module")
def tokenizer(chat_model: Path) -> AutoTokenizer:
    return load_tokenizer(str(chat_model))


def _long_body(sentences: int) -> str:
    return " ".join(f"Finding number {index} was noted today." for index in range(sentences))


def test_ids_are_those_of_the_tokenizers_own_template(tokenizer: AutoTokenizer) -> None:
    encoded = ChatEncoder(tokenizer, 512).encode(SYSTEM, BODY, ASK, TARGET)
    messages = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{BODY}\n\n{ASK}"},
    ]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=False)
    assert encoded.input_ids[: encoded.num_prompt_tokens] == prompt
    whole = tokenizer.apply_chat_template(
        [*messages, {"role": "assistant", "content": TARGET}], tokenize=True, return_dict=False
    )
    assert encoded.input_ids == whole[: len(encoded.input_ids)]


def test_labels_decode_to_the_target_and_the_stop_token(tokenizer: AutoTokenizer) -> None:
    encoded = ChatEncoder(tokenizer, 512).encode(SYSTEM, BODY, ASK, TARGET)
    labels = [token for token, wanted in zip(encoded.input_ids, encoded.target_mask, strict=True) if wanted]
    assert tokenizer.decode(labels) == TARGET + "<|im_end|>"
    assert labels[-1] == tokenizer.eos_token_id
    unstopped = ChatEncoder(tokenizer, 512).encode(SYSTEM, BODY, ASK, TARGET, stop=False)
    assert unstopped.input_ids == encoded.input_ids[:-1]


def test_a_long_body_loses_its_middle_and_nothing_else(tokenizer: AutoTokenizer) -> None:
    encoder = ChatEncoder(tokenizer, 300)
    encoded = encoder.encode(SYSTEM, _long_body(80), ASK, TARGET)
    text = tokenizer.decode(encoded.input_ids)
    assert encoded.was_cut
    assert len(encoded.input_ids) <= 300
    assert text.startswith(f"<|im_start|>system\n{SYSTEM}<|im_end|>")
    assert "Finding number 0 was noted today." in text
    assert "Finding number 79 was noted today." in text
    assert "number 40 " not in text
    assert f"{ASK}<|im_end|>\n<|im_start|>assistant\n{TARGET}<|im_end|>" in text


def test_a_body_that_fits_is_not_touched(tokenizer: AutoTokenizer) -> None:
    encoder = ChatEncoder(tokenizer, 512)
    encoded = encoder.encode(SYSTEM, BODY, ASK, TARGET)
    assert not encoded.was_cut
    exact = ChatEncoder(tokenizer, len(encoded.input_ids)).encode(SYSTEM, BODY, ASK, TARGET)
    assert exact == encoded


def test_no_room_for_the_target_is_a_rejection(tokenizer: AutoTokenizer) -> None:
    with pytest.raises(NoRoomForTargetError):
        ChatEncoder(tokenizer, 120).encode(SYSTEM, _long_body(5), ASK, _long_body(30))


def test_an_answer_prefix_is_prompt(tokenizer: AutoTokenizer) -> None:
    encoded = ChatEncoder(tokenizer, 512).encode("", BODY, ASK, " sepsis", "The diagnosis is", stop=False)
    prompt = tokenizer.decode(encoded.input_ids[: encoded.num_prompt_tokens])
    assert prompt.endswith("<|im_start|>assistant\nThe diagnosis is")
    assert tokenizer.decode(encoded.input_ids[encoded.num_prompt_tokens :]) == " sepsis"


def test_a_template_without_an_end_token_is_refused(chat_model: Path) -> None:
    tokenizer = load_tokenizer(str(chat_model))
    tokenizer.chat_template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    with pytest.raises(InputError, match="eos_token"):
        ChatEncoder(tokenizer, 512).encode("", BODY, ASK, TARGET)
