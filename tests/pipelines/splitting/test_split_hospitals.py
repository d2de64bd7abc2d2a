"""Whole notes in the layouts of different hospitals, in our own words: what is the target, what the prompt."""

import pytest

from pipelines.splitting.leaks import Leak
from pipelines.splitting.split import SplitNote, split_note
from schemas.examples import SectionRole

DISCHARGE = """\
Name:  ___                   Unit No:   ___
Service: MEDICINE
Allergies:
No Known Drug Allergies
Attending: ___.
Chief Complaint:
Yellow eyes
Major Surgical or Invasive Procedure:
ERCP with stone extraction
History of Present Illness:
She had two days of cramps under the right ribs and then saw that her eyes were yellow.
ED Course: given fluids, seen by the surgeons.
Review of systems: otherwise negative.
Past Medical History:
Gout
Social History:
___
Physical Exam:
ADMISSION PHYSICAL EXAM:
Icteric, tender on the right.
DISCHARGE PHYSICAL EXAM:
No longer icteric.
Pertinent Results:
ADMISSION LABS: bilirubin 7
CXR: IMPRESSION: Clear lungs.
ULTRASOUND
FINDINGS: Wide bile duct.
IMPRESSION: Stone in the duct.
Brief Hospital Course:
ACUTE ISSUES:
# Jaundice
A stone blocked the duct; it was taken out on the second day.
# Medications: held allopurinol
Labs: improved daily
TRANSITIONAL ISSUES:
[ ] repeat liver tests
Medications on Admission:
1. Allopurinol
Discharge Medications:
1. Ursodiol
Discharge Disposition:
Home
Discharge Diagnosis:
Choledocholithiasis
Discharge Condition:
Stable
Discharge Instructions:
Dear Ms. ___,
You had a stone.
Followup Instructions:
___
"""

EMERGENCY = """\
ED Provider Note
Chief Complaint
Patient presents with
• Chest Pain
HPI
Pain since breakfast, worse on deep breaths, after a long flight.
ED Triage Vitals [01/15/24 1402]
BP 120/70
Physical Exam
Constitutional: not distressed
Pulmonary: Effort: normal
Labs Reviewed
D-dimer raised
Procedures
None
MDM
Pleuritic pain after a flight with a raised d-dimer; embolus must be excluded by CT.
ED Course as of 01/15/24 1650
Mon Jan 15, 2024 1510 CT shows a small embolus.
Clinical Impression
Final diagnoses:
Pulmonary embolism
ED Disposition
Admit
"""

GP_LETTER = """\
Diagnosis: 1. Migraine with aura
Plan: 1. Start propranolol 2. Keep a diary
Dear Dr Jones,
Thank you for sending this teacher to us. She has had one-sided headaches with zigzag lines for four months.
On examination she was well, with normal fundi.
Yours sincerely,
the headache clinic
"""

GERMAN = """\
Anamnese: Seit drei Tagen Fieber und Husten mit gelbem Auswurf.
Körperliche Untersuchung: Rasselgeräusche links basal.
Labor: CRP 120.
Beurteilung: Am ehesten Pneumonie links.
Procedere: Amoxicillin für fünf Tage, Kontrolle.
"""

PSYCHIATRY = """\
IDENTIFYING DATA: Teacher, married.
HISTORY OF PRESENT ILLNESS: Low for two months, sleeps little.
MENTAL STATUS EXAMINATION: Slow, tearful, no plans to harm herself.
DIAGNOSTIC IMPRESSION:
AXIS I: Major depression.
AXIS II: Deferred.
AXIS V: GAF 55.
TREATMENT PLAN: Sertraline and weekly talks.
PROGNOSIS: Fair.
"""

HOSPITALIST = """\
Subjective: Slept well, less short of breath.
Objective: Crackles gone.
Assessment & Plan:
Man with a weak heart, drying out on diuretics.
# Heart failure
- Objective: weight down by a kilo a day
# Medications: stop NSAIDs
- **Follow-up:** cardiology
# Disposition: home tomorrow
Electronically signed by ___
"""


def split(text: str, note_type: str | None = None) -> SplitNote:
    result = split_note(text, note_type)
    assert isinstance(result, SplitNote), result
    return result


@pytest.mark.parametrize("note_type", [None, "Discharge Summary"])
def test_a_discharge_summary_teaches_its_hospital_course(note_type: str | None) -> None:
    result = split(DISCHARGE, note_type)
    assert result.target.startswith("Brief Hospital Course:")
    assert result.target.endswith("[ ] repeat liver tests")
    assert "# Medications: held allopurinol" in result.target
    for known in (
        "Yellow eyes",
        "seen by the surgeons",
        "Gout",
        "Icteric, tender",
        "bilirubin 7",
        "Clear lungs",
        "Stone in the duct",
    ):
        assert known in result.prompt
    for later in ("ERCP", "No longer icteric", "Ursodiol", "Choledocholithiasis", "You had a stone"):
        assert later not in result.prompt


