"""Batch inference over Ray Data: every item through every model.

A run killed half way does the rest when it is started again: a task's file is written as soon as its last prediction
is there, and a file that is there is not scored again.
"""

import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import ray.data
import torch

from pipelines.scoring.config import MODEL_NAME, TASK_NAME, ScoringConfig
from pipelines.scoring.scorer import Scorer, load_encoder
from pipelines.stage.guard import no_text_escapes
from pipelines.stage.output import write_table
from schemas.errors import ConfigError, LedgerError
from schemas.predictions import PREDICTIONS

# Items that an actor scores at once, at most: enough for full packs and for equal documents to meet.
MAX_BATCH_ITEMS = 64


class _ScorerActor:
    """Holds one model; scores one batch a call."""

    def __init__(self, role: str, path: str, dtype: str, config: ScoringConfig):
        with no_text_escapes("score", f"loading model {role}"):
            torch.set_num_threads(config.cpus_per_actor)
            self._scorer = Scorer(role, path, dtype, config)

    def __call__(self, items: pa.Table) -> pa.Table:
        first = f"{items['task'][0]}/{items['item_id'][0]}"
        with no_text_escapes("score", f"the batch that starts with item {first}"):
            return self._scorer.score(items)


def predictions_path(output: Path, model: str, task: str) -> Path:
    """File of one model's predictions on one task."""
    return output / "predictions" / f"{model}-{task}.parquet"


def predict(items: pa.Table, models: dict[str, str], dtype: str, config: ScoringConfig, output: Path) -> list[Path]:
    """Score items with each model, one model after the other, and write `<output>/predictions/<model>-<task>.parquet`.

    Needs a Ray cluster that the caller has joined, with one logical CPU more than the actors take: Ray Data reads and
    splits its blocks on it.

    Args:
        items: BENCHMARK_ITEMS rows of all tasks.
        models: role → local directory or hub id.
        dtype: "float32" or "bfloat16".
        output: folder that this process can write; it must belong to these items and settings alone.

    Returns:
        The files, for each model and task, in that order.

    Raises:
        ConfigError: a role or a task's name does not make a file name, or items do not fit a model.
        InputError: a model's tokenizer cannot be loaded.
        LedgerError: predictions are missing or double.
    """
    tasks = sorted(pc.unique(items["task"]).to_pylist())
    for kind, names, pattern in (("model", models, MODEL_NAME), ("task", tasks, TASK_NAME)):
        for name in names:
            if not pattern.fullmatch(name):
                raise ConfigError(f"{kind} name {name!r} does not match {pattern.pattern}: rename the {kind}")
    for role, path in models.items():
        pending = [task for task in tasks if not predictions_path(output, role, task).is_file()]
        if pending:
            load_encoder(role, path, config)  # what is wrong with a model is said here, and not by a lost actor
            _predict_with_model(
                items.filter(pc.is_in(items["task"], pa.array(pending))), role, path, dtype, config, output
            )
    return [predictions_path(output, role, task) for role in models for task in tasks]


def _predict_with_model(items: pa.Table, role: str, path: str, dtype: str, config: ScoringConfig, output: Path) -> None:
    ordered = items.sort_by([("task", "ascending")])  # whole tasks finish, and are written, one after the other
    batch_items = min(MAX_BATCH_ITEMS, math.ceil(ordered.num_rows / config.num_actors))
    batches = [ordered.slice(start, batch_items) for start in range(0, ordered.num_rows, batch_items)]
    predictions = ray.data.from_arrow(batches).map_batches(
        _ScorerActor,
        fn_constructor_args=(role, path, dtype, config),
        batch_size=batch_items,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=min(config.num_actors, len(batches))),
        num_cpus=config.cpus_per_actor,
        num_gpus=config.gpus_per_actor,
    )
    expected: dict[str, list[str]] = defaultdict(list)
    for task, item_id in zip(ordered["task"].to_pylist(), ordered["item_id"].to_pylist(), strict=True):
        expected[task].append(item_id)
    arrived: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for batch in predictions.iter_batches(batch_size=None, batch_format="pyarrow"):
        for row in batch.to_pylist():
            arrived[row["task"]].append(row)
        for task in [task for task in arrived if len(arrived[task]) >= len(expected[task])]:
            _write(arrived.pop(task), expected.pop(task), predictions_path(output, role, task))
    if arrived or expected:
        raise LedgerError(f"model {role!r}: predictions are missing or double on {sorted({*arrived, *expected})}")


def _write(rows: list[dict[str, Any]], item_ids: list[str], path: Path) -> None:
    by_id = {row["item_id"]: row for row in rows}
    if len(rows) != len(item_ids) or by_id.keys() != set(item_ids):
        raise LedgerError(f"{path.name}: {len(item_ids)} items in, {len(rows)} predictions out")
    write_table(path, pa.Table.from_pylist([by_id[item_id] for item_id in item_ids], schema=PREDICTIONS))
