"""Work on every shard of the notes in Ray Data: a pool of actors, one shard a task, resumed shard by shard.

What a worker writes for a shard is named after it, so that a retried task overwrites its own; the part that it writes
last says that the shard is done. Ray carries shards' numbers alone, never notes.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import ray.data

from pipelines.ingest.plan import IngestPlan, Shard
from pipelines.stage.cluster import require_cpus
from pipelines.stage.output import StageOutput

logger = logging.getLogger(__name__)


def shard_name(shard: Shard) -> str:
    """File name of a shard's outputs."""
    return f"shard-{shard.index:06d}.parquet"


class _ShardActor:
    """Ray Data's call, for a worker that takes a shard."""

    def __init__(
        self, worker: Callable[..., Callable[[Shard], None]], arguments: Sequence[Any], shards: Sequence[Shard]
    ):
        self._work = worker(*arguments)
        self._shards = shards

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        for index in batch["id"]:
            self._work(self._shards[index])
        return {"id": batch["id"]}


def for_each_shard(
    plan: IngestPlan,
    output: StageOutput,
    last_part: str,
    worker: Callable[..., Callable[[Shard], None]],
    arguments: Sequence[Any],
    num_actors: int,
) -> None:
    """Do what is left of a stage's work on the shards.

    Args:
        output: whose `last_part` holds a file for each shard that is done.
        worker: class of the actors; an instance is called with a shard.
        arguments: that the class is made with, once in each actor.
        num_actors: one logical CPU each.

    Raises:
        CapacityError: the local Ray is too small.
    """
    done = {path.name for path in output.files(last_part)}
    shards = [shard for shard in plan.shards if shard_name(shard) not in done]
    logger.info("%s: %d notes, %d of %d shards to do", output.stage, plan.num_rows, len(shards), len(plan.shards))
    if not shards:
        return
    size = min(num_actors, len(shards))
    require_cpus(size + 1, output.stage)
    dataset = ray.data.range(len(shards), override_num_blocks=len(shards)).map_batches(
        _ShardActor,
        fn_constructor_args=(worker, arguments, shards),
        batch_size=1,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=1),
    )
    for index, _ in enumerate(dataset.iter_rows(), start=1):
        logger.info("%s: shard %d of %d done", output.stage, index, len(shards))
