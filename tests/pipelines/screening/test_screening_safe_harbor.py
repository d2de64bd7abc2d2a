"""The screen against notes and eponym sentences by another hand than its rules."""

import pytest
from marked_notes import count_missed, eponyms, is_covered, safe_harbor

KINDS = {
    "NAME", "EMPLOYER", "FACILITY", "LOCATION", "DATE", "AGE", "PHONE", "FAX", "EMAIL", "SSN", "MRN", "HEALTH_PLAN",
    "ACCOUNT", "LICENSE", "VEHICLE", "DEVICE", "URL", "IP", "BIOMETRIC", "PHOTO", "UNIQUE_ID",
}  # fmt: skip
MIN_RECALL = 0.99
MIN_RECALL_OF_A_KIND = 0.97
MAX_FALSE_PER_1000_WORDS = 1.0
MAX_DAMAGED_SENTENCES = 1  # of 60
MIN_EPONYM_PEOPLE = 19  # of 20


@pytest.fixture(scope="module")
def spans_of(screener):
    def find(texts):
        return [[(finding.start, finding.end) for finding in findings] for findings in screener.find(texts)]

    return find


@pytest.fixture(scope="module")
def counts(spans_of):
    notes, _ = safe_harbor()
    return count_missed(notes, spans_of([note.text for note in notes]))


def test_the_notes_cover_every_kind():
    notes, clean = safe_harbor()
    assert {kind for note in notes for kind, _, _ in note.spans} == KINDS
    assert len(notes) >= 40
    assert len(clean) >= 15
    untouched, people = eponyms()
    assert (len(untouched), len(people)) == (60, 20)


def test_recall_over_all_kinds(counts):
    planted, missed = counts
    assert 1 - missed.total() / planted.total() >= MIN_RECALL


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_recall_of_each_kind(counts, kind):
    planted, missed = counts
    assert 1 - missed[kind] / planted[kind] >= MIN_RECALL_OF_A_KIND, f"{missed[kind]} of {planted[kind]} missed"


def test_few_findings_where_there_is_no_identifier(spans_of):
    _, clean = safe_harbor()
    num_words = sum(len(text.split()) for text in clean)
    num_found = sum(len(spans) for spans in spans_of(clean))
    assert num_found * 1000 / num_words <= MAX_FALSE_PER_1000_WORDS, f"{num_found} in {num_words} words"


def test_eponyms_drugs_and_values_stay(spans_of):
    untouched, _ = eponyms()
    damaged = [text for text, spans in zip(untouched, spans_of(untouched), strict=True) if spans]
    assert len(damaged) <= MAX_DAMAGED_SENTENCES, damaged


def test_people_of_an_eponyms_name_are_found(spans_of):
    _, people = eponyms()
    caught = [
        all(is_covered(person.text, start, end, spans) for _, start, end in person.spans)
        for person, spans in zip(people, spans_of([person.text for person in people]), strict=True)
    ]
    assert sum(caught) >= MIN_EPONYM_PEOPLE, [p.text for p, c in zip(people, caught, strict=True) if not c]
