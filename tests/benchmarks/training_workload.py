"""What the training benchmarks train: a small Qwen3 in Qwen3-4B's proportions, and documents that vary as notes do.

Qwen3-4B has attention 1.6 times and feed-forward layers 3.8 times as wide as its hidden state, four query heads to a
key head, and 9.7 % of its matrix products in the LM head; so has this one of 5.3 million parameters. Notes have some
1,200 tokens, lognormal with a coefficient of variation of 0.8; the documents here have 200, so that a step takes
seconds on a CPU, a quarter of them target. Words are made up and weights are random: only speed can be learnt here.
"""

import math
import os
import random
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from turns import Turns

from pipelines.flows.pack_stream import PackerConfig, Window, WindowPacker, example_parts, windows_of_run
from pipelines.model.best_fit import best_fit_decreasing
from pipelines.model.chat import ChatEncoder, EncodedExample
from pipelines.model.tokenizer import load_tokenizer
from pipelines.packing.config import PackingConfig
from pipelines.packing.window import EncodedWindow, WindowPosition, encode_examples, pack_window
from pipelines.stage.output import write_table
from pipelines.synthetic.model import TinyModelConfig, write_model
from pipelines.training import loop
from pipelines.training.config import TrainingConfig
from pipelines.training.engine import start_process_group
from pipelines.training.state import TrainState
from pipelines.training.stream import StepPacks, steps_of_rank
from schemas.examples import EXAMPLES
from schemas.notes import Split

SHAPE = TinyModelConfig(
    vocab_size=2048,
    hidden_size=256,
    intermediate_size=960,
    num_layers=5,
    num_heads=12,
    num_kv_heads=3,
    head_dim=32,
    max_position_embeddings=4096,
)
MEAN_TOKENS = 200
VARIATION = 0.8
TARGET_SHARE = 0.25
LEARNING_RATE = 3e-4
LONGEST_DOCUMENT = 1024  # the encoder cuts the few that are longer
_TEMPLATE_TOKENS = 22
_INSTRUCTION = "Plan?"


@dataclass(frozen=True)
class Workload:
    """A model's directory and the documents, as `prepare` would have left them."""

    model: Path
    examples: pa.Table

    def encoded(self) -> list[EncodedExample]:
        """The documents as tokens."""
        encoder = ChatEncoder(load_tokenizer(str(self.model)), LONGEST_DOCUMENT)
        return encode_examples(self.examples, encoder, _INSTRUCTION).encoded


def written(directory: Path, num_documents: int, seed: int = 7) -> Workload:
    """Write the model; make the documents. Equal arguments give equal bytes."""
    rng = random.Random(seed)
    words = sorted({"".join(rng.choice("bdfglmnprst") + rng.choice("aeiou") for _ in range(3)) for _ in range(1500)})
    model = write_model(SHAPE, [" ".join(words)] * 50, directory / "model")
    tokenizer = load_tokenizer(str(model))
    if len(tokenizer) != SHAPE.vocab_size:
        raise ValueError(f"the words give fewer than {SHAPE.vocab_size} tokens: the LM head would be too small")
    words_per_token = len(words) / len(tokenizer(" ".join(words)).input_ids)
    spread = math.sqrt(math.log(1 + VARIATION**2))

    def text(num_tokens: float) -> str:
        return " ".join(rng.choices(words, k=max(2, round(num_tokens * words_per_token)))) + "."

    rows = []
    for index in range(num_documents):
        length = rng.lognormvariate(math.log(MEAN_TOKENS) - spread**2 / 2, spread)
        length = max(length - _TEMPLATE_TOKENS, 8)
        rows.append(
            dict.fromkeys(("note_id", "patient_id", "example_id"), f"{index:06d}")
            | {"split": Split.TRAIN.value, "system": "", "sections": [], "source_file": "made", "source_row": index}
            | {"prompt": text(length * (1 - TARGET_SHARE)), "target": text(length * TARGET_SHARE)}
        )
    return Workload(model, pa.Table.from_pylist(rows, schema=EXAMPLES))


