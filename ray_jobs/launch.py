"""What every job's command does: parse, run, and end with a result or one line that says why not."""

import logging
import sys
import time
from collections.abc import Callable, Sequence

from ray_jobs.config import JobConfig, parse
from schemas.errors import WardroundError

logger = logging.getLogger("wardround")

# Short form of a setting on the command line → the setting.
SHORT_FLAGS = {
    "--on-bad-file": "--ingest.on_bad_file",
    "--canaries": "--canaries.num_notes",
    "--max-miss-rate": "--canaries.max_miss_rate",
}


def launch(job: Callable[[JobConfig], str], argv: Sequence[str] | None = None) -> None:
    """Run a job as a command.

    Args:
        job: takes the configuration and returns what to tell the user at the end.
        argv: the command line; that of the process where null.

    Raises:
        SystemExit: 2 for what the user can mend, 1 for what not; one line on stderr says what.
    """
    run(lambda: job(parse(long_flags(sys.argv[1:] if argv is None else argv))))


def run(command: Callable[[], str]) -> None:
    """Run a command and print what it returns.

    Raises:
        SystemExit: as `launch`.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", force=True)
    for name in ("wardround", "pipelines", "ray_jobs"):
        logging.getLogger(name).setLevel(logging.INFO)
    try:
        print(command())
    except WardroundError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None


def long_flags(argv: Sequence[str]) -> list[str]:
    """The command line with the settings that its short flags stand for."""
    flags = (argument.partition("=") for argument in argv)
    return ["".join((SHORT_FLAGS.get(flag, flag), sign, value)) for flag, sign, value in flags]


class Progress:
    """Numbered lines for a job of several stages, with the time that each took."""

    def __init__(self, num_stages: int):
        self._num_stages = num_stages
        self._done = 0
        self._started = time.monotonic()

    def stage(self, name: str, what: str) -> None:
        """Say that a stage begins."""
        self._done += 1
        elapsed = time.monotonic() - self._started
        logger.info("[%d/%d] %s: %s (%.0f s so far)", self._done, self._num_stages, name, what, elapsed)
