"""The plan of a read: which files, and in which pieces.

Every file is surveyed once, several at a time: of Parquet the footer alone, of text the whole content, streamed. Files
smaller than a shard share one, so that a million small files make as few shards as one large file would.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from pipelines.ingest import columns
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.formats import format_of
from pipelines.ingest.formats.note_format import Extent, Survey, UnusableFileError
from pipelines.ingest.joins import side_inputs
from pipelines.ingest.sources import Source, UnreadableFileError, UnusablePathError, find_sources, read_source
from pipelines.stage.guard import no_text_escapes
from schemas.errors import InputError
from schemas.ledger import Stage

# Opening a file of an object store is waiting: more threads than cores.
_NUM_THREADS = 16
_FILES_PER_BATCH = 10_000
# A million files that lack a column are one mistake.
_MAX_PROBLEMS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece(Extent):
    """Rows of one file that are read together.

    Attributes:
        file: path or URI, as it stands in the ledger.
        file_bytes: size of the whole file as it is stored; another size is another file.
    """

    file: str
    file_bytes: int


@dataclass(frozen=True)
class Shard:
    """One piece of work: rows of one file or of several small ones.

    Attributes:
        index: position in the plan; names the outputs.
        pieces: in the order of files and rows.
    """

    index: int
    pieces: tuple[Piece, ...]

    @property
    def num_rows(self) -> int:
        """Rows of all pieces."""
        return sum(piece.num_rows for piece in self.pieces)


@dataclass(frozen=True)
class SkippedFile:
    """A file that the run goes without, because it cannot be opened and `on_bad_file` is `skip`.

    Attributes:
        file: path or URI.
        num_rows: rows that it holds; None where that is unknown.
        why: what is wrong with it and what to do, without its content.
    """

    file: str
    num_rows: int | None
    why: str


@dataclass(frozen=True)
class IngestPlan:
    """All shards in the order of files and rows.

    Attributes:
        shards: together they hold each row once.
        num_rows: rows of all shards, counted from the files.
        carried: Arrow fields of the carried columns.
        inputs: file, size and digest of each file: what the run's fingerprint is taken from.
        skipped: files that are in no shard.
    """

    shards: tuple[Shard, ...]
    num_rows: int
    carried: tuple[pa.Field, ...]
    inputs: list[dict[str, Any]]
    skipped: tuple[SkippedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    num_bytes: int
    survey: Survey
    has_open_schema: bool


def plan_ingest(config: IngestConfig) -> IngestPlan:
    """Look at every input file and cut them into shards.

    Raises:
        InputError: a path, file or column is unusable; they are named at once, with the remedy.
    """
    sources, problems = _sources(config)
    files: list[_File] = []
    skipped: list[SkippedFile] = []
    schemas: dict[pa.Schema, pa.Schema] = {}  # a million files have a handful
    for surveyed in _surveyed(sources, config.rows_per_shard):
        if isinstance(surveyed, _File):
            schema = schemas.setdefault(surveyed.survey.schema, surveyed.survey.schema)
            files.append(replace(surveyed, survey=replace(surveyed.survey, schema=schema)))
        else:
            skipped.append(surveyed)
    if config.on_bad_file == "stop":
        problems += [f"{file.file}: {file.why}" for file in skipped]
    problems += _schema_problems(files, config)
    carried = _carried(files, config, problems)
    num_rows = sum(extent.num_rows for file in files for extent in file.survey.extents)
    if not problems and num_rows == 0:
        unread = f", {len(skipped)} cannot be opened" if skipped else ""
        problems.append(f"{', '.join(config.paths)}: the files hold no rows{unread}; give files with notes")
    side, side_problems = side_inputs(config.joins)
    problems += side_problems
    if problems:
        more = len(problems) - _MAX_PROBLEMS
        raise InputError("; ".join(problems[:_MAX_PROBLEMS]) + (f"; and {more} more like these" if more > 0 else ""))
    inputs = [{"file": file.name, "size": file.num_bytes, "digest": file.survey.digest} for file in files] + side
    return IngestPlan(tuple(_shards(files, config.rows_per_shard)), num_rows, carried, inputs, tuple(skipped))


def _sources(config: IngestConfig) -> tuple[list[Source], list[str]]:
    found: dict[str, Source] = {}
    problems = []
    for path in config.paths:
        try:
            found |= {source.name: source for source in find_sources(path)}
        except UnusablePathError as error:
            problems.append(str(error))
    return list(found.values()), problems


def _surveyed(sources: list[Source], max_rows: int) -> Iterator[_File | SkippedFile]:
    with ThreadPoolExecutor(_NUM_THREADS) as pool:
        for low in range(0, len(sources), _FILES_PER_BATCH):
            yield from pool.map(lambda source: _survey(source, max_rows), sources[low : low + _FILES_PER_BATCH])


def _survey(source: Source, max_rows: int) -> _File | SkippedFile:
    note_format = format_of(source.path)
    assert note_format is not None, "find_sources gives files of known formats alone"
    with no_text_escapes(Stage.INGEST.value, f"the survey of {source.name}"):
        try:
            survey, num_bytes = read_source(source, lambda stream, size: (note_format.survey(stream, max_rows), size))
        except UnusableFileError as error:
            return SkippedFile(source.name, None, str(error))
        except UnreadableFileError as error:
            why = f"not a whole {note_format.name} file, or not readable ({error}); write or copy it again"
            return SkippedFile(source.name, None, why)
    return _File(source.name, num_bytes, survey, note_format.has_open_schema)


def _schema_problems(files: list[_File], config: IngestConfig) -> list[str]:
    """What is wrong with the files' columns, each on its own, and only then one against the first."""
    own = {schema: columns.schema_problems(config, schema) for schema in {file.survey.schema for file in files}}
    problems = [f"{file.name}: {problem}" for file in files for problem in own[file.survey.schema]]
    if problems:
        return problems
    unlike: dict[tuple[pa.Schema, bool], list[str]] = {}
    for file in files:
        key = (file.survey.schema, file.has_open_schema)
        if key not in unlike:
            unlike[key] = _disagreements(file, files[0], config)
        problems += [f"{file.name}: {problem}" for problem in unlike[key]]
    return problems