def packed_steps(documents: list[EncodedExample], steps: list[list[int]], packs_per_step: int) -> pa.Table:
    """PACK_STREAM rows that train on the given documents in each step, in the smallest packs that hold them.

    A step is a window of its own, packed as the product packs.
    """
    tables = []
    for number, step in enumerate(steps):
        window = EncodedWindow([str(index) for index in step], [documents[index] for index in step], {})
        position = WindowPosition(0, number, number / len(steps), (number + 1) / len(steps))
        lengths = [len(document.input_ids) for document in window.encoded]
        pack_tokens = max(-(-sum(lengths) // packs_per_step), *lengths)
        while len(best_fit_decreasing(lengths, pack_tokens)) > packs_per_step:
            pack_tokens += 1
        config = PackingConfig(pack_tokens=pack_tokens, packs_per_step=packs_per_step, instruction=_INSTRUCTION)
        tables.append(pack_window(window, config, position, seed=0))
    return pa.concat_tables(tables)


def stream_plan(
    workload: Workload, folder: Path, packs_per_step: int, window_examples: int
) -> tuple[list[Window], PackerConfig]:
    """Write the documents as `prepare` does, a file a window, and plan the stream that trains on them."""
    for start in range(0, len(workload.examples), window_examples):
        write_table(folder / f"{start:06d}.parquet", workload.examples.slice(start, window_examples))
    packing = PackingConfig(
        pack_tokens=LONGEST_DOCUMENT,
        packs_per_step=packs_per_step,
        window_examples=window_examples,
        instruction=_INSTRUCTION,
    )
    windows = windows_of_run(example_parts(folder), window_examples, num_epochs=1, seed=0)
    return windows, PackerConfig(
        model_path=str(workload.model), packing=packing, seed=0, split=Split.TRAIN, ledger_directory=None
    )


def packed(windows: list[Window], config: PackerConfig) -> pa.Table:
    """The rows that the stream of this plan holds."""
    packer = WindowPacker(config, windows)
    return pa.concat_tables([packer.pack(window) for window in windows])


def settings(num_workers: int = 1) -> TrainingConfig:
    """The product's settings of training, with a constant learning rate and nothing but steps."""
    return TrainingConfig(
        num_workers=num_workers,
        zero_stage=1,
        learning_rate=LEARNING_RATE,
        schedule="constant",
        warmup_share=0.0,
        validate_every_steps=10**9,
        checkpoint_every_steps=10**9,
        log_every_steps=1,
    )


def join_group(rank: int, world_size: int, port: int, backend: str = "gloo") -> None:
    """Join this process to a group on this machine, and DeepSpeed to it."""
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world_size))
    torch.distributed.init_process_group(backend, rank=rank, world_size=world_size)
    start_process_group()


def train_in_turns(
    turns: Turns,
    model: Path,
    rows: Iterable[dict[str, Any]],
    num_slots: int,
    directory: Path,
    report: Callable[[dict[str, Any]], None] = lambda metrics: None,
) -> None:
    """The product's training loop over this rank's rows, a turn at a time, until the benchmark stops it.

    Args:
        turns: of this process, whose process group is there.
        model: directory.
        rows: of PACK_STREAM; this rank's slots alone.
        num_slots: packs of a step over all ranks.
        directory: of the run; new, and the same for all ranks.
        report: also called with each step's metrics.

    Raises:
        StoppedError: the benchmark needs no more steps.
    """
    rank, world_size = torch.distributed.get_rank(), torch.distributed.get_world_size()
    losses = [math.nan]

    def steps_from(state: TrainState) -> Iterable[StepPacks]:
        return turns.around(steps_of_rank(rows, rank, world_size, num_slots, state), lambda: losses[-1])

    def noted(metrics: dict[str, Any]) -> None:
        losses.append(metrics["loss"])
        report(metrics)

    job = loop.TrainJob(
        model_path=str(model),
        dtype="float32",
        config=settings(world_size),
        num_slots=num_slots,
        run_directory=str(directory),
        identity="benchmark",
    )
    loop.run(job, steps_from, [], noted)


def train_from_memory(
    connection: Connection,
    rank: int,
    *,
    model: Path,
    rows: pa.Table,
    num_slots: int,
    port: int,
    threads: int = 1,
    world_size: int = 1,
    cores: list[int] | None = None,
) -> None:
    """A process of the product's training that has its packs in memory, for `turns.started`.

    Args:
        cores: pins each rank to one of them.
    """
    if cores is not None:
        os.sched_setaffinity(0, {cores[rank]})
    torch.set_num_threads(threads)
    join_group(rank, world_size, port)
    turns = Turns(connection, SHAPE.vocab_size)
    own = (row for row in streamed(rows) if row["slot"] % world_size == rank)
    train_in_turns(turns, model, own, num_slots, model.parent / f"run-{port}")


def streamed(rows: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows one by one, as a worker reads them from Ray Data."""
    for batch in rows.to_batches(max_chunksize=1):
        yield from batch.to_pylist()


def free_port() -> int:
    """A TCP port that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
