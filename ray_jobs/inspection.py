"""A table's profile as a terminal shows it."""

import sys

from rich import box
from rich.console import Console
from rich.table import Table

from pipelines.ingest.profile import ColumnProfile, TableProfile, profile_table
from pipelines.splitting.lexicon import load_lexicon
from pipelines.splitting.sections import cut_sections
from pipelines.stage.guard import no_text_escapes

_MAX_SECTIONS = 20


def inspect_table(path: str) -> str:
    """What is in a table of notes, without a value of any patient's, and the settings that would read it.

    Raises:
        InputError: the table cannot be read.
    """
    with no_text_escapes("inspect", path):
        return shown(profile_table(path, _section_kinds))


def _section_kinds(text: str) -> set[str]:
    return {section.kind.name for section in cut_sections(text, load_lexicon())} - {"opening", "other"}


def shown(profile: TableProfile) -> str:
    """A profile as text, in colour on a terminal."""
    # Into a pipe or a file as wide as most terminals can be made.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    with console.capture() as captured:
        console.print(_extent(profile), soft_wrap=True)
        console.print(_columns(profile))
        if profile.note_types:
            console.print(_counts("note type", "notes", profile.note_types, profile.num_sampled))
        if profile.num_section_notes:
            heading = f"section header, in the first {profile.num_section_notes:,} notes"
            console.print(_counts(heading, "notes", profile.sections[:_MAX_SECTIONS], profile.num_section_notes))
        console.print("\nPaste into your configuration:\n", style="bold")
        console.out(profile.proposal.yaml())
    return captured.get()


def _extent(profile: TableProfile) -> str:
    rows = f"{profile.num_rows:,} rows" if profile.num_rows is not None else "rows not counted"
    if profile.num_rows == profile.num_sampled:
        return f"{profile.path}: {rows}, all of them looked at"
    return f"{profile.path}: {rows}; everything below is of the first {profile.num_sampled:,}"


def _columns(profile: TableProfile) -> Table:
    table = Table(box=box.SIMPLE, caption="length of text in characters: 5th, 50th and 95th percentile, longest")
    for heading in ("column", "type"):
        table.add_column(heading, overflow="fold")
    for heading in ("empty", "distinct", "5 %", "50 %", "95 %", "100 %"):
        table.add_column(heading, justify="right")
    for column in profile.columns:
        table.add_row(
            column.name, column.kind, f"{column.null_share:.1%}", f"{column.num_distinct:,}", *_lengths(column)
        )
    return table


def _lengths(column: ColumnProfile) -> list[str]:
    return [f"{length:,}" for length in column.lengths] if column.lengths else [""] * 4


def _counts(heading: str, unit: str, counts: tuple[tuple[str, int], ...], whole: int) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column(heading)
    table.add_column(unit, justify="right")
    table.add_column("share", justify="right")
    for value, count in counts:
        table.add_row(value, f"{count:,}", f"{count / whole:.1%}")
    return table
