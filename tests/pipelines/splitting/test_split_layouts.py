"""Layouts of real notes, each in a small note of our own wording: where the target begins and ends, what is dropped."""

import pytest

from pipelines.splitting.split import Rejection, SectionSpan, SplitNote, split_note
from schemas.examples import SectionRole

STORY = (
    "HISTORY OF PRESENT ILLNESS: Two days of fever and a wet cough, worse at night.\nEXAM: Crackles at the left base.\n"
)


def split(text: str, note_type: str | None = None) -> SplitNote:
    result = split_note(text, note_type)
    assert isinstance(result, SplitNote), result
    span = target_span(result)
    assert text[span.start : span.end] == result.target
    assert [s.start for s in result.sections] == sorted(s.start for s in result.sections)
    assert all(a.end <= b.start for a, b in zip(result.sections, result.sections[1:], strict=False))
    return result


def target_span(result: SplitNote) -> SectionSpan:
    (span,) = [s for s in result.sections if s.role is SectionRole.TARGET]
    return span


def reason(text: str, note_type: str | None = None) -> str:
    result = split_note(text, note_type)
    assert isinstance(result, Rejection), result
    return result.reason


@pytest.mark.parametrize(
    "header",
    [
        "ASSESSMENT AND PLAN\n\n",
        "ASSESSMENT AND PLAN:\n",
        "ASSESSMENT/PLAN: ",
        "Assessment & Plan:\n",
        "Assessment and Plan\n",
        "A/P: ",
        "A&P - ",
        "**Assessment and Plan:** ",
        "**ASSESSMENT**\n",
        "## Assessment\n",
        "- **Assessment:** ",
        "Imp - ",
        "Imp: ",
        "IMPRESSION AND RECOMMENDATIONS: ",
        "FINAL IMPRESSION:\n",
        "Clinical Impression: ",
        "Medical Decision-Making:\n",
        "MDM: ",
        "ED Course / MDM: ",
        "Assessment (continued): ",
        "IMPRESSION ON 2/6/89: ",
        "PLAN:\n",
        "Plan : ",
        "pln: ",
        "RECOMMENDATIONS: ",
    ],
)
def test_header_variants_open_the_target(header: str) -> None:
    body = "Likely pneumonia of the left lower lobe. Amoxicillin for five days."
    result = split(STORY + header + body)
    assert result.target == header.strip() + header[len(header.rstrip()) :] + body
    assert result.prompt == STORY.strip()


@pytest.mark.parametrize(
    "line",
    [
        "HEENT: Normal.",
        "NECK: Supple.",
        "Pain assessment: 3 of 10.",
        "Planned surgery was put off.",
        "She was assessed in March.",
        "P: 88",
        "• Plan: not yet known to her.",
        "Impressions of the scan were given by phone.",
    ],
)
def test_lines_that_only_look_like_headers_stay_in_the_presentation(line: str) -> None:
    assert reason(STORY + line) == "no_target"
    assert line in split(f"{STORY}{line}\nASSESSMENT: Pneumonia.").prompt


def test_several_headers_in_a_row_are_one_target() -> None:
    target = "ASSESSMENT\n\nPneumonia.\n\nPLAN\n\nAmoxicillin.\n\nINSTRUCTIONS\n\nReturn in a week."
    result = split(f"{STORY}\n{target}\n")
    assert result.target == target
    assert target_span(result).name == "assessment_and_plan"
    assert split(STORY + "IMPRESSION: Pneumonia.\nRECOMMENDATIONS: Amoxicillin.").target.endswith("Amoxicillin.")


def test_problem_wise_assessment_with_sub_headings_stays_whole() -> None:
    target = (
        "ASSESSMENT AND PLAN\n\n1. Pneumonia.\n- Medical Reasoning: Crackles and fever.\n- Medical Treatment: Rest.\n"
        "Labs: repeat the count in a week\nMedications: stop ibuprofen\n2. COPD.\nExam: not to be repeated.\n\n"
        "Patient Agreements: She agrees."
    )
    assert split(f"{STORY}{target}").target == target


def test_numbered_plan_in_title_case_keeps_its_sub_headings() -> None:
    target = "Imp: ?UTI, exclude pregnancy\n\nPlan:\n1.\tUrine dip\n2.\tLabs\nMedication: nitrofurantoin for 3/7"
    assert split(f"3/7 of dysuria. No fever.\nPMH: nil\nSH: lives alone\n\n{target}").target == target


