"""What each measure brings on one GPU: no padding, variable-length attention, fused loss, compiled blocks, ZeRO stages.

    python tests/benchmarks/training_ladder.py                     # Qwen3-4B's shape on one GPU; under ten minutes
    python tests/benchmarks/training_ladder.py --only liger zero2 --tokens 16384
    python tests/benchmarks/training_ladder.py --tiny              # the same program on a CPU, with toy shapes

Weights and ids are random, no file is read and no Ray runs. Every rung is a process of its own that takes the
product's optimizer steps (`train_step`: forward, backward, clipping, AdamW) on the same kind of documents: lognormal
lengths, mean 1,200 tokens, coefficient of variation 0.8.

Tokens are those of documents, never padding. FLOP per token are 6 x the weights of the matrix products + 12 x layers x
(heads x head size) x the mean causal context of the DOCUMENTS: sum(length²) / (2 x sum(length)); the LM head counts for
the share of tokens that are targets. MFU is of 989.5 TFLOP/s, an H100's and H200's dense bfloat16 peak.
"""

import argparse
import contextlib
import dataclasses
import math
import multiprocessing
import os
import random
import time
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence
from training_workload import free_port, join_group
from transformers import AutoModelForCausalLM, Qwen3Config

from pipelines.model.attention import PER_DOCUMENT, register
from pipelines.model.packed import Pack
from pipelines.training.config import TrainingConfig
from pipelines.training.engine import deepspeed_settings, wrap
from pipelines.training.options import EngineOptions
from pipelines.training.state import TrainState
from pipelines.training.step import train_step
from pipelines.training.stream import StepPacks
from schemas.errors import ConfigError

PEAK_FLOPS = 989.5e12
VARIATION = 0.8
QWEN3_4B = Qwen3Config(
    vocab_size=151_936,
    hidden_size=2560,
    intermediate_size=9728,
    num_hidden_layers=36,
    num_attention_heads=32,
    num_key_value_heads=8,
    head_dim=128,
    max_position_embeddings=40_960,
    tie_word_embeddings=True,
)
TOY = Qwen3Config(
    vocab_size=512,
    hidden_size=64,
    intermediate_size=192,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=16,
    tie_word_embeddings=True,
)
# Each rung keeps what the ones before it brought. Stages other than 1 are compared at the rung `liger`.
RUNGS: dict[str, dict[str, Any]] = {
    "padded": {},
    "packed": {},
    "varlen": {},
    "liger": {"kernels": "liger"},
    "compiled": {"kernels": "liger", "compile_blocks": True},
    "zero0": {"kernels": "liger", "zero_stage": 0},
    "zero2": {"kernels": "liger", "zero_stage": 2},
    "zero3": {"kernels": "liger", "zero_stage": 3},
}


