"""The screener: a table of notes in; safe notes, findings and one ledger outcome a note out.

One engine a process, loaded once (2–8 s, about 450 MB with the small model). Notes go through the tagger in batches,
inside spaCy's memory zone, so that a long run does not grow. A note on which anything fails is quarantined alone: a
batch that raises is halved until the note is found.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from presidio_analyzer.nlp_engine import NlpArtifacts

from pipelines.screening import known_answers
from pipelines.screening.engine import LANGUAGE, build_analyzer
from pipelines.screening.entities import EntityType, tag
from pipelines.screening.placeholders import PlaceholderGrammar, Placeholders, beside_placeholder
from pipelines.screening.policy import ScreeningConfig
from pipelines.screening.propagation import propagate
from pipelines.screening.spans import Finding, merge, redact, redacted_share, subtract
from pipelines.stage.ledger import LedgerRows, NoteRow
from schemas.errors import ScreeningError
from schemas.findings import FINDINGS, Action
from schemas.ledger import Outcome, Stage

BATCH_NOTES = 32
MIN_KEY_BYTES = 16
HMAC_HEX_DIGITS = 32


@dataclass(frozen=True, kw_only=True)
class ScreenedNotes:
    """What the screen gives back.

    Attributes:
        notes: rows that may go on, in order, of the schema that came in; text redacted.
        findings: of all rows, quarantined ones too, in the FINDINGS schema.
    """

    notes: pa.Table
    findings: pa.Table


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of one note. `text` is the safe text, or None where the note is quarantined."""

    outcome: Outcome
    reason: str
    text: str | None
    findings: list[Finding]


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
        self._analyzer = build_analyzer(config)
        entity_types = {*self._analyzer.get_supported_entities(LANGUAGE), *EntityType}
        self._grammar = PlaceholderGrammar(tags={tag(entity_type) for entity_type in entity_types})
        known_answers.check(self.find)

    def screen(self, notes: pa.Table, ledger: LedgerRows) -> ScreenedNotes:
        """Screen a table of notes.

        Args:
            notes: rows of `schemas.notes.notes_schema`.
            ledger: takes one SCREEN outcome for each row.

        Returns:
            Safe notes and all findings.
        """
        columns = (notes[name].to_pylist() for name in NoteRow._fields)
        rows = [NoteRow(*values) for values in zip(*columns, strict=True)]
        kept: list[int] = []
        safe_texts: list[str] = []
        finding_rows: list[dict[str, object]] = []
        index = 0
        for batch in notes.select(["text"]).to_batches(max_chunksize=BATCH_NOTES):
            texts = batch["text"].to_pylist()
            for text, verdict in zip(texts, self._judge_all(texts), strict=True):
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
        if not texts:
            return []
        with self._analyzer.nlp_engine.language_model.memory_zone():
            return [
                None if artifacts is None else self._find_in(text, artifacts)
                for text, artifacts in zip(texts, self._tag(texts), strict=True)
            ]

    def _tag(self, texts: Sequence[str]) -> list[NlpArtifacts | None]:
        """The tagger's artifacts of each text. A failing batch is halved; a text that fails alone gives None."""
        try:
            tagged = list(self._analyzer.nlp_engine.process_batch(list(texts), LANGUAGE, batch_size=len(texts)))
        except Exception:  # noqa: BLE001  every failure must become a quarantine; the error itself may hold note text
            tagged = []
        if len(tagged) == len(texts):
            return [artifacts for _, artifacts in tagged]
        if len(texts) == 1:
            return [None]
        middle = len(texts) // 2
        return [*self._tag(texts[:middle]), *self._tag(texts[middle:])]

    def _find_in(self, text: str, artifacts: NlpArtifacts) -> list[Finding] | None:
        try:
            return self._findings(text, artifacts)
        except Exception:  # noqa: BLE001  as above
            return None

    def _findings(self, text: str, artifacts: NlpArtifacts) -> list[Finding]:
        placeholders = self._grammar.find(text)
        raw = [
            Finding(
                start=found.start,
                end=found.end,
                entity_type=found.entity_type,
                score=float(found.score),
                recogniser=found.recognition_metadata["recognizer_name"],
            )
            for found in self._analyzer.analyze(text, LANGUAGE, nlp_artifacts=artifacts)
        ]
        raw = [piece for finding in raw for piece in _outside_placeholders(text, finding, placeholders)]
        raw += [
            piece for finding in propagate(text, raw) for piece in _outside_placeholders(text, finding, placeholders)
        ]
        found = [_half_redacted(text, finding, placeholders) for finding in raw]
        found += [
            Finding(
                start=s, end=e, entity_type=EntityType.MALFORMED_PLACEHOLDER, score=1.0, recogniser="PlaceholderGrammar"
            )
            for s, e in placeholders.malformed
        ]
        return merge([replace(f, action=self._config.action_for(f.entity_type)) for f in found])

    def _judge_all(self, texts: Sequence[str | None]) -> list[Verdict]:
        fits = [text is not None and len(text) <= self._config.max_note_chars for text in texts]
        answers = iter(self.find([text for text, fit in zip(texts, fits, strict=True) if fit and text is not None]))
        verdicts = []
        for text, fit in zip(texts, fits, strict=True):
            if text is None:
                verdicts.append(_quarantined("engine_error", []))
            elif not fit:
                verdicts.append(_quarantined("oversize", []))
            else:
                verdicts.append(self._judge(text, next(answers)))
        return verdicts

    def _judge(self, text: str, findings: list[Finding] | None) -> Verdict:
        if findings is None:
            return _quarantined("engine_error", [])
        hard = [finding.entity_type for finding in findings if finding.action is Action.QUARANTINE]
        if EntityType.MALFORMED_PLACEHOLDER in hard:
            return _quarantined("malformed_placeholder", findings)
        if hard:
            return _quarantined(f"hard_identifier:{hard[0]}", findings)
        if redacted_share(text, findings) > self._config.max_redacted_share:
            return _quarantined("over_redacted", findings)
        outcome = Outcome.REDACTED if any(f.action is Action.REDACT for f in findings) else Outcome.ACCEPTED
        return Verdict(outcome=outcome, reason="", text=redact(text, findings), findings=findings)

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


