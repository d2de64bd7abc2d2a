"""Benchmark items: everything a model is scored on, in one format."""

import enum

import pyarrow as pa


class ItemKind(enum.StrEnum):
    """How an item is scored."""

    LIKELIHOOD = "likelihood"  # log-likelihood of `answer` after the prompt
    MULTIPLE_CHOICE = "multiple_choice"  # the choice with the highest log-likelihood against `answer`


BENCHMARK_ITEMS = pa.schema(
    [
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("task", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("system", pa.string(), nullable=False),
        pa.field("prompt", pa.string(), nullable=False),  # the user's turn; cut in the middle where it is too long
        pa.field("instruction", pa.string(), nullable=False),  # follows the prompt, never cut; "" for none
        pa.field("answer_prefix", pa.string(), nullable=False),  # begins the assistant's turn; "" for none
        pa.field("choices", pa.list_(pa.string())),  # null for likelihood items
        pa.field("answer", pa.string(), nullable=False),  # the text, or the right choice's text
        pa.field("group_id", pa.string(), nullable=False),  # patient or passage: intervals resample groups
    ]
)
