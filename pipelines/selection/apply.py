"""What was decided about the notes of one shard, done and recorded."""

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.stage.ledger import LedgerRows, NoteRow
from schemas.errors import InputError
from schemas.ledger import Outcome, Stage


def select_notes(notes: pa.Table, decisions: pa.Table, ledger: LedgerRows) -> pa.Table:
    """The notes that are used, each with the side of the split that it is on.

    Args:
        notes: what ingest accepted of a shard, in `schemas.notes.notes_schema`.
        decisions: rows of DECISIONS for the same notes, in the same order.
        ledger: takes one SELECT outcome for each row.

    Returns:
        Rows of `notes`, in their order.

    Raises:
        InputError: the decisions are about other notes.
    """
    place = ["source_file", "source_row"]
    if not notes.select(place).combine_chunks().equals(decisions.select(place).combine_chunks()):
        raise InputError(
            f"the survey of a shard found {decisions.num_rows} notes and {notes.num_rows} were read now, or others: "
            "the input changed, or could not be read in part; remove the `select-` folder of this run and start again"
        )
    rows = zip(
        *(notes[name].to_pylist() for name in NoteRow._fields),
        *(decisions[name].to_pylist() for name in ("outcome", "reason", "twin")),
        strict=True,
    )
    for note_id, source_file, source_row, outcome, reason, twin in rows:
        row = NoteRow(note_id, source_file, source_row)
        ledger.record(Stage.SELECT, row, Outcome(outcome), reason, twin=twin)
    position = notes.schema.get_field_index("split")
    field = notes.schema.field(position)
    is_used = pc.equal(decisions["outcome"], Outcome.ACCEPTED.value)
    used = notes.filter(is_used)
    return used.set_column(position, field, decisions["split"].filter(is_used))
