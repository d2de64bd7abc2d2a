import pyarrow as pa

from pipelines.stage.ledger import LedgerRows
from schemas.notes import notes_schema

KEY = b"a key for the tests, of 32 bytes"


def notes_table(texts):
    rows = [
        {
            "note_id": f"n{i}",
            "patient_id": f"p{i}",
            "text": text,
            "source_file": "notes.parquet",
            "source_row": i,
            "split": "train",
        }
        for i, text in enumerate(texts)
    ]
    return pa.Table.from_pylist(rows, schema=notes_schema())


class Bench:
    """A screener, and the questions the tests ask of it."""

    def __init__(self, screener):
        self.screener = screener

    def found(self, text):
        """Pairs of entity type and value, in text order."""
        (findings,) = self.screener.find([text])
        return [(str(f.entity_type), text[f.start : f.end]) for f in findings]

    def run(self, texts):
        """Screened notes, and outcome and reason of each row."""
        ledger = LedgerRows()
        screened = self.screener.screen(notes_table(texts), ledger)
        return screened, [(row["outcome"], row["reason"]) for row in ledger.table().to_pylist()]
