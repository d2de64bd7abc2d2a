"""Loading a model's own tokenizer. Imports no torch: packing needs none."""

from typing import Any

from schemas.errors import InputError


def load_tokenizer(path: str, gguf_file: str | None = None) -> Any:
    """The model's own fast tokenizer.

    Raises:
        InputError: it cannot be loaded, or has no chat template or end token.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(path, **({"gguf_file": gguf_file} if gguf_file else {}))
    except (OSError, ValueError) as error:
        raise InputError(f"no tokenizer could be loaded from {path!r} ({type(error).__name__})") from error
    if tokenizer.chat_template is None:
        raise InputError(f"the tokenizer of {path!r} has no chat template: use an instruct model")
    if tokenizer.eos_token_id is None:
        raise InputError(f"the tokenizer of {path!r} has no end-of-turn token (eos_token)")
    return tokenizer
