"""FHIR resources as rows of the notes contract: `DocumentReference` of R4 and R5, alone or in a Bundle.

    note_rows({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "DocumentReference", ...}}, ...]})

The text is the first attachment that can be decoded, plain text before HTML. Nothing is ever fetched: an attachment
that is only a URL, one of another type (PDF, RTF) and one that cannot be decoded give a row without text, which ingest
rejects as `empty_text`. So does a document that its authors have marked `entered-in-error`.

The fields are those of https://hl7.org/fhir/R4/documentreference.html and https://hl7.org/fhir/R5/documentreference.html.
"""

import base64
import binascii
from collections.abc import Iterator
from email.message import Message
from typing import Any

from inscriptis import get_text
from lxml.etree import LxmlError

Resource = dict[str, Any]
Row = dict[str, str | None]

# Best first. An attachment without a type is not read: its bytes may be anything.
_TEXT_TYPES = ("text/plain", "text/html", "application/xhtml+xml")
_ENTERED_IN_ERROR = "entered-in-error"
# Conditions that were ruled out or recorded by mistake are no diagnosis.
_NOT_HELD = frozenset({"refuted", _ENTERED_IN_ERROR})
_UNRANKED = 1_000_000


def note_rows(resource: Resource) -> list[Row]:
    """The notes in a resource, in its order.

    Args:
        resource: a DocumentReference or a Bundle, as `json.loads` reads it; numbers may stay strings.

    Returns:
        One row for each DocumentReference, all with the keys note_id, patient_id, encounter_id, note_type, written_at,
        text, diagnosis and diagnosis_code; None where the resource does not say. The diagnosis is that of the row's
        encounter: the Condition in the same Bundle that its Encounter ranks first, else an encounter diagnosis before
        an entry of the problem list. Any other resource, and what is no resource, gives no row.
    """
    resources = list(_resources(resource))
    ranks = {key: rank for item in _of_type(resources, "Encounter") for key, rank in _diagnosis_ranks(item)}
    diagnoses = _first_conditions(_of_type(resources, "Condition"), ranks)
    return [_note_row(document, diagnoses) for document in _of_type(resources, "DocumentReference")]


def _resources(resource: Any) -> Iterator[Resource]:
    if not isinstance(resource, dict):
        return
    if resource.get("resourceType") != "Bundle":
        yield resource
        return
    for entry in _dicts(resource.get("entry")):
        yield from _resources(entry.get("resource"))


def _of_type(resources: list[Resource], kind: str) -> Iterator[Resource]:
    return (resource for resource in resources if resource.get("resourceType") == kind)


def _note_row(document: Resource, diagnoses: dict[str, Row]) -> Row:
    encounter = _encounter(document.get("context"))
    is_error = _ENTERED_IN_ERROR in (document.get("status"), document.get("docStatus"))
    attachments = [_dict(content.get("attachment")) for content in _dicts(document.get("content"))]
    created = next(filter(None, (_string(attachment.get("creation")) for attachment in attachments)), None)
    return {
        "note_id": _string(document.get("id")),
        "patient_id": _referenced_id(document.get("subject")),
        "encounter_id": encounter,
        "note_type": _concept_name(document.get("type")),
        "written_at": _string(document.get("date")) or created,
        "text": None if is_error else _first_text(attachments),
        **diagnoses.get(encounter or "", {"diagnosis": None, "diagnosis_code": None}),
    }


def _encounter(context: Any) -> str | None:
    """R4 has an object with a list of encounters; R5 a list of references, of which some are to encounters."""
    references = _dicts(context) or _dicts(_dict(context).get("encounter"))
    named = [item for item in references if "Encounter" in (item.get("type"), *_path(item))]
    # A reference by URN does not say what it points to.
    return _referenced_id(next(iter(named or (item for item in references if not _names_a_type(item))), None))


def _names_a_type(reference: Resource) -> bool:
    return bool(reference.get("type")) or len(_path(reference)) > 1


