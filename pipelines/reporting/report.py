"""The stage: gathers what the other stages wrote into one document, and writes it as JSON and as a page."""

import json
import math
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipelines.reporting.config import ReportingConfig
from pipelines.reporting.findings import findings_section
from pipelines.reporting.funnel import funnel_section
from pipelines.reporting.label_shares import labels_section
from pipelines.reporting.memorisation import memorisation_section
from pipelines.reporting.page import render_page
from pipelines.reporting.provenance import provenance_section
from pipelines.reporting.score_tables import scores_section
from pipelines.reporting.step_log import read_step_log
from pipelines.reporting.summary import summary_section
from pipelines.reporting.terminal import summary_lines
from pipelines.reporting.training_curves import training_section
from pipelines.reporting.trials import trials_section
from pipelines.stage.output import StageOutput, write_atomically
from schemas.errors import InputError
from schemas.findings import FINDINGS
from schemas.predictions import PREDICTIONS

__all__ = ["HTML", "JSON", "build_report", "summary_lines", "write_report"]

HTML = "report.html"
JSON = "report.json"


def write_report(
    config: ReportingConfig,
    prepare: StageOutput,
    train: StageOutput,
    tune: StageOutput | None,
    score: StageOutput,
    directory: Path,
    audit: StageOutput | None = None,
) -> Path:
    """Write report.json and report.html; the same outputs give the same bytes.

    Args:
        tune: null where no task was configured.
        directory: where to; made where it is missing.
        audit: of the trained model's memory; null where none was made.

    Returns:
        Path of the HTML file. The JSON file lies beside it.

    Raises:
        InputError: a stage has not finished, or a file of its output is missing or not as it should be.
        LedgerError: notes were lost or counted twice.
    """
    report = build_report(config, prepare, train, tune, score, audit)
    page = render_page(report)
    document = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False)
    write_atomically(directory / JSON, document.encode())
    write_atomically(directory / HTML, page.encode())
    return directory / HTML


def build_report(
    config: ReportingConfig,
    prepare: StageOutput,
    train: StageOutput,
    tune: StageOutput | None,
    score: StageOutput,
    audit: StageOutput | None = None,
) -> dict[str, Any]:
    """The document: everything that the page and the terminal table show. Raises as `write_report`."""
    stages = (prepare, train, tune, score) if tune else (prepare, train, score)
    manifests = {output.stage: output.manifest() for output in stages}
    results = {stage: manifest["results"] for stage, manifest in manifests.items()}
    scores_file = score.path / "scores.parquet"
    if not scores_file.is_file():
        raise InputError(f"no scores at {scores_file}: run the score stage again")
    scores = scores_section(
        pq.read_table(scores_file, partitioning=None), results[tune.stage]["task"] if tune else None
    )
    document = {
        "title": config.title,
        "remarks": list(config.remarks),
        "summary": summary_section(scores),
        "funnel": funnel_section(results[prepare.stage], results[train.stage]),
        "findings": findings_section(prepare.read("findings", FINDINGS), results[prepare.stage]["findings"]),
        "training": training_section(results[train.stage], read_step_log(train.path / "run" / "steps.jsonl")),
        "tuning": trials_section(results[tune.stage], tune.path) if tune else None,
        "scores": scores,
        "labels": labels_section(score.read("predictions", PREDICTIONS), scores),
        "memorisation": memorisation_section(audit) if audit else None,
        "models": {model: results[score.stage]["models"][model] for model in scores["models"]},
        "provenance": provenance_section(stages, manifests),
    }
    return {name: _without_nan(section) for name, section in document.items()}


def _without_nan(value: Any) -> Any:
    """Numbers that are none, as of a loss that overflowed, as nulls: JSON has no others, and a chart leaves a gap."""
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
