"""Which run of sections is the target, and what becomes of the others.

A target is one span: sections of reasoning and plan that follow each other ("ASSESSMENT", "PLAN", "INSTRUCTIONS"), or
the course of a stay in hospital by itself. Which run, where a note has several, lexicon.yaml says by type of note.
Before it, story and results are the presentation; diagnoses, other reasoning and what was known only later are dropped,
because they give the target away, and so is all that frames a case report (title, abstract, introduction). After it,
everything is dropped, except in notes that put the assessment first.
"""

from collections.abc import Sequence

from pipelines.splitting.lexicon import Family, Lexicon, NoteType
from pipelines.splitting.sections import Section
from schemas.examples import SectionRole

# A heading of this size before an assessment is a title, not a presentation.
MAX_TITLE_CHARS = 200

_PRESENTATION = frozenset({Family.STORY, Family.RESULTS, Family.REPORT, Family.TAIL, Family.OTHER})
# What shows that a physician saw the patient, and the note is not the report of a study.
_PATIENT_SEEN = frozenset(
    {"chief_complaint", "history_of_present_illness", "past_history", "social_history", "medications", "allergies"}
    | {"review_of_systems", "case_presentation", "admission_medications"}
)
_ARTICLE_TARGETS = frozenset({"discussion", "conclusion"})


def is_report(sections: Sequence[Section]) -> bool:
    """Whether the layout is that of an imaging, endoscopy or operative report, whatever the type of the note."""
    if any(section.kind.name in _PATIENT_SEEN for section in sections):
        return False
    num_operative = sum(section.family is Family.OPERATIVE for section in sections)
    return num_operative >= 2 or any(section.family is Family.REPORT for section in sections)


def choose_target(sections: Sequence[Section], note_type: NoteType, lexicon: Lexicon) -> range | None:
    """Indices of the sections that make the target, or None."""
    preference = lexicon.preference(note_type)
    runs = [(run, kind) for run in _runs(sections) if (kind := _best_kind(run, sections, preference))]
    case = _case_presentation(sections)
    if case is not None:  # what an abstract concludes stands before the case that it is about
        runs = [(run, kind) for run, kind in runs if run.start > case] or runs
    if not runs:
        return None
    return min(runs, key=lambda run: preference.index(run[1]))[0]


def target_name(run: range, sections: Sequence[Section], note_type: NoteType, lexicon: Lexicon) -> str:
    """Name of the kind that the run was chosen for."""
    name = _best_kind(run, sections, lexicon.preference(note_type))
    assert name is not None  # choose_target gives no other runs
    return name


def assign_roles(sections: Sequence[Section], target: range) -> list[SectionRole]:
    """(num_sections,) roles of the sections around a target."""
    case = _case_presentation(sections)
    is_article = case is not None and any(sections[i].kind.name in _ARTICLE_TARGETS for i in target)
    first = case if case is not None and is_article and case < target.start else 0
    before = [i for i in range(first, target.start) if sections[i].family in _PRESENTATION]
    after = [i for i in range(target.stop, len(sections)) if sections[i].family in (Family.STORY, Family.RESULTS)]
    presentation = after if _is_assessment_first(sections, before, after) else before
    roles = [SectionRole.DROPPED] * len(sections)
    for i in presentation:
        roles[i] = SectionRole.PRESENTATION
    for i in target:
        roles[i] = SectionRole.TARGET
    return roles


def _case_presentation(sections: Sequence[Section]) -> int | None:
    """Where a case report tells its case: the longest section of that kind, as an abstract may have a short one."""
    cases = [i for i, section in enumerate(sections) if section.kind.name == "case_presentation"]
    return max(cases, key=lambda i: sections[i].end - sections[i].start, default=None)


def _is_assessment_first(sections: Sequence[Section], before: Sequence[int], after: Sequence[int]) -> bool:
    def size(indices: Sequence[int]) -> int:
        return sum(sections[i].end - sections[i].start for i in indices)

    told_before = any(sections[i].family is Family.STORY for i in before)
    told_after = any(sections[i].kind.name in _PATIENT_SEEN | {"letter"} for i in after)
    return told_after and not told_before and size(before) <= min(MAX_TITLE_CHARS, size(after))


def _runs(sections: Sequence[Section]) -> list[range]:
    """Longest runs of sections that can stand in one target."""
    runs = []
    start = 0
    while start < len(sections):
        stop = start
        has_plan = False
        while stop < len(sections) and _continues(sections, start, stop, has_plan):
            has_plan |= sections[stop].family is Family.PLAN or sections[stop].kind.name == "assessment_and_plan"
            stop += 1
        if stop > start:
            runs.append(range(start, stop))
        start = max(stop, start + 1)
    return runs


def _continues(sections: Sequence[Section], start: int, i: int, has_plan: bool) -> bool:
    family = sections[i].family
    if family is Family.COURSE:
        return i == start
    if i > start and sections[start].family is Family.COURSE:  # what stands beside a course is known with hindsight
        return False
    if family in (Family.REASONING, Family.PLAN):
        return True
    if family is Family.DIAGNOSIS:  # part of the assessment; after a plan it is a list for billing
        before = sections[i - 1]
        is_beside = i > start and before.family is Family.REASONING and before.kind.name != "assessment_and_plan"
        return is_beside or not has_plan
    if family is Family.CLOSING:
        return i > start
    # A procedure done in the visit, told between the plan and the instructions.
    is_inside = has_plan and i + 1 < len(sections) and sections[i + 1].family in (Family.PLAN, Family.CLOSING)
    return is_inside and sections[i].kind.name == "procedure"


def _best_kind(run: range, sections: Sequence[Section], preference: Sequence[str]) -> str | None:
    names = {sections[i].kind.name for i in run}
    families = {sections[i].family for i in run}
    if Family.PLAN in families and names & {"assessment", "impression", "diagnosis"}:
        names.add("assessment_and_plan")
    return next((name for name in preference if name in names), None)
