"""Nodes go and come: the run waits for its workers, or goes on with fewer and grows back. Its losses stay the same."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import ray
import ray.data
from gloo_ranks import NUM_SLOTS, Run, start, stream_rows
from ray.cluster_utils import Cluster
from ray_runs import PYTHONPATH

from pipelines.model.packed import DocumentScore
from pipelines.training.config import TrainingConfig
from pipelines.training.loop import TrainJob
from pipelines.training.ray_train import Streams, fit
from pipelines.training.state import TrainState
from pipelines.training.validation import likelihood_metrics

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

EPOCHS = 10
NOTICE_POLL_S = 0.5
GATES = (11, 33)  # steps of validations, at which the run waits until it may go on
NODE_CPUS = 3  # a worker of two, and one for the data
SETTINGS: dict[str, Any] = {
    "cpus_per_worker": 2,
    "zero_stage": 2,
    "learning_rate": 1e-3,
    "checkpoint_every_steps": 5,
    "validate_every_steps": 11,
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A head without processors, and two nodes that hold a worker each."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "20")
        environment.setenv("RAY_TRAIN_HEALTH_CHECK_INTERVAL_S", "0.5")
        environment.setenv("RAY_TRAIN_PREEMPTION_POLL_INTERVAL_S", str(NOTICE_POLL_S))
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        for _ in range(2):
            cluster.add_node(num_cpus=NODE_CPUS)
        ray.init(address=cluster.address, runtime_env={"env_vars": {"PYTHONPATH": PYTHONPATH}}, log_to_driver=False)
        yield cluster
        ray.shutdown()
        cluster.shutdown()


class Gated:
    """Validation metrics that keep every rank waiting at a gate until its file is there."""

    def __init__(self, folder: Path):
        self._folder = folder

    def __call__(self, scores: list[DocumentScore]) -> dict[str, float]:
        step = max((entry["step"] for entry in Run(self._folder / "run").log), default=0)
        while step in GATES and not (self._folder / f"gate-{step}").exists():
            time.sleep(0.1)
        return likelihood_metrics(scores)


def _until(happened: Callable[[], bool], what: str, patience_s: float = 900.0) -> None:
    deadline = time.monotonic() + patience_s
    while not happened():
        assert time.monotonic() < deadline, f"waited {patience_s} s for {what}"
        time.sleep(0.2)


def _losses(run: Run) -> dict[int, float]:
    """Loss by step, in the order of the log."""
    return {entry["step"]: entry["loss"] for entry in run.log if entry["kind"] == "step"}


def _give_notice(cluster: Cluster, node: Any) -> None:
    """Say that a node will be taken away in an hour, and wait until Ray Train has heard of it."""
    command = [Path(sys.executable).with_name("ray"), "drain-node", "--address", cluster.address]
    command += ["--node-id", node.node_id, "--deadline-remaining-seconds", "3600"]
    subprocess.run([*command, "--reason", "DRAIN_NODE_REASON_PREEMPTION", "--reason-message", "spot"], check=True)
    time.sleep(20 * NOTICE_POLL_S)


# Fewest workers, whether the node's end is said beforehand, difference of the losses: none with as many workers.
CASES = {"waits": (None, False, 0.0), "has-notice": (None, True, 0.0), "shrinks-and-grows": (1, False, 1e-4)}


@pytest.mark.parametrize(("min_workers", "has_notice", "tolerance"), CASES.values(), ids=CASES)
def test_a_node_goes_and_another_comes(
    cluster: Cluster, chat_model: Path, tmp_path: Path, min_workers: int | None, has_notice: bool, tolerance: float
) -> None:
    run = Run(tmp_path / "run")
    begun = tmp_path / "begun"  # a line for each start of the workers: the step that they go on from

    def starts() -> int:
        return len(begun.read_text().split()) if begun.exists() else 0

    def rows(epochs: int, state: TrainState) -> ray.data.Dataset:
        left = [r for r in stream_rows(chat_model, epochs) if (r["epoch"], r["window"]) >= (state.epoch, state.window)]
        return ray.data.from_items(left, override_num_blocks=len(left))

    def train_rows(state: TrainState) -> ray.data.Dataset:
        with begun.open("a") as file:
            file.write(f"{state.step}\n")
        return rows(EPOCHS, state)

    job = TrainJob(
        model_path=str(chat_model),
        dtype="float32",
        config=TrainingConfig(num_workers=2, min_workers=min_workers, epochs=EPOCHS, **SETTINGS),
        num_slots=NUM_SLOTS,
        run_directory=str(run.directory),
        identity="test",
        validation_metrics=Gated(tmp_path),
    )
    if has_notice:
        job = replace(job, config=replace(job.config, checkpoint_every_steps=10**6))  # the notice alone brings one
    streams = Streams(train=train_rows, validation=lambda state: rows(1, state), cpus=1)

    # Nodes are added from the main thread: they start processes that must outlive the thread that started them.
    with ThreadPoolExecutor(max_workers=1) as pool:
        fitting = pool.submit(fit, job, streams)

        def until(happened: Callable[[], bool], what: str) -> None:
            _until(lambda: fitting.done() or happened(), what)
            assert not fitting.done(), fitting.result()

        until(lambda: run.has_log and GATES[0] in _losses(run), "the first gate")
        node = next(iter(cluster.worker_nodes))
        if has_notice:
            _give_notice(cluster, node)
            (tmp_path / f"gate-{GATES[0]}").touch()
            until(lambda: GATES[1] in _losses(run), "the second gate")
        else:
            until(lambda: bool(run.manifests) and run.manifests[-1]["state"]["step"] == 10, "the checkpoint before it")
        before = starts()
        cluster.remove_node(node, allow_graceful=False)
        (tmp_path / f"gate-{GATES[0]}").touch()
        if min_workers is not None:
            until(lambda: run.manifests[-1]["world_size"] == 1, "a checkpoint of one worker")
            until(lambda: GATES[1] in _losses(run), "the second gate")
        before_growing = starts()
        cluster.add_node(num_cpus=NODE_CPUS)
        until(lambda: starts() > before_growing, "the workers' next start")
        (tmp_path / f"gate-{GATES[1]}").touch()
        last = fitting.result()

    assert last.world_size == 2
    assert begun.read_text().split()[before] == (str(GATES[0]) if has_notice else "10")
    undisturbed = start(chat_model, tmp_path / "undisturbed", 2, EPOCHS, **SETTINGS)
    losses, expected = _losses(run), _losses(undisturbed)
    assert list(losses) == list(expected) == list(range(1, len(expected) + 1))
    assert list(losses.values()) == pytest.approx(list(expected.values()), rel=0, abs=tolerance)
