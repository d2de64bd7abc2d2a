"""FHIR resources into rows: R4 and R5, bundles and single resources, and everything that must not raise."""

import base64
from typing import Any

import pytest

from pipelines.ingest.fhir import note_rows

TEXT = "CHIEF COMPLAINT: Cough.\nASSESSMENT: Bronchitis."


def encoded(text: str, charset: str = "utf-8") -> str:
    return base64.b64encode(text.encode(charset)).decode()


def attachment(kind: str = "text/plain", **fields: Any) -> dict[str, Any]:
    return {"attachment": {"contentType": kind, **fields}}


def document(*content: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "id": "doc-1",
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "34111-5", "display": "Emergency department Note"}]},
        "subject": {"reference": "Patient/pat-1"},
        "date": "2023-02-03T04:05:06Z",
        "content": list(content) or [attachment(data=encoded(TEXT))],
        "context": {"encounter": [{"reference": "Encounter/enc-1"}]},
        **fields,
    }


def condition(name: str, encounter: str = "Encounter/enc-1", **fields: Any) -> dict[str, Any]:
    codings = [
        {"system": "http://snomed.info/sct", "code": f"sct-{name}"},
        {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": f"icd-{name}", "display": name},
    ]
    return {
        "resourceType": "Condition",
        "id": name,
        "encounter": {"reference": encounter},
        "code": {"coding": codings},
        **fields,
    }


def bundle(*resources: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": item} for item in resources]}


def only_row(resource: dict[str, Any]) -> dict[str, str | None]:
    (row,) = note_rows(resource)
    return row


def test_a_document_of_r4() -> None:
    assert only_row(document()) == {
        "note_id": "doc-1",
        "patient_id": "pat-1",
        "encounter_id": "enc-1",
        "note_type": "Emergency department Note",
        "written_at": "2023-02-03T04:05:06Z",
        "text": TEXT,
        "diagnosis": None,
        "diagnosis_code": None,
    }


def test_a_document_of_r5_has_its_encounter_among_other_references() -> None:
    context = [{"reference": "Appointment/app-1"}, {"reference": "Encounter/enc-5"}]
    assert only_row(document(context=context))["encounter_id"] == "enc-5"
    assert only_row(document(context=[{"reference": "EpisodeOfCare/ep-1"}]))["encounter_id"] is None


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"reference": "https://fhir.example.org/r4/Patient/7/_history/2"}, "7"),
        ({"reference": "urn:uuid:0f1e"}, "0f1e"),
        ({"identifier": {"system": "urn:mrn", "value": "A12"}}, "A12"),
        ({"display": "A person's name is no id"}, None),
        ("Patient/7", None),
    ],
)
def test_the_patient_of_a_reference(reference: Any, expected: str | None) -> None:
    assert only_row(document(subject=reference))["patient_id"] == expected


def test_type_text_comes_before_codes_and_the_attachment_may_carry_the_date() -> None:
    note = document(attachment(data=encoded(TEXT), creation="2020-01-01"), type={"text": "ED note"}, date=None)
    assert (only_row(note)["note_type"], only_row(note)["written_at"]) == ("ED note", "2020-01-01")


def test_html_becomes_text_without_scripts() -> None:
    html = "<html><head><script>x()</script></head><body><h1>PLAN</h1><p>Rest &amp; fluids.<br/>Home.</p></body></html>"
    for kind in ("text/html; charset=utf-8", "application/xhtml+xml"):
        text = only_row(document(attachment(kind, data=encoded(html))))["text"]
        assert text is not None
        assert [line for line in text.split("\n") if line] == ["PLAN", "Rest & fluids.", "Home."]


def test_plain_text_is_preferred_and_stands_as_it_is() -> None:
    html = attachment("text/html", data=encoded("<p>other</p>"))
    spaced = "  CC:\tcough\r\n\r\n"
    assert only_row(document(html, attachment(data=encoded(spaced))))["text"] == spaced
    damaged = attachment(data="***")
    assert only_row(document(damaged, html))["text"] == "other"


def test_the_charset_of_the_content_type_counts() -> None:
    latin = attachment("TEXT/PLAIN; charset=ISO-8859-1", data=encoded("37.5 °C", "latin-1"))
    assert only_row(document(latin))["text"] == "37.5 °C"


