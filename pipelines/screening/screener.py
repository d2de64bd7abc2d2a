"""The screener: a table of notes in; safe notes, findings and one ledger outcome a note out.

  notes ─▶ rules (Presidio's engine) ─▶ tagger: adds, overrules ─▶ whole names ─▶ names said again ─▶ merged ─▶ policy

One engine a process, loaded once. Notes go through the tagger in batches of so many characters, inside spaCy's memory
zone, so that a long run does not grow. A note on which anything fails is quarantined alone: a batch that raises is
halved until the note is found.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import pyarrow as pa

from pipelines.screening import known_answers
from pipelines.screening.actions import Verdict, apply, quarantined
from pipelines.screening.artifacts import TaggedText
from pipelines.screening.engine import Engine
from pipelines.screening.entities import EntityType, tag
from pipelines.screening.known_names import KnownNames
from pipelines.screening.placeholders import PlaceholderGrammar, Placeholders, beside_placeholder, names_beside
from pipelines.screening.policy import NerReach, ScreeningConfig, ScreeningMode
from pipelines.screening.propagation import propagate
from pipelines.screening.spans import Finding, Span, merge, subtract
from pipelines.screening.tagger.network import load_tagger
from pipelines.screening.tagger.weigh import weigh
from pipelines.screening.whole_names import grown
from pipelines.stage.ledger import LedgerRows, NoteRow
from schemas.errors import ScreeningError
from schemas.findings import FINDINGS
from schemas.ledger import Stage

BATCH_CHARS = 250_000
BATCH_NOTES = 256
MIN_KEY_BYTES = 16
HMAC_HEX_DIGITS = 32

_PRESIDIO_ANSWER = "In the waiting room Tobias Lindqvist became pale and fell. Write to r.okonkwo@example.org."


@dataclass(frozen=True, kw_only=True)
class ScreenedNotes:
    """What the screen gives back.

    Attributes:
        notes: rows that may go on, in order, of the schema that came in; text redacted.
        findings: of all rows, quarantined ones too, in the FINDINGS schema.
    """

    notes: pa.Table
    findings: pa.Table


# From a note's text to the names in it that are known from elsewhere.
Lookup = Callable[[str], list[Finding]]


class Screener:
    """Finds identifiers and applies the policy.

    Args:
        config: settings.
        hmac_key: secret of at least 16 bytes; the same key links equal values across shards and runs.

    Raises:
        ScreeningError: the key is too short, the model is missing, or the engine fails its known-answer test.
    """

    def __init__(self, config: ScreeningConfig, hmac_key: bytes):
        if len(hmac_key) < MIN_KEY_BYTES:
            raise ScreeningError(
                f"the screening HMAC key has {len(hmac_key)} bytes: give a random secret of at least {MIN_KEY_BYTES}, "
                "or the findings could be guessed back into identifiers"
            )
        self._config = config
        self._key = hmac_key
        self._engine = Engine(config)
        self._action_for = cache(config.action_for)
        entity_types = {*self._engine.analyzer.get_supported_entities(), *EntityType}
        self._grammar = PlaceholderGrammar(
            tags={tag(entity_type) for entity_type in entity_types}, site_patterns=config.placeholder_patterns
        )
        is_clinical = config.mode is ScreeningMode.CLINICAL
        self._tagger = load_tagger() if is_clinical and config.language == "en" else None
        if is_clinical:
            known_answers.check(self.find, config.language)
            if config.language == "en" and config.ner is not NerReach.NONE:
                self._check_nlp_model()
        else:
            self._check_presidio()

    def screen(self, notes: pa.Table, ledger: LedgerRows, known_names: KnownNames | None = None) -> ScreenedNotes:
        """Screen a table of notes.

        Args:
            notes: rows of `schemas.notes.notes_schema`.
            ledger: takes one SCREEN outcome for each row.
            known_names: of the patients' other notes.

        Returns:
            Safe notes and all findings.
        """
        columns = (notes[name].to_pylist() for name in NoteRow._fields)
        rows = [NoteRow(*values) for values in zip(*columns, strict=True)]
        kept: list[int] = []
        safe_texts: list[str] = []
        finding_rows: list[dict[str, object]] = []
        index = 0
        for batch in notes.select(["text", "patient_id"]).to_batches(max_chunksize=BATCH_NOTES):
            texts = batch["text"].to_pylist()
            verdicts = self._judge_all(texts, batch["patient_id"].to_pylist(), known_names)
            for text, verdict in zip(texts, verdicts, strict=True):
                row = rows[index]
                ledger.record(Stage.SCREEN, row, verdict.outcome, verdict.reason)
                finding_rows += [self._finding_row(row.note_id, text, finding) for finding in verdict.findings]
                if verdict.text is not None:
                    kept.append(index)
                    safe_texts.append(verdict.text)
                index += 1
        position = notes.schema.get_field_index("text")
        field = notes.schema.field(position)
        safe = notes.take(pa.array(kept, pa.int64()))
        safe = safe.set_column(position, field, pa.array(safe_texts, field.type))
        return ScreenedNotes(notes=safe, findings=pa.Table.from_pylist(finding_rows, schema=FINDINGS))

    def find(self, texts: Sequence[str]) -> list[list[Finding] | None]:
        """Merged findings of each text with the policy's action, in text order; None where the engine failed on it."""
        return self._find_all(texts, [_nothing_known] * len(texts))

    def _find_all(self, texts: Sequence[str], lookups: Sequence[Lookup]) -> list[list[Finding] | None]:
        found: list[list[Finding] | None] = []
        known = iter(lookups)
        with self._engine.memory_zone():  # one for all batches: what it keeps of a word is made once
            for batch in _batches(texts):
                found += [
                    None if tagged is None else self._find_in(text, tagged, lookup)
                    for text, tagged, lookup in zip(batch, self._tag(batch), known, strict=False)
                ]
        return found

    def _check_presidio(self) -> None:
        """The known-answer test of presidio mode: what its tagger and its patterns find under any configuration."""
        (findings,) = self.find([_PRESIDIO_ANSWER])
        missed = {EntityType.PERSON, EntityType.EMAIL_ADDRESS} - {finding.entity_type for finding in findings or ()}
        if missed:
            raise ScreeningError(
                f"the screening engine failed its known-answer test: {', '.join(sorted(missed))} was missed; check "
                "screening.nlp_model and the installed versions of spaCy and Presidio"
            )

    def _check_nlp_model(self) -> None:
        """The known-answer test of a site's NLP model, whose failing the rules and the tagger might hide."""
        with self._engine.memory_zone():
            (tagged,) = self._engine.tag([_PRESIDIO_ANSWER])
            found = {entity.label_ for entity in tagged.entities}
        if EntityType.PERSON not in found:
            raise ScreeningError(
                "the NLP model failed its known-answer test: it found no person; check screening.nlp_model or "
                "screening.nlp_config and how the model's labels are mapped"
            )

    def _tag(self, texts: Sequence[str]) -> list[TaggedText | None]:
        """The tagged texts. A failing batch is halved; a text that fails alone gives None."""
        try:
            return [*self._engine.tag(texts)]
        except Exception:  # noqa: BLE001  every failure must become a quarantine; the error itself may hold note text
            if len(texts) == 1:
                return [None]
        middle = len(texts) // 2
        return [*self._tag(texts[:middle]), *self._tag(texts[middle:])]

    def _find_in(self, text: str, tagged: TaggedText, lookup: Lookup) -> list[Finding] | None:
        try:
            return self._findings(text, tagged, lookup)
        except Exception:  # noqa: BLE001  as above
            return None

    def _findings(self, text: str, tagged: TaggedText, lookup: Lookup) -> list[Finding]:
        placeholders = self._grammar.find(text)
        holes = sorted([*placeholders.spans, *placeholders.malformed])
        raw = [
            Finding(
                start=found.start,
                end=found.end,
                entity_type=found.entity_type,
                score=float(found.score),
                recogniser=found.recognition_metadata["recognizer_name"],
                action=self._action_for(found.entity_type),
            )
            for found in self._engine.analyze(text, tagged)
        ]
        if self._tagger:
            # what stands beside a placeholder is not left to a likelihood
            half_redacted = [finding for finding in raw if _is_half_redacted(text, finding, placeholders)]
            raw = grown(text, [*weigh(text, raw, self._tagger), *half_redacted])
            raw += [
                Finding(start=s, end=e, entity_type=EntityType.PERSON, score=1.0, recogniser="PlaceholderGrammar")
                for s, e in names_beside(text, placeholders.person_spans)
            ]
        raw = [piece for finding in raw for piece in _outside(holes, text, finding)]
        spread = propagate(text, raw) if self._config.mode is ScreeningMode.CLINICAL else []
        spread = [*spread, *lookup(text)]
        raw += [piece for finding in spread for piece in _outside(holes, text, finding)]
        found = [_half_redacted(text, finding, placeholders) for finding in raw]
        found += [
            Finding(
                start=s, end=e, entity_type=EntityType.MALFORMED_PLACEHOLDER, score=1.0, recogniser="PlaceholderGrammar"
            )
            for s, e in placeholders.malformed
        ]
        return merge([self._with_action(finding) for finding in found])

    def _with_action(self, finding: Finding) -> Finding:
        action = self._action_for(finding.entity_type)
        return finding if finding.action is action else replace(finding, action=action)

    def _judge_all(
        self, texts: Sequence[str | None], patients: Sequence[str], known_names: KnownNames | None
    ) -> list[Verdict]:
        fitting: list[str] = []
        lookups: list[Lookup] = []
        for text, patient_id in zip(texts, patients, strict=True):
            if text is not None and len(text) <= self._config.max_note_chars:
                fitting.append(text)
                lookups.append(partial(known_names.find, patient_id=patient_id) if known_names else _nothing_known)
        answers = iter(self._find_all(fitting, lookups))
        verdicts = []
        for text, patient_id in zip(texts, patients, strict=True):
            if text is None:
                verdicts.append(quarantined("engine_error"))
            elif len(text) > self._config.max_note_chars:
                verdicts.append(quarantined("oversize"))
            else:
                answer = next(answers)
                verdicts.append(apply(text, answer, patient_id=patient_id, config=self._config, key=self._key))
        return verdicts

    def _finding_row(self, note_id: str | None, text: str, finding: Finding) -> dict[str, object]:
        return {
            "note_id": note_id,
            "start": finding.start,
            "end": finding.end,
            "entity_type": finding.entity_type,
            "score": finding.score,
            "recogniser": finding.recogniser,
            "action": finding.action.value,
            "value_hmac": value_hmac(self._key, text[finding.start : finding.end]),
        }


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in order, in batches of BATCH_CHARS at most; a longer text is a batch of its own."""
    batch: list[str] = []
    num_chars = 0
    for text in texts:
        if batch and num_chars + len(text) > BATCH_CHARS:
            yield batch
            batch, num_chars = [], 0
        batch.append(text)
        num_chars += len(text)
    if batch:
        yield batch


def _nothing_known(text: str) -> list[Finding]:
    return []


def value_hmac(key: bytes, value: str) -> str:
    """Keyed fingerprint of an identifier: equal for "(617) 555-0143" and "617.555.0143", readable by no one."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    normalised = "".join(char for char in folded if char.isalnum())
    return hmac.new(key, normalised.encode(), hashlib.sha256).hexdigest()[:HMAC_HEX_DIGITS]


def _outside(placeholders: Sequence[Span], text: str, finding: Finding) -> list[Finding]:
    """The parts of a finding that are no placeholder of an earlier de-identification; those are in order."""
    if not placeholders:
        return [finding] if finding.start < finding.end else []
    pieces = []
    for start, end in subtract(finding.start, finding.end, placeholders):
        # where a placeholder cut the finding, drop what joined the two
        while finding.start < start < end and not text[start].isalnum():
            start += 1
        while finding.end > end > start and not text[end - 1].isalnum():
            end -= 1
        if start < end:
            pieces.append(replace(finding, start=start, end=end))
    return pieces


def _is_half_redacted(text: str, finding: Finding, placeholders: Placeholders) -> bool:
    is_person = finding.entity_type == EntityType.PERSON
    return is_person and beside_placeholder(text, finding, placeholders.person_spans)


def _half_redacted(text: str, finding: Finding, placeholders: Placeholders) -> Finding:
    """A name beside a person's placeholder is what an earlier de-identification left of it."""
    if _is_half_redacted(text, finding, placeholders):
        return replace(
            finding, entity_type=EntityType.MALFORMED_PLACEHOLDER, recogniser=f"{finding.recogniser}+placeholder"
        )
    return finding
