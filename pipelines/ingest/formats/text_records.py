"""Text files as streams of records: where each ends, found in one pass with bounded memory.

A record is a line of JSON or a row of CSV. How records end is the format's own matter (`Splitter`); the stream, the
extents and the byte ranges are common.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.ingest.formats.note_format import ChangedFileError, Extent, UnusableFileError

BOM = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
CHUNK_BYTES = 4 * 1024 * 1024
# No note is as long; without a bound, one quotation mark that nothing closes would take the rest of the file in.
MAX_RECORD_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True)
class Records:
    """Where the records of a buffer end.

    Attributes:
        ends: (num_records,) int64, offset behind each record and its line break.
        num_rows: (num_records,) int64, rows that each stands for: 1, or 0 for a blank line, or several malformed ones.
    """

    ends: np.ndarray
    num_rows: np.ndarray


# (bytes from the start of a record, whether they reach the end of the extent or file) → its complete records.
Splitter = Callable[[bytes, bool], Records]


def head(stream: pa.NativeFile, num_bytes: int | None = None) -> bytes:
    """First bytes of a stream, by default a chunk, with its byte order mark.

    Raises:
        UnusableFileError: it is UTF-16.
    """
    data = _read_fully(stream, num_bytes or CHUNK_BYTES)
    if data.startswith(_UTF16_MARKS):
        raise UnusableFileError("text in UTF-16; convert it to UTF-8")
    return data


def scan(stream: pa.NativeFile, first: bytes, start: int, split: Splitter, max_rows: int) -> tuple[list[Extent], str]:
    """Cut a stream into extents of at most `max_rows` rows.

    Args:
        stream: positioned behind `first`.
        first: what `head` read.
        start: offset in `first` where the first record begins.
        split: finds the records.

    Returns:
        The extents, and the SHA-256 of the whole content.

    Raises:
        UnusableFileError: a record does not end.
    """
    digest = hashlib.sha256(first)
    cutter = _Cutter(max_rows, start)
    buffer, is_last = first[start:], len(first) < CHUNK_BYTES
    while True:
        records = split(buffer, is_last)
        cutter.add(records)
        if is_last:
            return cutter.finish(), digest.hexdigest()
        rest = buffer[int(records.ends[-1]) :] if len(records.ends) else buffer
        if len(rest) > MAX_RECORD_BYTES:
            raise UnusableFileError(
                f"row {cutter.num_rows} does not end within {MAX_RECORD_BYTES >> 20} MiB; close its quotation mark, "
                "or break its line"
            )
        # Twice as much for a record that does not end, or a long one would be searched again for each chunk.
        wanted = max(CHUNK_BYTES, len(rest))
        more = _read_fully(stream, wanted)
        digest.update(more)
        buffer, is_last = rest + more, len(more) < wanted


def read_records(stream: pa.NativeFile, extent: Extent, split: Splitter, first: bytes = b"") -> tuple[bytes, Records]:
    """Bytes and records of an extent.

    A compressed stream cannot be entered in the middle: it is decompressed from its start, which costs 0.6 s of CPU for
    each 100 MB before the extent. Beside the screening of a shard that is little, up to some GB in one file, and in
    return the file's shards stay small and are read side by side.

    Args:
        stream: positioned behind `first`.
        first: what was read of it already.

    Raises:
        ChangedFileError: there are not as many bytes or rows as when the file was surveyed.
    """
    data = first[extent.start_byte : extent.end_byte]
    if stream.seekable():
        stream.seek(extent.start_byte + len(data))
    else:
        to_skip = extent.start_byte - len(first)
        while to_skip > 0:
            skipped = len(stream.read(min(CHUNK_BYTES, to_skip)))
            if not skipped:
                raise ChangedFileError
            to_skip -= skipped
    num_bytes = extent.end_byte - extent.start_byte
    data += _read_fully(stream, num_bytes - len(data))
    records = split(data, True)
    if len(data) != num_bytes or int(records.num_rows.sum()) != extent.num_rows:
        raise ChangedFileError
    return data, records


def split_lines(buffer: bytes, is_last: bool) -> Records:
    """Records that end at every line feed; blank lines are no rows."""
    view = np.frombuffer(buffer, np.uint8)
    ends = np.flatnonzero(view == 0x0A).astype(np.int64) + 1
    if is_last and len(buffer) and (not len(ends) or ends[-1] < len(buffer)):
        ends = np.append(ends, len(buffer))
    return Records(ends, count_rows(view, ends))


def count_rows(view: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(num_records,) 1 for each record, 0 for those that hold nothing but their line break."""
    starts = np.concatenate(([0], ends[:-1])).astype(np.int64)
    lengths = ends - starts
    is_blank = lengths == 0
    for length, line_break in ((1, b"\n"), (1, b"\r"), (2, b"\r\n")):
        at = np.flatnonzero(lengths == length)
        first, last = view[starts[at]], view[ends[at] - 1]
        is_blank[at] |= (first == line_break[0]) & (last == line_break[-1])
    return np.where(is_blank, 0, 1).astype(np.int64)


def _read_fully(stream: pa.NativeFile, num_bytes: int) -> bytes:
    """As many bytes as asked for, or all that are left: a decompressor gives fewer at a time."""
    parts = []
    while num_bytes > 0:
        part = stream.read(num_bytes)
        if not part:
            break
        parts.append(part)
        num_bytes -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


class _Cutter:
    """Gathers records into extents."""

    def __init__(self, max_rows: int, start_byte: int):
        self._max_rows = max_rows
        self._extents: list[Extent] = []
        self._start_row, self._start_byte = 0, start_byte
        self._end_byte = start_byte
        self.num_rows = 0

    def add(self, records: Records) -> None:
        """Take the records that follow those before."""
        if not len(records.ends):
            return
        ends = records.ends + self._end_byte
        totals = self.num_rows + np.cumsum(records.num_rows)
        while totals[-1] > self._start_row + self._max_rows:
            # The last record that still fits, or the one that alone stands for more rows than fit.
            index = int(np.searchsorted(totals, self._start_row + self._max_rows, side="right")) - 1
            if (totals[index] if index >= 0 else self.num_rows) == self._start_row:
                index = int(np.searchsorted(totals, self._start_row, side="right"))
            if index < 0:
                self._cut(self.num_rows, self._end_byte)
            else:
                self._cut(int(totals[index]), int(ends[index]))
        self.num_rows, self._end_byte = int(totals[-1]), int(ends[-1])

    def finish(self) -> list[Extent]:
        """All extents, the last of which may be small."""
        if self.num_rows > self._start_row:
            self._cut(self.num_rows, self._end_byte)
        return self._extents

    def _cut(self, end_row: int, end_byte: int) -> None:
        self._extents.append(
            Extent(
                start_row=self._start_row,
                num_rows=end_row - self._start_row,
                start_byte=self._start_byte,
                end_byte=end_byte,
            )
        )
        self._start_row, self._start_byte = end_row, end_byte
