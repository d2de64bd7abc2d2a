"""Starts N ranks of real gloo training on this machine, as a distributed test needs them."""

import functools
import json
import multiprocessing
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
import torch.multiprocessing

from pipelines.model.chat import ChatEncoder
from pipelines.model.tokenizer import load_tokenizer
from pipelines.packing.config import PackingConfig
from pipelines.packing.window import WindowPosition, encode_examples, pack_window
from pipelines.stage.output import MANIFEST
from pipelines.training import loop
from pipelines.training.config import TrainingConfig
from pipelines.training.engine import start_process_group
from pipelines.training.state import TrainState
from pipelines.training.step_log import LOG
from pipelines.training.stream import steps_of_rank

NUM_SLOTS = 4
PACKING = PackingConfig(pack_tokens=160, packs_per_step=NUM_SLOTS, window_examples=30)
WORDS = ["chest", "pain", "fever", "cough", "plan", "admit", "heparin", "troponin", "likely", "sepsis"]


@functools.cache
def stream_rows(model: Path, num_epochs: int = 1) -> list[dict[str, Any]]:
    """PACK_STREAM rows of two windows an epoch, in the order in which Ray Data would send them."""
    encoder = ChatEncoder(load_tokenizer(str(model)), PACKING.pack_tokens)
    generator = torch.Generator().manual_seed(11)

    def words(most: int) -> str:
        count = int(torch.randint(3, most, (1,), generator=generator))
        return " ".join(WORDS[i] for i in torch.randint(0, len(WORDS), (count,), generator=generator).tolist()) + "."

    examples = pa.table(
        {
            "example_id": [f"e{i}" for i in range(60)],
            "system": [""] * 60,
            "prompt": [words(30) for _ in range(60)],
            "target": [words(12) for _ in range(60)],
        }
    )
    rows: list[dict[str, Any]] = []
    for epoch in range(num_epochs):
        for window in range(2):
            share = 1 / (2 * num_epochs)
            start = (2 * epoch + window) * share
            position = WindowPosition(epoch, window, start, start + share)
            encoded = encode_examples(examples.slice(30 * window, 30), encoder, "Plan?")
            rows += pack_window(encoded, PACKING, position, seed=3).to_pylist()
    return rows


@dataclass(frozen=True)
class Run:
    """What a run left behind."""

    directory: Path

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.directory / LOG).read_text().splitlines()]

    @property
    def has_log(self) -> bool:
        return (self.directory / LOG).exists()

    @property
    def manifests(self) -> list[dict[str, Any]]:
        """Of the committed checkpoints that are still there, in the order of the run."""
        return [json.loads(path.read_text()) for path in sorted(self.directory.glob(f"checkpoint_*/{MANIFEST}"))]

    @property
    def losses(self) -> list[float]:
        return [entry["loss"] for entry in self.log if entry["kind"] == "step"]


def _rank(rank: int, world_size: int, port: int, job: loop.TrainJob, rows: list[dict[str, Any]], die_at: int) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank))
    os.environ.update(WORLD_SIZE=str(world_size), LOCAL_RANK=str(rank))
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=world_size)
    start_process_group()
    own = [row for row in rows if row["slot"] % world_size == rank]
    first_epoch = [row for row in own if row["epoch"] == 0]
    packs = [p for s in steps_of_rank(first_epoch, rank, world_size, NUM_SLOTS, TrainState()) for p in s.packs]

    def steps_from(state: TrainState) -> Any:
        left = [row for row in own if (row["epoch"], row["window"]) >= (state.epoch, state.window)]
        for number, step in enumerate(steps_of_rank(left, rank, world_size, NUM_SLOTS, state), state.step + 1):
            if number == die_at:
                os._exit(9)  # as a kill would: nothing is flushed, closed or said
            yield step

    loop.run(job, steps_from, packs, lambda metrics, checkpoint: None)


def start(model: Path, directory: Path, world_size: int, die_at: int = 0, epochs: int = 1, **settings: Any) -> Run:
    """Train in `directory`, resuming what is there.

    Args:
        model: to start from.
        directory: of the run.
        world_size: ranks, a process each.
        die_at: the step before which every rank ends as a kill would end it; 0 for never.
        epochs: over the rows of `stream_rows`.
        settings: of TrainingConfig.
    """
    defaults = {"learning_rate": 1e-3, "validate_every_steps": 5, "checkpoint_every_steps": 3}
    config = TrainingConfig(num_workers=world_size, epochs=epochs, **(defaults | settings))
    job = loop.TrainJob(
        model_path=str(model),
        dtype="float32",
        config=config,
        num_slots=NUM_SLOTS,
        run_directory=str(directory),
        identity="test",
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = (world_size, port, job, stream_rows(model, epochs), die_at)
    # A forked server has done the slow imports once; a plain fork of this process could deadlock in its threads.
    multiprocessing.set_forkserver_preload(["deepspeed", "gloo_ranks", "transformers.models.qwen3.modeling_qwen3"])
    torch.multiprocessing.start_processes(_rank, args=arguments, nprocs=world_size, start_method="forkserver")
    return Run(directory)
