"""A window of examples becomes the steps that train on it.

Examples are encoded, packed best fit, put in the epoch's order, and dealt to optimizer steps of `packs_per_step` packs.
The last step of a window is filled up with empty packs, so that every slot of every step has one and no example is
dropped to make shares equal. The cost is less than one step's packs a window.
"""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipelines.model.best_fit import best_fit_decreasing
from pipelines.model.chat import ChatEncoder, ControlTokenInTextError, EncodedExample, NoRoomForTargetError
from pipelines.packing.config import PackingConfig
from pipelines.packing.order import permutation
from schemas.errors import ConfigError
from schemas.packs import PACK_STREAM


@dataclass(frozen=True)
class WindowPosition:
    """Where a window stands in the run.

    Attributes:
        epoch: from 0.
        window: index in the epoch's order, from 0.
        progress_start: share of the run's rows before this window, 0..1.
        progress_end: the share after it.
    """

    epoch: int
    window: int
    progress_start: float
    progress_end: float


@dataclass(frozen=True)
class EncodedWindow:
    """Encoded examples of a window and what became of each row.

    Attributes:
        example_ids: of the examples that were encoded.
        encoded: their tokens.
        rejected: example id → reason code, of those that were not.
    """

    example_ids: list[str]
    encoded: list[EncodedExample]
    rejected: dict[str, str]


def encode_examples(examples: pa.Table, encoder: ChatEncoder, instruction: str) -> EncodedWindow:
    """Encode rows of the EXAMPLES schema; a row with no room for its target is rejected, not cut."""
    example_ids: list[str] = []
    encoded: list[EncodedExample] = []
    rejected: dict[str, str] = {}
    columns = ["example_id", "system", "prompt", "target"]
    for row in examples.select(columns).to_pylist():
        try:
            example = encoder.encode(row["system"], row["prompt"], instruction, row["target"])
        except NoRoomForTargetError:
            rejected[row["example_id"]] = "no_room_for_target"
            continue
        except ControlTokenInTextError:
            rejected[row["example_id"]] = "control_token_in_text"
            continue
        example_ids.append(row["example_id"])
        encoded.append(example)
    return EncodedWindow(example_ids, encoded, rejected)


def pack_window(window: EncodedWindow, config: PackingConfig, position: WindowPosition, seed: int) -> pa.Table:
    """Pack a window.

    Returns:
        Rows of the PACK_STREAM schema, one per slot; no rows where the window has no example.
    """
    lengths = [len(example.input_ids) for example in window.encoded]
    if not lengths:
        return PACK_STREAM.empty_table()
    packs = best_fit_decreasing(lengths, config.pack_tokens)
    first_ids = [window.example_ids[documents[0]] for documents in packs]
    packs = [packs[index] for index in permutation(first_ids, seed, position.epoch)]
    num_slots = config.packs_per_step
    num_steps = -(-len(packs) // num_slots)
    packs += [[] for _ in range(num_steps * num_slots - len(packs))]
    shares: list[list[dict[str, Any]]] = [[] for _ in range(num_slots)]
    span = position.progress_end - position.progress_start
    for step in range(num_steps):
        members = packs[step * num_slots : (step + 1) * num_slots]
        target_tokens = sum(
            lengths[document] - window.encoded[document].num_prompt_tokens for pack in members for document in pack
        )
        progress = position.progress_start + span * (step + 1) / num_steps
        for slot, documents in enumerate(members):
            shares[slot].append(_pack_row(window, documents, target_tokens, progress))
    rows = [
        {"epoch": position.epoch, "window": position.window, "slot": slot, "packs": share}
        for slot, share in enumerate(shares)
    ]
    return pa.Table.from_pylist(rows, schema=PACK_STREAM)


def _pack_row(
    window: EncodedWindow, documents: list[int], step_target_tokens: int, step_progress: float
) -> dict[str, Any]:
    encoded = [window.encoded[document] for document in documents]
    if not encoded:  # a filler: one token that nothing is learnt from
        encoded = [EncodedExample([0], 1, was_cut=False)]
    return {
        "input_ids": [token for example in encoded for token in example.input_ids],
        "target_mask": [flag for example in encoded for flag in example.target_mask],
        "document_lengths": [len(example.input_ids) for example in encoded],
        "example_ids": [window.example_ids[document] for document in documents] or [""],
        "step_target_tokens": step_target_tokens,
        "step_progress": step_progress,
    }


def require_divisible(config: PackingConfig, num_workers: int) -> None:
    """Check that every worker gets the same number of packs a step.

    Raises:
        ConfigError: `packs_per_step` is not a multiple of the workers.
    """
    if config.packs_per_step % num_workers:
        raise ConfigError(
            f"packing.packs_per_step is {config.packs_per_step}, which {num_workers} workers cannot share equally: "
            "give a multiple of training.num_workers"
        )
