"""The streams of packs that feed training, from prepared examples or straight from raw notes.

A window is a few shards; an epoch visits the windows in an order that seed and epoch give. A Ray Data actor turns a
window into `packs_per_step` rows, one a slot, and `repartition` makes each row a block: the blocks then go round robin
to the workers, and a step holds the same packs for any number of them.

    windows of all epochs ──actor: (read, select, screen, split,) encode, pack──▶ one row a slot ──▶ Ray Train workers
                                   └──▶ ledger/, once per shard, in the first epoch
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import ray.data

from pipelines.flows.shard import PrepareConfig, ShardPreparer
from pipelines.flows.shard_pool import shard_name
from pipelines.ingest.plan import Shard
from pipelines.model.chat import ChatEncoder
from pipelines.model.tokenizer import load_tokenizer
from pipelines.packing.config import PackingConfig
from pipelines.packing.order import shuffled
from pipelines.packing.window import EncodedWindow, WindowPosition, encode_examples, pack_window
from pipelines.retention.replay import ReplayConfig, read_replay, replay_rows
from pipelines.stage.guard import no_text_escapes
from pipelines.stage.ledger import LedgerRows, NoteRow
from pipelines.stage.output import write_table
from pipelines.training.state import TrainState
from schemas.ledger import Outcome, Stage
from schemas.notes import Split
from schemas.packs import PACK_STREAM

# Ray Data splits a task's output at a block size. A window, some 10 MB of tokens, must stay one block till repartition.
_NEVER_SPLIT = None


@dataclass(frozen=True)
class Part:
    """A piece of a window: a file of prepared examples, or a shard of raw notes.

    Attributes:
        is_planted: its examples are of no note, so that the ledger does not know them.
    """

    name: str
    num_rows: int
    file: str | None = None
    shard: Shard | None = None
    is_planted: bool = False


@dataclass(frozen=True)
class Window:
    """Parts that are packed together, and where that stands in the run."""

    position: WindowPosition
    parts: tuple[Part, ...]


def example_parts(folder: Path) -> list[Part]:
    """The files of prepared examples in a folder that hold any, named after folder and file."""
    files = sorted(folder.glob("*.parquet"))
    parts = [Part(f"{folder.name}-{path.name}", pq.read_metadata(path).num_rows, file=str(path)) for path in files]
    return [part for part in parts if part.num_rows]


def note_parts(shards: Iterable[Shard]) -> list[Part]:
    """Shards of raw notes as parts."""
    return [Part(shard_name(shard), shard.num_rows, shard=shard) for shard in shards]


def windows_of_run(parts: Sequence[Part], window_examples: int, num_epochs: int, seed: int) -> list[Window]:
    """All windows of all epochs, in the order in which they are trained on.

    Args:
        parts: of one epoch.
        window_examples: rows that a window holds at least, while there are any.
    """
    by_name = {part.name: part for part in parts}
    total = sum(part.num_rows for part in parts) * num_epochs
    windows: list[Window] = []
    rows_before = 0
    for epoch in range(num_epochs):
        chosen: list[Part] = []
        index = 0
        order = shuffled(by_name, seed, epoch)
        for place, name in enumerate(order):
            chosen.append(by_name[name])
            rows = sum(part.num_rows for part in chosen)
            if rows < window_examples and place < len(order) - 1:
                continue
            position = WindowPosition(epoch, index, rows_before / total, (rows_before + rows) / total)
            windows.append(Window(position, tuple(chosen)))
            rows_before += rows
            index += 1
            chosen = []
    return windows


def remaining(windows: Sequence[Window], state: TrainState) -> list[Window]:
    """The windows from a run's position on; the one under way is included whole."""
    return [w for w in windows if (w.position.epoch, w.position.window) >= (state.epoch, state.window)]


@dataclass(frozen=True, kw_only=True)
class PackerConfig:
    """What a packing actor needs.

    Attributes:
        model_path: whose tokenizer and chat template encode the examples.
        packing: settings.
        seed: of the order.
        split: of the examples that are packed.
        ledger_directory: where the rows' outcomes go in the first epoch; null for none.
        prepare: how raw notes are prepared; null where the parts are prepared examples.
        replay: general instructions to add to each window; null for none.
    """

    model_path: str
    packing: PackingConfig
    seed: int
    split: Split
    ledger_directory: Path | None
    prepare: PrepareConfig | None = None
    replay: ReplayConfig | None = None


