from dataclasses import replace
from pathlib import Path

import pyarrow as pa
from memorised_model import SYSTEM

from pipelines.flows.pack_stream import PackerConfig, WindowPacker, example_parts, windows_of_run
from pipelines.memorisation.canaries import write_canaries
from pipelines.memorisation.config import MemorisationConfig
from pipelines.packing.config import PackingConfig
from pipelines.stage.output import write_table
from schemas.notes import Split


def test_planted_canaries_are_packed_and_are_in_no_ledger(
    chat_model: Path, trained_on: pa.Table, tmp_path: Path
) -> None:
    write_table(tmp_path / "train" / "shard-0.parquet", trained_on)
    write_canaries(MemorisationConfig(num_canaries=3, repeats=2), SYSTEM, tmp_path / "planted_canaries")
    planted = [replace(part, is_planted=True) for part in example_parts(tmp_path / "planted_canaries")]
    parts = [*example_parts(tmp_path / "train"), *planted]
    windows = windows_of_run(parts, window_examples=100, num_epochs=1, seed=1)
    config = PackerConfig(
        model_path=str(chat_model),
        packing=PackingConfig(pack_tokens=256, packs_per_step=2, window_examples=100),
        seed=1,
        split=Split.TRAIN,
        ledger_directory=tmp_path / "ledger",
    )
    rows = [row for window in windows for row in WindowPacker(config, windows).pack(window).to_pylist()]
    packed = [example_id for row in rows for pack in row["packs"] for example_id in pack["example_ids"] if example_id]
    canary_ids = [f"canary-{index}-{repeat}" for index in range(3) for repeat in range(2)]
    assert sorted(packed) == sorted([*trained_on["example_id"].to_pylist(), *canary_ids])
    assert [path.name for path in (tmp_path / "ledger").iterdir()] == ["train-shard-0.parquet"]
