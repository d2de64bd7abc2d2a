"""A note's text made of columns, for tables that keep what a note would say in fields.

    ingest:
      compose:
        - {label: CHIEF COMPLAINT, parts: ["{chiefcomplaint}"]}
        - {label: VITAL SIGNS, parts: ["temperature {temperature} °F", "blood pressure {sbp}/{dbp} mmHg"]}

gives "CHIEF COMPLAINT: Chest pain\nVITAL SIGNS: temperature 98.1 °F, blood pressure 120/80 mmHg". A part of which a
column is missing is left out, and a line of which every part is; a note without any line has no text.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.ingest.plain_text import text_series
from schemas.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class ComposedLine:
    """A labelled line of a composed note.

    Attributes:
        label: what stands before the colon; the name of a section's header, so that splitting finds it.
        parts: templates with columns in braces, joined by commas. One of several lines stands below the label.
    """

    label: str
    parts: list[str]

    def __post_init__(self) -> None:
        if not self.label.strip():
            raise ConfigError("compose: label is empty: give the words before the colon")
        if not self.parts:
            raise ConfigError(f"compose: parts is empty for {self.label!r}: give a template such as '{{column}}'")
        for part in self.parts:
            if not any(name for _, name in _pieces(part)):
                raise ConfigError(f"compose: {part!r} of {self.label!r} names no column: write one in braces")

    @property
    def columns(self) -> list[str]:
        """The columns that it shows."""
        return [name for part in self.parts for _, name in _pieces(part) if name]


def composed_columns(lines: Sequence[ComposedLine]) -> list[str]:
    """The columns that the lines show, each once."""
    return list(dict.fromkeys(name for line in lines for name in line.columns))


def compose_text(notes: pa.Table, lines: Sequence[ComposedLine]) -> pa.StringArray:
    """The text of each note.

    Args:
        notes: (num_rows,) with `composed_columns(lines)` of plain values.
        lines: in the order of the text.

    Returns:
        (num_rows,) texts, null where no line has a value.
    """
    names = composed_columns(lines)
    values = [text_series(name, notes.column(name)).to_list() for name in names]
    templates = [(line.label, [_pieces(part) for part in line.parts]) for line in lines]
    texts = []
    for row in range(notes.num_rows):
        note = {name: column[row] for name, column in zip(names, values, strict=True)}
        written = [_line(label, parts, note) for label, parts in templates]
        texts.append("\n".join(filter(None, written)) or None)
    return pa.array(texts, pa.string())


def _line(label: str, parts: list[list[tuple[str, str]]], note: dict[str, str | None]) -> str | None:
    shown = [
        "".join(literal + (note[name] or "" if name else "") for literal, name in part)
        for part in parts
        if all(note[name] is not None for _, name in part if name)
    ]
    text = ", ".join(shown)
    gap = "\n" if "\n" in text else " "
    return f"{label}:{gap}{text}" if shown else None


def _pieces(part: str) -> list[tuple[str, str]]:
    """A template as (literal, column after it or "")."""
    try:
        parsed = list(string.Formatter().parse(part))
    except ValueError as error:
        raise ConfigError(f"compose: {part!r} is no template ({error}): write columns as {{column}}") from None
    if any(name == "" or specification or conversion for _, name, specification, conversion in parsed):
        raise ConfigError(f"compose: {part!r} holds more than columns in braces: write them as {{column}}")
    return [(literal, name or "") for literal, name, _, _ in parsed]
