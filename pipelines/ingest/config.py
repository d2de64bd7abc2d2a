"""Settings of ingest."""

from dataclasses import dataclass, field

from schemas.errors import ConfigError
from schemas.notes import COLUMN_TYPES, PROVENANCE_FIELDS, notes_schema

# A literal cannot stand for what tells rows apart, and has no type but string.
CONSTANT_COLUMNS = ("encounter_id", "note_type", "diagnosis", "diagnosis_code", "sex", "zip3")


@dataclass(frozen=True, kw_only=True)
class IngestConfig:
    """Which files hold the notes, and how their columns meet the contract of `schemas.notes`.

    Args:
        notes: Parquet file(s), folder(s), globs or URIs that pyarrow.fs opens. A folder is read with its subfolders.
        columns: contract column → column in the file. A contract column not named here is taken by its own name where
            the file has it. One column of the file may serve several contract columns.
        constants: contract column → literal given to every row, for example {note_type: clinic}.
        carry: further columns, carried through every stage untouched; null for the notes of a file that lacks one.
        rows_per_shard: most rows in one piece of work.
        validation_share: share of patients held out for validation, in [0, 1).
        test_share: share of patients held out for the test, in [0, 1).
        split_seed: seed of the patient split. The split of a patient depends on nothing else.
        max_note_bytes: a note longer than this in UTF-8 is quarantined.
    """

    notes: str | list[str]
    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    carry: list[str] = field(default_factory=list)
    rows_per_shard: int = 2000
    validation_share: float = 0.1
    test_share: float = 0.2
    split_seed: int = 17
    max_note_bytes: int = 1_000_000

    def __post_init__(self) -> None:
        if not self.notes or not all(self.paths):
            raise ConfigError(f"notes is {self.notes!r}: give a Parquet file, a folder, a glob or a URI")
        self._check_columns()
        self._check_carry()
        for name in ("rows_per_shard", "max_note_bytes"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}: it must be at least 1")
        for name in ("validation_share", "test_share"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}: it must be at least 0 and below 1")
        if self.validation_share + self.test_share >= 1:
            raise ConfigError(
                f"validation_share {self.validation_share} and test_share {self.test_share} leave nothing to train on: "
                "their sum must stay below 1"
            )

    @property
    def paths(self) -> list[str]:
        """`notes` as a list."""
        return [self.notes] if isinstance(self.notes, str) else list(self.notes)

    def _check_columns(self) -> None:
        for name in self.columns:
            if name not in COLUMN_TYPES:
                raise ConfigError(f"columns names {name!r}: contract columns are {', '.join(COLUMN_TYPES)}")
        for name in self.constants:
            if name not in CONSTANT_COLUMNS:
                raise ConfigError(f"constants names {name!r}: a literal can be given for {', '.join(CONSTANT_COLUMNS)}")
            if name in self.columns:
                raise ConfigError(f"{name!r} is in both columns and constants: keep one of them")

    def _check_carry(self) -> None:
        taken = set(notes_schema().names) | {f.name for f in PROVENANCE_FIELDS}
        for name in self.carry:
            if name in taken:
                raise ConfigError(f"carry names {name!r}, which Wardround uses itself: rename that column in the file")
        if len(set(self.carry)) != len(self.carry):
            raise ConfigError(f"carry is {self.carry!r}: a column is named twice")
