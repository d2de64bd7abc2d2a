"""The screen against notes and eponym sentences by another hand than its rules."""

import pytest
from marked_notes import MarkedSet, count_missed, first_set, is_covered, read_set

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


@pytest.fixture(scope="module", params=[first_set, read_set])
def marked(request) -> MarkedSet:
    return request.param()


@pytest.fixture(scope="module")
def counts(marked, spans_of):
    return count_missed(marked.notes, spans_of([note.text for note in marked.notes]))


def test_the_notes_cover_every_kind(marked):
    assert {kind for note in marked.notes for kind, _, _ in note.spans} == KINDS
    assert len(marked.notes) >= 40
    assert len(marked.clean) >= 15
    assert (len(marked.untouched), len(marked.people)) == (60, 20)


def test_recall_over_all_kinds(counts):
    planted, missed = counts
    assert 1 - missed.total() / planted.total() >= MIN_RECALL


def test_recall_of_each_kind(counts):
    planted, missed = counts
    recall = {kind: 1 - missed[kind] / planted[kind] for kind in planted}
    assert min(recall.values()) >= MIN_RECALL_OF_A_KIND, recall


def test_few_findings_where_there_is_no_identifier(marked, spans_of):
    num_words = sum(len(text.split()) for text in marked.clean)
    num_found = sum(len(spans) for spans in spans_of(marked.clean))
    assert num_found * 1000 / num_words <= MAX_FALSE_PER_1000_WORDS, f"{num_found} in {num_words} words"


def test_eponyms_drugs_and_values_stay(marked, spans_of):
    damaged = [text for text, spans in zip(marked.untouched, spans_of(marked.untouched), strict=True) if spans]
    assert len(damaged) <= MAX_DAMAGED_SENTENCES, damaged


def test_people_of_an_eponyms_name_are_found(marked, spans_of):
    caught = [
        all(is_covered(person.text, start, end, spans) for _, start, end in person.spans)
        for person, spans in zip(marked.people, spans_of([person.text for person in marked.people]), strict=True)
    ]
    assert sum(caught) >= MIN_EPONYM_PEOPLE, [p.text for p, c in zip(marked.people, caught, strict=True) if not c]


def test_a_set_read_once_keeps_what_was_reached(spans_of):
    """Its rules were mended once, and the tagger has not been trained on it: initials and bare dates are missed."""
    marked = read_set("second_read_set")
    planted, missed = count_missed(marked.notes, spans_of([note.text for note in marked.notes]))
    assert planted.total() == 1652
    assert 1 - missed.total() / planted.total() >= 0.975, missed
    assert sum(map(bool, spans_of(marked.untouched))) <= MAX_DAMAGED_SENTENCES
    num_words = sum(len(text.split()) for text in marked.clean)
    assert sum(map(len, spans_of(marked.clean))) * 1000 / num_words <= MAX_FALSE_PER_1000_WORDS
