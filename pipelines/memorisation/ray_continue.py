"""Continuations over Ray Data: actors that each hold one model and one screen."""

import math
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import ray.data
import torch

from pipelines.memorisation.config import MemorisationConfig
from pipelines.memorisation.continuation import CONTINUATIONS, Continuer, Decoding, Screen
from pipelines.stage.guard import no_text_escapes
from pipelines.stage.output import write_table
from schemas.errors import LedgerError

# Examples that an actor continues in one call, at most: enough to fill batches with like lengths.
MAX_CALL_EXAMPLES = 64


class _ContinuerActor:
    """Holds one model; continues one batch a call."""

    def __init__(
        self,
        role: str,
        path: str,
        config: MemorisationConfig,
        decoding: Decoding,
        screen: Callable[[], Screen],
        num_threads: int,
    ):
        with no_text_escapes("audit", f"loading model {role}"):
            torch.set_num_threads(num_threads)
            self._continuer = Continuer(role, path, config, decoding, screen)

    def __call__(self, examples: pa.Table) -> pa.Table:
        with no_text_escapes("audit", f"the batch that starts with example {examples['example_id'][0]}"):
            return self._continuer.continue_examples(examples)


def continue_with(
    role: str,
    path: str,
    examples: pa.Table,
    config: MemorisationConfig,
    decoding: Decoding,
    screen: Callable[[], Screen],
    file: Path,
    *,
    num_actors: int,
    cpus_per_actor: int,
    gpus_per_actor: float,
) -> None:
    """Continue EXAMPLES rows with one model and write CONTINUATIONS to a file; one that is there is not made again.

    Needs a Ray cluster that the caller has joined, with one logical CPU more than the actors take.

    Args:
        role: name of the model in the rows.
        path: of the model.
        screen: makes the screen, inside each actor.
        file: belongs to these examples and settings alone.

    Raises:
        StageError: an actor failed; no text is in it.
        LedgerError: an example is missing from what came back.
    """
    if file.is_file():
        return
    num_rows = min(MAX_CALL_EXAMPLES, math.ceil(examples.num_rows / num_actors))
    batches = [examples.slice(start, num_rows) for start in range(0, examples.num_rows, num_rows)]
    continued = ray.data.from_arrow(batches).map_batches(
        _ContinuerActor,
        fn_constructor_args=(role, path, config, decoding, screen, cpus_per_actor),
        batch_size=num_rows,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=min(num_actors, len(batches))),
        num_cpus=cpus_per_actor,
        num_gpus=gpus_per_actor,
    )
    rows = [CONTINUATIONS.empty_table()]
    rows += [batch.cast(CONTINUATIONS) for batch in continued.iter_batches(batch_size=None, batch_format="pyarrow")]
    table = pa.concat_tables(rows).sort_by([("split", "ascending"), ("example_id", "ascending")])
    expected, arrived = (set(of["example_id"].to_pylist()) for of in (examples, table))
    if arrived != expected:
        raise LedgerError(f"model {role!r}: {len(expected)} examples to continue, {len(arrived)} came back")
    write_table(file, table)
