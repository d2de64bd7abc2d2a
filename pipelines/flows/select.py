"""Select: a survey of all raw notes, and what follows from it for each. No note text is written.

<storage>/select-<identity>/survey/      keyed hashes and signatures, a file for each shard: it says the shard is done
                            throughput/  CPU seconds of the survey
                            decisions/   a file for each shard, for whoever prepares it
                            manifest.json

The survey reads every note once more. Of notes of 150 words it takes 400 to 1,000 a core-second, most of that spent on
reading and checking them, where the screen takes 240 to 320; what a run really took is in its manifest. At rest it is
650 bytes a note.
"""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.flows.audit_key import hmac_key_file
from pipelines.flows.shard_pool import for_each_shard, shard_name
from pipelines.flows.throughput import THROUGHPUT, StepClock, throughput
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.plan import IngestPlan, Shard
from pipelines.ingest.read import read_shard
from pipelines.selection.config import SelectionConfig
from pipelines.selection.decisions import decide
from pipelines.selection.fingerprints import Fingerprinter, survey
from pipelines.stage.guard import no_text_escapes
from pipelines.stage.ledger import LedgerRows
from pipelines.stage.output import StageOutput, fingerprint, write_table

DECISIONS_PART = "decisions"
_SURVEY_PART = "survey"
_THROUGHPUT_PART = "throughput"


class _SurveyWorker:
    """Surveys a shard. Its ledger is thrown away: the row's outcome is recorded where the note is prepared."""

    def __init__(self, ingest: IngestConfig, carried: tuple[pa.Field, ...], key_file: Path, output: Path):
        self._ingest = ingest
        self._carried = carried
        self._fingerprinter = Fingerprinter(key_file.read_bytes())
        self._output = output

    def __call__(self, shard: Shard) -> None:
        clock = StepClock()
        with no_text_escapes("select", f"shard {shard.index}"), clock.step("survey", shard.num_rows):
            notes = read_shard(shard, self._ingest, self._carried, LedgerRows())
            rows = survey(notes, self._fingerprinter)
        write_table(self._output / _THROUGHPUT_PART / shard_name(shard), clock.table())
        write_table(self._output / _SURVEY_PART / shard_name(shard), rows)


def select_output(storage: str, plan: IngestPlan, ingest: IngestConfig, selection: SelectionConfig) -> StageOutput:
    """The output directory of these settings and inputs, finished or not."""
    return StageOutput(storage, "select", fingerprint(ingest, selection.identity, plan.inputs))


def select(
    storage: str, plan: IngestPlan, ingest: IngestConfig, selection: SelectionConfig, num_actors: int
) -> StageOutput:
    """Run the stage, or what is left of it, and return its finished output.

    Args:
        storage: folder that every node sees.
        plan: what `plan_ingest` gave for `ingest`.
        num_actors: that survey, one logical CPU each.

    Raises:
        InputError: a file cannot be read after all.
    """
    output = select_output(storage, plan, ingest, selection)
    if output.is_complete:
        return output
    arguments = (ingest, plan.carried, hmac_key_file(storage), output.path)
    for_each_shard(plan, output, _SURVEY_PART, _SurveyWorker, arguments, num_actors)
    names = [shard_name(shard) for shard in plan.shards]
    parts = [pq.read_table(output.path / _SURVEY_PART / name, partitioning=None) for name in names]
    decisions = decide(pa.concat_tables(parts), selection)
    start = 0
    for name, part in zip(names, parts, strict=True):
        write_table(output.path / DECISIONS_PART / name, decisions.slice(start, part.num_rows))
        start += part.num_rows
    counts = pl.DataFrame(decisions).group_by("outcome", "reason").len("num_notes").sort("outcome", "reason")
    output.commit(
        config={"ingest": ingest, "selection": selection},
        inputs=plan.inputs,
        results={
            "decisions": counts.to_dicts(),
            "throughput": throughput(output.read(_THROUGHPUT_PART, THROUGHPUT)),
        },
    )
    return output