@pytest.mark.parametrize(
    "tail",
    [
        "PRESCRIPTIONS: Amoxicillin 500 mg.",
        "PATIENT INSTRUCTIONS: Drink plenty.",
        "DISPOSITION: Home.",
        "FOLLOWUP: In a week.",
        "PROGNOSIS: Good.",
        "AXIS I: Major depression.",
        "SUBJECTIVE: Second visit, better.\nOBJECTIVE: Lungs clear.",
        "Electronically signed by the attending on Monday",
        "Sincerely,\nthe chest clinic",
        "Insurance: none\nContact: by post",
        "ADDENDUM: Culture grew pneumococcus.",
        "DISCHARGE MEDICATIONS: Amoxicillin.",
        "CURRENT MEDICATIONS\nAmoxicillin.",
    ],
)
def test_what_follows_the_plan_is_dropped(tail: str) -> None:
    result = split(f"{STORY}ASSESSMENT: Pneumonia.\nPLAN: Amoxicillin.\n{tail}")
    assert result.target == "ASSESSMENT: Pneumonia.\nPLAN: Amoxicillin."
    assert result.prompt == STORY.strip()
    assert all(s.role is SectionRole.DROPPED for s in result.sections if s.start > target_span(result).end)


def test_a_procedure_between_plan_and_instructions_stays() -> None:
    target = "PLAN\n\nInject the knee.\n\nPROCEDURE\n\nThe knee was injected.\n\nINSTRUCTIONS\n\nRest it."
    assert split(f"{STORY}{target}").target == target
    assert split(f"{STORY}PLAN\n\nRest.\n\nPROCEDURE\n\nThe knee was injected.").target == "PLAN\n\nRest."


@pytest.mark.parametrize(
    "header", ["ADMITTING DIAGNOSIS", "DISCHARGE DIAGNOSES", "DIAGNOSES", "PREOPERATIVE DIAGNOSIS"]
)
def test_diagnoses_before_the_assessment_are_dropped_from_the_prompt(header: str) -> None:
    result = split(f"{header}:\n1. Pneumonia.\n2. Asthma.\n\n{STORY}HOSPITAL COURSE: Cured.\nASSESSMENT: Pneumonia.")
    assert result.prompt == STORY.strip()
    assert [s.role for s in result.sections].count(SectionRole.DROPPED) == 2


def test_an_unknown_header_ends_a_dropped_diagnosis() -> None:
    result = split(f"DIAGNOSIS: Pneumonia.\nLIVING SITUATION: Alone, third floor.\n{STORY}ASSESSMENT: Pneumonia.")
    assert result.prompt.startswith("LIVING SITUATION: Alone")


def test_a_diagnosis_beside_the_plan_belongs_to_the_target() -> None:
    assert split(f"{STORY}Diagnosis: Pneumonia\nPlan : advised fluids").target.startswith("Diagnosis:")


def test_decision_making_before_an_assessment_and_as_all_of_the_reasoning() -> None:
    review = "MEDICAL DECISION MAKING: Films reviewed.\nASSESSMENT: Pneumonia.\nPLAN: Amoxicillin."
    assert split(STORY + review).target == review
    whole = "MEDICAL DECISION MAKING: Fever and crackles make pneumonia likely; no sign of an embolus."
    assert split(f"{STORY}{whole}\nDISPOSITION: Home.", "Emergency").target == whole


def test_emergency_course_is_reasoning_and_goes_with_the_impression() -> None:
    target = "EMERGENCY DEPARTMENT COURSE: Given oxygen; better within the hour.\nIMPRESSION: Pneumonia."
    assert split(STORY + target, "ED note").target == target


def test_the_type_of_note_decides_between_two_runs() -> None:
    note = (
        f"{STORY}MEDICAL DECISION MAKING: Pneumonia or embolus; film first.\nRESULTS: Consolidation.\n"
        "ASSESSMENT AND PLAN: Pneumonia; amoxicillin."
    )
    assert split(note, "emergency department").target.startswith("MEDICAL DECISION MAKING")
    clinic = split(note, "clinic")
    assert clinic.target.startswith("ASSESSMENT AND PLAN")
    assert "film first" not in clinic.prompt
    assert "Consolidation" in clinic.prompt


def test_a_radiologists_impression_is_a_result() -> None:
    note = f"{STORY}TECHNIQUE: Two views.\nFINDINGS: Opacity.\nIMPRESSION: Lobar opacity.\n\n"
    note += "ASSESSMENT: Pneumonia.\nPLAN: Rest."
    result = split(note)
    assert result.target == "ASSESSMENT: Pneumonia.\nPLAN: Rest."
    assert "Lobar opacity" in result.prompt
    pasted = split(f"{STORY}RESULTS\nChest film.\nImpression: Lobar opacity.\n\nASSESSMENT AND PLAN\nPneumonia.")
    assert pasted.target == "ASSESSMENT AND PLAN\nPneumonia."
    assert reason(f"{STORY}TECHNIQUE: Two views.\nFINDINGS: Opacity.\nIMPRESSION: Lobar opacity.") == "no_target"


