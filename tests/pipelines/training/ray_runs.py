"""A run of training on a real Ray, from prepared examples, as a process of its own that can be killed.

python ray_runs.py MODEL FOLDER    goes on with the run in FOLDER, to its end
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import ray
from gloo_ranks import NUM_SLOTS, PACKING, WORDS, Run

from pipelines.flows.pack_stream import (
    PackerConfig,
    WindowPacker,
    example_parts,
    pack_stream,
    remaining,
    windows_of_run,
)
from pipelines.stage.output import MANIFEST
from pipelines.training.config import TrainingConfig
from pipelines.training.loop import TrainJob
from pipelines.training.ray_train import Streams, fit
from pipelines.training.state import TrainState
from schemas.notes import Split

REPOSITORY = Path(__file__).resolve().parents[3]
PYTHONPATH = os.pathsep.join([str(REPOSITORY), str(Path(__file__).parent)])  # of the run's processes

EPOCHS = 12
SEED = 3
SETTINGS: dict[str, Any] = {"learning_rate": 1e-3, "zero_stage": 2, "checkpoint_every_steps": 5}
NEVER = 10**6


def write_examples(folder: Path) -> None:
    """Sixty training examples in four files."""
    generator = random.Random(11)

    def words(most: int) -> str:
        return " ".join(generator.choices(WORDS, k=generator.randint(3, most))) + "."

    for part in range(4):
        rows = [
            {
                "example_id": f"e{part}-{i}",
                "split": Split.TRAIN.value,
                "system": "",
                "prompt": words(30),
                "target": words(12),
            }
            for i in range(15)
        ]
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), folder / f"shard-{part}.parquet")


@dataclass(frozen=True)
class RayRun:
    """The run in a folder: its examples, checkpoints and what it says of itself."""

    model: Path
    folder: Path

    @property
    def done(self) -> Run:
        """What it has left behind so far."""
        return Run(self.folder / "run")

    @property
    def begun_at(self) -> list[int]:
        """The steps from which the stream was begun, one for each start of the workers."""
        begun = self.folder / "begun"
        return [int(line) for line in begun.read_text().split()] if begun.exists() else []

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The log's steps, without what the clock said."""
        entries = self.done.log if self.done.has_log else []
        return [
            {name: value for name, value in entry.items() if not name.endswith("seconds")}
            for entry in entries
            if entry["kind"] == "step"
        ]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All rows of the stream, as an undisturbed run takes them."""
        windows = windows_of_run(example_parts(self.folder / "examples"), PACKING.window_examples, EPOCHS, SEED)
        packer = WindowPacker(self._packer, windows)
        return [row for window in windows for row in packer.pack(window).to_pylist()]

    @property
    def _packer(self) -> PackerConfig:
        return PackerConfig(
            model_path=str(self.model), packing=PACKING, seed=SEED, split=Split.TRAIN, ledger_directory=None
        )

    def fit(self) -> None:
        """Train to the end, on the Ray that this process has joined."""
        windows = windows_of_run(example_parts(self.folder / "examples"), PACKING.window_examples, EPOCHS, SEED)
        packer, begun = self._packer, self.folder / "begun"

        def stream(state: TrainState) -> ray.data.Dataset:
            with begun.open("a") as file:
                file.write(f"{state.step}\n")
            return pack_stream(remaining(windows, state), packer, num_actors=1)

        config = TrainingConfig(num_workers=2, epochs=EPOCHS, validate_every_steps=NEVER, **SETTINGS)
        job = TrainJob(
            model_path=str(self.model),
            dtype="float32",
            config=config,
            num_slots=NUM_SLOTS,
            run_directory=str(self.done.directory),
            identity="test",
        )
        fit(job, Streams(train=stream, validation=lambda _: pack_stream([], packer, num_actors=1), cpus=3))


class Driver:
    """The process that carries a run on."""

    def __init__(self, run: RayRun):
        self._run = run
        self._log = run.folder / "driver.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(run.model), str(run.folder)],
                env={
                    **environment,
                    "PYTHONPATH": PYTHONPATH,
                    "RAY_AUTH_MODE": "disabled",
                    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5",
                },
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def until(self, happened: Callable[[], bool], what: str, patience_s: float = 900.0) -> None:
        """Wait until something has happened in the run."""
        deadline = time.monotonic() + patience_s
        while not happened():
            assert self._process.poll() is None, f"the run ended before {what}:\n{self._tail()}"
            assert time.monotonic() < deadline, f"waited {patience_s} s for {what}:\n{self._tail()}"
            time.sleep(0.005)

    def until_step(self, number: int) -> None:
        """Wait until a step is in the log."""
        self.until(lambda: any(step["step"] >= number for step in self._run.steps), f"step {number}")

    def until_begun(self, number: int) -> None:
        """Wait until the workers have been started so many times."""
        self.until(lambda: len(self._run.begun_at) >= number, f"start {number}")

    def until_half_written(self, step: int) -> None:
        """Wait until the files of a checkpoint are being written or hashed; its manifest is not there yet."""
        path = self._run.done.directory / f"checkpoint_{step:08d}"
        self.until(lambda: (path / "deepspeed").exists(), f"checkpoint {step}")
        assert not (path / MANIFEST).exists()

    def kill_worker(self, rank: int) -> None:
        """`kill -9` one of the run's workers."""
        rest = psutil.Process(self._process.pid).children(recursive=True)
        workers = sorted(p.pid for p in rest if any("RayTrainWorker" in word for word in p.cmdline()))
        os.kill(workers[rank], signal.SIGKILL)

    def kill(self) -> None:
        """`kill -9` the driver alone, and wait until its Ray is gone."""
        rest = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        _, alive = psutil.wait_procs(rest, timeout=300)
        assert not alive, f"Ray outlives the driver: {[process.name() for process in alive]}"

    def finish(self) -> None:
        """Wait for its end, which must be a good one."""
        assert self._process.wait(1800) == 0, self._tail()

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]


if __name__ == "__main__":
    ray.init(
        address="local",
        num_cpus=6,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": PYTHONPATH}},
    )
    RayRun(Path(sys.argv[1]), Path(sys.argv[2])).fit()