class WindowPacker:
    """Turns windows into rows of PACK_STREAM. Loads the tokenizer, and the screen where notes are raw, once."""

    def __init__(self, config: PackerConfig, windows: Sequence[Window]):
        self._config = config
        self._windows = windows
        self._encoder = ChatEncoder(load_tokenizer(config.model_path), config.packing.pack_tokens)
        self._preparer = ShardPreparer(config.prepare) if config.prepare else None
        self._replay = read_replay(config.replay.path) if config.replay else None

    def pack(self, window: Window) -> pa.Table:
        """Rows of PACK_STREAM, one a slot; none where no example of the window is of the split."""
        keeps_ledger = self._config.ledger_directory is not None and window.position.epoch == 0
        encoded = []
        with no_text_escapes("pack", f"window {window.position.window} of epoch {window.position.epoch}"):
            for part in window.parts:
                examples, ledger = self._read(part, keeps_ledger)
                everyone = encode_examples(examples, self._encoder, self._config.packing.instruction)
                if keeps_ledger and not part.is_planted:
                    self._write_ledger(part, examples, everyone, ledger)
                encoded.append(_of_split(everyone, examples, self._config.split))
            encoded.append(self._replayed(sum(len(part.example_ids) for part in encoded), window.position))
            joined = EncodedWindow(
                [example_id for part in encoded for example_id in part.example_ids],
                [example for part in encoded for example in part.encoded],
                {},
            )
            return pack_window(joined, self._config.packing, window.position, self._config.seed)

    def __call__(self, batch: dict[str, Any]) -> Any:
        """Ray Data's call: one window a batch."""
        for index in batch["id"]:
            yield self.pack(self._windows[index])

    def _replayed(self, num_examples: int, position: WindowPosition) -> EncodedWindow:
        """General instructions for a window of so many examples. They are no notes and have no ledger rows."""
        if self._config.replay is None or self._replay is None:
            return EncodedWindow([], [], {})
        rows = replay_rows(
            self._replay,
            num_examples,
            self._config.replay.rate,
            seed=self._config.seed,
            epoch=position.epoch,
            window=position.window,
        )
        return encode_examples(rows, self._encoder, instruction="")

    def _read(self, part: Part, keeps_ledger: bool) -> tuple[pa.Table, LedgerRows | None]:
        if part.shard is None:
            assert part.file is not None
            return pq.read_table(part.file, partitioning=None), None
        assert self._preparer is not None
        # Where the ledger is kept by another stream, only this one's notes need to be screened.
        prepared = self._preparer.prepare(part.shard, None if keeps_ledger else self._config.split)
        return prepared.examples, prepared.ledger

    def _write_ledger(self, part: Part, examples: pa.Table, encoded: EncodedWindow, ledger: LedgerRows | None) -> None:
        assert self._config.ledger_directory is not None
        ledger = ledger or LedgerRows()
        record_packed(ledger, examples, encoded)
        write_table(self._config.ledger_directory / part.name, ledger.table())


def record_packed(ledger: LedgerRows, examples: pa.Table, encoded: EncodedWindow) -> None:
    """Record what packing did with each example; one of the test split is held out, and never encoded for training."""
    cut = {i for i, e in zip(encoded.example_ids, encoded.encoded, strict=True) if e.was_cut}
    for row in examples.select(["example_id", "note_id", "split", "source_file", "source_row"]).to_pylist():
        outcome, reason = Outcome.ACCEPTED, "prompt_cut" if row["example_id"] in cut else ""
        if row["split"] == Split.TEST.value:
            reason = "held_out"
        elif row["example_id"] in encoded.rejected:
            outcome, reason = Outcome.REJECTED, encoded.rejected[row["example_id"]]
        elif row["split"] == Split.VALIDATION.value:
            reason = "validation"
        ledger.record(Stage.PACK, NoteRow(row["note_id"], row["source_file"], row["source_row"]), outcome, reason)


def _of_split(window: EncodedWindow, examples: pa.Table, split: Split) -> EncodedWindow:
    rows = zip(examples["example_id"].to_pylist(), examples["split"].to_pylist(), strict=True)
    wanted = {example_id for example_id, its in rows if its == split.value}
    kept = [i for i, example_id in enumerate(window.example_ids) if example_id in wanted]
    return EncodedWindow([window.example_ids[i] for i in kept], [window.encoded[i] for i in kept], {})


def pack_stream(windows: Sequence[Window], config: PackerConfig, num_actors: int) -> ray.data.Dataset:
    """The dataset of PACK_STREAM rows of these windows, in order, one row a block."""
    context = ray.data.DataContext.get_current()
    context.target_max_block_size = _NEVER_SPLIT
    context.execution_options.preserve_order = True
    if not windows:
        return ray.data.from_arrow(PACK_STREAM.empty_table())
    packed = ray.data.range(len(windows), override_num_blocks=len(windows)).map_batches(
        WindowPacker,
        fn_constructor_args=(config, windows),
        batch_size=1,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(size=min(num_actors, len(windows)), max_tasks_in_flight_per_actor=1),
    )
    return packed.repartition(target_num_rows_per_block=1, strict=True)