def test_a_discharge_summary_with_an_assessment_teaches_that() -> None:
    result = split(
        DISCHARGE.replace(
            "Medications on Admission:", "Assessment:\nCholangitis less likely.\n\nDischarge Medications:"
        )
    )
    assert result.target.startswith("Assessment:")
    assert "blocked the duct" not in result.prompt
    assert Leak.EARLIER_REASONING in result.leaks


@pytest.mark.parametrize("note_type", [None, "ED Provider Notes"])
def test_an_emergency_note_with_its_course_and_final_diagnoses(note_type: str | None) -> None:
    result = split(EMERGENCY, note_type)
    assert result.target.startswith("MDM\n")
    assert result.target.endswith("Pulmonary embolism")
    assert result.prompt.startswith("ED Provider Note")
    assert result.prompt.endswith("None")


def test_a_letter_whose_summary_stands_above_the_salutation() -> None:
    result = split(GP_LETTER)
    assert result.target.startswith("Diagnosis:")
    assert result.target.endswith("Keep a diary")
    assert result.prompt.startswith("Dear Dr Jones")
    assert "sincerely" not in result.prompt


def test_german_and_psychiatric_headers() -> None:
    assert split(GERMAN).target.startswith("Beurteilung:")
    assert split(GERMAN).target.endswith("Kontrolle.")
    assert split(PSYCHIATRY).target.startswith("DIAGNOSTIC IMPRESSION:")
    assert split(PSYCHIATRY).target.endswith("weekly talks.")


def test_a_problem_list_with_hashes_stays_one_target() -> None:
    result = split(HOSPITALIST, "Progress note")
    assert result.target.startswith("Assessment & Plan:")
    assert result.target.endswith("home tomorrow")
    assert "Crackles gone" in result.prompt


def test_the_second_visit_of_a_note_is_dropped() -> None:
    first = "SUBJECTIVE: Cough.\nOBJECTIVE: Crackles.\nASSESSMENT: Pneumonia.\nPLAN: Amoxicillin."
    second = "SUBJECTIVE: Better.\nOBJECTIVE: Clear.\nASSESSMENT: Cured pneumonia.\nPLAN: None."
    result = split(f"{first}\n\n{second}")
    assert result.target == "ASSESSMENT: Pneumonia.\nPLAN: Amoxicillin."
    assert result.prompt == "SUBJECTIVE: Cough.\nOBJECTIVE: Crackles."


@pytest.mark.parametrize(
    "note",
    [
        "S: Cough. O: Crackles on the left. A: Pneumonia. P: Amoxicillin.",
        "Chief Complaint: Cough. HPI: Three days, no fever Past Medical History: None. A/P: Pneumonia; amoxicillin.",
        "CHIEF COMPLAINT Cough. PHYSICAL EXAM Crackles. ASSESSMENT AND PLAN Pneumonia; amoxicillin.",
        "**CC:** Cough. **HPI:** Three days. **Exam:** Crackles. **Assessment:** Pneumonia. **Plan:** Amoxicillin.",
        "| CC | Cough |\n| HPI | Three days |\n| Assessment | Pneumonia |\n| Plan | Amoxicillin |",
        "HPI\tThree days of cough\nExam\tCrackles\nImpression\tPneumonia\nPlan\tAmoxicillin",
        "1. HPI: Three days.\n2. Exam: Crackles.\n3. Assessment: Pneumonia.\n4. Plan: Amoxicillin.",
        "• CC: Cough\r\n• HPI: Three days\r\n• Assessment: Pneumonia\r\n• Plan: Amoxicillin",
        "=== HPI ===\nThree days of cough.\n=== Assessment ===\nPneumonia.\n=== Plan ===\nAmoxicillin.",
        "HPI\n---\nThree days of cough.\n\nAssessment\n----------\nPneumonia.\n\nPlan\n----\nAmoxicillin.",
        "\tHPI:\tThree days of cough.\n\tMDM:\tPneumonia; amoxicillin.",
        "PC: cough 3/7\nO/E: creps L base\nΔ: LRTI\nMx: amoxicillin",
    ],
)
def test_compact_layouts(note: str) -> None:
    result = split(note)
    assert "neumonia" not in result.prompt
    assert "LRTI" not in result.prompt
    assert result.target.strip(" |").endswith(("moxicillin", "moxicillin."))
    assert result.prompt.count("ough") + result.prompt.count("days") >= 1


def test_an_article_begins_at_its_case_and_not_at_its_abstract() -> None:
    note = (
        "A rare cause of jaundice: a case report\n\nAbstract\n\nA stone is described.\nConclusion: Think of stones.\n\n"
        "1. Introduction\n\nStones are common.\n\n2. Case Presentation\n\nA woman of fifty turned yellow.\n\n"
        "3. Discussion\n\nHer jaundice came from a stone.\n\n4. Conclusions\n\nStones matter.\n\nFunding\n\nNone."
    )
    result = split(note)
    assert result.prompt.startswith("2. Case Presentation")
    assert "stone" not in result.prompt.lower()
    assert result.target.startswith("3. Discussion")
    assert result.target.endswith("Stones matter.")
    assert all(s.role is not SectionRole.PRESENTATION for s in result.sections if s.name == "article_frame")
