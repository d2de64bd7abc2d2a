"""A note cut at the headers that open a section, leaving those that only look like it inside.

What is left inside: a header in Title case under a plan whose own header is in capitals; sub-headings that plans have
of themselves ("Labs: repeat in a week"); an impression that closes an imaging report.
"""

from dataclasses import dataclass, replace

from pipelines.splitting.headers import Header, find_bare_headers, find_headers, find_unknown_headers
from pipelines.splitting.lexicon import OPENING, Family, Kind, Lexicon

# A target is made of these, and a header inside them must earn its place.
TARGET_FAMILIES = frozenset({Family.REASONING, Family.PLAN, Family.CLOSING})
# These end a target however they are set.
_ENDING_KINDS = frozenset({"signature", "administrative"})
# Kinds whose header in capitals shows that a note sets the headers of its reasoning so. IMPRESSION alone may be pasted.
_STYLE_KINDS = frozenset({"assessment_and_plan", "medical_decision_making", "assessment", "plan"})


@dataclass(frozen=True)
class Section:
    """A span of a note, from its header to the next: `text[start:end]`, in code points."""

    kind: Kind
    start: int
    end: int
    is_strong: bool = False

    @property
    def family(self) -> Family:
        """The family of its kind."""
        return self.kind.family


def cut_sections(text: str, lexicon: Lexicon) -> list[Section]:
    """Sections in the order of the text; together they hold all of it."""
    headers = find_headers(text, lexicon)
    if not any(header.kind.family in (Family.REASONING, Family.PLAN) for header in headers):
        headers = sorted([*headers, *find_bare_headers(text, lexicon)], key=lambda header: header.start)
    opened = _bound_diagnoses(_openings(headers), text)
    ends = [*(header.start for header in opened), len(text)]
    sections = [Section(OPENING, 0, ends[0])]
    for header, end in zip(opened, ends[1:], strict=True):
        sections.append(Section(header.kind, header.start, end, header.is_strong))
    return _relabel_study_impressions(sections, lexicon)


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
    if header.kind.family in TARGET_FAMILIES or header.kind.name in _ENDING_KINDS:
        return True
    if target.is_strong and not header.is_strong:
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
    the physician's own assessment follows it.
    """
    relabelled = list(sections)
    for i in range(1, len(sections)):
        before = relabelled[i - 1].family
        after = sections[i + 1].kind if i + 1 < len(sections) else None
        if sections[i].kind.name != "impression":
            continue
        closes_report = before is Family.REPORT and (after is None or after.name not in ("plan", "assessment_and_plan"))
        is_superseded = before in (Family.REPORT, Family.RESULTS) and (
            after is not None and after.name in ("assessment", "assessment_and_plan", "medical_decision_making")
        )
        if closes_report or is_superseded:
            relabelled[i] = replace(sections[i], kind=lexicon.kinds["report_impression"])
    return relabelled
