import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray
from memorised_model import INSTRUCTION, MAX_TOKENS, SYSTEM

from pipelines.flows.memorisation import AuditSettings, audit
from pipelines.memorisation.canaries import PLANTED, canaries
from pipelines.memorisation.config import MemorisationConfig
from pipelines.reporting.memorisation import memorisation_lines, memorisation_section
from pipelines.scoring.config import ScoringConfig
from pipelines.screening.policy import ScreeningConfig
from pipelines.stage.output import StageOutput, write_table
from schemas.errors import InputError


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(address="local", num_cpus=3, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def finished(storage: Path, stage: str, tables: dict[str, pa.Table], results: dict[str, object]) -> StageOutput:
    output = StageOutput(storage, stage, "test")
    for part, table in tables.items():
        write_table(output.path / part / "0.parquet", table)
    output.commit(config={}, inputs={}, results=results)
    return output


@pytest.mark.slow
@pytest.mark.cluster
def test_an_audit_of_a_model_that_remembers_everything(
    cluster: None,
    chat_model: Path,
    model_with_canaries: Path,
    trained_on: pa.Table,
    held_out: pa.Table,
    config: MemorisationConfig,
    tmp_path: Path,
) -> None:
    known = trained_on.slice(0, 4)
    prepared = finished(tmp_path, "prepare", {"examples/train": known, "examples/test": held_out}, {})
    trained = finished(tmp_path, "train", {}, {"model": str(model_with_canaries), PLANTED: config.planting})
    settings = AuditSettings(
        storage=str(tmp_path),
        memorisation=config,
        screening=ScreeningConfig(),
        scoring=ScoringConfig(max_item_tokens=MAX_TOKENS, batch_tokens=2048),
        system=SYSTEM,
        instruction=INSTRUCTION,
        max_tokens=MAX_TOKENS,
        dtype="float32",
        base=str(chat_model),
    )
    output = audit(settings, prepared, trained)
    section = memorisation_section(output)
    conclusions = {verdict["measure"]: verdict["conclusion"] for verdict in section["verdicts"]}
    assert list(conclusions) == ["exposure", "extraction", "membership", "disclosure"]
    assert [conclusions[name] for name in ("exposure", "extraction", "membership")] == ["flagged"] * 3
    assert (section["num_sampled_for_continuation"], section["num_not_encoded"]) == (16, 0)
    assert {row["num_unscreened"] for row in section["disclosure"]} == {0}
    shown = memorisation_lines(output.manifest()["results"])
    assert all(f"\n {name} " in shown for name in conclusions)

    # Numbers, kinds and ids are all that was written, as JSON that any reader takes.
    manifest = (output.path / "manifest.json").read_text()
    json.loads(manifest, parse_constant=pytest.fail)
    written = manifest + "".join(str(pq.read_table(path).to_pylist()) for path in output.path.glob("*/*.parquet"))
    examples = pa.concat_tables([known, held_out])
    texts = [text for name in ("prompt", "target") for text in examples[name].to_pylist()]
    assert not [text for text in [*texts, *(canary.secret for canary in canaries(config))] if text[:20] in written]

    # Another call finds it finished; a model with other canaries than were asked for is refused.
    assert audit(settings, prepared, trained).path == output.path
    with pytest.raises(InputError, match="planted"):
        audit(replace(settings, memorisation=replace(config, repeats=2)), prepared, trained)
