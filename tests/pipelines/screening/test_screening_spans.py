from pipelines.screening.spans import Finding, merge, redacted_share, splice, subtract
from schemas.findings import Action


def finding(start, end, entity="PERSON", action=Action.REDACT, score=0.9):
    return Finding(start=start, end=end, entity_type=entity, score=score, recogniser="test", action=action)


def test_merge_joins_overlaps_and_takes_the_strictest_action():
    merged = merge([finding(0, 5, score=1.0), finding(3, 9, "US_SSN", Action.QUARANTINE, 0.1), finding(9, 12)])
    assert [(f.start, f.end, f.entity_type) for f in merged] == [(0, 9, "US_SSN"), (9, 12, "PERSON")]


def test_a_passing_finding_never_widens_a_redacted_one():
    merged = merge([finding(0, 30, "LOCATION", Action.PASS), finding(10, 15), finding(40, 44, "URL", Action.PASS)])
    assert [(f.start, f.end, f.action) for f in merged] == [(10, 15, Action.REDACT), (40, 44, Action.PASS)]


def test_splice_edits_the_span_and_not_the_string():
    assert splice("Seen in May. Dr. May notified.", [(17, 20, "[NAME]")]) == "Seen in May. Dr. [NAME] notified."


def test_splice_keeps_offsets_through_several_edits():
    assert splice("Ann, Bo, Cy", [(0, 3, "[A]"), (5, 7, ""), (9, 11, "[NAME]")]) == "[A], , [NAME]"


def test_redacted_share_counts_only_redactions():
    assert redacted_share("ab cd", [finding(0, 2), finding(3, 5, action=Action.PASS)]) == 0.5
    assert redacted_share("  ", []) == 0.0


def test_subtract():
    assert subtract(0, 10, [(2, 4), (8, 12)]) == [(0, 2), (4, 8)]
    assert subtract(3, 4, [(2, 5)]) == []
