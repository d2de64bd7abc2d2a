"""Prepare: raw notes to safe notes and examples, in Ray Data, one shard a task.

<storage>/prepare-<identity>/notes/         safe notes
                             examples/<split>/
                             findings/
                             keys/          keyed hashes of the examples, to test the split for leakage
                             throughput/    CPU seconds of each step
                             canaries/      which planted identifiers the screen missed, where a trial was asked for
                             ledger/        written last for each shard: its presence says the shard is done
                             manifest.json

What needs all notes at once is decided before, by `select`, which prepare runs itself.
"""

import logging
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from pipelines.flows.audit_key import hmac_key_file
from pipelines.flows.canaries import PART as CANARIES_PART
from pipelines.flows.canaries import conclude
from pipelines.flows.select import select
from pipelines.flows.settings import PrepareSettings
from pipelines.flows.shard import PrepareConfig, ShardPreparer
from pipelines.flows.shard_pool import for_each_shard, shard_name
from pipelines.flows.throughput import THROUGHPUT, throughput, throughput_line
from pipelines.ingest.plan import IngestPlan, Shard
from pipelines.selection.fingerprints import Fingerprinter
from pipelines.selection.leakage import example_keys, require_no_leakage
from pipelines.stage.ledger import final_buckets, reconcile
from pipelines.stage.output import StageOutput, fingerprint, write_table
from schemas.examples import EXAMPLES
from schemas.findings import FINDINGS
from schemas.ledger import LEDGER, Stage
from schemas.notes import Split
from schemas.selection import EXAMPLE_KEYS

logger = logging.getLogger(__name__)

PREPARE_STAGES = (Stage.INGEST, Stage.SELECT, Stage.SCREEN, Stage.SPLIT)


class _PrepareWorker:
    """Prepares a shard and writes its outputs, the ledger last."""

    def __init__(self, config: PrepareConfig, output: Path):
        self._preparer = ShardPreparer(config)
        self._fingerprinter = Fingerprinter(config.hmac_key_file.read_bytes())
        self._output = output

    def __call__(self, shard: Shard) -> None:
        prepared = self._preparer.prepare(shard)
        name = shard_name(shard)
        write_table(self._output / "notes" / name, prepared.notes)
        write_table(self._output / "findings" / name, prepared.findings)
        for split in Split:
            rows = pl.DataFrame(prepared.examples).filter(pl.col("split") == split.value)
            write_table(self._output / "examples" / split.value / name, rows.to_arrow().cast(EXAMPLES))
        write_table(self._output / "keys" / name, example_keys(prepared.examples, self._fingerprinter))
        write_table(self._output / "throughput" / name, prepared.throughput)
        if prepared.canaries is not None:
            write_table(self._output / CANARIES_PART / name, prepared.canaries)
        write_table(self._output / "ledger" / name, prepared.ledger.table())


def prepare_output(settings: PrepareSettings, plan: IngestPlan) -> StageOutput:
    """The output directory of these settings and inputs, finished or not."""
    identity = fingerprint(
        settings.ingest,
        settings.selection.identity,
        settings.risk,
        settings.screening,
        settings.splitting,
        settings.canaries.identity,
        plan.inputs,
    )
    return StageOutput(settings.storage, "prepare", identity)


def prepare_config(settings: PrepareSettings, plan: IngestPlan, selected: StageOutput) -> PrepareConfig:
    """What an actor needs that prepares shards of these notes.

    Args:
        selected: finished output of `select`.
    """
    return PrepareConfig(
        ingest=settings.ingest,
        screening=settings.screening,
        splitting=settings.splitting,
        risk=settings.risk,
        canaries=settings.canaries,
        num_notes=plan.num_rows,
        carried=plan.carried,
        selected=selected.path,
        hmac_key_file=hmac_key_file(settings.storage),
    )


def prepare(settings: PrepareSettings, plan: IngestPlan) -> StageOutput:
    """Run the stage, or what is left of it, and return its finished output.

    Args:
        settings: of the stage.
        plan: what `plan_ingest` gave for the notes.

    Raises:
        InputError: a file cannot be read after all, or two sides of the split share a patient or a text.
        ScreeningError: the screen misses more canaries than the settings allow.
        LedgerError: a row was lost or counted twice.
    """
    output = prepare_output(settings, plan)
    if output.is_complete:
        return output
    selected = select(settings, plan)
    arguments = (prepare_config(settings, plan, selected), output.path)
    for_each_shard(plan, output, "ledger", _PrepareWorker, arguments, settings.num_actors)
    ledger = output.read("ledger", LEDGER)
    counts = reconcile(ledger, plan.num_rows, PREPARE_STAGES)
    leakage = require_no_leakage(output.read("keys", EXAMPLE_KEYS), settings.selection)
    canaries = conclude(output, settings.canaries)
    surveyed = selected.manifest()["results"]
    measured = surveyed["throughput"] | throughput(output.read("throughput", THROUGHPUT))
    logger.info("prepare: notes per core-second: %s", throughput_line(measured))
    output.commit(
        config={
            "ingest": settings.ingest,
            "selection": settings.selection,
            "risk": settings.risk,
            "canaries": settings.canaries,
            "screening": settings.screening,
            "splitting": settings.splitting,
        },
        inputs=plan.inputs,
        results={
            "num_rows_read": plan.num_rows,
            "outcomes": counts,
            "final_buckets": final_buckets(ledger),
            "examples": {split.value: count_rows(output, f"examples/{split.value}") for split in Split},
            "findings": findings_by_type(output),
            "risk": surveyed["risk"],
            "canaries": canaries,
            "shared_between_splits": leakage,
            "skipped_files": plan.skipped,
            "throughput": measured,
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
