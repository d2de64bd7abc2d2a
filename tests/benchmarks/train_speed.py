"""Useful tokens a second of a training step, against the trainers that one would otherwise use.

    python tests/benchmarks/train_speed.py                     # all comparisons, some ten minutes
    python tests/benchmarks/train_speed.py --only grouped plain --pairs 40

Every comparison trains on the same documents in each step, from the same weights, in float32 with the same threads.
That the work is equal is shown by the losses: all steps' agree to 1e-5, or the program ends with exit code 1. A pair is
two steps of each. Padding, rows of the LM head and operations are counted, not timed. Needs `trl` and `datasets`.

- random: transformers' Trainer, micro-batches of 8 documents at random, padded to the longest.
- grouped: the same with group_by_length. A step takes its micro-batches from the short to the long ones of what
  transformers' own sampler grouped, so that steps are alike; a micro-batch's padding is what the sampler made it.
- trl: TRL's SFTTrainer as it comes, but for its gradient checkpointing, which would recompute. Its LM head scores every
  row on a CPU; `trl_targets` makes it score the targets' alone, as it does on a GPU.
- trl_packing: SFTTrainer with packing (bfd) in packs of 1,024, its default, under sdpa, a pack a micro-batch.
- plain: a loop in PyTorch over our packs, our model and a fused AdamW, with no DeepSpeed and nothing else.

Ours takes a step's documents in as few packs as the product would: DeepSpeed costs something for each, whatever its
size.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the programs set their threads themselves
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin while they wait make other work a barrier
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("DS_ACCELERATOR", "cpu")

import pyarrow as pa
import torch
from training_workload import (
    LEARNING_RATE,
    LONGEST_DOCUMENT,
    SHAPE,
    Workload,
    free_port,
    packed_steps,
    streamed,
    train_from_memory,
    written,
)
from turns import WARM_UP_STEPS, Pairs, Turns, load_average, run_pairs, started, steps_of

from pipelines.model.load import load_model
from pipelines.model.packed import PackedModel
from pipelines.packing.config import PackingConfig
from pipelines.training.state import TrainState
from pipelines.training.stream import steps_of_rank

MICRO_BATCH = 8
LEAST_DOCUMENTS = 1600  # to draw from: fewer, and transformers' sampler would group fewer at once and pad more
WANTED = {"random": 2.0, "grouped": 1.08, "trl": 1.9, "trl_targets": 1.9, "trl_packing": 1.4, "plain": 0.98}
RATIOS_HEAD = (
    "\n| against | its tokens/s | ours | ratio | lower bound | CPU ratio | lower bound | wanted | met "
    "| losses differ by |"
    "\n|---|---:|---:|---:|---:|---:|---:|---:|---|---:|"
)
COUNTS_HEAD = """
| a step of | useful tokens | forward tokens | padding | LM head rows | GFLOP |
|---|---:|---:|---:|---:|---:|"""


def plain_loop(connection: Connection, rank: int, *, model: Path, rows: pa.Table, num_slots: int, threads: int) -> None:
    """The loop that one would write by hand over the same packs."""
    torch.set_num_threads(threads)
    packed = PackedModel(load_model(str(model), "float32"))
    optimizer = torch.optim.AdamW(packed.parameters(), LEARNING_RATE, (0.9, 0.95), weight_decay=0.0, fused=True)
    turns = Turns(connection, SHAPE.vocab_size)
    losses: list[float] = []
    for step in turns.around(steps_of_rank(streamed(rows), 0, 1, num_slots, TrainState()), lambda: losses[-1]):
        nll_sum = torch.zeros(())
        for pack in step.packs:
            nll, _ = packed(pack.input_ids, pack.target_mask, pack.document_lengths)
            (nll.sum() / step.step_target_tokens).backward()
            nll_sum += nll.detach().sum()
        torch.nn.utils.clip_grad_norm_(packed.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(nll_sum) / step.step_target_tokens)


def random_steps(num_documents: int, num_steps: int, step_documents: int, rng: random.Random) -> list[list[int]]:
    """Steps of documents at random."""
    order = rng.sample(range(num_documents), num_steps * step_documents)
    return [order[at : at + step_documents] for at in range(0, len(order), step_documents)]


def grouped_steps(lengths: list[int], num_steps: int, micro_batches: int, rng: random.Random) -> list[list[int]]:
    """Steps of micro-batches that transformers' sampler grouped by length, one from each stretch of lengths."""
    from transformers.trainer_pt_utils import LengthGroupedSampler

    order = list(LengthGroupedSampler(MICRO_BATCH, lengths=lengths, generator=torch.Generator().manual_seed(0)))
    # whole ones: after a shorter one the Trainer would cut all that follow elsewhere than our packs
    batches = [order[at : at + MICRO_BATCH] for at in range(0, len(order) - MICRO_BATCH + 1, MICRO_BATCH)]
    batches.sort(key=lambda batch: sum(lengths[index] for index in batch))
    stretch = len(batches) // micro_batches
    chosen = [rng.sample(batches[at * stretch : (at + 1) * stretch], num_steps) for at in range(micro_batches)]
    return [[index for batches in chosen for index in batches[step]] for step in range(num_steps)]


