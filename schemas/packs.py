"""Packs: several tokenised documents in one training sequence, and the stream that carries them.

A row of the stream is one slot's share of a window: for each optimizer step of the window, one pack. With
`num_slots` packs a step and W workers (W divides `num_slots`), worker r trains slots r, r + W, ... of every step, so a
step holds the same packs for any W. Position ids restart with each document and follow from `document_lengths`.
"""

import pyarrow as pa

PACK = pa.struct(
    [
        pa.field("input_ids", pa.list_(pa.int32()), nullable=False),  # (num_tokens,)
        pa.field("target_mask", pa.list_(pa.bool_()), nullable=False),  # (num_tokens,) True where loss is taken
        pa.field("document_lengths", pa.list_(pa.int32()), nullable=False),  # (num_documents,), sums to num_tokens
        pa.field("example_ids", pa.list_(pa.string()), nullable=False),  # (num_documents,)
        pa.field("step_target_tokens", pa.int64(), nullable=False),  # of all slots of this step: the loss divisor
        pa.field("step_progress", pa.float64(), nullable=False),  # share of the run's rows consumed after this step
    ]
)

PACK_STREAM = pa.schema(
    [
        pa.field("epoch", pa.int64(), nullable=False),
        pa.field("window", pa.int64(), nullable=False),  # index in the epoch's order
        pa.field("slot", pa.int64(), nullable=False),
        pa.field("packs", pa.list_(PACK), nullable=False),  # (num_steps of the window,)
    ]
)
