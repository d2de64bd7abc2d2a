"""Prepare: raw notes to safe notes and examples, in Ray Data, one shard a task.

<storage>/prepare-<identity>/notes/         safe notes
                             examples/<split>/
                             findings/
                             ledger/        written last for each shard: its presence says the shard is done
                             manifest.json
"""

import contextlib
import logging
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import ray.data

from pipelines.flows.shard import PrepareConfig, ShardPreparer
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.plan import IngestPlan, Shard
from pipelines.screening.policy import ScreeningConfig
from pipelines.splitting.config import SplittingConfig
from pipelines.stage.cluster import require_cpus
from pipelines.stage.ledger import final_buckets, reconcile
from pipelines.stage.output import StageOutput, fingerprint, write_table
from schemas.examples import EXAMPLES
from schemas.findings import FINDINGS
from schemas.ledger import LEDGER, Stage
from schemas.notes import Split

logger = logging.getLogger(__name__)

PREPARE_STAGES = (Stage.INGEST, Stage.SCREEN, Stage.SPLIT)


def hmac_key_file(storage: str) -> Path:
    """The audit key of a storage folder, made on first use, readable by its owner alone."""
    path = Path(storage).expanduser().resolve() / "audit.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".audit.key.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):  # another process was first: its key holds
            os.link(draft, path)
        draft.unlink()
    return path


def shard_name(shard: Shard) -> str:
    """File name of a shard's outputs: a retried task overwrites its own."""
    return f"shard-{shard.index:06d}.parquet"


class _PrepareShards:
    """Ray Data actor: prepares shards and writes their outputs, the ledger last."""

    def __init__(self, config: PrepareConfig, shards: Sequence[Shard], output: Path):
        self._preparer = ShardPreparer(config)
        self._shards = shards
        self._output = output

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        counts = []
        for index in batch["id"]:
            shard = self._shards[index]
            prepared = self._preparer.prepare(shard)
            name = shard_name(shard)
            write_table(self._output / "notes" / name, prepared.notes)
            write_table(self._output / "findings" / name, prepared.findings)
            for split in Split:
                rows = pl.DataFrame(prepared.examples).filter(pl.col("split") == split.value)
                write_table(self._output / "examples" / split.value / name, rows.to_arrow().cast(EXAMPLES))
            write_table(self._output / "ledger" / name, prepared.ledger.table())
            counts.append(prepared.notes.num_rows)
        return {"num_safe_notes": counts}


def prepare_output(
    storage: str, plan: IngestPlan, ingest: IngestConfig, screening: ScreeningConfig, splitting: SplittingConfig
) -> StageOutput:
    """The output directory of these settings and inputs, finished or not."""
    return StageOutput(storage, "prepare", fingerprint(ingest, screening, splitting, plan.inputs))


def prepare(
    storage: str,
    plan: IngestPlan,
    ingest: IngestConfig,
    screening: ScreeningConfig,
    splitting: SplittingConfig,
    num_actors: int,
) -> StageOutput:
    """Run the stage, or what is left of it, and return its finished output.

    Args:
        storage: folder that every node sees.
        plan: what `plan_ingest` gave for `ingest`.
        num_actors: screening actors, one logical CPU each.

    Raises:
        InputError: a file cannot be read after all.
        LedgerError: a row was lost or counted twice.
    """
    output = prepare_output(storage, plan, ingest, screening, splitting)
    if output.is_complete:
        return output
    done = {path.name for path in output.files("ledger")}
    shards = [shard for shard in plan.shards if shard_name(shard) not in done]
    logger.info("prepare: %d notes, %d of %d shards to do", plan.num_rows, len(shards), len(plan.shards))
    if shards:
        config = PrepareConfig(
            ingest=ingest,
            screening=screening,
            splitting=splitting,
            carried=plan.carried,
            hmac_key_file=hmac_key_file(storage),
        )
        size = min(num_actors, len(shards))
        require_cpus(size + 1, "prepare")
        dataset = ray.data.range(len(shards), override_num_blocks=len(shards)).map_batches(
            _PrepareShards,
            fn_constructor_args=(config, shards, output.path),
            batch_size=1,
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=1),
        )
        for index, _ in enumerate(dataset.iter_rows(), start=1):
            logger.info("prepare: shard %d of %d done", index, len(shards))
    ledger = output.read("ledger", LEDGER)
    counts = reconcile(ledger, plan.num_rows, PREPARE_STAGES)
    output.commit(
        config={"ingest": ingest, "screening": screening, "splitting": splitting},
        inputs=plan.inputs,
        results={
            "num_rows_read": plan.num_rows,
            "outcomes": counts,
            "final_buckets": final_buckets(ledger),
            "examples": {split.value: count_rows(output, f"examples/{split.value}") for split in Split},
            "findings": findings_by_type(output),
        },
    )
    return output


def count_rows(output: StageOutput, part: str) -> int:
    """Rows of a part of an output, from the files' footers."""
    return sum(pq.read_metadata(path).num_rows for path in output.files(part))


def findings_by_type(output: StageOutput) -> dict[str, int]:
    """Number of findings of each entity type."""
    findings = pl.DataFrame(output.read("findings", FINDINGS))
    return dict(findings.group_by("entity_type").len().sort("entity_type").iter_rows())
