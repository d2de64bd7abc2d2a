"""The demo's model: a Qwen3 of about two million random parameters, with a tokenizer made from the notes themselves.

It knows nothing, so whatever it scores later it has learnt from the notes. Nothing is downloaded, the chat format is
that of Qwen's instruct models, and the same settings and texts give the same bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from schemas.errors import ConfigError

PAD, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
_NUM_BYTES = 256

# One turn is `<|im_start|>role\ncontent<|im_end|>\n`; the system turn stands only where there is a system message.
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)


@dataclass(frozen=True, kw_only=True)
class TinyModelConfig:
    """Shape of the demo's model; the defaults give about 2.2 million parameters.

    Attributes:
        vocab_size: the most tokens that the tokenizer may learn, bytes and special tokens included.

    Raises:
        ConfigError: a value is out of its range or contradicts another.
    """

    vocab_size: int = 3072
    hidden_size: int = 192
    intermediate_size: int = 512
    num_layers: int = 4
    num_heads: int = 4
    num_kv_heads: int = 2
    head_dim: int = 48
    max_position_embeddings: int = 2048
    seed: int = 17

    def __post_init__(self) -> None:
        smallest = _NUM_BYTES + 3
        if self.vocab_size < smallest:
            raise ConfigError(f"tiny_model.vocab_size is {self.vocab_size}: bytes and special tokens need {smallest}")
        for name in ("hidden_size", "intermediate_size", "num_layers", "num_heads", "num_kv_heads", "head_dim"):
            if getattr(self, name) < 1:
                raise ConfigError(f"tiny_model.{name} is {getattr(self, name)}: give at least 1")
        if self.max_position_embeddings < 1:
            raise ConfigError(f"tiny_model.max_position_embeddings is {self.max_position_embeddings}: give at least 1")
        if self.num_heads % self.num_kv_heads:
            raise ConfigError(
                f"tiny_model.num_kv_heads is {self.num_kv_heads}: give a divisor of num_heads, {self.num_heads}"
            )
        if self.head_dim % 2:
            raise ConfigError(f"tiny_model.head_dim is {self.head_dim}: rotary positions need an even number")


def write_model(config: TinyModelConfig, texts: Iterable[str], directory: Path) -> Path:
    """Write tokenizer and model so that `AutoTokenizer` and `AutoModelForCausalLM` load them from the directory.

    Args:
        texts: what the tokenizer learns its merges from; order does not matter.
        directory: made where it does not exist.

    Returns:
        `directory`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(config, texts)
    tokenizer.save_pretrained(directory)
    model_config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=config.hidden_size,
        intermediate_size=config.intermediate_size,
        num_hidden_layers=config.num_layers,
        num_attention_heads=config.num_heads,
        num_key_value_heads=config.num_kv_heads,
        head_dim=config.head_dim,
        max_position_embeddings=config.max_position_embeddings,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):  # the caller's random stream stays as it was
        torch.manual_seed(config.seed)
        model = Qwen3ForCausalLM(model_config).to(torch.float32)
    model.generation_config = GenerationConfig(
        do_sample=False, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    model.save_pretrained(directory)
    return directory


def _tokenizer(config: TinyModelConfig, texts: Iterable[str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=config.vocab_size,
        special_tokens=[PAD, TURN_START, TURN_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=TURN_END,
        pad_token=PAD,
        additional_special_tokens=[TURN_START],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=config.max_position_embeddings,
    )
