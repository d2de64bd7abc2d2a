"""What gives a target away is taken out of the prompt, traceably, and what tells the patient's story is not."""

import pyarrow as pa
import pytest

from pipelines.splitting.config import SplittingConfig
from pipelines.splitting.leaks import DiagnosisNames, Leak
from pipelines.splitting.split import SplitNote, join_presentation, split_note, split_notes
from pipelines.stage.ledger import LedgerRows, final_buckets
from schemas.examples import SectionRole
from schemas.notes import notes_schema

STORY = "HISTORY OF PRESENT ILLNESS: Pain near the navel last night, now on the right. {}\nEXAM: Tender on the right."
TARGET = (
    "ASSESSMENT: Appendicitis is likely from the way the pain moved.\nPLAN: Call the surgeons and keep her fasting."
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Here for known appendicitis.",
        "She has acute appendicitis.",
        "No fever, but was diagnosed with appendicitis elsewhere.",
        "Sent in by Dr. Miller with Appendicitis today.",
    ],
)
def test_a_sentence_that_states_the_diagnosis_leaves_the_prompt(sentence: str) -> None:
    result = split_note(
        f"{STORY.format(sentence)}\n{TARGET}", None, diagnosis="Acute appendicitis, unspecified", diagnosis_code="K35"
    )
    assert isinstance(result, SplitNote)
    assert result.prompt == STORY.format("").replace(" \n", "\n")
    assert result.leaks == (Leak.STATED_DIAGNOSIS,)


@pytest.mark.parametrize(
    ("sentence", "diagnosis", "code"),
    [
        ("No sign of appendicitis.", "appendicitis", None),
        ("Her mother had appendicitis.", "appendicitis", None),
        ("Sent to rule out appendicitis.", "appendicitis", None),
        ("She is worried about appendicitis.", "appendicitis", None),
        ("Appendicitis was ruled out by the first scan.", "appendicitis", None),
        ("She has a history of asthma.", "asthma", "J45"),
        ("Complains of abdominal pain.", "Abdominal pain", None),
        ("Had a syncope.", "Syncope and collapse", "R55"),
        ("Told it is a stomach bug.", "appendicitis", None),
        ("Lives on Appendicitisweg.", "appendicitis", None),
    ],
)
def test_what_does_not_state_it_stays(sentence: str, diagnosis: str, code: str | None) -> None:
    text = f"{STORY.format(sentence)}\n{TARGET}"
    result = split_note(text, None, diagnosis=diagnosis, diagnosis_code=code)
    assert isinstance(result, SplitNote)
    assert sentence in result.prompt
    assert result.leaks == ()


def test_histories_and_results_keep_the_diagnosis() -> None:
    story = "HPI: Cough for a week.\nPAST MEDICAL HISTORY: Asthma.\nMEDICATIONS: Puffs for asthma.\nLABS: As in asthma."
    result = split_note(f"{story}\nASSESSMENT: Asthma, worse since the pollen came.", None, diagnosis="Asthma")
    assert isinstance(result, SplitNote)
    assert result.prompt == story


def test_a_complaint_that_is_nothing_but_the_diagnosis_goes_with_its_header() -> None:
    text = f"CHIEF COMPLAINT: Known appendicitis.\n{STORY.format('')}\n{TARGET}"
    result = split_note(text, None, diagnosis="Appendicitis")
    assert isinstance(result, SplitNote)
    assert result.prompt.startswith("HISTORY")
    assert result.sections[0].role is SectionRole.DROPPED


@pytest.mark.parametrize(
    ("diagnosis", "sentence"),
    [
        ("Pulmonary embolism with acute cor pulmonale", "CT found pulmonary embolism."),
        ("Hypertrophic Cardiomyopathy (HCM)", "This is HCM."),
        ("Stage IV renal cell carcinoma (clear cell type).", "She has renal-cell carcinoma."),
        ("PNEUMONIA", "He has two pneumonias."),
    ],
)
def test_names_of_a_diagnosis(diagnosis: str, sentence: str) -> None:
    assert DiagnosisNames(diagnosis).are_stated_in(sentence)


@pytest.mark.parametrize("diagnosis", ["", "...", "MI", "(x)", "a" * 5000, "((("])
def test_odd_diagnoses_state_nothing(diagnosis: str) -> None:
    assert not DiagnosisNames(diagnosis).are_stated_in("He has pain and MI and (x).")


COPIED = "The way in which the pain moved from the navel to the right side makes this very likely."


def test_copied_sentences_leave_the_prompt_and_the_target_stays_whole() -> None:
    target = f"{TARGET} Fluids and pain relief are given, and the scan can wait until morning rounds begin. {COPIED}"
    text = f"{STORY.format(COPIED)}\n{target}"
    result = split_note(text, None)
    assert isinstance(result, SplitNote)
    assert result.target == target
    assert COPIED not in result.prompt
    assert result.leaks == (Leak.COPIED_SENTENCE,)
    assert 0 < result.copied_share < 0.5
    assert join_presentation(text, result.sections) == result.prompt
    (piece,) = [s for s in result.sections if s.name == "copied_sentence"]
    assert text[piece.start : piece.end] == COPIED
    assert piece.role is SectionRole.DROPPED


@pytest.mark.parametrize(
    "story",
    [
        "HPI: A 50-year-old woman with one day of pain that moved from the navel to the right side. More of it.",
        "HPI: She presents with one day of pain that moved from the navel to the right side. More of it.",
        "HPI: More of it.\nRESULTS: One day of pain that moved from the navel to the right side was seen.",
    ],
)
def test_introductions_and_findings_that_the_target_repeats_stay(story: str) -> None:
    repeated = story.partition(": ")[2] if "RESULTS" not in story else story.rpartition(": ")[2]
    result = split_note(f"{story}\nASSESSMENT: {repeated}\nPLAN: Call the surgeons.", None)
    assert isinstance(result, SplitNote)
    assert result.prompt == story


def test_the_ledger_counts_what_was_removed() -> None:
    texts = [
        f"{STORY.format('')}\n{TARGET}",
        f"{STORY.format('Known appendicitis.')}\n{TARGET}",
        f"ADMITTING DIAGNOSIS: Appendicitis.\n{STORY.format('Known appendicitis.')}\n{TARGET}",
        f"IMPRESSION: Appendicitis.\n{STORY.format('')}\n{TARGET}",
    ]
    rows = [
        {"note_id": f"n{i}", "patient_id": "p", "text": text, "diagnosis": "Appendicitis"}
        | {"source_file": "f", "source_row": i, "split": "train"}
        for i, text in enumerate(texts)
    ]
    ledger = LedgerRows()
    examples = split_notes(pa.Table.from_pylist(rows, schema=notes_schema()), SplittingConfig(), ledger)
    assert final_buckets(ledger.table()) == {
        "split/accepted": 1,
        "split/accepted:stated_diagnosis_removed": 1,
        "split/accepted:diagnosis_header_removed+stated_diagnosis_removed": 1,
        "split/accepted:earlier_reasoning_removed": 1,
    }
    assert len({" ".join(prompt.split()) for prompt in examples.column("prompt").to_pylist()}) == 1
