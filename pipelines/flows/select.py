"""Select: a survey of all raw notes, and what follows from it for each. No note text is written.

<storage>/select-<identity>/survey/       keyed hashes and signatures, a file for each shard: it says the shard is done
                            names/        keyed hashes of the names confirmed in each note
                            attributes/   what each note says of its patient, as categories
                            throughput/   CPU seconds of the survey
                            decisions/    a file for each shard, for whoever prepares it; beside it, also by shard:
                            known_names/  names confirmed in any note of the shard's patients
                            risk_actions/ what is generalised or suppressed in the shard's notes
                            manifest.json

The survey reads every note once more than screening does.
"""

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.flows.audit_key import hmac_key_file
from pipelines.flows.settings import PrepareSettings
from pipelines.flows.shard_pool import for_each_shard, shard_name
from pipelines.flows.throughput import THROUGHPUT, StepClock, throughput
from pipelines.ingest.plan import IngestPlan, Shard
from pipelines.ingest.read import read_shard
from pipelines.risk.anonymity import Assessment, assess
from pipelines.risk.attributes import note_attributes
from pipelines.risk.config import RiskConfig
from pipelines.selection.decisions import decide
from pipelines.selection.fingerprints import Fingerprinter, survey
from pipelines.stage.guard import no_text_escapes
from pipelines.stage.ledger import LedgerRows
from pipelines.stage.output import StageOutput, fingerprint, write_table
from schemas.ledger import Outcome
from schemas.risk import RiskAction
from schemas.selection import DECISIONS, KEY

DECISIONS_PART = "decisions"
KNOWN_NAMES_PART = "known_names"
RISK_ACTIONS_PART = "risk_actions"
_SURVEY, _NAMES, _ATTRIBUTES, _THROUGHPUT = "survey", "names", "attributes", "throughput"

_NAME_ROWS = pa.schema(
    [
        pa.field("patient_key", KEY, nullable=False),
        pa.field("name_key", KEY, nullable=False),
    ]
)


class _SurveyWorker:
    """Surveys a shard. Its ledger is thrown away: the row's outcome is recorded where the note is prepared."""

    def __init__(self, settings: PrepareSettings, carried: tuple[pa.Field, ...], output: StageOutput):
        # Imported where it is needed: others import this module for the names of its parts, and recognise nothing.
        from pipelines.screening.known_names import NameSurvey

        self._settings = settings
        self._carried = carried
        self._key = hmac_key_file(settings.storage).read_bytes()
        self._fingerprinter = Fingerprinter(self._key)
        self._names = NameSurvey(self._key, settings.screening.regex_timeout_s)
        self._output = output.path

    def __call__(self, shard: Shard) -> None:
        name, clock = shard_name(shard), StepClock()
        with no_text_escapes("select", f"shard {shard.index}"):
            with clock.step("survey", shard.num_rows):
                notes = read_shard(shard, self._settings.ingest, self._carried, LedgerRows())
                rows = survey(notes, self._fingerprinter)
            with clock.step("survey names", notes.num_rows):
                names = self._name_rows(notes, rows["patient_key"])
            with clock.step("survey attributes", notes.num_rows):
                attributes = note_attributes(notes, self._key, self._settings.risk)
        write_table(self._output / _NAMES / name, names)
        write_table(self._output / _ATTRIBUTES / name, attributes)
        write_table(self._output / _THROUGHPUT / name, clock.table())
        write_table(self._output / _SURVEY / name, rows)

    def _name_rows(self, notes: pa.Table, patient_keys: pa.ChunkedArray) -> pa.Table:
        columns = (notes["text"].to_pylist(), notes["patient_id"].to_pylist(), patient_keys.to_pylist())
        rows = [
            {"patient_key": patient_key, "name_key": name_key}
            for text, patient_id, patient_key in zip(*columns, strict=True)
            for name_key in sorted(self._names.name_keys(text, patient_id))
        ]
        return pa.Table.from_pylist(rows, schema=_NAME_ROWS)


def select_output(settings: PrepareSettings, plan: IngestPlan) -> StageOutput:
    """The output directory of these settings and inputs, finished or not."""
    identity = fingerprint(settings.ingest, settings.selection.identity, settings.risk, plan.inputs)
    return StageOutput(settings.storage, "select", identity)


