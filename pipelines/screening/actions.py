"""What becomes of a note once its identifiers are found: the policy carried out.

  findings ──▶ any to quarantine? ──▶ too much to replace? ──▶ tags and surrogates, from right to left ──▶ safe text
                     └────────▶ quarantined ◀──┘

`apply` is a pure function of the text, its findings, the patient, the policy and the audit key.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.screening.entities import EntityType, tag
from pipelines.screening.policy import ScreeningConfig
from pipelines.screening.spans import REPLACING, Finding, redacted_share, splice
from pipelines.screening.surrogates import SURROGATE_TYPES, Surrogates
from schemas.findings import Action
from schemas.ledger import Outcome

FLAGGED = "flagged"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of one note.

    Attributes:
        reason: a code for the ledger, never text.
        text: what may go on; None where the note is quarantined.
        findings: as they came in, with the action that was carried out.
    """

    outcome: Outcome
    reason: str
    text: str | None
    findings: list[Finding]


def quarantined(reason: str, findings: Sequence[Finding] = ()) -> Verdict:
    """The verdict on a note that is set aside, whatever the policy: what was not screened has no findings to go by."""
    return Verdict(outcome=Outcome.QUARANTINED, reason=reason, text=None, findings=list(findings))


def apply(
    text: str, findings: Sequence[Finding] | None, *, patient_id: str, config: ScreeningConfig, key: bytes
) -> Verdict:
    """Carry out the policy on one note.

    Args:
        text: the note as the recognisers saw it.
        findings: merged ones, disjoint and in order, each with the policy's action; None where the engine failed.
        patient_id: whose surrogates are put in.
        config: the policy.
        key: the audit key.

    Returns:
        The verdict. A surrogate that cannot be made has become a tag, and its finding says so. With
        `config.flag_only` the text is as it came and the findings say what would have been done, also where that is
        a quarantine; only a note on which the engine failed is set aside all the same, for it was not flagged either.
    """
    if findings is None:
        return quarantined("engine_error")
    surrogates = Surrogates(key, patient_id)
    decided = [_decided(text, finding, surrogates) for finding in findings]
    carried_out = [finding for finding, _ in decided]
    if config.flag_only:
        reason = FLAGGED if any(finding.action is not Action.PASS for finding in carried_out) else ""
        return Verdict(outcome=Outcome.ACCEPTED, reason=reason, text=text, findings=carried_out)
    hard = [finding.entity_type for finding in findings if finding.action is Action.QUARANTINE]
    if EntityType.MALFORMED_PLACEHOLDER in hard:
        return quarantined("malformed_placeholder", carried_out)
    if hard:
        return quarantined(f"hard_identifier:{hard[0]}", carried_out)
    if redacted_share(text, findings) > config.max_redacted_share:
        return quarantined("over_redacted", carried_out)
    edits = [(finding.start, finding.end, new) for finding, new in decided if finding.action in REPLACING]
    outcome = Outcome.REDACTED if edits else Outcome.ACCEPTED
    return Verdict(outcome=outcome, reason="", text=splice(text, edits), findings=carried_out)


def _decided(text: str, finding: Finding, surrogates: Surrogates) -> tuple[Finding, str]:
    """The finding with the action that can be carried out, and what would take its place."""
    if finding.action is Action.SURROGATE and finding.entity_type in SURROGATE_TYPES:
        surrogate = surrogates.replace(finding.entity_type, text[finding.start : finding.end])
        if surrogate is not None:
            return finding, surrogate
    action = Action.REDACT if finding.action is Action.SURROGATE else finding.action
    return replace(finding, action=action), tag(finding.entity_type)
