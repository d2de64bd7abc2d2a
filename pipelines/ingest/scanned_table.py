"""A table in files of Parquet, CSV or NDJSON that polars scans lazily: side tables of joins, tables to be profiled."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from pipelines.ingest.plain_text import is_float_written, text_expression
from pipelines.ingest.sources import Source, UnusablePathError, file_fingerprint, find_sources
from schemas.errors import InputError

_SUFFIXES = {
    ".parquet": "parquet",
    ".parq": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}
_SEPARATORS = "\t,;|"
_HEADER_BYTES = 64 * 1024
_SAMPLE_ROWS = 1000


@dataclass(frozen=True)
class ScannedTable:
    """A table's files and columns.

    Args:
        path: as the settings name it.
        sources: its files.
        kind: parquet, csv or ndjson.
        separator: between the fields of a CSV file.
        schema: column → polars type.
        float_written: columns of text whose integers are written as "123.0".
        is_lenient: a CSV row with too many fields loses them and bytes that are not UTF-8 are replaced, where otherwise
            the table would be refused.
    """

    path: str
    sources: tuple[Source, ...]
    kind: str
    separator: str
    schema: pl.Schema
    float_written: frozenset[str]
    is_lenient: bool

    def scan(self, columns: list[str], wanted: pl.DataFrame | None = None) -> pl.LazyFrame:
        """These columns, as text, in the table's order.

        Args:
            columns: each once.
            wanted: columns of the table as text; only rows whose value of each is among these are given.

        Raises:
            InputError: a column is not there or holds lists or objects.
        """
        missing = [name for name in columns if name not in self.schema]
        if missing:
            has = listed(self.schema, columns)
            raise InputError(f"{self.path} has no column {missing[0]!r} but {has}: name another")
        expressions = []
        for name in columns:
            try:
                expressions.append(text_expression(name, self.schema[name], name in self.float_written))
            except TypeError:
                raise InputError(
                    f"{self.path}: column {name!r} is {self.schema[name]}: write it as a plain value"
                ) from None
        rows = self._scan()
        for series in [] if wanted is None else wanted:
            rows = rows.filter(self._is_among(series))
        return rows.select(expressions)

    def _scan(self) -> pl.LazyFrame:
        return _scan(self.kind, self.sources, self.separator, self.is_lenient)

    def _is_among(self, values: pl.Series) -> pl.Expr:
        """A filter instead of a semi-join: it keeps the order, and Parquet's reader decodes only the rows that pass."""
        dtype = self.schema[values.name]
        if dtype.is_integer():  # compared as they are stored, at half the cost
            return pl.col(values.name).is_in(values.cast(dtype, strict=False).drop_nulls().implode())
        text = text_expression(values.name, dtype, values.name in self.float_written)
        return text.is_in(values.drop_nulls().implode())

    def head(self, num_rows: int) -> pl.DataFrame:
        """All columns of the first rows, of the types that the files have."""
        return self._scan().head(num_rows).collect(engine="streaming")

    def count_rows(self) -> int | None:
        """Number of rows where the files' footers say it; None where all would have to be read."""
        if self.kind != "parquet":
            return None
        return int(self._scan().select(pl.len()).collect().item())

    @property
    def num_bytes(self) -> int:
        """Size of its files."""
        return sum(source.filesystem.get_file_info(source.path).size for source in self.sources)

    def fingerprints(self) -> list[dict[str, Any]]:
        """File, size and digest of the ends of each file: a large table is not read for it."""
        return [file_fingerprint(source) for source in self.sources]


def listed(present: Iterable[str], sought: Iterable[str]) -> str:
    """A table's columns. Of one that has none of those sought they are not shown: its first line may be a patient's."""
    names = list(present)
    return "none that is known" if set(names).isdisjoint(sought) else ", ".join(names)


def open_table(path: str, is_lenient: bool = False) -> ScannedTable:
    """Find a table's files and columns.

    Args:
        path: file, folder, glob or URI; .gz is taken for CSV and NDJSON.
        is_lenient: take damaged rows of CSV as they come.

    Raises:
        InputError: no such file, no known format, or not readable.
    """
    try:
        sources = tuple(find_sources(path))
        kind = _kind(sources[0].path)
        separator = _separator(sources[0]) if kind == "csv" else ","
        scanned = _scan(kind, sources, separator, is_lenient)
        schema = scanned.collect_schema()
        strings = [name for name, dtype in schema.items() if dtype == pl.String]
        sample = scanned.select(strings).head(_SAMPLE_ROWS).collect()
    except UnusablePathError as error:
        raise InputError(str(error)) from None
    except (OSError, pa.ArrowException, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
        kind = type(error).__name__
        raise InputError(f"{path} cannot be read ({kind}): check that it is whole, and UTF-8") from None
    float_written = frozenset(name for name in strings if is_float_written(sample[name]))
    return ScannedTable(path, sources, kind, separator, schema, float_written, is_lenient)


def _kind(path: str) -> str:
    suffix = f".{path.lower().removesuffix('.gz').rpartition('.')[2]}"
    if suffix not in _SUFFIXES:
        raise UnusablePathError(
            f"{path}: no known format; the name must end in {', '.join(_SUFFIXES)}, or .gz after it"
        )
    return _SUFFIXES[suffix]


def _separator(source: Source) -> str:
    """The separator that stands most often in a CSV file's first line."""
    compression = "gzip" if source.path.lower().endswith(".gz") else None
    with source.filesystem.open_input_stream(source.path, compression=compression) as file:
        header = file.read(_HEADER_BYTES).partition(b"\n")[0].decode("utf-8-sig")
    return max(_SEPARATORS, key=header.count)


def _scan(kind: str, sources: tuple[Source, ...], separator: str, is_lenient: bool) -> pl.LazyFrame:
    files = [source.name for source in sources]
    if kind == "parquet":
        return pl.scan_parquet(files, glob=False)
    if kind == "ndjson":
        return pl.scan_ndjson(files)
    # The OMOP vocabularies are separated by tabs and hold bare quotes.
    quote = None if separator == "\t" else '"'
    return pl.scan_csv(
        files,
        separator=separator,
        quote_char=quote,
        infer_schema=False,
        glob=False,
        truncate_ragged_lines=is_lenient,
        encoding="utf8-lossy" if is_lenient else "utf8",
    )
