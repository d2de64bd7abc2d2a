"""From rows of the pack stream to this rank's packs of each optimizer step."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch

from pipelines.model.packed import Pack
from pipelines.training.state import TrainState
from schemas.errors import LedgerError


@dataclass(frozen=True)
class StepPacks:
    """What a rank trains on in one optimizer step.

    Attributes:
        packs: this rank's packs, one micro-batch each.
        step_target_tokens: target tokens of all ranks' packs: the loss divisor.
        after: the run's position once the step is done (its counters of steps and tokens left as they were).
    """

    packs: list[Pack]
    step_target_tokens: int
    after: TrainState


def steps_of_rank(
    rows: Iterable[dict[str, Any]], rank: int, world_size: int, num_slots: int, start: TrainState
) -> Iterator[StepPacks]:
    """Assemble windows from their slots' shares and yield the steps after `start`.

    Args:
        rows: rows of PACK_STREAM that this rank was sent, in order.
        rank: of this worker.
        world_size: number of workers; divides `num_slots`.
        num_slots: packs of a step over all workers.
        start: position to go on from; earlier steps of its window are skipped.

    Raises:
        LedgerError: a window's share is missing, twice there or another rank's, or the rows do not begin with the
            window that was under way. Training on them would be wrong.
    """
    slots_per_rank = num_slots // world_size
    expected = set(range(rank, num_slots, world_size))
    pending: list[dict[str, Any]] = []
    last: tuple[int, int] | None = None
    for row in rows:
        pending.append(row)
        if len(pending) < slots_per_rank:
            continue
        positions = {(r["epoch"], r["window"]) for r in pending}
        slots = {r["slot"] for r in pending}
        if len(positions) != 1 or slots != expected:
            raise LedgerError(f"rank {rank} was sent slots {sorted(slots)} of windows {sorted(positions)}")
        (position,) = positions
        under_way = (start.epoch, start.window)
        if last is None and start.step_in_window and position != under_way:
            # The stream was made for another checkpoint than was loaded: rows would be left out or come twice.
            raise LedgerError(f"rank {rank} is in window {under_way} and was sent window {position} first")
        if last is not None and position <= last:
            raise LedgerError(f"rank {rank} was sent window {position} after {last}")
        last = position
        shares = [row["packs"] for row in sorted(pending, key=lambda r: r["slot"])]
        pending = []
        yield from _steps_of_window(shares, position, start)
    if pending:
        raise LedgerError(f"rank {rank}: the stream ended inside a window")


def _steps_of_window(
    shares: list[list[dict[str, Any]]], position: tuple[int, int], start: TrainState
) -> Iterator[StepPacks]:
    done = start.step_in_window if position == (start.epoch, start.window) else 0
    for index in range(done, len(shares[0])):
        members = [share[index] for share in shares]
        after = replace(
            start,
            epoch=position[0],
            window=position[1],
            step_in_window=index + 1,
            progress=members[0]["step_progress"],
        )
        yield StepPacks([to_pack(member) for member in members], members[0]["step_target_tokens"], after)


def to_pack(row: dict[str, Any]) -> Pack:
    """A pack of tensors from a value of the PACK struct."""
    return Pack(
        input_ids=torch.tensor(row["input_ids"], dtype=torch.int64),
        target_mask=torch.tensor(row["target_mask"], dtype=torch.bool),
        document_lengths=list(row["document_lengths"]),
        document_ids=list(row["example_ids"]),
    )