class Comparisons:
    """Programs on a workload, two at a time."""

    def __init__(self, workload: Workload, options: argparse.Namespace):
        self._model = workload.model
        self._documents = workload.encoded()
        self._lengths = [len(document.input_ids) for document in self._documents]
        self._num_steps = steps_of(options.pairs) + 2  # one is counted, and a loader reads one ahead
        self._micro_batches: int = options.micro_batches
        self._threads: int = options.threads

    @property
    def description(self) -> str:
        """What is trained, for the head of the tables."""
        parameters = sum(weight.numel() for weight in load_model(str(self._model), "float32").parameters())
        mean, deviation = statistics.mean(self._lengths), statistics.pstdev(self._lengths)
        return (
            f"Qwen3 of {parameters / 1e6:.1f} million parameters, float32, {self._threads} thread(s); documents of "
            f"{mean:.0f} tokens, coefficient of variation {deviation / mean:.2f}, "
            f"{self._micro_batches * MICRO_BATCH} a step"
        )

    def pairs(self, name: str, num_pairs: int) -> tuple[Pairs, list[int]]:
        """Run a comparison. Returns its pairs and the useful tokens of each step."""
        steps, program, arguments = self._baseline(name)
        tokens = [sum(self._lengths[index] for index in step) for step in steps]
        num_packs = -(-max(tokens) // PackingConfig.pack_tokens)
        rows = packed_steps(self._documents, steps, num_packs)
        if program is plain_loop:
            arguments = {"rows": rows, "num_slots": num_packs}
        common: dict[str, Any] = {"model": self._model, "threads": self._threads}
        product: dict[str, Any] = {"rows": rows, "num_slots": num_packs, "port": free_port()}
        ours = started("ours", train_from_memory, **product, **common)
        theirs = started(name, program, **arguments, **common)
        pairs = run_pairs(ours, theirs, num_pairs)
        pairs.add_untimed(ours.run(1, is_counted=True), theirs.run(1, is_counted=True))
        ours.stop()
        theirs.stop()
        return pairs, tokens

    def _baseline(self, name: str) -> tuple[list[list[int]], Callable[..., None], dict[str, Any]]:
        """The documents of each step, and the program with its arguments."""
        from hf_trainers import hf_trainer, trl_packs, trl_rows, trl_trainer

        rng = random.Random(1)
        step_documents = MICRO_BATCH * self._micro_batches
        if name == "trl_packing":
            packs, members = trl_packs(self._documents, LONGEST_DOCUMENT)
            num_packs = max(1, round(step_documents * statistics.mean(self._lengths) / LONGEST_DOCUMENT))
            order = rng.sample(range(len(members)), self._num_steps * num_packs)
            chosen = [order[at : at + num_packs] for at in range(0, len(order), num_packs)]
            steps = [[index for pack in step for index in members[pack]] for step in chosen]
            packs = {column: [values[pack] for pack in order] for column, values in packs.items()}
            arguments = {"rows": packs, "micro_batch": 1, "micro_batches": num_packs, "packs_of": LONGEST_DOCUMENT}
            return steps, trl_trainer, arguments
        if name == "grouped":
            steps = grouped_steps(self._lengths, self._num_steps, self._micro_batches, rng)
        else:
            steps = random_steps(len(self._documents), self._num_steps, step_documents, rng)
        batches = {"micro_batch": MICRO_BATCH, "micro_batches": self._micro_batches}
        in_order = [self._documents[index] for step in steps for index in step]
        if name == "plain":
            return steps, plain_loop, {}
        if name in ("random", "grouped"):
            return steps, hf_trainer, {"documents": in_order, **batches}
        arguments = {"rows": trl_rows(in_order), "scores_targets_alone": name == "trl_targets", **batches}
        return steps, trl_trainer, arguments


def table_rows(name: str, pairs: Pairs, useful_tokens: list[int]) -> tuple[str, list[str]]:
    """A row of ratios, and two of counts."""
    timed = useful_tokens[WARM_UP_STEPS:]
    speeds = [
        sum(timed[: 2 * len(blocks)]) / sum(block.wall_s for block in blocks) for blocks in (pairs.ours, pairs.theirs)
    ]
    is_met = "yes" if pairs.wall_ratio.lower_bound >= WANTED[name] else "no"
    ratios = (
        f"| {name} | {speeds[1]:,.0f} | {speeds[0]:,.0f} | {pairs.wall_ratio} | {pairs.cpu_ratio} "
        f"| {WANTED[name]} | {is_met} | {pairs.worst_loss_difference:.1e} |"
    )
    counts = []
    counted_tokens = useful_tokens[steps_of(len(pairs.ours))]
    for program, counted in ((name, pairs.theirs_counts), ("ours, same documents", pairs.ours_counts)):
        assert counted is not None
        padding = 1 - counted_tokens / counted.forward_tokens
        counts.append(
            f"| {program} | {counted_tokens:,} | {counted.forward_tokens:,} | {padding:.1%} | {counted.head_rows:,} "
            f"| {counted.flops / 1e9:.1f} |"
        )
    return ratios, counts


def main() -> int:
    """Run the comparisons and print their tables. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(WANTED), default=list(WANTED))
    parser.add_argument("--pairs", type=int, default=12, help="of each; a ratio near 1 needs 40")
    parser.add_argument("--micro-batches", type=int, default=2, help="of 8 documents each, in a step")
    parser.add_argument("--threads", type=int, default=1, help="of each program")
    options = parser.parse_args()
    before = load_average()
    counts, is_equal = [], True
    with tempfile.TemporaryDirectory(prefix="train-speed-") as folder:
        comparisons = Comparisons(written(Path(folder), max(LEAST_DOCUMENTS, 20 * steps_of(options.pairs))), options)
        print(f"{comparisons.description}\n{RATIOS_HEAD}", flush=True)
        for name in options.only:
            pairs, useful_tokens = comparisons.pairs(name, options.pairs)
            ratio, count = table_rows(name, pairs, useful_tokens)
            print(ratio, flush=True)
            counts += count
            is_equal = is_equal and pairs.is_equal_work
    print("\n".join([COUNTS_HEAD, *counts]))
    print(f"\nBefore: {before}. After: {load_average()}.")
    if not is_equal:
        print("The losses differ: the programs did not do equal work, and the ratios mean nothing.", file=sys.stderr)
    return 0 if is_equal else 1


if __name__ == "__main__":
    sys.exit(main())
