"""One shard of the input as accepted notes, and one ledger row for each row read.

A damaged page is found where it cannot be decoded, or where its writer gave it a checksum; a flipped bit inside a page
without one reads as other text, as in every reader of Parquet.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ingest import columns
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.mojibake import is_mojibake
from pipelines.ingest.patient_split import assign_split
from pipelines.ingest.plan import Shard
from pipelines.ingest.sources import open_source
from pipelines.stage.guard import no_text_escapes
from pipelines.stage.ledger import LedgerRows, NoteRow
from schemas.errors import InputError
from schemas.ledger import Outcome, Stage
from schemas.notes import COLUMN_TYPES, notes_schema


def read_shard(shard: Shard, config: IngestConfig, carried: tuple[pa.Field, ...], ledger: LedgerRows) -> pa.Table:
    """Read, check and map one shard.

    Args:
        shard: from `plan_ingest` with the same `config`.
        config: settings of the run.
        carried: the plan's carried fields.
        ledger: takes one INGEST outcome for each of the shard's rows.

    Returns:
        Accepted notes in `notes_schema(carried)`, in the order of the file. Text is as in the file, byte for byte.

    Raises:
        InputError: the file changed since the plan, or a page of it is damaged.
    """
    with no_text_escapes(Stage.INGEST.value, f"rows {_row_range(shard)} of {shard.file}"):
        rows = _read_rows(shard, config, carried)
        arrays = {name: columns.plain_array(rows.column(name)) for name in rows.column_names}
        undecodable = {name: columns.undecodable_rows(array) for name, array in arrays.items()}
        mapping = columns.source_columns(config, rows.schema)
        values: dict[str, list[Any]] = {name: [literal] * rows.num_rows for name, literal in config.constants.items()}
        bad: dict[str, set[int]] = {}
        for name, source in mapping.items():
            values[name], bad[name] = columns.cast_values(name, arrays[source], undecodable[source])
        garbled = set().union(*undecodable.values())
        repeated = frozenset(shard.duplicate_rows)
        kept = []
        for row in range(rows.num_rows):
            note = {name: column[row] for name, column in values.items()}
            is_duplicate = shard.start_row + row in repeated
            outcome, reason = _judge(note, row in garbled, is_duplicate, config.max_note_bytes)
            if outcome is Outcome.ACCEPTED:
                reason = next((f"bad_{name}" for name in bad if row in bad[name]), "")
                outcome = Outcome.REJECTED if reason else outcome
            ledger.record(Stage.INGEST, NoteRow(note["note_id"], shard.file, shard.start_row + row), outcome, reason)
            if outcome is Outcome.ACCEPTED:
                kept.append(row)
        return _notes_table(kept, shard, config, carried, values, arrays)


def _row_range(shard: Shard) -> str:
    return f"{shard.start_row}-{shard.start_row + shard.num_rows - 1}"


def _judge(note: Mapping[str, Any], is_garbled: bool, is_duplicate: bool, max_note_bytes: int) -> tuple[Outcome, str]:
    """Outcome and reason of one row. The first that applies, in the order in which a user would mend them."""
    text = note["text"]
    if is_garbled:
        return Outcome.QUARANTINED, "mojibake"
    if not (note["note_id"] or "").strip():
        return Outcome.REJECTED, "missing_note_id"
    if is_duplicate:
        return Outcome.DUPLICATE, "duplicate_note_id"
    if not (note["patient_id"] or "").strip():
        return Outcome.REJECTED, "missing_patient_id"
    if not (text or "").strip():
        return Outcome.REJECTED, "empty_text"
    if len(text.encode()) > max_note_bytes:
        return Outcome.QUARANTINED, "oversize"
    if is_mojibake(text):
        return Outcome.QUARANTINED, "mojibake"
    return Outcome.ACCEPTED, ""


def _read_rows(shard: Shard, config: IngestConfig, carried: tuple[pa.Field, ...]) -> pa.Table:
    """The shard's rows and the columns that ingest uses, decoding only the row groups that hold them."""
    source = open_source(shard.file)
    stop = shard.start_row + shard.num_rows
    try:
        with pq.ParquetFile(source.path, filesystem=source.filesystem, page_checksum_verification=True) as parquet:
            schema = parquet.schema_arrow
            if columns.schema_problems(config, schema) or set(columns.carried_fields(config, schema)) - set(carried):
                raise InputError(f"{shard.file} is not the file that was planned: start the run again")
            names = list(columns.used_fields(config, schema))
            groups: list[int] = []
            first_row = row = 0
            for group in range(parquet.num_row_groups):
                num_rows = parquet.metadata.row_group(group).num_rows
                if row + num_rows > shard.start_row and row < stop:
                    first_row = first_row if groups else row
                    groups.append(group)
                row += num_rows
            wanted = []
            # Batches as large as a shard bound the memory where one row group holds the whole file.
            for batch in parquet.iter_batches(config.rows_per_shard, row_groups=groups, columns=names):
                low, high = max(shard.start_row - first_row, 0), min(stop - first_row, batch.num_rows)
                if low < high:
                    wanted.append(batch.slice(low, high - low))
                first_row += batch.num_rows
                if first_row >= stop:
                    break
            table = pa.Table.from_batches(wanted, schema=wanted[0].schema if wanted else None)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{shard.file}: rows {_row_range(shard)} cannot be read ({type(error).__name__}): the file is damaged "
            "there; write or copy it again"
        ) from None
    if table.num_rows != shard.num_rows:
        raise InputError(f"{shard.file} is not the file that was planned: start the run again")
    return table


def _notes_table(
    kept: list[int],
    shard: Shard,
    config: IngestConfig,
    carried: tuple[pa.Field, ...],
    values: Mapping[str, list[Any]],
    arrays: Mapping[str, pa.Array],
) -> pa.Table:
    schema = notes_schema(carried)
    data: dict[str, Any] = {}
    for name, kind in COLUMN_TYPES.items():
        column = values.get(name)
        data[name] = pa.array([column[row] for row in kept] if column else [None] * len(kept), type=kind)
    data["source_file"] = pa.array([shard.file] * len(kept), type=pa.string())
    data["source_row"] = pa.array([shard.start_row + row for row in kept], type=pa.int64())
    splits = [assign_split(values["patient_id"][row], config).value for row in kept]
    data["split"] = pa.array(splits, type=pa.string())
    for field in carried:
        if field.name in arrays:
            data[field.name] = arrays[field.name].take(pa.array(kept, type=pa.int64())).cast(field.type)
        else:
            data[field.name] = pa.nulls(len(kept), type=field.type)
    return pa.table([data[name] for name in schema.names], schema=schema)
