import pytest

from pipelines.screening.placeholders import PlaceholderGrammar
from schemas.errors import ConfigError

WELL_FORMED = [
    "[**Known lastname 123**]",
    "[**First Name8 (NamePattern2) **]",
    "[**Hospital1 18**]",
    "[**2151-7-16**]",
    "[**12-3**]",
    "[**Telephone/Fax (1) 1234**]",
    "[**Age over 90 **]",
    "[** **]",
    "___",
    "[NAME]",
    "[LAST NAME]",
    "<DATE>",
    "{{PROVIDER_2}}",
    "XXX-XX-XXXX",
]


@pytest.mark.parametrize("placeholder", WELL_FORMED)
def test_placeholders_are_whole_spans(placeholder):
    text = f"Seen by {placeholder} today."
    assert PlaceholderGrammar().find(text).spans == [(8, 8 + len(placeholder))]


@pytest.mark.parametrize("malformed", ["[**John Doe**]", "[**Smith**]", "{{Jane Roe}}", "[**MRN 48572113**]"])
def test_brackets_around_something_else_are_malformed(malformed):
    found = PlaceholderGrammar().find(f"Seen by {malformed} today.")
    assert found.malformed == [(8, 8 + len(malformed))]
    assert found.spans == []


def test_plain_brackets_are_text():
    found = PlaceholderGrammar().find("K 3.1 [L] and [SIC] and <5 and [John Doe]")
    assert not found.spans
    assert not found.malformed


def test_a_sites_own_tag_is_a_placeholder():
    assert not PlaceholderGrammar().find("[SHOE_SIZE]").spans
    assert PlaceholderGrammar({"[SHOE_SIZE]"}).find("[SHOE_SIZE]").spans


def test_a_sites_own_form_is_a_placeholder_and_may_stand_for_a_person():
    text = "Seen by @@NAME-12@@ and {{pt:4}}."
    found = PlaceholderGrammar(site_patterns=[r"@@[A-Z]+-\d+@@", r"\{\{\w+:\d\}\}"]).find(text)
    assert [text[a:b] for a, b in found.spans] == ["@@NAME-12@@", "{{pt:4}}"]
    assert found.person_spans == found.spans
    assert not found.malformed


@pytest.mark.parametrize("expression", [r"\w+", r"[A-Z]*", "(", r".+", r"\d{5}"])
def test_a_sites_form_that_would_hide_identifiers_is_refused(expression):
    with pytest.raises(ConfigError, match=r"screening\.placeholder_patterns"):
        PlaceholderGrammar(site_patterns=[expression])


@pytest.mark.parametrize(
    "text",
    [
        "Mr. [**Smith**] was seen.",
        "Seen by [**John Doe**].",
        "[NAME] Smith was seen.",
        "Seen by Dr. ___ Jones.",
        "Dr. [**First Name (un) 12**] Venkataraman operated.",
        "Patient Robert [**Last Name**] is well.",
    ],
)
def test_half_redacted_names_quarantine_the_note(bench, text):
    screened, outcomes = bench.run([text])
    assert outcomes == [("quarantined", "malformed_placeholder")]
    assert screened.notes.num_rows == 0
    assert screened.findings.num_rows > 0


def test_a_deidentified_note_passes_untouched(bench):
    text = (
        "[**Known firstname 5**] [**Known lastname 123**] is a 61 year old man admitted on [**2151-7-16**] to "
        "[**Hospital1 18**].\n"
        "Name: ___ Unit No: ___\nDate of Birth: ___\nAttending: ___.\nDr. [**Last Name (STitle) 45**] was called at "
        "[**Telephone/Fax (1) 1234**]. [NAME] denies pain. {{PROVIDER_2}} saw the patient on <DATE>. SSN XXX-XX-XXXX.\n"
    )
    screened, outcomes = bench.run([text])
    assert outcomes == [("accepted", "")]
    assert screened.notes["text"].to_pylist() == [text]
    assert screened.findings.num_rows == 0
