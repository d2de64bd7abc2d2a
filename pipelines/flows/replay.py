"""General instructions to replay while training runs, without those that the benchmarks ask.

<storage>/replay-<identity>/rows/   what is left of the file
                            manifest.json
"""

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from pipelines.retention.replay import ReplayConfig, decontaminated, read_replay
from pipelines.scoring.benchmark_files import benchmark_items
from pipelines.scoring.config import BenchmarkSource, ScoringConfig
from pipelines.stage.output import StageOutput, file_digest, fingerprint, write_table
from schemas.benchmarks import BENCHMARK_ITEMS
from schemas.errors import InputError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CleanReplay:
    """What training replays.

    Attributes:
        identity: of the rows; whatever is trained on them has it in its own.
        config: the settings, with the path of the clean rows.
    """

    identity: str
    config: ReplayConfig


def clean_replay(config: ReplayConfig, benchmarks: Sequence[BenchmarkSource], storage: str) -> CleanReplay:
    """Leave out what overlaps with any row of the benchmarks, sampled or not; done once for the same files.

    Raises:
        InputError: the file or a benchmark cannot be used, or nothing is left.
    """
    digests = {source.name: file_digest(Path(source.path)) for source in benchmarks}
    identity = fingerprint(file_digest(Path(config.path)), list(benchmarks), digests)
    output = StageOutput(storage, "replay", identity)
    rows = output.path / "rows" / "replay.parquet"
    if not output.is_complete:
        every_row = ScoringConfig(max_items_per_task=sys.maxsize)
        items = pa.concat_tables([BENCHMARK_ITEMS.empty_table(), *(benchmark_items(s, every_row) for s in benchmarks)])
        replay = read_replay(config.path)
        clean = decontaminated(replay, items)
        num_left_out = replay.num_rows - clean.num_rows
        logger.info("replay: %d of %d rows overlap with a benchmark, and are left out", num_left_out, replay.num_rows)
        if not clean.num_rows:
            raise InputError(f"replay.path: every row of {config.path} overlaps with a benchmark: give other ones")
        write_table(rows, clean)
        output.commit(
            config=config,
            inputs={"file": config.path, "benchmarks": digests},
            results={"num_rows_read": replay.num_rows, "num_left_out": num_left_out},
        )
    return CleanReplay(identity=identity, config=replace(config, path=str(rows)))
