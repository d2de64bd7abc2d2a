"""The demonstration's own hospital: synthetic notes, two multiple-choice sets and a small model, made once.

<directory>/notes/       what ingest.notes points at
            truth.parquet
            benchmarks/  what scoring.benchmarks points at
            model/       what model.path points at: random weights, so that all it knows it was taught here
            manifest.json
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipelines.stage.output import MANIFEST, canonical_json, write_atomically
from pipelines.synthetic.benchmarks import write_benchmarks
from pipelines.synthetic.model import TinyModelConfig, write_model
from pipelines.synthetic.notes import SyntheticConfig, write_notes
from schemas.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class DemoConfig:
    """What the demonstration makes, and where.

    Attributes:
        directory: for all of it.
        hospital: the synthetic notes.
        model: the small model.
    """

    directory: str
    hospital: SyntheticConfig = field(default_factory=SyntheticConfig)
    model: TinyModelConfig = field(default_factory=TinyModelConfig)


def make_demo(config: DemoConfig) -> Path:
    """Make the demonstration's inputs unless they are there, and return their directory.

    Raises:
        ConfigError: the directory holds those of other settings.
    """
    directory = Path(config.directory).expanduser().resolve()
    manifest = directory / MANIFEST
    wanted = json.loads(canonical_json(config))
    if manifest.exists():
        if json.loads(manifest.read_text()) != wanted:
            raise ConfigError(f"demo.directory {directory} was made with other settings: name another directory")
        return directory
    write_notes(config.hospital, directory)
    write_benchmarks(config.hospital, directory)
    texts = pl.scan_parquet(sorted((directory / "notes").glob("*.parquet"))).select("text").collect()["text"]
    write_model(config.model, texts.to_list(), directory / "model")
    write_atomically(manifest, json.dumps(wanted, indent=2).encode())
    return directory
