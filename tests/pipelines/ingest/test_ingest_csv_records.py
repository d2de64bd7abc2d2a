"""Where CSV rows end: as the csv module says for whole files, and as far as can be told for broken ones."""

import csv
import io
import random
from itertools import pairwise

import numpy as np
import pytest

from pipelines.ingest.formats.csv_records import CsvSplitter

SPLIT = CsvSplitter(b",")


def split(data: bytes) -> tuple[list[int], list[int]]:
    records = SPLIT(data, True)
    return records.ends.tolist(), records.num_rows.tolist()


def split_in_chunks(data: bytes, chunk_bytes: int) -> tuple[list[int], list[int]]:
    """As a file is scanned: what is incomplete at a chunk's end is looked at again with the next."""
    ends: list[int] = []
    num_rows: list[int] = []
    start = position = 0
    while position < len(data):
        position = min(position + chunk_bytes, len(data))
        records = SPLIT(data[start:position], position == len(data))
        ends += (records.ends + start).tolist()
        num_rows += records.num_rows.tolist()
        start = ends[-1] if ends else 0
    return ends, num_rows


def rows(data: bytes) -> list[bytes]:
    ends, num_rows = split(data)
    return [data[start:end] for start, end, n in zip([0, *ends], ends, num_rows, strict=False) if n == 1]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a,b\nc,d\n", [b"a,b\n", b"c,d\n"]),
        (b"a,b\r\nc,d", [b"a,b\r\n", b"c,d"]),
        (b'a,"b\nb"\nc,"d,""\r\n"""\n', [b'a,"b\nb"\n', b'c,"d,""\r\n"""\n']),
        (b'a,""\n"",b\n', [b'a,""\n', b'"",b\n']),
        (b'a,5" tall\nb,he said "no"\nc,d\n', [b'a,5" tall\n', b'b,he said "no"\n', b"c,d\n"]),
        (b'a,"so-called "flu" season"\nb,c\n', [b'a,"so-called "flu" season"\n', b"b,c\n"]),
        (b"a,b\n\n\r\nc,d\n\n", [b"a,b\n", b"c,d\n"]),
        (b"", []),
    ],
)
def test_rows(data: bytes, expected: list[bytes]) -> None:
    assert rows(data) == expected


def test_a_quotation_that_never_closes_costs_its_lines_and_no_more() -> None:
    data = b'a,"open\nx,y\n\nb,"good\nnote"\nc,"d"\n'
    ends, num_rows = split(data)
    assert [data[start:end] for start, end in zip([0, *ends], ends, strict=False)] == [
        b'a,"open\nx,y\n\n',
        b'b,"good\nnote"\n',
        b'c,"d"\n',
    ]
    assert num_rows == [2, 1, 1]  # a line of text that looks like a row is none
    assert split(b'a,b\nc,"open\nd,e\n') == ([4, 16], [1, 2])


def test_whole_files_are_split_as_the_csv_module_reads_them() -> None:
    random_words = random.Random(5)
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
        for line_end in ("\n", "\r\n"):
            letters = 'ab",\t' + line_end  # csv.writer leaves a lone CR unquoted where it does not end lines
            table = [["".join(random_words.choices(letters, k=6)) + "." for _ in range(3)] for _ in range(200)]
            sink = io.StringIO(newline="")
            csv.writer(sink, quoting=quoting, lineterminator=line_end).writerows(table)
            data = sink.getvalue().encode()
            assert [next(csv.reader([row.decode()], strict=True)) for row in rows(data)] == table


def test_chunks_and_extents_change_nothing_whatever_the_bytes() -> None:
    """What planning counts in chunks is what reading finds from any row on, or no shard could be read."""
    random_bytes = random.Random(7)
    for _ in range(400):
        data = bytes(random_bytes.choices(b'"",\n\ra', weights=[3, 2, 4, 3, 1, 6], k=random_bytes.randrange(60)))
        ends, num_rows = split(data)
        assert (ends[-1] if ends else 0) == len(data)
        assert split_in_chunks(data, random_bytes.randrange(1, 12)) == (ends, num_rows), data
        bounds = sorted({0, len(data), *random_bytes.sample(ends, len(ends) // 2)})
        parts = [split(data[low:high])[1] for low, high in pairwise(bounds)]
        assert [n for part in parts for n in part] == num_rows, data


def test_ends_are_offsets_of_the_buffer() -> None:
    records = SPLIT(b'a,b\nc,"d', False)
    assert records.ends.tolist() == [4]
    assert records.ends.dtype == records.num_rows.dtype == np.int64
