"""A note cut at the headers that open a section, leaving those that only look like it inside.

What is left inside: a header in Title case under a plan whose own header is in capitals; sub-headings that plans have
of themselves ("Labs: repeat in a week", "Objective: no seizures"), and a list's ("# Follow-up"). What is read
as something else: an impression that closes a study's report, and an emergency course told within the history of an
admission.
"""

from dataclasses import dataclass, replace

from pipelines.splitting.headers import Header, find_bare_headers, find_headers, find_unknown_headers
from pipelines.splitting.lexicon import OPENING, Family, Kind, Lexicon

# A target is made of these, and a header inside them must earn its place.
TARGET_FAMILIES = frozenset({Family.REASONING, Family.PLAN, Family.CLOSING, Family.COURSE})
# These end a target however they are set.
_ENDING_KINDS = frozenset({"signature", "administrative"})
# Kinds whose header in capitals shows that a note sets the headers of its reasoning so. IMPRESSION alone may be pasted.
_STYLE_KINDS = frozenset({"assessment_and_plan", "medical_decision_making", "assessment", "plan"})


# Reasoning that is the physician's own wherever it stands.
_OWN_REASONING = frozenset({"assessment", "assessment_and_plan", "medical_decision_making", "hospital_course"})
_STUDIES = frozenset({Family.RESULTS, Family.REPORT})


@dataclass(frozen=True)
class Section:
    """A span of a note, from its header to the next: `text[start:end]`, in code points; `text[body:end]` without it."""

    kind: Kind
    start: int
    body: int
    end: int

    @property
    def family(self) -> Family:
        """The family of its kind."""
        return self.kind.family


def cut_sections(text: str, lexicon: Lexicon) -> list[Section]:
    """Sections in the order of the text; together they hold all of it."""
    headers = find_headers(text, lexicon)
    if not any(header.kind.family in (Family.REASONING, Family.PLAN, Family.COURSE) for header in headers):
        headers = sorted([*headers, *find_bare_headers(text, lexicon)], key=lambda header: header.start)
    opened = _bound_diagnoses(_openings(headers), text)
    ends = [*(header.start for header in opened), len(text)]
    sections = [Section(OPENING, 0, 0, ends[0])]
    for header, end in zip(opened, ends[1:], strict=True):
        sections.append(Section(header.kind, header.start, min(header.end, end), end))
    return _relabel_told_courses(_relabel_study_impressions(sections, lexicon), lexicon)


def _openings(headers: list[Header]) -> list[Header]:
    """Headers that open a section."""
    capitals = any(header.is_strong and header.kind.name in _STYLE_KINDS for header in headers)
    opened: list[Header] = []
    for header in headers:
        is_reasoning = header.kind.family in (Family.REASONING, Family.PLAN)
        if is_reasoning and capitals and not header.is_strong and not header.is_letter and opened:
            if opened[-1].is_strong:
                continue
        elif opened and opened[-1].kind.family in TARGET_FAMILIES and not _ends_target(header, opened[-1]):
            continue
        opened.append(header)
    return opened


def _ends_target(header: Header, target: Header) -> bool:
    """Whether a header under one of a target's sections opens a section of its own."""
    if header.kind.name == "objective" or (header.mark == "#" and target.mark != "#"):
        return False
    if header.kind.family in TARGET_FAMILIES or header.kind.name in _ENDING_KINDS:
        return True
    if (target.is_strong and not header.is_strong) or (header.is_listed and header.mark and not target.is_listed):
        return False
    if not header.kind.inside_plan:
        return True
    is_plan = target.kind.family is not Family.REASONING or target.kind.name == "assessment_and_plan"
    return header.is_strong and (header.is_own_line or not is_plan)


def _bound_diagnoses(headers: list[Header], text: str) -> list[Header]:
    """Let a header that the lexicon does not hold end a list of diagnoses: what follows must not be dropped with it."""
    known = {header.start for header in headers}
    unknown = [header for header in find_unknown_headers(text) if header.start not in known]
    merged: list[Header] = []
    for header in sorted([*headers, *unknown], key=lambda header: header.start):
        if header.start in known or (merged and merged[-1].kind.family in (Family.DIAGNOSIS, Family.OPERATIVE)):
            merged.append(header)
    return merged


def _relabel_study_impressions(sections: list[Section], lexicon: Lexicon) -> list[Section]:
    """An IMPRESSION that closes an imaging report is a result, not what the physician of this note concluded.

    It is the report's where it follows the report's findings and no plan follows it, or where it follows results and
    the physician's own assessment comes next or, past further studies, later. Before the course of a stay it must
    follow a study by name: among other results it may be what was thought on admission, which gives the course away.
    """
    relabelled = list(sections)
    own = [i for i, section in enumerate(sections) if section.kind.name in _OWN_REASONING]
    last_own = own[-1] if own else -1
    only_course = all(sections[i].family is Family.COURSE for i in own)
    for i in range(1, len(sections)):
        before = relabelled[i - 1]
        after = sections[i + 1] if i + 1 < len(sections) else None
        if sections[i].kind.name != "impression":
            continue
        has_plan = after is not None and (after.family is Family.PLAN or after.kind.name == "assessment_and_plan")
        closes_report = before.family is Family.REPORT and not has_plan
        follows_study = before.kind.name == "imaging" or (before.family is Family.RESULTS and not only_course)
        goes_on = after is not None and (after.family in _STUDIES or after.kind.name in {"impression", *_OWN_REASONING})
        is_superseded = follows_study and goes_on and last_own > i
        if closes_report or is_superseded:
            relabelled[i] = replace(sections[i], kind=lexicon.kinds["report_impression"])
    return relabelled


def _relabel_told_courses(sections: list[Section], lexicon: Lexicon) -> list[Section]:
    """An emergency course is story where the histories or the examination of an admission and its reasoning follow."""
    relabelled = list(sections)
    has_story = has_reasoning = False
    for i in reversed(range(len(sections))):
        kind = sections[i].kind
        if kind.name == "emergency_course" and has_story and has_reasoning:
            relabelled[i] = replace(sections[i], kind=lexicon.kinds["history_of_present_illness"])
        has_story |= kind.family is Family.STORY and has_reasoning and not kind.inside_plan
        has_reasoning |= kind.name in _OWN_REASONING or kind.name == "impression"
    return relabelled