@pytest.mark.parametrize(
    "content",
    [
        attachment(url="http://127.0.0.1:9/Binary/1"),
        attachment(data="not base64!"),
        attachment(data="QUJ"),
        attachment(data=""),
        attachment(data=17),
        attachment(data=base64.b64encode(b"\xff\xfe\xfa").decode()),
        attachment("text/plain; charset=klingon", data=encoded(TEXT)),
        attachment("application/pdf", data=encoded(TEXT)),
        attachment("plain", data=encoded(TEXT)),
        {"attachment": {"data": encoded(TEXT)}},
        attachment("text/html", data=encoded("<!-- nothing -->")),
        {"attachment": None},
        {},
    ],
)
def test_what_cannot_be_decoded_is_a_row_without_text(content: dict[str, Any]) -> None:
    row = only_row(document(content))
    assert row["text"] is None
    assert row["note_id"] == "doc-1"


def test_folded_base64_is_read() -> None:
    data = encoded(TEXT)
    assert only_row(document(attachment(data=f"{data[:20]}\r\n{data[20:]}\n")))["text"] == TEXT


@pytest.mark.parametrize("field", ["status", "docStatus"])
def test_a_document_entered_in_error_has_no_text(field: str) -> None:
    assert only_row(document(**{field: "entered-in-error"}))["text"] is None


def test_a_bundle_gives_the_diagnosis_of_each_notes_encounter() -> None:
    second = document(id="doc-2", context={"encounter": [{"reference": "Encounter/enc-2"}]})
    rows = note_rows(bundle(condition("flu"), document(), condition("asthma", "Encounter/enc-2"), second))
    assert [(row["note_id"], row["diagnosis"], row["diagnosis_code"]) for row in rows] == [
        ("doc-1", "flu", "icd-flu"),
        ("doc-2", "asthma", "icd-asthma"),
    ]


def test_the_encounters_ranking_decides_then_the_category() -> None:
    problem = condition("old", category=[{"coding": [{"code": "problem-list-item"}]}])
    refuted = condition("ruled out", verificationStatus={"coding": [{"code": "refuted"}]})
    assert only_row(bundle(refuted, problem, condition("flu"), document()))["diagnosis"] == "flu"
    diagnosis = [
        {"condition": {"reference": "Condition/flu"}, "rank": 2},
        {"condition": {"reference": "Condition/old"}},
    ]
    diagnosis.append({"condition": {"reference": "Condition/sepsis"}, "rank": 1})
    encounter = {"resourceType": "Encounter", "id": "enc-1", "diagnosis": diagnosis}
    ranked = bundle(problem, condition("flu"), condition("sepsis"), encounter, document())
    assert only_row(ranked)["diagnosis"] == "sepsis"
    encounter["diagnosis"] = [{"condition": [{"reference": {"reference": "Condition/old"}}]}]  # as R5 has it
    assert only_row(bundle(condition("flu"), problem, encounter, document()))["diagnosis"] == "old"


def test_urn_references_join_inside_a_bundle() -> None:
    note = document(context={"encounter": [{"reference": "urn:uuid:enc-9"}]})
    assert only_row(bundle(note, condition("flu", "urn:uuid:enc-9")))["diagnosis"] == "flu"


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"resourceType": "Patient", "id": "p"},
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": {"resource": document()}},
        bundle(None, "text", 3, {"resourceType": "Observation"}),
    ],
)
def test_what_holds_no_document_gives_no_row(resource: dict[str, Any]) -> None:
    assert note_rows(resource) == []


@pytest.mark.parametrize("field", ["id", "type", "subject", "date", "content", "context", "status"])
@pytest.mark.parametrize("value", [None, 3, "x", [], ["x"], {}, [{"x": [1]}], {"reference": 3, "coding": "x"}])
def test_no_shape_of_a_field_raises(field: str, value: Any) -> None:
    note = document(**{field: value})
    encounter = {"resourceType": "Encounter", "id": "enc-1", "diagnosis": value}
    assert len(note_rows(bundle(note, condition("flu", **{"code": value, "category": value}), encounter))) == 1