def _disagreements(file: _File, first: _File, config: IngestConfig) -> list[str]:
    here, there = (columns.used_fields(config, each.survey.schema) for each in (file, first))
    problems = []
    for name in sorted(here.keys() | there.keys()):
        # The notes of a file that lacks a carried column carry nulls.
        may_lack = name in config.carry or file.has_open_schema or first.has_open_schema
        if may_lack and not (name in here and name in there):
            continue
        kind, first_kind = (str(fields.get(name, "missing")) for fields in (here, there))
        if kind != first_kind:
            problems.append(f"column {name!r} is {kind}, but {first_kind} in {first.name}; write both with one schema")
    return problems


def _carried(files: list[_File], config: IngestConfig, problems: list[str]) -> tuple[pa.Field, ...]:
    """Fields of the carried columns, each as the first file that has it says."""
    found: dict[str, pa.Field] = {}
    for schema in dict.fromkeys(file.survey.schema for file in files):
        found = {field.name: field for field in columns.carried_fields(config, schema)} | found
    for name in config.carry:
        if files and name not in found:
            problems.append(f"no file has a column {name!r}, which `carry` names: name another, or take it out")
    return tuple(found[name] for name in config.carry if name in found)


def _shards(files: list[_File], max_rows: int) -> Iterator[Shard]:
    index = num_rows = 0
    pieces: list[Piece] = []
    for file in files:
        for extent in file.survey.extents:
            if pieces and num_rows + extent.num_rows > max_rows:
                yield Shard(index, tuple(pieces))
                index, num_rows, pieces = index + 1, 0, []
            num_rows += extent.num_rows
            pieces.append(
                Piece(
                    file=file.name,
                    file_bytes=file.num_bytes,
                    start_row=extent.start_row,
                    num_rows=extent.num_rows,
                    start_byte=extent.start_byte,
                    end_byte=extent.end_byte,
                )
            )
    if pieces:
        yield Shard(index, tuple(pieces))
