"""A run on spot machines: a node goes, the run goes on with fewer workers; a node comes, it grows back."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import ray
import ray.data
from gloo_ranks import NUM_SLOTS, Run, stream_rows
from ray.cluster_utils import Cluster

from pipelines.training.config import TrainingConfig
from pipelines.training.loop import TrainJob
from pipelines.training.ray_train import Streams, fit
from pipelines.training.state import TrainState

EPOCHS = 40
NODE_CPUS = 3  # a worker of two, and one for the data


def _until(happened: Callable[[], bool], what: str, patience_s: float = 240.0) -> None:
    deadline = time.monotonic() + patience_s
    while not happened():
        assert time.monotonic() < deadline, f"waited {patience_s} s for {what}"
        time.sleep(0.5)


def _rows(model: Path, epochs: int, state: TrainState) -> ray.data.Dataset:
    rows = [row for row in stream_rows(model, epochs) if (row["epoch"], row["window"]) >= (state.epoch, state.window)]
    return ray.data.from_items(rows, override_num_blocks=len(rows))


@pytest.mark.slow
@pytest.mark.cluster
def test_a_run_shrinks_when_a_node_goes_and_grows_when_one_comes(
    chat_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "20")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": True})
    nodes = [cluster.add_node(num_cpus=NODE_CPUS) for _ in range(2)]
    ray.init(address=cluster.address, runtime_env={"env_vars": {"PYTHONPATH": str(Path(__file__).parent)}})
    run = Run(tmp_path / "run")
    job = TrainJob(
        model_path=str(chat_model),
        dtype="float32",
        config=TrainingConfig(
            num_workers=2,
            min_workers=1,
            cpus_per_worker=2,
            zero_stage=2,
            epochs=EPOCHS,
            learning_rate=1e-3,
            checkpoint_every_steps=5,
            validate_every_steps=10**6,
        ),
        num_slots=NUM_SLOTS,
        run_directory=str(run.directory),
        identity="elastic",
    )
    streams = Streams(
        train=lambda state: _rows(chat_model, EPOCHS, state),
        validation=lambda state: _rows(chat_model, 1, state),
        cpus=1,
    )

    def steps() -> list[int]:
        return [entry["step"] for entry in run.log if entry["kind"] == "step"] if run.has_log else []

    def newest_world_size() -> int:
        return run.manifests[-1]["world_size"] if run.manifests else 0

    # Nodes are added from the main thread: they start processes that must outlive the thread that started them.
    with ThreadPoolExecutor(max_workers=1) as pool:
        fitting = pool.submit(fit, job, streams)
        try:
            _until(lambda: fitting.done() or len(steps()) >= 8, "the first steps of two workers")
            cluster.remove_node(nodes[1], allow_graceful=False)
            _until(lambda: fitting.done() or newest_world_size() == 1, "a checkpoint of one worker")
            cluster.add_node(num_cpus=NODE_CPUS)
            last = fitting.result()
        finally:
            ray.shutdown()
            cluster.shutdown()
    assert last.world_size == 2
    numbers = steps()
    assert numbers == list(range(1, len(numbers) + 1))
    assert last.state.step == numbers[-1]