def select(settings: PrepareSettings, plan: IngestPlan) -> StageOutput:
    """Run the stage, or what is left of it, and return its finished output.

    Args:
        settings: of the way to examples.
        plan: what `plan_ingest` gave for the notes.

    Raises:
        InputError: a file cannot be read after all.
    """
    output = select_output(settings, plan)
    if output.is_complete:
        return output
    for_each_shard(plan, output, _SURVEY, _SurveyWorker, (settings, plan.carried, output), settings.num_actors)
    names = [shard_name(shard) for shard in plan.shards]
    surveyed = _parts(output, _SURVEY, names)
    attributes = _parts(output, _ATTRIBUTES, names)
    decisions = decide(pa.concat_tables(surveyed), settings.selection)
    everyone = pa.concat_tables(attributes)
    is_used = pl.DataFrame(decisions)["outcome"] == Outcome.ACCEPTED.value
    risk = assess(everyone.filter(is_used.to_arrow()), settings.risk)
    if settings.risk.act:
        decisions = _with_risk(decisions, everyone, risk)
    _write_by_shard(output, names, surveyed, attributes, decisions, risk, settings.risk)
    counts = pl.DataFrame(decisions).group_by("outcome", "reason").len("num_notes").sort("outcome", "reason")
    output.commit(
        config={"ingest": settings.ingest, "selection": settings.selection, "risk": settings.risk},
        inputs=plan.inputs,
        results={
            "decisions": counts.to_dicts(),
            "risk": risk.report,
            "throughput": throughput(output.read(_THROUGHPUT, THROUGHPUT)),
        },
    )
    return output


def _parts(output: StageOutput, part: str, names: list[str]) -> list[pa.Table]:
    return [pq.read_table(output.path / part / name, partitioning=None) for name in names]


def _with_risk(decisions: pa.Table, attributes: pa.Table, risk: Assessment) -> pa.Table:
    """The decisions, with notes of patients whose combination stays rare set aside, and those that change marked."""
    actions = pl.DataFrame(risk.actions)
    is_quarantine = actions["action"] == RiskAction.QUARANTINE.value
    patients = pl.DataFrame(attributes)["patient_key"]
    quarantined = patients.is_in(actions.filter(is_quarantine)["patient_key"].implode())
    changed = patients.is_in(actions.filter(~is_quarantine)["patient_key"].implode())
    used = pl.col("outcome") == Outcome.ACCEPTED.value
    frame = pl.DataFrame(decisions).with_columns(
        reason=pl.when(used & pl.lit(quarantined))
        .then(pl.lit("rare_combination"))
        .when(used & pl.lit(changed))
        .then(pl.lit("generalised"))
        .otherwise("reason"),
        outcome=pl.when(used & pl.lit(quarantined)).then(pl.lit(Outcome.QUARANTINED.value)).otherwise("outcome"),
    )
    return frame.to_arrow().cast(DECISIONS)


def _write_by_shard(
    output: StageOutput,
    names: list[str],
    surveyed: list[pa.Table],
    attributes: list[pa.Table],
    decisions: pa.Table,
    risk: Assessment,
    config: RiskConfig,
) -> None:
    """What whoever prepares a shard must know of the whole, and no more."""
    confirmed = pl.DataFrame(pa.concat_tables(_parts(output, _NAMES, names))).unique()
    actions = pl.DataFrame(risk.actions if config.act else risk.actions.slice(0, 0))
    start = 0
    for name, notes, described in zip(names, surveyed, attributes, strict=True):
        write_table(output.path / DECISIONS_PART / name, decisions.slice(start, notes.num_rows))
        start += notes.num_rows
        patients = pl.DataFrame(notes.select(["patient_key"])).unique()
        own_names = confirmed.join(patients, on="patient_key", how="semi").select("name_key").unique().sort("name_key")
        write_table(output.path / KNOWN_NAMES_PART / name, own_names.to_arrow())
        described_patients = pl.DataFrame(described.select(["patient_key"])).unique()
        own_actions = actions.join(described_patients, on="patient_key", how="semi", maintain_order="left")
        write_table(output.path / RISK_ACTIONS_PART / name, own_actions.to_arrow().cast(risk.actions.schema))
