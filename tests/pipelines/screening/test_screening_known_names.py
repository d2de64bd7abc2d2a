from pipelines.screening.known_names import KnownNames, NameSurvey

KEY = b"0123456789abcdef0123456789abcdef"
INTAKE = "Patient: Maribel Vasquezlind\nSeen by Dr. Okonkwosson for chest pain."


def known_to(patient_id, *texts):
    survey = NameSurvey(KEY, timeout_s=5.0)
    return KnownNames(set().union(*(survey.name_keys(text, patient_id) for text in texts)), KEY)


def found(known, text, patient_id):
    return [text[finding.start : finding.end] for finding in known.find(text, patient_id)]


def test_a_name_with_a_cue_in_one_note_is_found_without_one_in_another():
    known = known_to("p1", INTAKE)
    assert found(known, "d/w vasquezlind, agrees; OKONKWOSSON paged", "p1") == ["vasquezlind", "OKONKWOSSON"]


def test_it_is_not_looked_for_in_another_patients_notes():
    assert found(known_to("p1", INTAKE), "d/w vasquezlind, agrees", "p2") == []


def test_a_name_that_is_an_ordinary_word_or_an_eponym_does_not_travel():
    known = known_to("p1", "Patient: Grace Young\nSeen by Dr. Frank Foley.")
    assert found(known, "Young man with a Foley catheter, prays for grace.", "p1") == []


def test_what_is_kept_holds_no_name():
    keys = NameSurvey(KEY, timeout_s=5.0).name_keys(INTAKE, "p1")
    assert keys
    assert not any(b"asquez" in key or b"konkwo" in key for key in keys)
    assert keys.isdisjoint(NameSurvey(b"another key of at least 16 bytes", 5.0).name_keys(INTAKE, "p1"))


def test_nothing_known_finds_nothing():
    assert found(KnownNames((), KEY), INTAKE, "p1") == []
