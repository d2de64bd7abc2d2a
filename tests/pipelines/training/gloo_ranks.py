"""Starts N ranks of real gloo training on this machine, as a distributed test needs them."""

import errno
import functools
import json
import multiprocessing
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
import torch.multiprocessing

from pipelines.model.chat import ChatEncoder
from pipelines.model.packed import DocumentScore
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
from pipelines.training.validation import likelihood_metrics

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


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What happens to a run on its way.

    Attributes:
        die_at: the step before which every rank ends as a kill would end it; 0 for never.
        die_on: an audit event of Python's and the end of the path that it is about, such as ("os.rename",
            "checkpoint_00000003/manifest.json"): the rank that is about to do this is killed.
        fails: it is not killed; what it is about to do fails, as on a broken disk.
        tear: a file, by the end of its path, of which half is cut off at that moment, as a power cut would.
        notice_at: the step after which there is a notice that a machine will be taken away; 0 for none.
    """

    die_at: int = 0
    die_on: tuple[str, str] | None = None
    fails: bool = False
    tear: str = ""
    notice_at: int = 0


def _await(directory: Path, fate: Fate) -> None:
    assert fate.die_on is not None
    fatal_event, end_of_path = fate.die_on

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != fatal_event or not any(str(argument).endswith(end_of_path) for argument in arguments):
            return
        if fate.fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO), end_of_path)
        for file in directory.rglob("*"):
            if fate.tear and str(file).endswith(fate.tear):
                os.truncate(file, file.stat().st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def _metrics(scores: list[DocumentScore]) -> dict[str, float]:
    """Those of the likelihood, and a draw: it tells whether a resumed run goes on with the same random numbers."""
    return {**likelihood_metrics(scores), "draw": float(torch.rand(()))}


def _rank(rank: int, world_size: int, port: int, job: loop.TrainJob, rows: list[dict[str, Any]], fate: Fate) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank))
    os.environ.update(WORLD_SIZE=str(world_size), LOCAL_RANK=str(rank))
    torch.set_num_threads(job.config.cpus_per_worker)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=world_size)
    start_process_group()
    if fate.die_on:
        _await(job.directory, fate)
    own = [row for row in rows if row["slot"] % world_size == rank]
    first_epoch = [row for row in own if row["epoch"] == 0]
    packs = [p for s in steps_of_rank(first_epoch, rank, world_size, NUM_SLOTS, TrainState()) for p in s.packs]

    steps_begun = 0

    def steps_from(state: TrainState) -> Any:
        nonlocal steps_begun
        left = [row for row in own if (row["epoch"], row["window"]) >= (state.epoch, state.window)]
        for steps_begun, step in enumerate(steps_of_rank(left, rank, world_size, NUM_SLOTS, state), state.step + 1):
            if steps_begun == fate.die_at:
                os._exit(9)  # as a kill would: nothing is flushed, closed or said
            yield step

    loop.run(job, steps_from, packs, lambda metrics: None, lambda: steps_begun == fate.notice_at)


def start(
    model: Path,
    directory: Path,
    world_size: int,
    epochs: int = 1,
    fate: Fate | None = None,
    dtype: str = "float32",
    rows: list[dict[str, Any]] | None = None,
    **settings: Any,
) -> Run:
    """Train in `directory`, resuming what is there.

    Args:
        model: to start from.
        directory: of the run.
        world_size: ranks, a process each.
        epochs: over the rows of `stream_rows`.
        fate: what happens to it; null for nothing.
        dtype: of the weights.
        rows: of the stream, in place of those of `stream_rows`.
        settings: of TrainingConfig.
    """
    defaults = {"learning_rate": 1e-3, "validate_every_steps": 5, "checkpoint_every_steps": 3}
    config = TrainingConfig(num_workers=world_size, epochs=epochs, **(defaults | settings))
    job = loop.TrainJob(
        model_path=str(model),
        dtype=dtype,
        config=config,
        num_slots=NUM_SLOTS,
        run_directory=str(directory),
        identity="test",
        validation_metrics=_metrics,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = (world_size, port, job, rows or stream_rows(model, epochs), fate or Fate())
    # A forked server has done the slow imports once; a plain fork of this process could deadlock in its threads.
    multiprocessing.set_forkserver_preload(["deepspeed", "gloo_ranks", "transformers.models.qwen3.modeling_qwen3"])
    torch.multiprocessing.start_processes(_rank, args=arguments, nprocs=world_size, start_method="forkserver")
    return Run(directory)
