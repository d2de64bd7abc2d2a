import numpy as np
import pytest

from pipelines.screening.spans import Finding
from pipelines.screening.tagger.corpus import Label
from pipelines.screening.tagger.weigh import weigh

TEXT = "Seen by Ana Okonkwo-Bell. Foley draining at 12 Elm Street, MRN 4471902."


class Tagger:
    """Gives each word the label that the test says, and knows one rule."""

    def __init__(self, labels, sure=0.99):
        self._labels, self._sure = labels, sure

    def probabilities(self, words, context):
        rows = np.full((len(words), len(Label)), 0.0, np.float32)
        for row, word in zip(rows, words, strict=True):
            label = self._labels.get(word, Label.NONE)
            row[Label.NONE] = 1 - self._sure if label else 1
            row[label] = self._sure if label else 1
        return rows

    def knows(self, recogniser):
        return recogniser == "KnownRule"


def found(value, entity_type="PERSON", recogniser="KnownRule"):
    start = TEXT.index(value)
    return Finding(start=start, end=start + len(value), entity_type=entity_type, score=0.5, recogniser=recogniser)


def values(findings):
    return {(str(f.entity_type), TEXT[f.start : f.end], f.recogniser) for f in findings}


def test_neighbouring_tokens_of_one_label_are_one_finding():
    tagger = Tagger({"Ana": Label.NAME, "Okonkwo": Label.NAME, "Bell": Label.NAME})
    assert values(weigh(TEXT, [], tagger)) == {("PERSON", "Ana Okonkwo-Bell", "Tagger.name")}


def test_a_rule_that_training_knew_is_overruled_and_no_other():
    findings = [
        found("Foley"),
        found("Foley", recogniser="SiteRule"),
        found("4471902", "MEDICAL_RECORD_NUMBER"),
    ]
    assert weigh(TEXT, findings, Tagger({})) == findings[1:]


@pytest.mark.parametrize(("sure", "kept"), [(0.01, False), (0.07, True)])
def test_doubt_has_to_be_small_to_overrule(sure, kept):
    findings = [found("Foley")]
    assert weigh(TEXT, findings, Tagger({"Foley": Label.NAME}, sure)) == (findings if kept else [])


@pytest.mark.parametrize(
    ("word", "sure", "is_taken"), [("Okonkwo", 0.2, True), ("Seen", 0.2, False), ("Seen", 0.4, True)]
)
def test_a_word_of_notes_has_to_be_likelier_than_one_that_is_none(word, sure, is_taken):
    assert bool(weigh(TEXT, [], Tagger({word: Label.NAME}, sure))) is is_taken


def test_articles_states_and_ages_in_words_stay():
    labels = {"the": Label.FACILITY, "Mercy": Label.FACILITY, "Texas": Label.PLACE, "ninety": Label.AGE}
    text = "At the Mercy in Texas, aged ninety."
    assert [text[f.start : f.end] for f in weigh(text, [], Tagger(labels))] == ["Mercy"]


def test_one_token_that_the_tagger_believes_keeps_the_whole_finding():
    findings = [found("Okonkwo-Bell")]
    assert weigh(TEXT, findings, Tagger({})) == []
    assert findings[0] in weigh(TEXT, findings, Tagger({"Okonkwo": Label.NAME}))


def test_a_common_given_name_a_sure_rule_and_an_address_with_a_number_are_never_overruled():
    sure = Finding(start=8, end=11, entity_type="FACILITY", score=0.9, recogniser="KnownRule")
    findings = [found("Ana Okonkwo-Bell"), sure, found("12 Elm Street", "LOCATION")]
    assert weigh(TEXT, findings, Tagger({})) == findings


def test_a_tagger_that_gives_no_number_overrules_nothing():
    class Broken(Tagger):
        def probabilities(self, words, context):
            return np.full((len(words), len(Label)), np.nan, np.float32)

    assert weigh(TEXT, [found("Foley")], Broken({})) == [found("Foley")]


def test_numbers_are_left_to_patterns():
    assert weigh(TEXT, [], Tagger({"4471902": Label.OTHER})) == []


@pytest.mark.parametrize(
    ("number", "sure", "is_taken"),
    [("90", 0.6, True), ("120", 0.6, True), ("121", 0.6, False), ("89", 0.99, False), ("94", 0.4, False)],
)
def test_a_number_over_89_may_be_an_age(number, sure, is_taken):
    findings = weigh(f"Mrs. Agnew, {number}, SVT", [], Tagger({number: Label.AGE}, sure))
    assert [(f.entity_type, f.start, f.end) for f in findings] == (
        [("AGE_OVER_89", 12, 12 + len(number))] if is_taken else []
    )


class GradedTagger(Tagger):
    """Gives each word a label and how sure of it it is."""

    def __init__(self, answers):
        super().__init__({word: label for word, (label, _) in answers.items()})
        self._answers = answers

    def probabilities(self, words, context):
        rows = super().probabilities(words, context)
        for row, word in zip(rows, words, strict=True):
            label, sure = self._answers.get(word, (Label.NONE, 1.0))
            row[Label.NONE], row[label] = 1 - sure, sure
        return rows


@pytest.mark.parametrize(
    ("text", "answers", "taken"),
    [
        # a sure word takes the unsure ones beside it along, on either side
        ("in Welch Community", {"Welch": (Label.PLACE, 0.1), "Community": (Label.FACILITY, 0.9)}, ["Welch Community"]),
        ("at Falck 12.", {"Falck": (Label.FACILITY, 0.9), "12": (Label.FACILITY, 0.1)}, ["Falck 12"]),
        ("at Falck 12.", {"Falck": (Label.FACILITY, 0.05), "12": (Label.FACILITY, 0.9)}, []),
        # no word in lower case, and none before a date
        ("the Mercy flights", {"Mercy": (Label.FACILITY, 0.9), "flights": (Label.FACILITY, 0.2)}, ["Mercy"]),
        ("brands Mon 10", {"brands": (Label.DATE, 0.3), "Mon": (Label.DATE, 0.9), "10": (Label.DATE, 0.9)}, ["Mon 10"]),
        # what a firm's name owns is the name; a person's is not
        ("at Kinney's now", {"Kinney": (Label.FACILITY, 0.9)}, ["Kinney's"]),
        ("with Kinney's son", {"Kinney": (Label.NAME, 0.9)}, ["Kinney"]),
    ],
)
def test_a_name_is_taken_whole(text, answers, taken):
    assert [text[f.start : f.end] for f in weigh(text, [], GradedTagger(answers))] == taken
