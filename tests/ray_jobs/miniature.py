"""The whole pipeline in miniature, and jobs run as a user runs them: as processes of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_S = 1800  # the machine may be busy with other things

_CONFIG = """
storage: {root}/storage
demo:
  directory: {root}/demo
  hospital: {{num_patients: 120, seed: 17, in_hospital_share: 0.3}}
  model: {{vocab_size: 1000, hidden_size: 64, intermediate_size: 128, num_layers: 2, head_dim: 16}}
ingest:
  notes: {root}/demo/notes
  carry: [in_hospital_arrest]
  rows_per_shard: 30
  validation_share: 0.2
  test_share: 0.2
model:
  path: {root}/demo/model
packing:
  pack_tokens: 1024
  packs_per_step: 2
  window_examples: 40
training:
  num_workers: 2
  learning_rate: 3.0e-3
  validate_every_steps: 10
  checkpoint_every_steps: 5
  log_every_steps: 1
tuning:
  task:
    name: cardiac_arrest
    question: Does this note mention a cardiac arrest of this patient in the hospital? Answer yes or no.
    label_column: in_hospital_arrest
    labels: ["yes", "no"]
    positive: "yes"
  num_trials: 4
  epochs: 1
  learning_rate_range: [3.0e-4, 5.0e-3]
  max_train_examples: 64
  max_validation_examples: 20
  validate_every_steps: 5
scoring:
  max_items_per_task: 40
  max_item_tokens: 1024
  num_bootstrap: 1000
  benchmarks:
    - {{name: general, path: {root}/demo/benchmarks/general.parquet, format: items}}
    - {{name: biomedical, path: {root}/demo/benchmarks/biomedical.parquet, format: items}}
retention: {{task: cardiac_arrest/balanced_accuracy, probe: mdm/nll_per_token, max_probe_loss: 0.3}}
cluster:
  local_cpus: 10
"""


def write_config(root: Path) -> Path:
    """Write the miniature's configuration for a folder of its own, and return the YAML file."""
    path = root / "miniature.yaml"
    path.write_text(_CONFIG.format(root=root))
    return path


def environment() -> dict[str, str]:
    """This process's environment, without what would lead a job to another Ray."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}


class Job:
    """A job as a process of its own, its output in a file.

    Args:
        name: module of `ray_jobs`.
        argv: its command line.
        log: file for what it prints.
    """

    def __init__(self, name: str, argv: list[str], log: Path):
        self._log = log
        self._started = time.monotonic()
        command = [sys.executable, "-m", f"ray_jobs.{name}", *argv]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, cwd=REPOSITORY, env=environment(), stdout=output, stderr=subprocess.STDOUT
            )

    def finish(self) -> str:
        """Wait for its end, and return what it printed. It must have succeeded."""
        try:
            code = self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the job did not end in {PATIENCE_S} s:\n{self._tail()}") from None
        assert code == 0, f"the job ended with {code}:\n{self._tail()}"
        return self._log.read_text()

    def kill_once_there(self, folder: Path, pattern: str) -> None:
        """`kill` as soon as a file in the folder matches the pattern."""
        while not any(folder.glob(pattern)):
            assert self._process.poll() is None, f"the job ended before it could be killed:\n{self._tail()}"
            if time.monotonic() - self._started > PATIENCE_S:
                self.kill()
                raise AssertionError(f"the job hangs:\n{self._tail()}")
            time.sleep(0.02)
        self.kill()

    def kill(self) -> None:
        """`kill -9` this process alone, and wait until its Ray is gone."""
        rest = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        _, alive = psutil.wait_procs(rest, timeout=180)
        assert not alive, f"Ray outlives the driver: {[process.name() for process in alive]}"

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]
