"""Training on a Ray cluster: Ray Train V2 workers, fed by Ray Data.

A dataset is given as a factory, which Ray evaluates anew whenever it starts the worker group: the factory reads the
newest checkpoint and leaves out the windows that are done, so that a resumed run screens and packs nothing twice.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray.data
import ray.train
import torch
from ray.train.torch import TorchConfig, TorchTrainer

from pipelines.stage.cluster import require_cpus
from pipelines.training import loop
from pipelines.training.checkpoint import Checkpoint, newest_verified
from pipelines.training.engine import start_process_group
from pipelines.training.state import TrainState
from pipelines.training.stream import steps_of_rank
from pipelines.training.trackers import require_trackers, start_trackers
from schemas.errors import CheckpointError, ConfigError, StageError, WardroundError

# From the run's position to the dataset of PACK_STREAM rows from there on, one row a block.
StreamFactory = Callable[[TrainState], ray.data.Dataset]


@dataclass(frozen=True, kw_only=True)
class Streams:
    """The two datasets of a run and the logical CPUs that making them takes."""

    train: StreamFactory
    validation: StreamFactory
    cpus: float


def _position(run_directory: str) -> TrainState:
    found = newest_verified(Path(run_directory))
    return found.state if found else TrainState()


def _rows(name: str) -> Any:
    shard = ray.train.get_dataset_shard(name)
    for batch in shard.iter_batches(batch_size=1, batch_format="pyarrow", prefetch_batches=2):
        yield from batch.to_pylist()


def _worker(settings: dict[str, Any]) -> None:
    job: loop.TrainJob = settings["job"]
    context = ray.train.get_context()
    rank, world_size = context.get_world_rank(), context.get_world_size()
    torch.set_num_threads(job.config.cpus_per_worker)
    logging.getLogger("ray.train").setLevel(logging.WARNING)
    start_process_group()

    def steps_from(state: TrainState) -> Any:
        return steps_of_rank(_rows("train"), rank, world_size, job.num_slots, state)

    latest: dict[str, Any] = {}
    trackers = start_trackers(job.config, job.directory) if rank == 0 else []

    def report(metrics: dict[str, Any]) -> None:
        latest.update(metrics)  # every report holds the newest of each metric: Tune refuses one without its own
        numbers = {name: value for name, value in metrics.items() if value is not None and name != "step"}
        for tracker in trackers:
            tracker.log(numbers, metrics["step"])
        # Checkpoints are not reported: Ray would list them, and refuse a run of whose list one has been deleted.
        ray.train.report(dict(latest))

    packs = [
        pack
        for step in steps_of_rank(_rows("validation"), rank, world_size, job.num_slots, TrainState())
        for pack in step.packs
    ]
    loop.run(job, steps_from, packs, report, _NoticeOfPreemption())


class _NoticeOfPreemption:
    """True once for each notice that a machine of the run is about to be taken away."""

    def __init__(self) -> None:
        self._answered: Any = None

    def __call__(self) -> bool:
        notice = ray.train.get_preemption_info()  # the same on all ranks
        is_new = notice is not None and notice != self._answered
        self._answered = notice
        return is_new


def _cause(error: BaseException) -> WardroundError:
    """The error of ours behind what Ray raised, or one that names the type alone."""
    pending: list[Any] = [error]
    seen: list[BaseException] = []
    while pending:
        current = pending.pop()
        if isinstance(current, WardroundError):
            return current
        if not isinstance(current, BaseException) or current in seen:
            continue
        seen.append(current)
        pending += list(getattr(current, "worker_failures", {}).values())
        pending += [getattr(current, name, None) for name in ("controller_failure", "_base_exc", "cause", "__cause__")]
    kinds = sorted({type(e).__name__ for e in seen})
    return StageError(f"training failed ({', '.join(kinds)}): the workers' logs say where; run the job again to resume")


def fit(job: loop.TrainJob, streams: Streams, callbacks: list[Any] | None = None) -> Checkpoint:
    """Run training to its end on the cluster that `ray.init` joined, resuming where an earlier run of it stopped.

    Args:
        job: the run. Its directory's name is Ray Train's run name.
        streams: datasets.
        callbacks: Ray Train callbacks, such as Tune's reporter.

    Returns:
        The last checkpoint, whose state is finished.

    Raises:
        CapacityError: the cluster has too few CPUs to train and feed the workers at once.
        CheckpointError: training ended without a finished checkpoint.
    """
    config = job.config
    require_trackers(config)
    fewest = config.min_workers or config.num_workers
    for num_workers in range(fewest, config.num_workers + 1):
        if job.num_slots % num_workers:
            raise ConfigError(
                f"training.min_workers is {config.min_workers} and packing.packs_per_step {job.num_slots}, which "
                f"{num_workers} workers cannot share equally: give packs that every number of workers from min_workers "
                f"to num_workers divides, or raise min_workers"
            )
    require_cpus(config.num_workers * config.cpus_per_worker + streams.cpus, "training and its data stream")
    directory = job.directory
    directory.mkdir(parents=True, exist_ok=True)
    run_directory = job.run_directory
    trainer = TorchTrainer(
        _worker,
        train_loop_config={"job": job},
        torch_config=TorchConfig(backend="nccl" if config.gpus_per_worker else "gloo"),
        scaling_config=ray.train.ScalingConfig(
            num_workers=config.num_workers if fewest == config.num_workers else (fewest, config.num_workers),
            use_gpu=config.gpus_per_worker > 0,
            resources_per_worker={"CPU": config.cpus_per_worker, "GPU": config.gpus_per_worker},
        ),
        datasets={
            "train": lambda: streams.train(_position(run_directory)),
            "validation": lambda: streams.validation(TrainState()),
        },
        dataset_config=ray.train.DataConfig(execution_options=ray.data.ExecutionOptions(preserve_order=True)),
        run_config=ray.train.RunConfig(
            name=directory.name,
            storage_path=str(directory.parent),
            failure_config=ray.train.FailureConfig(max_failures=config.max_failures),
            callbacks=callbacks or [],
        ),
    )
    try:
        trainer.fit()
    except ray.train.TrainingFailedError as error:
        raise _cause(error) from None
    last = newest_verified(directory)
    if last is None or not last.state.finished:
        raise CheckpointError(f"training in {directory} ended without a finished checkpoint: run the job again")
    return last
