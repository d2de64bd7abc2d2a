"""Marks survive edits around them and come out as code point spans."""

from pipelines.synthetic.markup import KEEP, TARGET, Span, edit_unmarked, mark, resolve, sentence


def test_nested_marks_resolve_to_code_points():
    text = "é " + mark(TARGET, "seen by " + mark("PERSON", "Ada Cole")) + "."
    assert resolve(text) == ("é seen by Ada Cole.", [Span(TARGET, 2, 18), Span("PERSON", 10, 18)])


def test_edits_reach_the_target_but_no_identifier():
    text = "see " + mark(TARGET, "see " + mark("PERSON", "see") + mark(KEEP, " see") + " see")
    plain, spans = resolve(edit_unmarked(text, lambda stretch: stretch.replace("see", "saw it")))
    assert plain == "saw it saw it see see saw it"
    assert [plain[span.start : span.end] for span in spans] == ["saw it see see saw it", "see", " see"]


def test_sentence_capitalises_through_a_mark_and_ends_once():
    assert resolve(sentence(mark(KEEP, "gout") + " is likely"))[0] == "Gout is likely."
    assert sentence("2 days of pain.") == "2 days of pain."
    assert resolve(sentence("seen by " + mark(KEEP, "Dr. Ro.")))[0] == "Seen by Dr. Ro."
