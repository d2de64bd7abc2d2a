"""Where the rows of a CSV file end, although its fields may hold line breaks, and although some of it may be broken.

RFC 4180, with what real exports need. A quotation mark opens a field only where one begins; elsewhere in an unquoted
field it is a character. In a quoted field two of them stand for one, and one before a delimiter or a line break closes.
A file that keeps to this is cut by parity alone, in NumPy; from the first mark that does not fit, one row is walked
through mark by mark, and parity takes over again behind it.

What is broken is told from its neighbours like this:
- A mark inside a quoted field that neither doubles nor closes (`"so-called "flu" season"`) is a character, and its row
  malformed, but it ends where it was meant to.
- A mark of that kind on a later line, where a field begins, shows that the field before was never closed: the row ends
  before this line. Its lines count as so many malformed rows, for which of them are rows and which are text cannot be
  told, and text must not be taken for ids.
- A field that is open at the end of the file ends there, likewise.
"""

import numpy as np

from pipelines.ingest.formats.text_records import Records, count_rows

_QUOTE, _LINE_FEED, _RETURN = b'"', b"\n", b"\r"


class CsvSplitter:
    """Splits buffers of one dialect.

    Args:
        delimiter: one byte between fields.
    """

    def __init__(self, delimiter: bytes):
        self._delimiter = delimiter

    def __call__(self, buffer: bytes, is_last: bool) -> Records:
        """The complete rows of a buffer that begins with a row; all of it where it `is_last`."""
        view = np.frombuffer(buffer, np.uint8)
        quotes = np.flatnonzero(view == _QUOTE[0])
        breaks = np.flatnonzero(view == _LINE_FEED[0])
        marks_before = np.searchsorted(quotes, breaks)
        misfits = self._misfits(view, quotes)
        # For rows that begin at an even or an odd mark: the line breaks outside of quoted fields.
        outside = [breaks[marks_before % 2 == parity] for parity in (0, 1)]
        ends: list[np.ndarray] = []
        zones: list[tuple[int, int]] = []
        start = mark = 0
        while True:
            parity = mark % 2
            at = int(np.searchsorted(misfits[parity], mark))
            limit = int(quotes[misfits[parity][at]]) if at < len(misfits[parity]) else len(buffer)
            low, high = np.searchsorted(outside[parity], (start, limit))
            if high > low:
                ends.append(outside[parity][low:high] + 1)
                start = int(ends[-1][-1])
            if limit == len(buffer):
                break
            end, num_lines = self._walk(buffer, start, is_last)
            if end is None:
                break
            if num_lines:
                zones.append((end, num_lines))
            ends.append(np.array([end]))
            start, mark = end, int(np.searchsorted(quotes, end))
        if is_last and start < len(buffer):
            end, num_lines = self._walk(buffer, start, is_last)
            assert end == len(buffer)
            zones += [(end, num_lines)] if num_lines else []
            ends.append(np.array([end]))
        joined = np.concatenate(ends).astype(np.int64) if ends else np.zeros(0, np.int64)
        num_rows = count_rows(view, joined)
        for end, num_lines in zones:
            num_rows[np.searchsorted(joined, end)] = num_lines
        return Records(joined, num_rows)

    def _misfits(self, view: np.ndarray, quotes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Indices of marks that are not what parity takes them for, where rows begin at an even and at an odd mark."""
        around = np.zeros(256, bool)
        around[[self._delimiter[0], _LINE_FEED[0], _QUOTE[0]]] = True
        opens = np.ones(len(quotes), bool)
        closes = np.ones(len(quotes), bool)
        inner = quotes > 0
        opens[inner] = around[view[quotes[inner] - 1]]
        inner = quotes < len(view) - 1
        closes[inner] = around[view[quotes[inner] + 1]]
        inner = quotes < len(view) - 2
        closes[inner] |= (view[quotes[inner] + 1] == _RETURN[0]) & (view[quotes[inner] + 2] == _LINE_FEED[0])
        is_even = np.arange(len(quotes)) % 2 == 0
        return np.flatnonzero(~np.where(is_even, opens, closes)), np.flatnonzero(~np.where(is_even, closes, opens))

    def _walk(self, buffer: bytes, start: int, is_last: bool) -> tuple[int | None, int]:
        """End of the row at `start`, or None where the buffer ends first; and its lines where a field never closes."""
        position = start
        while True:
            if buffer[position : position + 1] == _QUOTE:
                end, is_closed = self._quoted_field(buffer, position, is_last)
                if end is None:
                    return None, 0
                if not is_closed:
                    return end, _count_lines(buffer[start:end])
                position = end
            line_feed = buffer.find(_LINE_FEED, position)
            delimiter = buffer.find(self._delimiter, position, line_feed if line_feed >= 0 else len(buffer))
            if delimiter < 0:
                if line_feed >= 0:
                    return line_feed + 1, 0
                return (len(buffer), 0) if is_last else (None, 0)
            position = delimiter + 1

    def _quoted_field(self, buffer: bytes, opening: int, is_last: bool) -> tuple[int | None, bool]:
        """Where a quoted field ends, and whether it was closed there; None where the buffer ends first."""
        position = opening + 1
        while True:
            quote = buffer.find(_QUOTE, position)
            if not is_last and (quote < 0 or quote + 2 >= len(buffer)):
                return None, False
            if quote < 0:
                return len(buffer), False
            after = buffer[quote + 1 : quote + 3]
            if after[:1] == _QUOTE:
                position = quote + 2
                continue
            if after[:1] in (b"", self._delimiter, _LINE_FEED) or after in (b"\r\n", b"\r"):
                return quote + 1, True
            line_start = buffer.rfind(_LINE_FEED, opening, quote) + 1
            if line_start and buffer[quote - 1 : quote] in (self._delimiter, _LINE_FEED):
                return line_start, False
            position = quote + 1


def _count_lines(record: bytes) -> int:
    """Lines that are not blank."""
    return sum(1 for line in record.split(_LINE_FEED) if line not in (b"", _RETURN))
