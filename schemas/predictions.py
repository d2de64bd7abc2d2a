"""Predictions: one row per model, task and item, error rows included."""

import pyarrow as pa

PREDICTIONS = pa.schema(
    [
        pa.field("model", pa.string(), nullable=False),  # a role such as "base", not a path
        pa.field("task", pa.string(), nullable=False),
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("group_id", pa.string(), nullable=False),
        pa.field("prompt_sha256", pa.string(), nullable=False),  # of the rendered prompt: what was compared is equal
        pa.field("choice_loglikelihoods", pa.list_(pa.float64())),  # nats, order of the item's choices
        pa.field("choice_num_tokens", pa.list_(pa.int64())),
        pa.field("loglikelihood", pa.float64()),  # nats, of the answer (likelihood items)
        pa.field("num_tokens", pa.int64()),  # of the answer (likelihood items)
        pa.field("parsed", pa.string()),  # the chosen answer
        pa.field("answer", pa.string()),  # gold; null for likelihood items, whose answer is note text
        pa.field("correct", pa.bool_()),
        pa.field("error", pa.string()),  # a code; never text
    ]
)
