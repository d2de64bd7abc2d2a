"""Reading files: transient failures are tried again, lasting ones are not."""

import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.ingest import sources
from pipelines.ingest.sources import MissingFileError, UnreadableFileError, open_source, read_source


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BACKOFF_S", (0.0, 0.0))


class FailingReader:
    """Reads a file's content, but only at the n-th try."""

    def __init__(self, error: Exception, num_failures: int):
        self._error, self._num_failures = error, num_failures
        self.num_tries = 0

    def __call__(self, stream: pa.NativeFile, num_bytes: int) -> bytes:
        self.num_tries += 1
        content = stream.read()
        if self.num_tries <= self._num_failures:
            raise self._error
        return content


def test_a_transient_error_is_tried_again_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_bytes(b"content")
    reader = FailingReader(OSError("connection reset"), 2)
    assert read_source(open_source(str(tmp_path / "n.csv")), reader) == b"content"
    assert reader.num_tries == 3


def test_the_third_failure_is_the_last_and_its_message_stays_inside(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_bytes(b"content")
    reader = FailingReader(TimeoutError("content"), 3)
    with pytest.raises(UnreadableFileError, match=r"^TimeoutError, tried 3 times$") as raised:
        read_source(open_source(str(tmp_path / "n.csv")), reader)
    assert reader.num_tries == 3
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("error", [PermissionError("denied"), pa.ArrowInvalid("corrupt")])
def test_what_another_try_does_not_mend_is_not_tried_again(tmp_path: Path, error: Exception) -> None:
    (tmp_path / "n.csv").write_bytes(b"content")
    reader = FailingReader(error, 3)
    with pytest.raises(UnreadableFileError, match=type(error).__name__):
        read_source(open_source(str(tmp_path / "n.csv")), reader)
    assert reader.num_tries == 1


def test_a_missing_file_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read_source(open_source(str(tmp_path / "n.csv")), FailingReader(OSError(), 0))


def test_compressed_files_are_decompressed_and_sized_as_stored(tmp_path: Path) -> None:
    members = gzip.compress(b"first ") + gzip.compress(b"second")  # as `cat a.gz b.gz` makes them
    (tmp_path / "n.CSV.GZ").write_bytes(members)
    source = open_source(str(tmp_path / "n.CSV.GZ"))
    assert read_source(source, lambda stream, num_bytes: (stream.read(), num_bytes)) == (b"first second", len(members))