@pytest.mark.parametrize(
    ("text", "note_type"),
    [
        ("EXAM: CT.\nIMPRESSION: No bleed.", "Radiology"),
        (f"{STORY}IMPRESSION: Reflux.", "Endoscopy report"),
        (
            "REASON FOR EXAM: Cough.\nFINDINGS: Opacity.\nIMPRESSION: Opacity.\nRECOMMENDATION: CT.",
            None,
        ),
        ("PREOPERATIVE DIAGNOSIS: Hernia.\nANESTHESIA: General.\nPROCEDURE IN DETAIL: Incised.\nPLAN: Home.", None),
        ("PREOPERATIVE DIAGNOSIS: Hernia.\nPOSTOPERATIVE DIAGNOSIS: Hernia.\nPLAN: Home.", "Surgery"),
    ],
)
def test_reports_are_no_reasoning_over_a_presentation(text: str, note_type: str | None) -> None:
    assert reason(text, note_type) == "unsuitable_note_type"


def test_a_consultation_by_a_reporting_speciality_is_taken() -> None:
    assert split(f"{STORY}IMPRESSION: Pneumonia.\nPLAN: Rest.", "Radiology consult")


def test_soap_letters_need_each_other() -> None:
    note = "S: Two days of fever and cough.\nO: P: 88, crackles at the left base.\nA: Pneumonia.\nP: 1. Amoxicillin."
    assert split(note).target == "A: Pneumonia.\nP: 1. Amoxicillin."
    assert reason("Fever and cough.\nA: this was a single letter.") == "no_target"
    assert reason("HPI: Fever.\nVITALS\nT: 38\nP: 88\nR: 16") == "no_target"


def test_plan_without_a_colon_counts_where_nothing_better_is() -> None:
    note = "History : dizzy for hours\nPlan we will prescribe something for the dizziness"
    assert split(note).target == "Plan we will prescribe something for the dizziness"
    assert split("Unwell.\nPlan to travel was dropped.\nImp: viral illness\nPlan: fluids").target.startswith("Imp:")


def test_a_note_that_lost_its_line_breaks_is_cut_at_capitals() -> None:
    note = (
        "SUBJECTIVE: Fever, cough. MEDICATIONS: None. OBJECTIVE: Crackles. ASSESSMENT: Pneumonia. PLAN: Rest, fluids."
    )
    result = split(note)
    assert result.target == "ASSESSMENT: Pneumonia. PLAN: Rest, fluids."
    assert split("Fever, cough. O/E crackles. Imp: pneumonia. Plan: fluids").target == "Imp: pneumonia. Plan: fluids"


def test_axis_lists_belong_to_the_assessment_that_they_stand_in() -> None:
    target = "ASSESSMENT:\nAXIS I: Major depression.\nAXIS II: None.\nPLAN: Sertraline."
    assert split(STORY + target).target == target


def test_assessment_first_notes_take_what_follows_as_the_presentation() -> None:
    result = split(
        f"Progress note\nASSESSMENT AND PLAN:\nPneumonia; amoxicillin.\n\n{STORY}DISCHARGE DIAGNOSIS: Pneumonia."
    )
    assert result.target == "ASSESSMENT AND PLAN:\nPneumonia; amoxicillin."
    assert result.prompt == STORY.strip()


def test_an_article_splits_at_its_discussion() -> None:
    assert split("Case presentation\n\nA man had a cough.\n\nDiscussion\n\nPneumonia is common.").target.startswith(
        "Disc"
    )


@pytest.mark.parametrize(
    "text", ["", "   \n", "A man had a cough. He was treated and went home.", "PHYSICAL EXAM\n\nNormal."]
)
def test_no_target(text: str) -> None:
    assert reason(text) == "no_target"


def test_a_note_of_nothing_but_an_assessment_has_no_presentation() -> None:
    assert reason("ASSESSMENT: Pneumonia.\nPLAN: Rest.") == "empty_presentation"


def test_spans_count_code_points_and_line_ends_stay() -> None:
    result = split("HPI: naïve 🫁 patient, fièvre.\r\n\r\nASSESSMENT:\r\nPneumonia – left.\r\n\r\nPLAN:\r\nRest.\r\n")
    assert result.target == "ASSESSMENT:\r\nPneumonia – left.\r\n\r\nPLAN:\r\nRest."
    assert result.prompt == "HPI: naïve 🫁 patient, fièvre."


def test_section_names_hold_no_words_of_the_note() -> None:
    result = split(f"DIAGNOSIS: x.\nMR MILLER'S WISHES: Peace.\n{STORY}ASSESSMENT: Pneumonia.")
    assert "other" in {s.name for s in result.sections}
    assert not any("miller" in s.name.lower() for s in result.sections)
