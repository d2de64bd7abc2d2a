"""Errors a user sees: one line that names the field, the value and the remedy, never a note's text."""


class WardroundError(Exception):
    """Base of every error raised for a user. `exit_code` is 2 where the user can mend it, 1 where not."""

    exit_code = 2


class ConfigError(WardroundError):
    """A setting is missing, unknown, of the wrong type or contradicts another."""


class InputError(WardroundError):
    """A file, table, model directory or stage output cannot be used as it is."""


class ScreeningError(WardroundError):
    """The screening engine cannot be trusted: a model is missing, altered or fails its known-answer test."""


class CheckpointError(WardroundError):
    """A checkpoint is missing, torn, altered or does not fit the run."""


class CapacityError(WardroundError):
    """The cluster or the machine is too small for what was asked."""


class LedgerError(WardroundError):
    """Rows were lost or counted twice. Never the user's fault: the run must not be used."""

    exit_code = 1


class StageError(WardroundError):
    """A stage failed on a note. Carries the stage, the error's type and a note id; never the note's text."""

    exit_code = 1
