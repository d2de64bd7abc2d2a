"""The same training loop under Ray Train, fed by Ray Data, and under torchrun, fed from memory.

    python tests/benchmarks/train_launcher.py                # one worker; some seven minutes
    python tests/benchmarks/train_launcher.py --workers 2    # two, on a machine with cores to spare for Ray

Under Ray, actors tokenise and pack prepared examples while the workers train, as in `python -m ray_jobs.train`; under
torchrun the same packs lie in memory, so the difference is the launcher, the data's way and what waits for it. Losses
agree to 1e-5, or the exit code is 1. Both take turns for as long as the benchmark runs. Between its turns a launcher
is stopped with all its processes (SIGSTOP), so that none of Ray's runs beside torchrun's, and Ray Data cannot work
ahead in the time of torchrun's steps: each turn needs a window of its own. Start-up is not timed. Ray's other processes
need a core besides the workers'.
"""

import argparse
import contextlib
import json
import os
import pickle
import signal
import socket
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("DS_ACCELERATOR", "cpu")

import psutil
import pyarrow.parquet as pq
import torch
from training_workload import LONGEST_DOCUMENT, MEAN_TOKENS, packed, stream_plan, streamed, train_in_turns, written
from turns import Block, Contestant, Pairs, StoppedError, Turns, load_average, run_pairs, steps_of

from pipelines.training.engine import start_process_group

WANTED = 0.97
STEPS_BETWEEN_REPORTS = 10  # training.log_every_steps
START_UP_LIMIT_S = 300
ROOT = Path(__file__).resolve().parents[2]


def worker_under_torchrun(settings: dict[str, Any]) -> None:
    """One rank. The launcher has set its place in the environment."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo")
    start_process_group()
    rank, world_size = torch.distributed.get_rank(), torch.distributed.get_world_size()
    rows = (row for row in streamed(pq.read_table(settings["rows"])) if row["slot"] % world_size == rank)
    take_turns(settings, rows, lambda metrics: None)


def worker_under_ray(settings: dict[str, Any]) -> None:
    """One rank. Ray Train has made its process group."""
    import ray.train

    def rows() -> Iterator[dict[str, Any]]:
        shard = ray.train.get_dataset_shard("train")
        for batch in shard.iter_batches(batch_size=1, batch_format="pyarrow", prefetch_batches=2):
            yield from batch.to_pylist()

    def report(metrics: dict[str, Any]) -> None:
        if metrics["step"] % STEPS_BETWEEN_REPORTS == 0:
            ray.train.report(metrics)

    torch.set_num_threads(1)
    start_process_group()
    take_turns(settings, rows(), report)


def take_turns(settings: dict[str, Any], rows: Iterable[dict[str, Any]], report: Callable[..., None]) -> None:
    """Train until the benchmark has had enough."""
    turns = Turns(Client(settings["address"], "AF_UNIX"))
    with contextlib.suppress(StoppedError):
        train_in_turns(turns, Path(settings["model"]), rows, settings["num_slots"], Path(settings["directory"]), report)


def ray_session(settings: dict[str, Any]) -> None:
    """A Ray of its own with one run of Ray Train on it."""
    import ray
    from ray.train import DataConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    from pipelines.flows.pack_stream import pack_stream
    from pipelines.stage.cluster import ClusterConfig, join

    num_workers = settings["num_workers"]
    windows, config = pickle.loads(Path(settings["plan"]).read_bytes())
    join(ClusterConfig(address="local", local_cpus=num_workers + 2))
    TorchTrainer(
        worker_under_ray,
        train_loop_config=settings,
        torch_config=TorchConfig(backend="gloo"),
        scaling_config=ScalingConfig(num_workers=num_workers, resources_per_worker={"CPU": 1}),
        datasets={"train": lambda: pack_stream(windows, config, num_actors=1)},
        dataset_config=DataConfig(execution_options=ray.data.ExecutionOptions(preserve_order=True)),
        run_config=RunConfig(name="ray-run", storage_path=settings["directory"]),
    ).fit()
    ray.shutdown()


class StoppedBetweenTurns(Contestant):
    """A contestant whose program, with all the processes below it, exists in its turns alone."""

    def __init__(self, name: str, connections: list[Connection], program: psutil.Process):
        super().__init__(name, connections)
        self._program = program

    def wait_until_ready(self) -> None:
        super().wait_until_ready()
        self._send(signal.SIGSTOP)

    def run(self, num_steps: int, *, is_counted: bool = False) -> Block:
        self._send(signal.SIGCONT)
        block = super().run(num_steps, is_counted=is_counted)
        self._send(signal.SIGSTOP)
        return block

    def stop(self) -> None:
        self._send(signal.SIGCONT)
        super().stop()
        self._program.wait(START_UP_LIMIT_S)

    def _send(self, number: int) -> None:
        for process in [self._program, *self._program.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended by itself
                process.send_signal(number)


def started(name: str, folder: Path, settings: dict[str, Any]) -> Contestant:
    """Start `ray` or `torchrun` as a program of its own, whose workers find their way back by a socket's address."""
    folder.mkdir()
    num_workers = settings["num_workers"]
    settings = settings | {"address": str(folder / "socket"), "directory": str(folder / "run")}
    command = [__file__, f"--as-{name}", json.dumps(settings)]
    if name == "torchrun":
        command = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={num_workers}", *command]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)])}
    log = folder / "log"
    with socket.socket(socket.AF_UNIX) as server, log.open("w") as out:
        server.bind(settings["address"])
        server.listen(num_workers)
        server.settimeout(1.0)
        program = psutil.Popen([sys.executable, *command], env=environment, stdout=out, stderr=out)
        return StoppedBetweenTurns(name, [accepted(server, program, log) for _ in range(num_workers)], program)


