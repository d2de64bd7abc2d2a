"""One shard of raw notes through ingest, screening and splitting, in one process.

Unscreened text never leaves this process: not to another stage's files, not to Ray's object store and so not to its
spill files. Only what the screen passed does.
"""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.config import IngestConfig
from pipelines.ingest.plan import Shard
from pipelines.ingest.read import read_shard
from pipelines.screening.policy import ScreeningConfig
from pipelines.splitting.config import SplittingConfig
from pipelines.splitting.split import split_notes
from pipelines.stage.guard import no_text_escapes
from pipelines.stage.ledger import LedgerRows
from schemas.notes import Split


@dataclass(frozen=True)
class PreparedShard:
    """What became of a shard: safe notes, examples, findings, and the ledger that accounts for every row."""

    notes: pa.Table
    examples: pa.Table
    findings: pa.Table
    ledger: LedgerRows


@dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """The three stages' settings, and what planning found out about the input.

    Attributes:
        carried: fields of the input that go through untouched.
        hmac_key_file: holds the key that links equal identifiers in the findings; readable by its owner alone.
    """

    ingest: IngestConfig
    screening: ScreeningConfig
    splitting: SplittingConfig
    carried: tuple[pa.Field, ...]
    hmac_key_file: Path


class ShardPreparer:
    """Holds the screening engine, which takes seconds to load, and prepares shard after shard."""

    def __init__(self, config: PrepareConfig):
        # Imported where it is needed: actors that pack prepared examples import this module and screen nothing.
        from pipelines.screening.screener import Screener

        self._config = config
        self._screener = Screener(config.screening, config.hmac_key_file.read_bytes())

    def prepare(self, shard: Shard, only: Split | None = None) -> PreparedShard:
        """Take a shard through the three stages.

        Args:
            shard: rows of a notes file.
            only: screen the notes of this split alone; the ledger then lacks the others' outcomes.

        Raises:
            WardroundError: without any note's text.
        """
        config = self._config
        ledger = LedgerRows()
        with no_text_escapes("prepare", f"shard {shard.index}"):
            accepted = read_shard(shard, config.ingest, config.carried, ledger)
            if only is not None:
                accepted = accepted.filter(pc.equal(accepted["split"], only.value))
            screened = self._screener.screen(accepted, ledger)
            examples = split_notes(screened.notes, config.splitting, ledger)
        return PreparedShard(screened.notes, examples, screened.findings, ledger)
