"""Two workers with a core each against one worker with one core: the same global batch, the product's training loop.

    python tests/benchmarks/train_workers.py     # two cores, some eight minutes

Each worker is pinned to a core of its own and has one thread. A step is 16 packs of 1,024 tokens, dealt to one worker
or to two, which share the optimizer's state (ZeRO-1) and average gradients over gloo. All losses agree to 1e-5, or
the exit code is 1. The machine must have two idle cores: on busy ones the two workers wait for each other.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("DS_ACCELERATOR", "cpu")

from training_workload import LONGEST_DOCUMENT, MEAN_TOKENS, free_port, packed, stream_plan, train_from_memory, written
from turns import load_average, run_pairs, started, steps_of

WANTED = 1.8


def main() -> int:
    """Run the pairs and print their table. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--packs", type=int, default=16, help="of a step; even")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        parser.error("two workers need two cores, and this process may use one")
    before = load_average()
    num_steps = steps_of(options.pairs)
    num_documents = (num_steps + 2) * options.packs * LONGEST_DOCUMENT // MEAN_TOKENS
    with tempfile.TemporaryDirectory(prefix="train-workers-") as folder:
        workload = written(Path(folder), num_documents)
        rows = packed(*stream_plan(workload, Path(folder) / "examples", options.packs, num_documents))
        common = {"model": workload.model, "rows": rows, "num_slots": options.packs, "cores": cores}
        one = started("one worker", train_from_memory, port=free_port(), **common)
        two = started("two workers", train_from_memory, num_processes=2, world_size=2, port=free_port(), **common)
        pairs = run_pairs(two, one, options.pairs)
        one.stop()
        two.stop()
    print("| workers | s/step, median of pairs | CPU s/step |\n|---|---:|---:|")
    for name, blocks in (("1", pairs.theirs), ("2", pairs.ours)):
        wall, cpu = sorted(block.wall_s for block in blocks), sorted(block.cpu_s for block in blocks)
        print(f"| {name} | {wall[len(wall) // 2] / 2:.2f} | {cpu[len(cpu) // 2] / 2:.2f} |")
    ratio = pairs.wall_ratio
    print(
        "\n| two against one | median | lower bound | wanted | met | losses differ by |\n|---|---:|---:|---:|---|---:|"
    )
    is_met = "yes" if ratio.lower_bound >= WANTED else "no"
    print(f"| speed | {ratio} | {WANTED} | {is_met} | {pairs.worst_loss_difference:.1e} |")
    print(f"| CPU seconds of one over two's | {pairs.cpu_ratio} | | | |")
    print(f"\nBefore: {before}. After: {load_average()}.")
    return 0 if pairs.is_equal_work else 1


if __name__ == "__main__":
    sys.exit(main())