def accepted(server: socket.socket, program: psutil.Popen, log: Path) -> Connection:
    """The connection of a worker that has started."""
    for _ in range(START_UP_LIMIT_S):
        try:
            connection, _ = server.accept()
        except TimeoutError:
            if program.poll() is None:
                continue
            break
        connection.setblocking(True)
        return Connection(connection.detach())
    program.terminate()
    raise SystemExit(f"a program did not start:\n{log.read_text()[-3000:]}")


def main() -> int:
    """Run the turns and print their table. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=16, help="of two turns each")
    parser.add_argument("--steps", type=int, default=2, help="in a turn, and in a window of the stream")
    parser.add_argument("--packs", type=int, default=4, help="of 1,024 tokens, in a step, for each worker")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--as-torchrun", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument("--as-ray", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.as_torchrun:
        worker_under_torchrun(options.as_torchrun)
        return 0
    if options.as_ray:
        ray_session(options.as_ray)
        return 0
    before = load_average()
    num_slots = options.packs * options.workers
    window_examples = options.steps * num_slots * LONGEST_DOCUMENT // MEAN_TOKENS
    num_windows = -(-steps_of(options.pairs, options.steps) // options.steps) + 4  # a loader reads ahead
    with tempfile.TemporaryDirectory(prefix="train-launcher-") as name:
        folder = Path(name)
        workload = written(folder, num_windows * window_examples)
        plan = stream_plan(workload, folder / "examples", num_slots, window_examples)
        (folder / "plan").write_bytes(pickle.dumps(plan))
        pq.write_table(packed(*plan), folder / "rows.parquet")
        settings = {"model": str(workload.model), "num_slots": num_slots, "num_workers": options.workers}
        settings |= {"plan": str(folder / "plan"), "rows": str(folder / "rows.parquet")}
        with contextlib.ExitStack() as stack:  # whatever happens here, nothing stays behind stopped
            signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
            contestants = []
            for launcher in ("ray", "torchrun"):
                contestants.append(started(launcher, folder / launcher, settings))
                stack.callback(contestants[-1].stop)
            pairs = run_pairs(*contestants, options.pairs, options.steps)
    print_table(pairs, options)
    print(f"\nBefore: {before}. After: {load_average()}.")
    return 0 if pairs.is_equal_work else 1


def print_table(pairs: Pairs, options: argparse.Namespace) -> None:
    """Speeds, their ratio, and the wait for data."""
    print(f"{options.workers} worker(s), turns of {options.steps} steps of {options.packs} packs a worker\n")
    print("| launcher | s/step, median of pairs | CPU s/step of the workers | waiting for data |\n|---|---:|---:|---:|")
    for name, blocks in (("torchrun, packs in memory", pairs.theirs), ("Ray Train, Ray Data", pairs.ours)):
        wall = statistics.median(block.wall_s for block in blocks) / (2 * options.steps)
        cpu = statistics.median(block.cpu_s for block in blocks) / (2 * options.steps)
        waits = sum(block.wait_s for block in blocks) / sum(block.wall_s for block in blocks)
        print(f"| {name} | {wall:.3f} | {cpu:.3f} | {waits:.2%} |")
    ratio = pairs.wall_ratio
    print("\n| Ray against torchrun | median | lower bound | wanted | met | losses differ by |")
    print("|---|---:|---:|---:|---|---:|")
    is_met = "yes" if ratio.lower_bound >= WANTED else "no"
    print(f"| speed | {ratio} | {WANTED} | {is_met} | {pairs.worst_loss_difference:.1e} |")
    print(f"| CPU seconds, torchrun's over Ray's | {pairs.cpu_ratio} | | | |")


if __name__ == "__main__":
    sys.exit(main())
