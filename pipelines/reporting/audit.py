"""The privacy officer's audit of a finished prepare output: what was found, what was done, what may be left.

<storage>/screening-audit-<identity of prepare>/audit.html       the page
                                      audit.json       the same as data
                                      findings.parquet counts by type, recogniser and action
                                      worksheet.csv    the blind review's sample: offsets, no text

Put the two filled copies, `worksheet-a.csv` and `worksheet-b.csv`, beside it and run it again: the review is then part
of the audit. It holds counts, hashes of files and settings, note ids and offsets; no text and nothing derived from it.
"""

import io
import json
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.reporting.audit_counts import finding_counts, repeats_section, replaced_section
from pipelines.reporting.audit_provenance import audit_provenance
from pipelines.reporting.audit_review import WORKSHEET, ReviewConfig, review_section, worksheet
from pipelines.reporting.document import render
from pipelines.stage.output import StageOutput, write_atomically, write_table
from schemas.errors import LedgerError
from schemas.ledger import Stage

HTML = "audit.html"
JSON = "audit.json"


def audit_directory(prepare: StageOutput) -> Path:
    """Where the audit of a prepare output lies."""
    return prepare.path.with_name(f"screening-audit-{prepare.identity}")


def write_audit(prepare: StageOutput, config: ReviewConfig) -> Path:
    """Write the audit; the same output and worksheets give the same bytes.

    Returns:
        Path of the page. The other files lie beside it.

    Raises:
        InputError: prepare has not finished, or a worksheet is not filled as it should be.
        LedgerError: the findings are not those that the manifest counts.
    """
    prepare.manifest()  # without one the output may lack notes
    directory = audit_directory(prepare)
    sample = worksheet(prepare, config)
    audit = build_audit(prepare, sample, config)
    csv = io.BytesIO()
    sample.write_csv(csv)
    write_atomically(directory / WORKSHEET, csv.getvalue())
    write_table(directory / "findings.parquet", finding_counts(prepare).to_arrow())
    write_atomically(directory / JSON, json.dumps(audit, indent=2, ensure_ascii=False, allow_nan=False).encode())
    write_atomically(directory / HTML, render_audit(audit).encode())
    return directory / HTML


def build_audit(prepare: StageOutput, sample: pl.DataFrame, config: ReviewConfig) -> dict[str, Any]:
    """The document: everything that the page shows. Raises as `write_audit`.

    Args:
        sample: the worksheet of these settings.
    """
    manifest = prepare.manifest()
    results, screening = manifest["results"], manifest["config"]["screening"]
    counts = finding_counts(prepare)
    by_type = dict(counts.group_by("entity_type").agg(pl.col("num_findings").sum()).iter_rows())
    if by_type != results["findings"]:
        raise LedgerError("the findings are not those that the prepare manifest counts: run prepare again")
    return {
        "output": prepare.path.name,
        "flag_only": screening["flag_only"],
        "notes": {
            "num_read": results["num_rows_read"],
            "screened": results["outcomes"][Stage.SCREEN.value],
            "final_buckets": results["final_buckets"],
        },
        "findings": counts.to_dicts(),
        "replaced": None if screening["flag_only"] else replaced_section(prepare),
        "repeats": repeats_section(prepare),
        "canaries": results["canaries"]["kinds"] if results.get("canaries") else None,
        "risk": results.get("risk"),
        "review": {
            "num_sampled": sample["note_id"].n_unique(),
            "seed": config.seed,
            "result": review_section(audit_directory(prepare), sample, config.seed),
        },
        "provenance": audit_provenance(manifest),
    }


def render_audit(audit: dict[str, Any]) -> str:
    """The HTML of an audit. It has no script, and its policy allows none."""
    return render("audit.html", has_charts=False, audit=audit)
