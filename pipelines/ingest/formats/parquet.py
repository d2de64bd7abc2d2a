"""Parquet: cut at its row groups, and inside those that are larger than a shard.

An extent that begins inside a row group decodes the group from its start, so files of many small row groups are read
faster than files of one large one.
"""

import hashlib
from collections.abc import Collection
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ingest.formats.note_format import ChangedFileError, Extent, RowBlock, Survey, UnusableFileError

# The footer, with the statistics of every column chunk, lies in the last bytes, so that an edit inside shows too.
_DIGEST_BYTES = 64 * 1024


class Parquet:
    """Apache Parquet, any compression."""

    name = "Parquet"
    has_open_schema = False

    def survey(self, stream: pa.NativeFile, max_rows: int) -> Survey:
        """Read the footer alone. The digest is of the first and the last 64 KiB."""
        digest = ends_digest(stream)
        stream.seek(0)
        try:
            with pq.ParquetFile(stream) as parquet:
                schema = parquet.schema_arrow.remove_metadata()
                group_rows = [parquet.metadata.row_group(i).num_rows for i in range(parquet.num_row_groups)]
        except pa.ArrowException as error:
            kind = type(error).__name__
            raise UnusableFileError(f"not a whole Parquet file ({kind}); write or copy it again") from None
        return Survey(schema=schema, extents=tuple(_extents(group_rows, max_rows)), digest=digest)

    def read(self, stream: pa.NativeFile, extent: Extent, columns: Collection[str]) -> RowBlock:
        """Decode the row groups that hold the extent; of pages with a checksum, the checksum is verified."""
        stop = extent.start_row + extent.num_rows
        with pq.ParquetFile(stream, page_checksum_verification=True) as parquet:
            names = [name for name in parquet.schema_arrow.names if name in columns]
            groups: list[int] = []
            first_row = row = 0
            for group in range(parquet.num_row_groups):
                num_rows = parquet.metadata.row_group(group).num_rows
                if row + num_rows > extent.start_row and row < stop:
                    first_row = first_row if groups else row
                    groups.append(group)
                row += num_rows
            wanted = []
            # Batches as large as the extent bound the memory where one row group holds the whole file.
            for batch in parquet.iter_batches(extent.num_rows, row_groups=groups, columns=names):
                low, high = max(extent.start_row - first_row, 0), min(stop - first_row, batch.num_rows)
                if low < high:
                    wanted.append(batch.slice(low, high - low))
                first_row += batch.num_rows
                if first_row >= stop:
                    break
        if sum(batch.num_rows for batch in wanted) != extent.num_rows:
            raise ChangedFileError
        return RowBlock(table=pa.Table.from_batches(wanted))


def ends_digest(stream: pa.NativeFile) -> str:
    """SHA-256 of the first and last 64 KiB of a file, in hex."""
    size = stream.size()
    digest = hashlib.sha256(stream.read_at(min(size, _DIGEST_BYTES), 0))
    tail = max(0, size - _DIGEST_BYTES)
    digest.update(stream.read_at(size - tail, tail))
    return digest.hexdigest()


def _extents(group_rows: list[int], max_rows: int) -> list[Extent]:
    """Whole row groups while they fit, larger ones cut evenly."""
    ranges: list[tuple[int, int]] = []
    start = length = 0
    for rows in group_rows:
        if length and length + rows > max_rows:
            ranges.append((start, length))
            start, length = start + length, 0
        length += rows
        if length > max_rows:
            parts = -(-length // max_rows)
            cuts = [start + length * part // parts for part in range(parts + 1)]
            ranges += [(low, high - low) for low, high in pairwise(cuts)]
            start, length = start + length, 0
    ranges += [(start, length)] if length else []
    return [Extent(start_row=low, num_rows=num_rows) for low, num_rows in ranges]