def _first_text(attachments: list[Resource]) -> str | None:
    for kind in _TEXT_TYPES:
        for attachment in attachments:
            content_type = _string(attachment.get("contentType")) or ""
            if content_type.partition(";")[0].strip().lower() == kind:
                text = _decoded(attachment.get("data"), _charset(content_type))
                text = text if text is None or kind == "text/plain" else _html_text(text)
                if text and text.strip():
                    return text
    return None


def _charset(content_type: str) -> str:
    """The charset of a media type, whose parameters the parser of e-mail knows how to take apart."""
    message = Message()
    message["Content-Type"] = " ".join(content_type.split())
    return message.get_content_charset("utf-8")


def _decoded(data: Any, charset: str) -> str | None:
    try:
        # Base64 may be folded into lines; any other foreign character means that it is damaged.
        return base64.b64decode("".join(data.split()), validate=True).decode(charset).removeprefix("\ufeff")
    except (AttributeError, binascii.Error, ValueError, LookupError):
        return None


def _html_text(html: str) -> str | None:
    try:
        return get_text(html).strip()
    except (LxmlError, ValueError, RecursionError):
        return None


def _diagnosis_ranks(encounter: Resource) -> Iterator[tuple[str, int]]:
    """(condition id, rank) of an encounter's own list; R4 ranks them, R5 has several conditions to an entry."""
    for entry in _dicts(encounter.get("diagnosis")):
        rank = str(entry.get("rank"))
        conditions = [_dict(item).get("reference") for item in _dicts(entry.get("condition"))]
        for reference in conditions or [entry.get("condition")]:
            condition = _referenced_id(reference)
            if condition:
                yield condition, int(rank) if rank.isdecimal() else _UNRANKED - 1


def _first_conditions(conditions: Iterator[Resource], ranks: dict[str, int]) -> dict[str, Row]:
    """Encounter id → diagnosis and code of its first condition."""
    first: dict[str, tuple[tuple[int, bool], Row]] = {}
    for condition in conditions:
        encounter = _referenced_id(condition.get("encounter"))
        if encounter is None or _codes(condition.get("verificationStatus")) & _NOT_HELD:
            continue
        is_problem = any("problem-list-item" in _codes(item) for item in _dicts(condition.get("category")))
        order = (ranks.get(_string(condition.get("id")) or "", _UNRANKED), is_problem)
        concept = condition.get("code")
        row = {"diagnosis": _concept_name(concept), "diagnosis_code": _concept_code(concept)}
        if encounter not in first or order < first[encounter][0]:
            first[encounter] = (order, row)
    return {encounter: row for encounter, (_, row) in first.items()}


def _concept_name(concept: Any) -> str | None:
    """What a CodeableConcept is called: its text, else what its codings show, else a code."""
    codings = _dicts(_dict(concept).get("coding"))
    names = [_dict(concept).get("text"), *(c.get("display") for c in codings), *(c.get("code") for c in codings)]
    return next(filter(None, map(_string, names)), None)


def _concept_code(concept: Any) -> str | None:
    """A CodeableConcept's ICD code, or the first of another system."""
    codings = sorted(_dicts(_dict(concept).get("coding")), key=lambda c: "icd" not in str(c.get("system")).lower())
    return next(filter(None, (_string(coding.get("code")) for coding in codings)), None)


def _codes(concept: Any) -> set[str]:
    return {code for item in _dicts(_dict(concept).get("coding")) if (code := _string(item.get("code")))}


def _referenced_id(reference: Any) -> str | None:
    """The id that a Reference points to: "Patient/7", ".../Patient/7/_history/2" and "urn:uuid:7" → "7"."""
    path = _path(_dict(reference))
    if path:
        return path[-1]
    return _string(_dict(_dict(reference).get("identifier")).get("value"))


def _path(reference: Resource) -> list[str]:
    address = (_string(reference.get("reference")) or "").partition("/_history/")[0]
    return [part for part in address.removeprefix("urn:uuid:").removeprefix("urn:oid:").lstrip("#").split("/") if part]


def _dict(value: Any) -> Resource:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[Resource]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _string(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