def value_hmac(key: bytes, value: str) -> str:
    """Keyed fingerprint of an identifier: equal for "(617) 555-0143" and "617.555.0143", readable by no one."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    normalised = "".join(char for char in folded if char.isalnum())
    return hmac.new(key, normalised.encode(), hashlib.sha256).hexdigest()[:HMAC_HEX_DIGITS]


def _quarantined(reason: str, findings: list[Finding]) -> Verdict:
    return Verdict(outcome=Outcome.QUARANTINED, reason=reason, text=None, findings=findings)


def _outside_placeholders(text: str, finding: Finding, placeholders: Placeholders) -> list[Finding]:
    """The parts of a finding that are no placeholder of an earlier de-identification."""
    pieces = []
    for start, end in subtract(finding.start, finding.end, sorted([*placeholders.spans, *placeholders.malformed])):
        # where a placeholder cut the finding, drop what joined the two
        while finding.start < start < end and not text[start].isalnum():
            start += 1
        while finding.end > end > start and not text[end - 1].isalnum():
            end -= 1
        if start < end:
            pieces.append(replace(finding, start=start, end=end))
    return pieces


def _half_redacted(text: str, finding: Finding, placeholders: Placeholders) -> Finding:
    """A name beside a person's placeholder is what an earlier de-identification left of it."""
    if finding.entity_type == EntityType.PERSON and beside_placeholder(text, finding, placeholders.person_spans):
        return replace(
            finding, entity_type=EntityType.MALFORMED_PLACEHOLDER, recogniser=f"{finding.recogniser}+placeholder"
        )
    return finding
