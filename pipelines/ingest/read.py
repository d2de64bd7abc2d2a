"""One shard of the input as accepted notes, and one ledger row for each row read.

A damaged page of Parquet is found where it cannot be decoded, or where its writer gave it a checksum; a flipped bit
inside a page without one, or inside a text file, reads as other text, as in every reader.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from pipelines.ingest import columns
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.derived import with_derived_columns
from pipelines.ingest.formats import format_of
from pipelines.ingest.formats.note_format import ChangedFileError, RowBlock
from pipelines.ingest.mojibake import is_mojibake
from pipelines.ingest.patient_split import assign_split
from pipelines.ingest.plan import Piece, Shard
from pipelines.ingest.sources import MissingFileError, UnreadableFileError, open_source, read_source
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
        Accepted notes in `notes_schema(carried)`, in the order of the files. Text is as in the file, byte for byte.

    Raises:
        InputError: a file changed since the plan; or it cannot be read, and `on_bad_file` is `stop`.
    """
    blocks: list[tuple[Piece, RowBlock]] = []
    for piece in shard.pieces:
        with no_text_escapes(Stage.INGEST.value, f"rows {piece.row_range} of {piece.file}"):
            try:
                block = _read_block(piece, config, carried)
            except UnreadableFileError as error:
                if config.on_bad_file == "stop":
                    raise InputError(
                        f"{piece.file}: rows {piece.row_range} cannot be read ({error}): the file is damaged there; "
                        "write or copy it again, or set `on_bad_file: skip`"
                    ) from None
                for row in range(piece.start_row, piece.start_row + piece.num_rows):
                    ledger.record(Stage.INGEST, NoteRow(None, piece.file, row), Outcome.UNKNOWN, "unreadable_file")
                continue
            blocks.append((piece, block))
    tables = [notes_schema(carried).empty_table()]
    with no_text_escapes(Stage.INGEST.value, f"shard {shard.index}"):
        derived = with_derived_columns([block.table for _, block in blocks], config)
    for (piece, block), rows in zip(blocks, derived, strict=True):
        with no_text_escapes(Stage.INGEST.value, f"rows {piece.row_range} of {piece.file}"):
            tables.append(_accepted(rows, block.malformed, piece, config, carried, ledger))
    return pa.concat_tables(tables)


def _read_block(piece: Piece, config: IngestConfig, carried: tuple[pa.Field, ...]) -> RowBlock:
    """The piece's rows and the columns that ingest uses, as the file has them.

    Raises:
        UnreadableFileError: also the third try failed.
        InputError: the file is not the one that was planned.
    """
    source = open_source(piece.file)
    note_format = format_of(source.path)
    assert note_format is not None, "the plan holds files of known formats alone"

    def read(stream: pa.NativeFile, num_bytes: int) -> RowBlock:
        if num_bytes != piece.file_bytes:
            raise ChangedFileError
        return note_format.read(stream, piece, columns.read_columns(config))

    try:
        block = read_source(source, read)
        schema = block.table.schema
        if columns.schema_problems(config, schema) or set(columns.carried_fields(config, schema)) - set(carried):
            raise ChangedFileError
    except ChangedFileError:
        raise InputError(f"{piece.file} is not the file that was planned: start the run again") from None
    except MissingFileError as error:
        raise InputError(
            f"{piece.file}: rows {piece.row_range} cannot be read ({error}): the file was there when the run began; "
            "put it back, or start the run again"
        ) from None
    return block


def _accepted(
    rows: pa.Table,
    malformed: frozenset[int],
    piece: Piece,
    config: IngestConfig,
    carried: tuple[pa.Field, ...],
    ledger: LedgerRows,
) -> pa.Table:
    """A piece's good rows in the contract's columns; the ledger is told about all."""
    arrays = {name: columns.plain_array(rows.column(name)) for name in rows.column_names}
    undecodable = {name: columns.undecodable_rows(array) for name, array in arrays.items()}
    values: dict[str, list[Any]] = {name: [literal] * rows.num_rows for name, literal in config.constants.items()}
    bad: dict[str, set[int]] = {}
    for name, source in columns.source_columns(config, rows.schema).items():
        values[name], bad[name] = columns.cast_values(
            name, arrays[source], undecodable[source], config.written_at_format
        )
    if config.note_id_from:
        parts = (
            columns.cast_values("note_id", arrays[name], undecodable[name], None)[0] for name in config.note_id_from
        )
        values["note_id"] = columns.joined_values(parts)
    garbled = set().union(*undecodable.values())
    kept = []
    for row in range(rows.num_rows):
        note = {name: column[row] for name, column in values.items()}
        if row in malformed:
            outcome, reason = Outcome.REJECTED, "malformed_row"
        else:
            outcome, reason = _judge(note, row in garbled, config.max_note_bytes)
        if outcome is Outcome.ACCEPTED:
            reason = next((f"bad_{name}" for name in bad if row in bad[name]), "")
            outcome = Outcome.REJECTED if reason else outcome
        ledger.record(Stage.INGEST, NoteRow(note["note_id"], piece.file, piece.start_row + row), outcome, reason)
        if outcome is Outcome.ACCEPTED:
            kept.append(row)
    return _notes_table(kept, piece, config, carried, values, arrays)


def _judge(note: Mapping[str, Any], is_garbled: bool, max_note_bytes: int) -> tuple[Outcome, str]:
    """Outcome and reason of one row. The first that applies, in the order in which a user would mend them."""
    text = note["text"]
    if is_garbled:
        return Outcome.QUARANTINED, "mojibake"
    if not (note["note_id"] or "").strip():
        return Outcome.REJECTED, "missing_note_id"
    if not (note["patient_id"] or "").strip():
        return Outcome.REJECTED, "missing_patient_id"
    if not (text or "").strip():
        return Outcome.REJECTED, "empty_text"
    if len(text.encode()) > max_note_bytes:
        return Outcome.QUARANTINED, "oversize"
    if is_mojibake(text):
        return Outcome.QUARANTINED, "mojibake"
    return Outcome.ACCEPTED, ""


def _notes_table(
    kept: list[int],
    piece: Piece,
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
    data["source_file"] = pa.array([piece.file] * len(kept), type=pa.string())
    data["source_row"] = pa.array([piece.start_row + row for row in kept], type=pa.int64())
    splits = [assign_split(values["patient_id"][row], config).value for row in kept]
    data["split"] = pa.array(splits, type=pa.string())
    for field in carried:
        if field.name in arrays:
            data[field.name] = arrays[field.name].take(pa.array(kept, type=pa.int64())).cast(field.type)
        else:
            data[field.name] = pa.nulls(len(kept), type=field.type)
    return pa.table([data[name] for name in schema.names], schema=schema)
