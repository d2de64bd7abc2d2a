"""One note into a prompt and a target; a table of notes into examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipelines.splitting.config import SplittingConfig
from pipelines.splitting.copying import NGRAM_WORDS, copied_share, ngrams
from pipelines.splitting.leaks import Leak, LeakingSentence, diagnosis_names, leaking_sentences
from pipelines.splitting.lexicon import Family, NoteType, load_lexicon
from pipelines.splitting.sections import Section, cut_sections
from pipelines.splitting.target import assign_roles, choose_target, is_report, target_name
from pipelines.stage.guard import no_text_escapes
from pipelines.stage.ledger import LedgerRows, NoteRow
from schemas.examples import EXAMPLES, SectionRole
from schemas.ledger import Outcome, Stage

_DIAGNOSES = (Family.DIAGNOSIS, Family.OPERATIVE)
_REASONING = (Family.REASONING, Family.PLAN, Family.COURSE)


@dataclass(frozen=True)
class SectionSpan:
    """A piece of a note: `text[start:end]` in code points.

    The name is a section's in lexicon.yaml, or a leak's where a sentence was taken out; never the note's words.
    """

    name: str
    start: int
    end: int
    role: SectionRole


@dataclass(frozen=True)
class SplitNote:
    """A note split. Exactly one piece has the role TARGET, and `target` is the exact text of its span.

    Args:
        prompt: `join_presentation` of the note and its pieces.
        target: the physician's reasoning, its header included.
        sections: the pieces in the order of the text; white space alone lies between them.
        leaks: what was taken out of the prompt, each once, in the order of `Leak`.
        copied_share: of the target, before sentences were taken out of the prompt, in [0, 1].
    """

    prompt: str
    target: str
    sections: tuple[SectionSpan, ...]
    leaks: tuple[Leak, ...]
    copied_share: float


@dataclass(frozen=True)
class Rejection:
    """A note that cannot be split; `reason` is a code."""

    reason: str


def split_note(
    text: str, note_type: str | None, *, diagnosis: str | None = None, diagnosis_code: str | None = None
) -> SplitNote | Rejection:
    """Split one note.

    Args:
        text: the screened note.
        note_type: as the hospital writes it; None where unknown.
        diagnosis: assigned to the note, where known; sentences that state it leave the prompt.
        diagnosis_code: of ICD-10, where known.

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
    run = choose_target(sections, kind, lexicon)
    if run is None:
        return Rejection("no_target")
    roles = assign_roles(sections, run)
    target = text[sections[run.start].start : sections[run.stop - 1].end].strip()
    presentation = [s for s, role in zip(sections, roles, strict=True) if role is SectionRole.PRESENTATION]
    names, grams = diagnosis_names(diagnosis, diagnosis_code), frozenset(ngrams(target, NGRAM_WORDS))
    leaks = _dropped_leaks(sections, roles, run)
    pieces: list[SectionSpan] = []
    for i, (section, role) in enumerate(zip(sections, roles, strict=True)):
        if role is SectionRole.PRESENTATION:
            sentences = leaking_sentences(text, section, grams, names)
            leaks.update(sentence.leak for sentence in sentences)
            pieces += _without_sentences(text, section, sentences)
        elif i == run.start:
            name = target_name(run, sections, kind, lexicon)
            pieces.append(_trimmed(text, name, section.start, sections[run.stop - 1].end, role))
        elif i not in run:
            pieces.append(_trimmed(text, section.kind.name, section.start, section.end, role))
    prompt = join_presentation(text, pieces)
    if not prompt:
        return Rejection("empty_presentation")
    whole = "\n".join(text[section.start : section.end] for section in presentation)
    return SplitNote(
        prompt, target, tuple(pieces), tuple(leak for leak in Leak if leak in leaks), copied_share(target, whole)
    )


def join_presentation(text: str, pieces: Sequence[SectionSpan]) -> str:
    """The prompt: the pieces of the presentation, as if what was dropped between them had never been written.

    Of the white space on both sides of what was dropped, the side with more line breaks stays.
    """
    parts: list[str] = []
    end = 0
    for piece in pieces:
        if piece.role is not SectionRole.PRESENTATION:
            continue
        if parts:
            gap = text[end : piece.start]
            sides = (gap[: len(gap) - len(gap.lstrip())], gap[len(gap.rstrip()) :])
            parts.append(max(sides, key=lambda side: (side.count("\n"), len(side))) or " ")
        parts.append(text[piece.start : piece.end])
        end = piece.end
    return "".join(parts)


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
            split = split_note(
                note["text"],
                note["note_type"],
                diagnosis=note.get("diagnosis"),
                diagnosis_code=note.get("diagnosis_code"),
            )
            split = _checked(split, config)
        row = NoteRow(note["note_id"], note["source_file"], note["source_row"])
        if isinstance(split, Rejection):
            ledger.record(Stage.SPLIT, row, Outcome.REJECTED, split.reason)
            continue
        ledger.record(Stage.SPLIT, row, Outcome.ACCEPTED, "+".join(f"{leak.value}_removed" for leak in split.leaks))
        examples.append(_example(note, split, config))
    return pa.Table.from_pylist(examples, schema=EXAMPLES)


def _checked(split: SplitNote | Rejection, config: SplittingConfig) -> SplitNote | Rejection:
    if isinstance(split, Rejection):
        return split
    if len(split.prompt) < config.min_presentation_chars:
        return Rejection("short_presentation")
    if len(split.target) < config.min_target_chars:
        return Rejection("short_target")
    if split.copied_share > config.max_copied_share:
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


def _dropped_leaks(sections: Sequence[Section], roles: Sequence[SectionRole], run: range) -> set[Leak]:
    """What the sections dropped amid the presentation would have given away."""
    last = max([run.start, *(i for i, role in enumerate(roles) if role is SectionRole.PRESENTATION)])
    dropped = [sections[i] for i in range(last) if roles[i] is SectionRole.DROPPED]
    leaks = set()
    if any(s.family in _DIAGNOSES or s.kind.name == "discharge_diagnosis" for s in dropped):
        leaks.add(Leak.DIAGNOSIS_HEADER)
    if any(s.family in _REASONING for s in dropped):
        leaks.add(Leak.EARLIER_REASONING)
    return leaks


def _without_sentences(text: str, section: Section, sentences: Sequence[LeakingSentence]) -> list[SectionSpan]:
    """A section of the presentation in pieces; all of it is dropped where no words but its header stay."""
    name, start = section.kind.name, section.start
    pieces: list[SectionSpan] = []
    for sentence in sentences:
        pieces.append(_trimmed(text, name, start, sentence.start, SectionRole.PRESENTATION))
        pieces.append(SectionSpan(sentence.leak.value, sentence.start, sentence.end, SectionRole.DROPPED))
        start = sentence.end
    pieces.append(_trimmed(text, name, start, section.end, SectionRole.PRESENTATION))
    pieces = [piece for piece in pieces if piece.start < piece.end]
    if not any(piece.role is SectionRole.PRESENTATION and piece.end > section.body for piece in pieces):
        return [_trimmed(text, name, section.start, section.end, SectionRole.DROPPED)] if sentences else pieces
    return pieces


def _trimmed(text: str, name: str, start: int, end: int, role: SectionRole) -> SectionSpan:
    """The span without white space at its ends."""
    body = text[start:end]
    begin = start + len(body) - len(body.lstrip())
    return SectionSpan(name, begin, max(begin, start + len(body.rstrip())), role)
