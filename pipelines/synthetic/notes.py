"""Writing the hospital's notes, and the truth about each of them.

    patient ──▶ visits ──▶ case ──▶ sections ──▶ text      directory/notes/part-*.parquet   what Wardround is given
                            └ arrest, identifiers ┘ └▶ truth      directory/truth.parquet          what a test may ask

Every patient has a random stream of their own, so a larger hospital holds the smaller one's notes unchanged.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.stage.output import write_atomically, write_table
from pipelines.synthetic import presentations as presentation
from pipelines.synthetic.arrest import ArrestKind, arrest_sentence
from pipelines.synthetic.cases import OLDEST_UNIDENTIFIED_AGE, Case, Patient, draw_case, draw_patient
from pipelines.synthetic.content import diagnoses, draw
from pipelines.synthetic.identifiers import OLD_AGE, Source, identifier_sentences, leaking_placeholder
from pipelines.synthetic.markup import KEEP, TARGET, mark, resolve
from pipelines.synthetic.reasoning import disposition, reasoning
from pipelines.synthetic.writing import Hand, Layout
from schemas.errors import ConfigError
from schemas.notes import COLUMN_TYPES

NUM_FILES = 3
ROWS_PER_GROUP = 128
ARREST_COLUMN = "in_hospital_arrest"

NOTES = pa.schema(
    [*(pa.field(name, kind) for name, kind in COLUMN_TYPES.items()), pa.field(ARREST_COLUMN, pa.string())]
)
TRUTH = pa.schema(
    [
        pa.field("note_id", pa.string(), nullable=False),
        pa.field(
            "identifiers",
            pa.list_(pa.struct([("entity_type", pa.string()), ("start", pa.int64()), ("end", pa.int64())])),
            nullable=False,
        ),
        pa.field("target_start", pa.int64()),  # code points; null for a note without reasoning
        pa.field("target_end", pa.int64()),
        pa.field("arrest_kind", pa.string(), nullable=False),
        pa.field("diagnosis", pa.string(), nullable=False),
    ]
)
_VISITS = {1: 5, 2: 3, 3: 1.5, 4: 0.5}
_ARREST_TILT = (0.3, 1.0, 2.2)  # by severity
_EPOCH = datetime(2022, 1, 1)


@dataclass(frozen=True, kw_only=True)
class SyntheticConfig:
    """The size and the mix of the synthetic hospital.

    Attributes:
        num_patients: each has one to four notes, 1.75 on average.
        seed: the same seed gives the same text, byte for byte.
        prevalence_skew: power of the diagnoses' frequencies: above 1, common ones crowd out rare ones.
        in_hospital_share: notes that mention an arrest in hospital; likewise the other kinds of mention.
        identifier_share: notes with planted identifiers.
        placeholder_share: notes in which an earlier de-identification left its placeholders.
        leak_share: notes in which it left a name inside one.
        no_reasoning_share: notes without an MDM.
        final_diagnosis_share: notes that repeat the diagnosis under its own header after the MDM.

    Raises:
        ConfigError: a value is out of its range.
    """

    num_patients: int = 900
    seed: int = 17
    prevalence_skew: float = 1.0
    in_hospital_share: float = 0.11
    out_of_hospital_share: float = 0.05
    negated_share: float = 0.06
    historical_share: float = 0.05
    family_share: float = 0.015
    identifier_share: float = 0.25
    placeholder_share: float = 0.15
    leak_share: float = 0.02
    no_reasoning_share: float = 0.04
    final_diagnosis_share: float = 0.08

    def __post_init__(self) -> None:
        if self.num_patients < 1:
            raise ConfigError(f"synthetic.num_patients is {self.num_patients}: give at least 1")
        if not 0 <= self.prevalence_skew <= 5:
            raise ConfigError(f"synthetic.prevalence_skew is {self.prevalence_skew}: give 0 (all alike) to 5")
        for name, value in vars(self).items():
            if name.endswith("_share") and not 0 <= value <= 1:
                raise ConfigError(f"synthetic.{name} is {value}: give a share from 0 to 1")
        for names in (("identifier_share", "placeholder_share"), tuple(f"{kind}_share" for kind in _MENTIONED)):
            total = sum(getattr(self, name) for name in names)
            if total > 1:
                raise ConfigError(f"synthetic.{' + '.join(names)} is {total:.2f}: lower them to 1 in sum")


_MENTIONED = tuple(kind.value for kind in ArrestKind if kind is not ArrestKind.NONE)


def write_notes(config: SyntheticConfig, directory: Path) -> Path:
    """Write the hospital's notes and the truth about them.

    Args:
        directory: gets `notes/part-0.parquet` and further parts (columns: NOTES), and `truth.parquet` (TRUTH), which is
            written last: where it stands, the notes are complete.

    Returns:
        `directory / "notes"`.
    """
    rows = [pair for index in range(config.num_patients) for pair in _patient_rows(config, index)]
    notes = pa.Table.from_pylist([note for note, _ in rows], schema=NOTES)
    rows_per_file = max(1, -(-notes.num_rows // NUM_FILES))
    for part in range(NUM_FILES):
        sink = pa.BufferOutputStream()
        share = notes.slice(part * rows_per_file, rows_per_file)
        pq.write_table(share, sink, compression="zstd", row_group_size=ROWS_PER_GROUP)  # groups: one read task each
        write_atomically(directory / "notes" / f"part-{part}.parquet", sink.getvalue().to_pybytes())
    write_table(directory / "truth.parquet", pa.Table.from_pylist([truth for _, truth in rows], schema=TRUTH))
    return directory / "notes"


def _patient_rows(config: SyntheticConfig, index: int) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    rng = random.Random(f"{config.seed}/{index}")
    patient = draw_patient(rng, f"P{index:06}", config.prevalence_skew)
    time = _EPOCH + timedelta(minutes=rng.randrange(700 * 24 * 60))
    rows = []
    for visit in range(draw(rng, _VISITS)):
        rows.append(_note_rows(rng, config, patient, f"{index:06}-{visit}", time))
        time += timedelta(minutes=rng.randrange(3 * 24 * 60, 90 * 24 * 60))
    return rows


def _note_rows(
    rng: random.Random, config: SyntheticConfig, patient: Patient, suffix: str, time: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    case = draw_case(rng, patient, config.prevalence_skew)
    kind = _draw_arrest(rng, config, case)
    has_reasoning = rng.random() >= config.no_reasoning_share
    text, spans = resolve(_write(rng, config, case, kind, has_reasoning))
    target = next((span for span in spans if span.kind == TARGET), None)
    note = {
        "note_id": f"N{suffix}",
        "patient_id": patient.patient_id,
        "encounter_id": f"E{suffix}",
        "note_type": "ED Provider Note" if has_reasoning else "ED Triage Note",
        "text": text,
        "written_at": time,
        "diagnosis": case.diagnosis.name,
        "diagnosis_code": case.diagnosis.code,
        "age": patient.age,
        "sex": patient.sex,
        "zip3": patient.zip3,
        ARREST_COLUMN: "yes" if kind is ArrestKind.IN_HOSPITAL else "no",
    }
    truth = {
        "note_id": note["note_id"],
        "identifiers": [
            {"entity_type": span.kind, "start": span.start, "end": span.end}
            for span in spans
            if span.kind not in (TARGET, KEEP)
        ],
        "target_start": target.start if target else None,
        "target_end": target.end if target else None,
        "arrest_kind": kind.value,
        "diagnosis": case.diagnosis.name,
    }
    return note, truth


def _draw_arrest(rng: random.Random, config: SyntheticConfig, case: Case) -> ArrestKind:
    """The kind of mention. The sicker arrest more often, and the shares over all diagnoses are kept."""
    shares = {ArrestKind(name): getattr(config, f"{name}_share") for name in _MENTIONED}
    tilt = _ARREST_TILT[case.diagnosis.severity] / _mean_tilt(config.prevalence_skew)
    for kind in (ArrestKind.IN_HOSPITAL, ArrestKind.OUT_OF_HOSPITAL):
        shares[kind] = min(shares[kind] * tilt, 0.4)
    return draw(rng, {**shares, ArrestKind.NONE: 1 - sum(shares.values())})


@cache
def _mean_tilt(skew: float) -> float:
    weights = [diagnosis.frequency**skew for diagnosis in diagnoses()]
    tilts = [_ARREST_TILT[diagnosis.severity] for diagnosis in diagnoses()]
    return sum(weight * tilt for weight, tilt in zip(weights, tilts, strict=True)) / sum(weights)


def _write(rng: random.Random, config: SyntheticConfig, case: Case, kind: ArrestKind, has_reasoning: bool) -> str:
    """The note with its marks."""
    layout, hand = Layout(rng), Hand(rng)
    extra = _extra_sentences(rng, config, kind, has_reasoning)
    is_identifying = case.patient.age > OLDEST_UNIDENTIFIED_AGE
    age = mark(OLD_AGE, str(case.patient.age)) if is_identifying else str(case.patient.age)
    hpi = presentation.history_of_present_illness(rng, case, age)
    bodies = {
        "complaint": case.complaint,
        "hpi": hand.write(" ".join((*hpi, *extra.get("hpi", ())))),
        "history": hand.write(" ".join((presentation.past_history(case), *extra.get("history", ())))),
        "family": hand.write(" ".join(extra.get("family", ()))),
        "medications": presentation.medications(rng, case) if rng.random() < 0.6 else "",
        "social": presentation.social_history(rng, case) if rng.random() < 0.5 else "",
        "ros": presentation.review_of_systems(rng, case) if rng.random() < 0.3 else "",
        "vitals": presentation.vital_signs(rng, case),
        "exam": hand.write(presentation.physical_exam(rng, case)),
        "results": hand.write(presentation.results(rng, case)),
        "course": hand.write(" ".join(extra.get("course", ()))),
    }
    sections = [*extra.get("top", ()), *(layout.section(name, body) for name, body in bodies.items() if body)]
    if has_reasoning:
        headers = layout.reasoning_headers()
        parts = [hand.write(part) for part in reasoning(rng, case, " ".join(extra.get("mdm", ())), len(headers))]
        rest = [
            layout.headed(header, part, is_list="\n" in part)
            for header, part in zip(headers[1:], parts[1:], strict=True)
        ]
        target = mark(TARGET, layout.joined([parts[0], *rest]))
        sections.append(layout.headed(headers[0], target, is_list="\n" in parts[0]))
        if rng.random() < config.final_diagnosis_share:
            sections.append(layout.section("final", mark(KEEP, case.diagnosis.name)))
        if rng.random() < 0.4:
            sections.append(layout.section("disposition", f"{disposition(rng, case).capitalize()}."))
    if "end" in extra:
        sections.append(layout.section("followup", " ".join(extra["end"])))
    return layout.joined(sections)


def _extra_sentences(
    rng: random.Random, config: SyntheticConfig, kind: ArrestKind, has_reasoning: bool
) -> dict[str, list[str]]:
    """Place in the note → sentences about an arrest and sentences that hold identifiers."""
    shares = {Source.PLANTED: config.identifier_share, Source.PLACEHOLDERS: config.placeholder_share}
    source = draw(rng, {**shares, Source.CLEAN: 1 - sum(shares.values())})
    extra: dict[str, list[str]] = {}

    def put(place: str, text: str) -> None:
        extra.setdefault(place if has_reasoning or place != "mdm" else "hpi", []).append(text)

    if kind is not ArrestKind.NONE or rng.random() < 0.06:
        text, place = arrest_sentence(rng, kind)
        put(place, text)
    for place, text in identifier_sentences(rng, source).items():
        put(place, text)
    if rng.random() < config.leak_share:
        put("hpi", leaking_placeholder(rng))
    return extra
