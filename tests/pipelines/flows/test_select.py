"""The survey of all notes and what follows from it, up to the examples: on a real Ray, with a real screen."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray

from pipelines.canaries.config import CanaryConfig
from pipelines.flows.prepare import prepare, prepare_config
from pipelines.flows.select import DECISIONS_PART, select
from pipelines.flows.settings import PrepareSettings
from pipelines.flows.shard import ShardPreparer
from pipelines.ingest.config import IngestConfig
from pipelines.ingest.plan import IngestPlan, plan_ingest
from pipelines.risk.config import RiskConfig
from pipelines.screening.policy import ScreeningConfig
from pipelines.selection.config import SelectionConfig
from pipelines.splitting.config import SplittingConfig
from pipelines.stage.cluster import ClusterConfig, join
from pipelines.stage.output import StageOutput
from pipelines.synthetic.notes import SyntheticConfig, write_notes
from schemas.errors import InputError, ScreeningError
from schemas.ledger import LEDGER
from schemas.notes import Split
from schemas.selection import DECISIONS

pytestmark = pytest.mark.cluster

PLAIN = SyntheticConfig(num_patients=14, no_reasoning_share=0.0, identifier_share=0.0, placeholder_share=0.0)


@pytest.fixture(scope="module", autouse=True)
def _local_ray() -> Iterator[None]:
    join(ClusterConfig(address="local", local_cpus=3, dashboard=False))
    yield
    ray.shutdown()


@dataclass(frozen=True)
class Hospital:
    """Notes in two files, copies in the second: of every note of the first file's first patient, and of one id."""

    settings: PrepareSettings
    plan: IngestPlan
    num_copies: int


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    root = tmp_path_factory.mktemp("hospital")
    notes = pa.concat_tables(
        [pq.read_table(path) for path in sorted(write_notes(PLAIN, root / "made").glob("*.parquet"))]
    )
    rows = notes.to_pylist()
    copied = rows[:3]
    shouted = [{**row, "note_id": f"copy-{place}", "text": row["text"].upper()} for place, row in enumerate(copied)]
    (root / "notes").mkdir()
    pq.write_table(notes, root / "notes" / "a.parquet")
    pq.write_table(pa.Table.from_pylist([*shouted, rows[5]], schema=notes.schema), root / "notes" / "b.parquet")
    ingest = IngestConfig(notes=str(root / "notes"), rows_per_shard=10, validation_share=0.2, test_share=0.3)
    settings = PrepareSettings(
        storage=str(root / "storage"),
        ingest=ingest,
        selection=SelectionConfig(),
        risk=RiskConfig(),
        screening=ScreeningConfig(),
        splitting=SplittingConfig(),
        canaries=CanaryConfig(),
        num_actors=1,
    )
    return Hospital(settings, plan_ingest(ingest), num_copies=4)


def selected_by(hospital: Hospital) -> StageOutput:
    return select(hospital.settings, hospital.plan)


def test_every_copy_is_found_whatever_file_it_is_in_and_no_text_is_written(hospital: Hospital) -> None:
    output = selected_by(hospital)
    decisions = output.read("decisions", DECISIONS).to_pylist()
    assert len(decisions) == hospital.plan.num_rows
    found = [(row["reason"], Path(row["source_file"]).name) for row in decisions if row["outcome"] == "duplicate"]
    assert found == [("same_text", "b.parquet")] * 3 + [("duplicate_note_id", "b.parquet")]
    words = (b"presents", b"history", b"exam", b"assessment", b"patient ")
    for path in output.path.rglob("*.parquet"):
        for name, column in zip(pq.read_schema(path).names, pq.read_table(path).columns, strict=True):
            assert name != "text"
            held = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in column.to_pylist())
            assert not any(word in held for word in words), (path, name)


def test_a_survey_that_was_cut_short_goes_on_and_ends_the_same(hospital: Hospital) -> None:
    output = selected_by(hospital)
    before = output.read("decisions", DECISIONS)
    surveyed = {path: path.stat().st_mtime_ns for path in output.files("survey")}
    first, *others = surveyed
    first.unlink()
    (output.path / "manifest.json").unlink()
    assert selected_by(hospital).read("decisions", DECISIONS).equals(before)
    assert first.stat().st_mtime_ns != surveyed[first]
    assert all(path.stat().st_mtime_ns == surveyed[path] for path in others), "what was done is not done again"


