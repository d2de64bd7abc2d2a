"""The guard around functions that touch note text: what they raise carries no text.

Ray shows a failed task's exception in the driver log, the Jobs API and the dashboard, with the message and, through
chained exceptions, with everything that led to it. Inside the guard an error becomes a StageError of the stage, the
type and the note id, `from None`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from schemas.errors import StageError, WardroundError


@contextmanager
def no_text_escapes(stage: str, where: str) -> Iterator[None]:
    """Turn any error inside into one without note text.

    Args:
        stage: name of the stage.
        where: a note id or a shard's name; never text of a note.

    Raises:
        WardroundError: ours pass unchanged; they are written to hold no text.
        StageError: in place of any other error.
    """
    try:
        yield
    except WardroundError:
        raise
    except Exception as error:  # noqa: BLE001 - the boundary itself: every type must be replaced
        kind = type(error).__name__
        raise StageError(f"stage {stage!r} failed with {kind} at {where}: rerun this shard alone to see why") from None
