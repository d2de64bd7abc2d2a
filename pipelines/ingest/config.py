"""Settings of ingest."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from pipelines.ingest.compose import ComposedLine
from pipelines.ingest.joins import Join
from pipelines.ingest.presets import TableMapping, resolve_mapping
from schemas.errors import ConfigError
from schemas.notes import COLUMN_TYPES, PROVENANCE_FIELDS, notes_schema

# A literal cannot stand for what tells rows apart, and has no type but string.
CONSTANT_COLUMNS = ("encounter_id", "note_type", "diagnosis", "diagnosis_code", "sex", "zip3")


@dataclass(frozen=True, kw_only=True)
class IngestConfig:
    """Which files hold the notes, and how their columns meet the contract of `schemas.notes`.

    Args:
        notes: file(s), folder(s), globs or URIs that pyarrow.fs opens, of the formats in `ingest.formats`. A folder is
            read with its subfolders.
        columns: contract column → column in the file. A contract column not named here is taken by its own name where
            the file has it. One column of the file may serve several contract columns.
        note_id_from: columns of the file whose values, joined by "-", make the note_id where no single one tells notes
            apart; a row that lacks one of them has no note_id.
        written_at_format: how written_at is written where it is a string, as for Python's strptime: "%d/%m/%Y %H:%M".
            By default ISO 8601, digits alone (20240506, 202405061030) and dates with named months (06-MAY-2024) are
            taken; the order of day and month is never guessed.
        constants: contract column → literal given to every row, for example {note_type: clinic}.
        preset: known layout that columns, constants, joins and compose start from (`pipelines/ingest/presets`); what is
            set here goes before it.
        tables: name of a side table, as joins name it → its path.
        joins: columns from side tables, in turn.
        compose: lines of columns that make the text, for tables that have none.
        carry: further columns, carried through every stage untouched; null for the notes of a file that lacks one.
        rows_per_shard: most rows in one piece of work, which may come from many files.
        validation_share: share of patients held out for validation, in [0, 1).
        test_share: share of patients held out for the test, in [0, 1).
        split_seed: seed of the patient split. The split of a patient depends on nothing else.
        max_note_bytes: a note longer than this in UTF-8 is quarantined.
        on_bad_file: `stop` ends the run at a file that cannot be read; `skip` goes on without it and says so, in the
            plan where it cannot be opened, row by row in the ledger where it turns out damaged later.
    """

    notes: str | list[str]
    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    preset: str | None = None
    tables: dict[str, str] = field(default_factory=dict)
    joins: list[Join] = field(default_factory=list)
    compose: list[ComposedLine] = field(default_factory=list)
    note_id_from: list[str] = field(default_factory=list)
    written_at_format: str | None = None
    carry: list[str] = field(default_factory=list)
    rows_per_shard: int = 2000
    validation_share: float = 0.1
    test_share: float = 0.2
    split_seed: int = 17
    max_note_bytes: int = 1_000_000
    on_bad_file: Literal["stop", "skip"] = "stop"

    def __post_init__(self) -> None:
        if not self.notes or not all(self.paths):
            raise ConfigError(f"notes is {self.notes!r}: give a file, a folder, a glob or a URI")
        if self.on_bad_file not in ("stop", "skip"):
            raise ConfigError(f"on_bad_file is {self.on_bad_file!r}: it must be stop or skip")
        self._resolve_mapping()
        self._check_columns()
        self._check_note_id_from()
        self._check_written_at_format()
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

    def _resolve_mapping(self) -> None:
        own = TableMapping(columns=self.columns, constants=self.constants, joins=self.joins, compose=self.compose)
        mapping = resolve_mapping(own, self.preset, self.tables)
        for name in ("columns", "constants", "joins", "compose"):
            object.__setattr__(self, name, getattr(mapping, name))

    def _check_columns(self) -> None:
        for name in self.columns:
            if name not in COLUMN_TYPES:
                raise ConfigError(f"columns names {name!r}: contract columns are {', '.join(COLUMN_TYPES)}")
        for name in self.constants:
            if name not in CONSTANT_COLUMNS:
                raise ConfigError(f"constants names {name!r}: a literal can be given for {', '.join(CONSTANT_COLUMNS)}")
            if name in self.columns:
                raise ConfigError(f"{name!r} is in both columns and constants: keep one of them")
        if self.compose and "text" in self.columns:
            raise ConfigError("columns names 'text', which compose makes: keep one of them")

    def _check_note_id_from(self) -> None:
        names = self.note_id_from
        if names and (len(names) < 2 or len(set(names)) != len(names)):
            raise ConfigError(f"note_id_from is {names!r}: name two or more columns, each once, or use `columns`")
        if names and "note_id" in self.columns:
            raise ConfigError("note_id is in columns, and note_id_from is given: keep one of them")

    def _check_written_at_format(self) -> None:
        # A format that loses the day reads the known date as another one.
        known = datetime(2024, 5, 16, tzinfo=UTC)
        written = self.written_at_format
        try:
            is_whole = written is None or datetime.strptime(known.strftime(written), written).date() == known.date()
        except ValueError:
            is_whole = False
        if not is_whole:
            raise ConfigError(f"written_at_format is {written!r}: give a strptime format with year, month and day")

    def _check_carry(self) -> None:
        taken = set(notes_schema().names) | {f.name for f in PROVENANCE_FIELDS}
        for name in self.carry:
            if name in taken:
                raise ConfigError(f"carry names {name!r}, which Wardround uses itself: rename that column in the file")
        if len(set(self.carry)) != len(self.carry):
            raise ConfigError(f"carry is {self.carry!r}: a column is named twice")
