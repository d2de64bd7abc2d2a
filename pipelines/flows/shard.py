"""One shard of raw notes through ingest, selection, screening, risk protection and splitting, in one process.

Unscreened text never leaves this process: not to another stage's files, not to Ray's object store and so not to its
spill files. Only what the screen passed does.
"""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.canaries.config import CanaryConfig
from pipelines.flows.canaries import open_trial
from pipelines.flows.select import DECISIONS_PART, KNOWN_NAMES_PART, RISK_ACTIONS_PART
from pipelines.flows.shard_pool import shard_name
from pipelines.flows.throughput import StepClock
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.plan import Shard
from pipelines.ingest.read import read_shard
from pipelines.risk.config import RiskConfig
from pipelines.risk.protect import Protection
from pipelines.screening.policy import ScreeningConfig
from pipelines.selection.apply import select_notes
from pipelines.splitting.config import SplittingConfig
from pipelines.splitting.split import split_notes
from pipelines.stage.guard import no_text_escapes
from pipelines.stage.ledger import LedgerRows
from schemas.notes import Split


@dataclass(frozen=True)
class PreparedShard:
    """What became of a shard: safe notes, examples, findings, and the ledger that accounts for every row.

    `throughput` says what each step cost; the rest is the same whenever the shard is prepared. `canaries` is null where
    no trial was asked for.
    """

    notes: pa.Table
    examples: pa.Table
    findings: pa.Table
    ledger: LedgerRows
    throughput: pa.Table
    canaries: pa.Table | None


@dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """The stages' settings, and what was found out about the input as a whole.

    Attributes:
        carried: fields of the input that go through untouched.
        num_notes: of the whole run.
        selected: output of `select`, with a file for each shard of what was decided about its notes.
        hmac_key_file: holds the key that links equal identifiers in the findings; readable by its owner alone.
    """

    ingest: IngestConfig
    screening: ScreeningConfig
    splitting: SplittingConfig
    risk: RiskConfig
    canaries: CanaryConfig
    num_notes: int
    carried: tuple[pa.Field, ...]
    selected: Path
    hmac_key_file: Path


class ShardPreparer:
    """Holds the screening engine, which takes seconds to load, and prepares shard after shard."""

    def __init__(self, config: PrepareConfig):
        # Imported where it is needed: actors that pack prepared examples import this module and screen nothing.
        from pipelines.screening.known_names import KnownNames
        from pipelines.screening.screener import Screener

        self._config = config
        self._key = config.hmac_key_file.read_bytes()
        self._screener = Screener(config.screening, self._key)
        self._known_names = KnownNames
        self._trial = open_trial(config.canaries, self._screener, num_notes=config.num_notes)

    def prepare(self, shard: Shard, only: Split | None = None) -> PreparedShard:
        """Take a shard through the stages.

        Args:
            shard: rows of the notes files.
            only: screen the notes of this split alone; the ledger then lacks the others' outcomes.

        Raises:
            WardroundError: without any note's text.
        """
        config = self._config
        ledger, clock = LedgerRows(), StepClock()
        with no_text_escapes("prepare", f"shard {shard.index}"):
            with clock.step("ingest", shard.num_rows):
                accepted = read_shard(shard, config.ingest, config.carried, ledger)
            with clock.step("select", accepted.num_rows):
                selected = select_notes(accepted, self._decided(DECISIONS_PART, shard), ledger)
            if only is not None:
                selected = selected.filter(pc.equal(selected["split"], only.value))
            canaries = self._trial.run(selected, shard=shard.index) if self._trial else None
            with clock.step("screen", selected.num_rows):
                names = self._decided(KNOWN_NAMES_PART, shard)["name_key"].to_pylist()
                screened = self._screener.screen(selected, ledger, self._known_names(names, self._key))
            with clock.step("protect", screened.notes.num_rows):
                protection = Protection(self._decided(RISK_ACTIONS_PART, shard), self._key, config.risk)
                notes = protection.protect(screened.notes)
            with clock.step("split", notes.num_rows):
                examples = split_notes(notes, config.splitting, ledger)
        return PreparedShard(notes, examples, screened.findings, ledger, clock.table(), canaries)

    def _decided(self, part: str, shard: Shard) -> pa.Table:
        return pq.read_table(self._config.selected / part / shard_name(shard), partitioning=None)