def test_prepare_accounts_for_every_copy_and_proves_the_split(hospital: Hospital) -> None:
    output = prepare(hospital.settings, hospital.plan)
    results = output.manifest()["results"]
    assert sum(results["final_buckets"].values()) == results["num_rows_read"] == hospital.plan.num_rows
    assert results["final_buckets"]["select/duplicate:same_text"] == 3
    assert results["final_buckets"]["select/duplicate:duplicate_note_id"] == 1
    assert results["shared_between_splits"] == {"patients": 0, "prompts": 0, "targets": 0}
    assert results["skipped_files"] == []
    steps = results["throughput"]
    assert list(steps) == sorted(steps)  # a manifest's keys are sorted
    num_notes = {step: values["num_notes"] for step, values in steps.items()}
    num_used = hospital.plan.num_rows - hospital.num_copies
    assert num_notes["survey"] == num_notes["ingest"] == num_notes["select"] == hospital.plan.num_rows
    assert num_notes["screen"] == num_used
    assert all(values["cpu_s"] > 0 for values in steps.values())

    twins = {row["note_id"]: row["twin"] for row in output.read("ledger", LEDGER).to_pylist() if row["twin"]}
    assert len(twins) == hospital.num_copies
    kept = set(output.read("notes")["note_id"].to_pylist())
    assert set(twins.values()) <= kept


def test_a_shard_prepared_alone_is_the_shard_that_was_written(hospital: Hospital) -> None:
    """What streaming stands on: the same decisions, the same rows; of one side alone where only that is asked for."""
    written = prepare(hospital.settings, hospital.plan)
    preparer = ShardPreparer(prepare_config(hospital.settings, hospital.plan, selected_by(hospital)))
    shard = hospital.plan.shards[-1]
    prepared = preparer.prepare(shard)
    (ledger,) = [path for path in written.files("ledger") if path.name == f"shard-{shard.index:06d}.parquet"]
    assert prepared.ledger.table().equals(pq.read_table(ledger))
    for split in Split:
        wanted = [row for row in prepared.examples.to_pylist() if row["split"] == split.value]
        assert preparer.prepare(shard, only=split).examples.to_pylist() == wanted


def test_decisions_about_other_notes_are_refused(hospital: Hospital, tmp_path: Path) -> None:
    config = prepare_config(hospital.settings, hospital.plan, selected_by(hospital))
    names = [path.name for path in sorted((config.selected / DECISIONS_PART).glob("*.parquet"))]
    shifted = tmp_path / DECISIONS_PART
    shifted.mkdir()
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        (shifted / name).write_bytes((config.selected / DECISIONS_PART / other).read_bytes())
    preparer = ShardPreparer(replace(config, selected=tmp_path))
    with pytest.raises(InputError, match="select-"):
        preparer.prepare(hospital.plan.shards[0])


def test_patients_who_stay_rare_are_set_aside_before_any_screening(hospital: Hospital) -> None:
    """With so few patients nearly everyone is."""
    output = select(replace(hospital.settings, risk=RiskConfig(act=True, min_k=3)), hospital.plan)
    results = output.manifest()["results"]
    rows = {(row["outcome"], row["reason"]): row["num_notes"] for row in results["decisions"]}
    assert rows["quarantined", "rare_combination"] > 0
    assert rows["duplicate", "same_text"] == 3
    assert sum(rows.values()) == hospital.plan.num_rows
    assert results["risk"]["before"]["min_k"] < 3
    assert results["risk"]["after"]["min_k"] in (None, *range(3, hospital.plan.num_rows))


def test_canaries_are_counted_and_gate(hospital: Hospital) -> None:
    """What the trial found is kept, and judged anew under another limit."""
    trial = replace(hospital.settings, canaries=CanaryConfig(num_notes=hospital.plan.num_rows, max_miss_rate=0.99))
    output = prepare(trial, hospital.plan)
    kinds = output.manifest()["results"]["canaries"]["kinds"]
    assert {kind["kind"] for kind in kinds} >= {"NAME", "DATE"}
    assert all(kind["missed"] <= kind["planted"] for kind in kinds)
    (output.path / "manifest.json").unlink()
    strict = replace(trial, canaries=replace(trial.canaries, max_miss_rate=0.5))
    with pytest.raises(ScreeningError, match=r"canaries\.max_miss_rate"):
        prepare(strict, hospital.plan)
    assert not output.is_complete