class StockModel(torch.nn.Module):
    """A `transformers` causal LM as it comes: sdpa, logits of every row. Called as a PackedModel is.

    Args:
        causal_lm: the model.
        pads: a pack's documents become a padded batch; else they stay one sequence, under a dense mask of blocks.
    """

    def __init__(self, causal_lm: Any, *, pads: bool):
        super().__init__()
        self.causal_lm = causal_lm
        self._pads = pads

    def forward(
        self, input_ids: torch.Tensor, target_mask: torch.Tensor, document_lengths: list[int]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Negative log-likelihood of each target, and whether it was the most likely token."""
        labels = torch.where(target_mask, input_ids, -100)
        if self._pads:
            batch = pad_sequence(list(input_ids.split(document_lengths)), batch_first=True)
            labels = pad_sequence(list(labels.split(document_lengths)), batch_first=True, padding_value=-100)
            ones = [torch.ones(length, dtype=torch.int64, device=input_ids.device) for length in document_lengths]
            logits = self.causal_lm(
                input_ids=batch, attention_mask=pad_sequence(ones, batch_first=True), use_cache=False
            ).logits
        else:
            labels = labels.unsqueeze(0)
            positions = torch.cat([torch.arange(length) for length in document_lengths]).to(input_ids.device)
            logits = self.causal_lm(
                input_ids=input_ids.unsqueeze(0), position_ids=positions.unsqueeze(0), use_cache=False
            ).logits
        logits, labels = logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()
        nll = cross_entropy(logits.float(), labels, reduction="none")
        return nll, logits.detach().argmax(-1) == labels


def engine_of(
    rung: str, architecture: Qwen3Config, device: str, config: TrainingConfig, accumulation_steps: int
) -> Any:
    """The rung's model in a DeepSpeed engine with the product's settings."""
    import deepspeed

    register()
    dtype = "bfloat16" if device == "cuda" else "float32"
    is_stock = rung in ("padded", "packed")
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(
            architecture, dtype=getattr(torch, dtype), attn_implementation="sdpa" if is_stock else PER_DOCUMENT
        )
    model.config.use_cache = False
    if not is_stock:
        return wrap(model, dtype, config, accumulation_steps)
    stock = StockModel(model.train(), pads=rung == "padded")
    optimizer = torch.optim.AdamW(stock.parameters(), config.learning_rate, (0.9, 0.95), weight_decay=0.0, fused=True)
    settings = deepspeed_settings(config, accumulation_steps, dtype, from_universal=False)
    engine, *_ = deepspeed.initialize(model=stock, optimizer=optimizer, config=settings)
    return engine


def made_pack(rng: random.Random, num_tokens: int, options: argparse.Namespace, vocab_size: int, *, pads: bool) -> Pack:
    """Documents of random ids that fill a micro-batch: so many tokens, with those of padding where it is padded."""
    spread = math.sqrt(math.log(1 + VARIATION**2))
    lengths: list[int] = []
    while True:
        length = round(rng.lognormvariate(math.log(options.mean_tokens) - spread**2 / 2, spread))
        length = min(max(length, 8), num_tokens)
        longest = max([length, *lengths])
        if (longest * (len(lengths) + 1) if pads else sum(lengths) + length) > num_tokens:
            break
        lengths.append(length)
    left = num_tokens - sum(lengths)
    if not pads and left >= 8:  # best fit fills 99 % of a pack; so does a last document cut to fit
        lengths.append(left)
    total = sum(lengths)
    generator = torch.Generator().manual_seed(rng.randrange(2**31))
    mask = torch.rand(total, generator=generator) < options.target_share
    mask[torch.tensor([0, *lengths[:-1]]).cumsum(0)] = False
    ids = torch.randint(0, vocab_size, (total,), generator=generator)
    return Pack(ids, mask, lengths, ["made"] * len(lengths))


def flops_per_token(architecture: Qwen3Config, lengths: list[int], target_share: float) -> float:
    """Training FLOP of a token, by the convention at the head of this file."""
    a = architecture
    attention_width = a.num_attention_heads * a.head_dim
    key_width = a.num_key_value_heads * a.head_dim
    block = a.hidden_size * (2 * attention_width + 2 * key_width + 3 * a.intermediate_size)
    weights = a.num_hidden_layers * block + target_share * a.vocab_size * a.hidden_size
    context = sum(length**2 for length in lengths) / (2 * sum(lengths))
    return 6 * weights + 12 * a.num_hidden_layers * attention_width * context


def run_rung(connection: Connection, rung: str, options: argparse.Namespace, port: int) -> None:
    """Measure a rung at each size, smallest first, and send rows of the table."""
    device = "cpu" if options.tiny else "cuda"
    architecture = TOY if options.tiny else QWEN3_4B
    if options.tiny:
        torch.set_num_threads(1)
        torch.compiler.set_stance("force_eager")  # takes the rung's path without minutes of a C++ compiler
    else:
        torch.cuda.set_device(0)
    join_group(0, 1, port, "gloo" if options.tiny else "nccl")
    chosen = dataclasses.asdict(EngineOptions()) | RUNGS[rung]
    if options.tiny and rung != "liger":
        chosen["kernels"] = "torch"
    config = TrainingConfig(num_workers=1, gpus_per_worker=0 if options.tiny else 1, schedule="constant", **chosen)
    engine = engine_of(rung, architecture, device, config, options.packs)
    for num_tokens in options.tokens:
        rng = random.Random(num_tokens)
        steps = []
        for _ in range(options.warm_up + options.steps):
            packs = [
                made_pack(rng, num_tokens, options, architecture.vocab_size, pads=rung == "padded")
                for _ in range(options.packs)
            ]
            steps.append(StepPacks(packs, sum(int(pack.target_mask.sum()) for pack in packs), TrainState()))
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        try:
            seconds = [_timed_step(engine, config, step, device) for step in steps][options.warm_up :]
        except torch.OutOfMemoryError:
            connection.send([rung, num_tokens, "out of memory"])
            break
        lengths = [
            length for step in steps[options.warm_up :] for pack in step.packs for length in pack.document_lengths
        ]
        speed = sum(lengths) / sum(seconds)
        flops = speed * flops_per_token(architecture, lengths, options.target_share)
        peak_gb = torch.cuda.max_memory_allocated() / 1e9 if device == "cuda" else math.nan
        connection.send([rung, num_tokens, speed, flops, peak_gb])
    connection.send(None)


def _timed_step(engine: Any, config: TrainingConfig, step: StepPacks, device: str) -> float:
    started = time.perf_counter()
    train_step(engine, config, TrainState(step=1), step)  # ends with the loss on the CPU, so the device is through
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def ceiling(device: str) -> tuple[float, float]:
    """FLOP/s of a large matrix product on random data, and bytes a second of a copy (read and written)."""
    size, dtype = (8192, torch.bfloat16) if device == "cuda" else (512, torch.float32)
    left, right = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    source = torch.empty(2**30 if device == "cuda" else 2**24, device=device, dtype=torch.uint8)
    target = torch.empty_like(source)

    def rate(work: Any, amount: float) -> float:
        times = []
        for _ in range(20):
            started = time.perf_counter()
            work()
            if device == "cuda":
                torch.cuda.synchronize()
            times.append(time.perf_counter() - started)
        return amount / sorted(times)[len(times) // 2]

    return rate(lambda: left @ right, 2.0 * size**3), rate(lambda: target.copy_(source), 2.0 * source.numel())


def main() -> None:
    """Climb the ladder and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--only", nargs="+", choices=list(RUNGS), default=list(RUNGS))
    parser.add_argument("--tokens", type=int, nargs="+", help="of a micro-batch [4096 8192 16384]")
    parser.add_argument("--mean-tokens", type=int, help="of a document [1200]")
    parser.add_argument(
        "--target-share", type=float, default=1.0, help="of tokens; 1 for all but each document's first"
    )
    parser.add_argument("--packs", type=int, default=4, help="micro-batches of a step")
    parser.add_argument("--warm-up", type=int, default=2, help="steps")
    parser.add_argument("--steps", type=int, default=3, help="timed steps")
    options = parser.parse_args()
    options.tokens = sorted(options.tokens or ([128, 256] if options.tiny else [4096, 8192, 16384]))
    options.mean_tokens = options.mean_tokens or (40 if options.tiny else 1200)
    if not options.tiny and not torch.cuda.is_available():
        parser.error("there is no GPU: --tiny runs the same program on a CPU")
    device = "cpu" if options.tiny else "cuda"
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU, toy shapes: the figures mean nothing"
    products, copies = ceiling(device)
    print(f"{name}: matrix product {products / 1e12:.4g} TFLOP/s, copy {copies / 1e9:.0f} GB/s\n")
    if device == "cuda":
        torch.cuda.empty_cache()
    print("| rung | tokens a micro-batch | tokens/s | TFLOP/s | MFU | of the product's rate | peak GB |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    # On a CPU a forked server does the slow imports once; on a GPU a fork could inherit a driver that is half awake.
    context: Any = multiprocessing.get_context("forkserver" if options.tiny else "spawn")
    if options.tiny:
        context.set_forkserver_preload(["deepspeed", "training_workload", "transformers.models.qwen3.modeling_qwen3"])
    for rung in options.only:
        ours, theirs = context.Pipe()
        process = context.Process(target=run_rung_or_say_why, args=(theirs, rung, options, free_port()), daemon=True)
        process.start()
        theirs.close()
        with contextlib.suppress(EOFError):
            while (row := ours.recv()) is not None:
                print(shown(row, products), flush=True)
        process.join()


def run_rung_or_say_why(connection: Connection, rung: str, options: argparse.Namespace, port: int) -> None:
    """A rung that this machine cannot climb has a row that says why."""
    try:
        run_rung(connection, rung, options, port)
    except (ConfigError, torch.OutOfMemoryError) as error:
        connection.send([rung, 0, str(error).split(":")[0].splitlines()[0]])
        connection.send(None)


def shown(row: list[Any], products: float) -> str:
    """A row of the table."""
    if len(row) == 3:
        return f"| {row[0]} | {row[1]:,} | {row[2]} | | | | |"
    rung, num_tokens, speed, flops, peak_gb = row
    return (
        f"| {rung} | {num_tokens:,} | {speed:,.0f} | {flops / 1e12:.4g} | {flops / PEAK_FLOPS:.1%} "
        f"| {flops / products:.1%} | {peak_gb:.1f} |"
    )


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
