from pathlib import Path
from typing import Any

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined

from pipelines.memorisation.config import MemorisationConfig
from pipelines.memorisation.continuation import CONTINUATIONS
from pipelines.memorisation.disclosure import disclosures
from pipelines.memorisation.extraction import extractions
from pipelines.memorisation.membership import Attack, Membership
from pipelines.memorisation.verdict import (
    disclosure_verdict,
    exposure_verdict,
    extraction_verdict,
    membership_verdict,
)
from pipelines.reporting import numbers
from pipelines.reporting.memorisation import memorisation_lines, memorisation_section, verdict_rows
from pipelines.stage.output import StageOutput

CONFIG = MemorisationConfig(prefix_tokens=[0], continuation_tokens=[5])


def continuation(split: str, index: int, num_matched: int, origins: list[str]) -> dict[str, Any]:
    return {
        "model": "trained",
        "split": split,
        "example_id": f"{split}-{index}",
        "group_id": f"{split}-{index}",
        "prefix_tokens": 0,
        "num_target_tokens": 9,
        "num_matched": num_matched,
        "identifiers": [{"entity_type": "<PERSON>", "origin": origin} for origin in origins],
        "error": None,
    }


def audited(directory: Path) -> StageOutput:
    rows = [continuation("train", i, 9 if i < 6 else 0, ["target"] if i < 3 else []) for i in range(10)]
    rows += [continuation("test", i, 4, ["prompt"]) for i in range(10)]
    table = pa.Table.from_pylist(rows, schema=CONTINUATIONS)
    membership = Membership(
        attack=Attack.CALIBRATED,
        auc=0.72,
        auc_low=0.65,
        auc_high=0.79,
        tpr=0.1,
        tpr_low=0.0,
        tpr_high=0.2,
        num_members=1200,
        num_non_members=300,
        num_errors=0,
    )
    extraction, disclosure = extractions(table, CONFIG), disclosures(table)
    verdicts = [
        exposure_verdict([], CONFIG),
        extraction_verdict(extraction, CONFIG, "trained"),
        membership_verdict([membership], CONFIG),
        disclosure_verdict(disclosure, CONFIG, "trained"),
    ]
    output = StageOutput(directory, "audit", "x")
    results = {
        "exposure": [],
        "mean_exposure_by_chance": 1.44,
        "membership": [membership],
        "extraction": extraction,
        "disclosure": disclosure,
        "verdicts": verdicts,
    }
    output.commit(config={"memorisation": CONFIG}, inputs={}, results=results)
    return output


def test_the_terminal_says_what_was_found_and_by_which_rule(tmp_path: Path) -> None:
    lines = memorisation_lines(memorisation_section(audited(tmp_path)))
    rows = {line.split()[0]: line for line in lines.splitlines() if line and not line.startswith("─")}
    assert "exposure" in lines
    assert "not measured" in lines
    assert "60.0 %" in lines  # 6 of 10 reproduced
    assert "0.650 to 0.790" in lines
    assert "flagged where the AUC's interval lies above 0.6" in rows["membership:"]
    assert lines.count("flagged where") == 4


def test_the_page_shows_every_measure_and_escapes_kinds(tmp_path: Path) -> None:
    section = memorisation_section(audited(tmp_path))
    environment = Environment(
        loader=PackageLoader("pipelines.reporting", "."), autoescape=True, undefined=StrictUndefined
    )
    environment.filters.update({name: getattr(numbers, name) for name in ("count", "number", "percent", "p_value")})
    html = environment.get_template("memorisation.html").render(memorisation=section, verdicts=verdict_rows(section))
    assert html.count("▲ flagged") == 3
    assert "6 of 10, 26.2 % to 87.8 %" in html
    assert "0 of 10, 0.0 % to 30.8 %" in html
    assert "calibrated loss" in html
    assert "&lt;PERSON&gt;" in html
    assert "<PERSON>" not in html
