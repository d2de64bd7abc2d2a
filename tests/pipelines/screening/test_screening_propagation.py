import pytest

from pipelines.screening.entities import EntityType
from pipelines.screening.propagation import confirmed_name_tokens, find_known_tokens, propagate
from pipelines.screening.spans import Finding


def person(text, value, recogniser="NameRecogniser.title", entity_type=EntityType.PERSON):
    start = text.index(value)
    return Finding(start=start, end=start + len(value), entity_type=entity_type, score=0.9, recogniser=recogniser)


def values(text, findings):
    return [text[f.start : f.end] for f in findings]


def test_a_name_found_by_a_cue_is_found_again():
    text = "Dr. Okonkwo came. OKONKWO agrees; Okonkwo's plan stands."
    assert values(text, propagate(text, [person(text, "Okonkwo")])) == ["Okonkwo", "OKONKWO", "Okonkwo"]


def test_initials_go_with_a_surname_and_letters_do_not():
    text = "Dr. Okonkwo. By A. B. Okonkwo, C.Okonkwo and XOkonkwo; Okonkwos, Okonkwo-Lind, drX. Okonkwo"
    found = values(text, propagate(text, [person(text, "Okonkwo")]))
    assert found == ["Okonkwo", "A. B. Okonkwo", "C.Okonkwo", "Okonkwo", "Okonkwo"]


@pytest.mark.parametrize("recogniser", ["NerRecogniser.person", "ListedNameRecogniser.lone_name"])
def test_one_word_without_a_cue_is_not_spread(recogniser):
    text = "Then Zolindra came. Zolindra again."
    assert propagate(text, [person(text, "Zolindra", recogniser)]) == []


def test_a_name_is_not_spread_into_a_disease_or_to_the_beginning_of_a_sentence_as_another_word():
    text = "Dr. Grant Parkinson came. Grant leave. Known Parkinson disease."
    again = propagate(text, [person(text, "Grant Parkinson")])
    assert values(text, again) == ["Parkinson"]  # the one after "Grant", which its own cue has found


def test_confirmed_tokens_are_folded_names_and_nothing_that_means_something_else():
    text = "Seen: José Müller-Okonkwo, Dr. Foley, Mr. Young, Anna Li, MRN 48572113."
    findings = [person(text, value) for value in ("José Müller-Okonkwo", "Foley", "Young", "Li")]
    findings.append(person(text, "48572113", entity_type=EntityType.MEDICAL_RECORD_NUMBER))
    assert confirmed_name_tokens(text, findings) == {"jose", "muller-okonkwo", "muller", "okonkwo"}


def test_a_word_that_only_the_tagger_took_for_a_name_does_not_leave_the_note():
    text = "Then Zolindra came."
    assert confirmed_name_tokens(text, [person(text, "Zolindra", "NerRecogniser.person")]) == set()


def test_known_tokens_are_found_in_any_case_and_asked_for_once():
    asked = []

    def is_known(token):
        asked.append(token)
        return token in {"okonkwo", "jose", "parkinson"}

    text = "okonkwo came; OKONKWO's son JOSÉ and Müller-Okonkwo left. okonkwos? Parkinson disease. bo"
    assert values(text, find_known_tokens(text, is_known)) == ["okonkwo", "OKONKWO", "JOSÉ", "Müller-Okonkwo"]
    assert len(asked) == len(set(asked))
    assert "bo" not in asked


def test_what_one_note_confirms_is_found_in_another():
    first, second = "Patient: Ngozi Okonkwo.", "pt okonkwo (ngozi) stable"
    tokens = confirmed_name_tokens(first, [person(first, "Ngozi Okonkwo")])
    assert values(second, find_known_tokens(second, tokens.__contains__)) == ["okonkwo", "ngozi"]
