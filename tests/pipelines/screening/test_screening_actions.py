import pytest

from pipelines.screening.actions import apply
from pipelines.screening.policy import ScreeningConfig
from pipelines.screening.spans import Finding
from schemas.findings import Action
from schemas.ledger import Outcome

KEY = b"a key for the tests, of 32 bytes"


def found(text, *values, action=Action.REDACT):
    """Findings of (type, value) pairs, or (type, value, action)."""
    findings = []
    for kind, value, *own in values:
        start = text.index(value)
        findings.append(
            Finding(
                start=start,
                end=start + len(value),
                entity_type=kind,
                score=1.0,
                recogniser="test",
                action=own[0] if own else action,
            )
        )
    return sorted(findings, key=lambda f: f.start)


def applied(text, findings, patient_id="p1", **settings):
    config = ScreeningConfig(**{"max_redacted_share": 1.0, **settings})
    return apply(text, findings, patient_id=patient_id, config=config, key=KEY)


@pytest.mark.parametrize(
    "prefix",
    ["👩🏽‍⚕️🚑 ", "Cafe\u0301 nai\u0308ve — ", "line\r\nline\r\n", "\u200b\ufeff温度 38.2 "],
    ids=["emoji", "combining", "crlf", "wide"],
)
@pytest.mark.parametrize("action", [Action.REDACT, Action.SURROGATE])
def test_edits_stand_where_the_values_stood(prefix, action):
    text = f"{prefix}Seen in May. Dr. May notified,\r\ntel (617) 555-0143. 🙂 Well."
    findings = found(text, ("PHONE_NUMBER", "(617) 555-0143"), action=action)
    start = text.index("Dr. May") + 4
    findings.insert(
        0, Finding(start=start, end=start + 3, entity_type="PERSON", score=1, recogniser="test", action=action)
    )
    verdict = applied(text, findings)
    before, rest = verdict.text.split(" notified,\r\ntel ")
    assert before.startswith(f"{prefix}Seen in May. Dr. ")
    assert rest.endswith(". 🙂 Well.")
    replaced = (before.removeprefix(f"{prefix}Seen in May. Dr. "), rest.removesuffix(". 🙂 Well."))
    if action is Action.REDACT:
        assert replaced == ("[NAME]", "[PHONE]")
    else:
        assert replaced[0].isalpha()
        assert replaced[0] != "May"
        assert replaced[1][5:12] == " 555-01"
    assert (verdict.outcome, verdict.reason) == (Outcome.REDACTED, "")


def test_a_surrogate_that_cannot_be_made_is_a_tag_and_its_finding_says_so():
    text = "Born at Christmas, seen 03/14/2019."
    verdict = applied(
        text, found(text, ("DATE_TIME", "Christmas"), ("DATE_TIME", "03/14/2019"), action=Action.SURROGATE)
    )
    assert verdict.text.startswith("Born at [DATE], seen ")
    assert "03/14/2019" not in verdict.text
    assert [f.action for f in verdict.findings] == [Action.REDACT, Action.SURROGATE]


def test_a_type_without_surrogates_is_redacted_even_so():
    text = "At Lakeside Hospital."
    verdict = applied(text, found(text, ("FACILITY", "Lakeside Hospital"), action=Action.SURROGATE))
    assert verdict.text == "At [FACILITY]."


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([("PERSON", "Ann", Action.QUARANTINE)], "hard_identifier:PERSON"),
        ([("PERSON", "Ann", Action.QUARANTINE), ("MALFORMED_PLACEHOLDER", "[**Bo**]", Action.QUARANTINE)],
         "malformed_placeholder"),
        ([("PERSON", "Ann")], "over_redacted"),
        ([("PERSON", "Ann", Action.SURROGATE)], "over_redacted"),
    ],
)  # fmt: skip
def test_quarantine(values, reason):
    text = "Ann, [**Bo**]"
    verdict = applied(text, found(text, *values), max_redacted_share=0.1)
    assert (verdict.outcome, verdict.reason, verdict.text) == (Outcome.QUARANTINED, reason, None)
    assert len(verdict.findings) == len(values)


def test_a_note_that_passes_is_as_it_came():
    text = "In Ohio."
    verdict = applied(text, found(text, ("LOCATION", "Ohio"), action=Action.PASS))
    assert (verdict.outcome, verdict.reason, verdict.text) == (Outcome.ACCEPTED, "", text)


def test_flag_only_changes_and_quarantines_nothing_and_says_what_would_be_done():
    text = "Ann, [**Bo**], 03/14/2019"
    findings = found(
        text,
        ("PERSON", "Ann"),
        ("MALFORMED_PLACEHOLDER", "[**Bo**]", Action.QUARANTINE),
        ("DATE_TIME", "03/14/2019", Action.SURROGATE),
    )
    verdict = applied(text, findings, flag_only=True, max_redacted_share=0.1)
    assert (verdict.outcome, verdict.reason, verdict.text) == (Outcome.ACCEPTED, "flagged", text)
    assert [f.action for f in verdict.findings] == [Action.REDACT, Action.QUARANTINE, Action.SURROGATE]
    assert applied(text, [], flag_only=True).reason == ""


@pytest.mark.parametrize("flag_only", [False, True])
def test_a_note_on_which_the_engine_failed_never_goes_on(flag_only):
    verdict = applied("Ann", None, flag_only=flag_only)
    assert (verdict.outcome, verdict.reason, verdict.text) == (Outcome.QUARANTINED, "engine_error", None)


def test_one_patients_notes_agree_and_two_patients_do_not():
    notes = ["Okonkwo, seen 03/14/2019.", "Follow-up of OKONKWO on March 28, 2019."]
    kinds = [
        [("PERSON", "Okonkwo"), ("DATE_TIME", "03/14/2019")],
        [("PERSON", "OKONKWO"), ("DATE_TIME", "March 28, 2019")],
    ]
    first, second = (
        [
            applied(n, found(n, *k, action=Action.SURROGATE), patient_id=p).text
            for n, k in zip(notes, kinds, strict=True)
        ]
        for p in ("p1", "p2")
    )
    name = first[0].split(",")[0]
    assert name.upper() in first[1]
    assert name.upper() not in second[1]
