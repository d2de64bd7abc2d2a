"""One note into a prompt and a target; a table of notes into examples."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipelines.splitting.config import SplittingConfig
from pipelines.splitting.copying import copied_share
from pipelines.splitting.lexicon import NoteType, load_lexicon
from pipelines.splitting.sections import Section, cut_sections
from pipelines.splitting.target import assign_roles, choose_target, is_report, target_name
from pipelines.stage.guard import no_text_escapes
from pipelines.stage.ledger import LedgerRows, NoteRow
from schemas.examples import EXAMPLES, SectionRole
from schemas.ledger import Outcome, Stage


@dataclass(frozen=True)
class SectionSpan:
    """A section of a note: `text[start:end]` in code points. The name is of lexicon.yaml, never the note's words."""

    name: str
    start: int
    end: int
    role: SectionRole


@dataclass(frozen=True)
class SplitNote:
    """A note split. Exactly one section has the role TARGET, and `target` is the exact text of its span.

    Args:
        prompt: the presentation; runs of neighbouring sections as they stand, a blank line where something was dropped.
        target: the physician's reasoning, its header included.
        sections: all sections in the order of the text.
    """

    prompt: str
    target: str
    sections: tuple[SectionSpan, ...]


@dataclass(frozen=True)
class Rejection:
    """A note that cannot be split; `reason` is a code."""

    reason: str


def split_note(text: str, note_type: str | None) -> SplitNote | Rejection:
    """Split one note.

    Args:
        text: the screened note.
        note_type: as the hospital writes it; None where unknown.

    Returns:
        The split note, or a rejection: `unsuitable_note_type` (reports of studies and operations, by type or by
        layout), `no_target` (no assessment, plan or the like), `empty_presentation` (nothing is left to reason from).
    """
    lexicon = load_lexicon()
    kind = lexicon.note_type(note_type)
    if kind is NoteType.UNSUITABLE:
        return Rejection("unsuitable_note_type")
    sections = [section for section in cut_sections(text, lexicon) if text[section.start : section.end].strip()]
    if is_report(sections):
        return Rejection("unsuitable_note_type")
    target = choose_target(sections, kind, lexicon)
    if target is None:
        return Rejection("no_target")
    roles = assign_roles(sections, target, text)
    prompt = _prompt(text, sections, roles)
    if not prompt:
        return Rejection("empty_presentation")
    spans = []
    for i, (section, role) in enumerate(zip(sections, roles, strict=True)):
        if i in target[1:]:
            continue
        name, stop = section.kind.name, section.end
        if i == target.start:
            name, stop = target_name(target, sections, kind, lexicon), sections[target.stop - 1].end
        start, end = _trimmed(text, section.start, stop)
        spans.append(SectionSpan(name, start, end, role))
    span = next(span for span in spans if span.role is SectionRole.TARGET)
    return SplitNote(prompt, text[span.start : span.end], tuple(spans))


def split_notes(notes: pa.Table, config: SplittingConfig, ledger: LedgerRows) -> pa.Table:
    """Split a table of screened notes.

    Args:
        notes: of `notes_schema()`, with any further columns.
        config: settings of the run.
        ledger: takes one SPLIT outcome for each row.

    Returns:
        Accepted rows in the EXAMPLES schema, in the order of `notes`; `example_id` is the note's id.
    """
    examples = []
    wanted = [name for name in EXAMPLES.names if name in notes.column_names]
    for note in notes.select([*wanted, "text", "note_type"]).to_pylist():
        with no_text_escapes(Stage.SPLIT.value, f"note {note['note_id']}"):
            split = _checked(split_note(note["text"], note["note_type"]), config)
        row = NoteRow(note["note_id"], note["source_file"], note["source_row"])
        if isinstance(split, Rejection):
            ledger.record(Stage.SPLIT, row, Outcome.REJECTED, split.reason)
            continue
        ledger.record(Stage.SPLIT, row, Outcome.ACCEPTED)
        examples.append(_example(note, split, config))
    return pa.Table.from_pylist(examples, schema=EXAMPLES)


def _checked(split: SplitNote | Rejection, config: SplittingConfig) -> SplitNote | Rejection:
    if isinstance(split, Rejection):
        return split
    if len(split.prompt) < config.min_presentation_chars:
        return Rejection("short_presentation")
    if len(split.target) < config.min_target_chars:
        return Rejection("short_target")
    if copied_share(split.target, split.prompt) > config.max_copied_share:
        return Rejection("target_in_prompt")
    return split


def _example(note: dict[str, Any], split: SplitNote, config: SplittingConfig) -> dict[str, Any]:
    return {
        **{name: note.get(name) for name in EXAMPLES.names},
        "example_id": note["note_id"],
        "system": config.system,
        "prompt": split.prompt,
        "target": split.target,
        "sections": [
            {"name": span.name, "start": span.start, "end": span.end, "role": span.role.value}
            for span in split.sections
        ],
    }


def _prompt(text: str, sections: list[Section], roles: list[SectionRole]) -> str:
    parts: list[str] = []
    end = -1
    for section, role in zip(sections, roles, strict=True):
        if role is SectionRole.PRESENTATION:
            part = text[section.start : section.end]
            if section.start == end:
                parts[-1] += part
            else:
                parts.append(part)
            end = section.end
    return "\n\n".join(part.strip() for part in parts)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends."""
    body = text[start:end]
    return start + len(body) - len(body.lstrip()), start + len(body.rstrip())
