"""Bad input, as a user meets it: one line that names the file or field and the remedy, and never a traceback."""

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray
from miniature import write_config

from pipelines.flows.train import train_output
from pipelines.ingest.plan import plan_ingest
from pipelines.stage.cluster import ClusterConfig, join
from pipelines.stage.output import StageOutput, read_tables
from pipelines.synthetic.notes import ARREST_COLUMN, SyntheticConfig, write_notes
from ray_jobs import pipeline, prepare, report, score, train, tune
from ray_jobs.config import parse
from ray_jobs.launch import launch
from schemas.ledger import Stage

PLAIN = SyntheticConfig(
    num_patients=10, no_reasoning_share=0.0, identifier_share=0.0, placeholder_share=0.0, leak_share=0.0
)

Job = Callable[[Any], str]


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """`launch` sets up logging for a process of its own; give the tests' back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """Plain notes: each with reasoning, none with an identifier."""
    return read_tables(write_notes(PLAIN, tmp_path_factory.mktemp("hospital")))


@pytest.fixture(scope="module")
def without_reasoning(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Text of a note that has no assessment and no plan."""
    config = replace(PLAIN, num_patients=1, no_reasoning_share=1.0, seed=1)  # a patient whom `notes` does not have
    text = read_tables(write_notes(config, tmp_path_factory.mktemp("triage")))["text"][0].as_py()
    assert isinstance(text, str)
    return text


def hospital_argv(root: Path, notes: pa.Table, model: Path) -> list[str]:
    """The miniature's configuration for notes and a model that are there already."""
    (root / "notes").mkdir(parents=True, exist_ok=True)
    pq.write_table(notes, root / "notes" / "notes.parquet")
    argv = ["--config", str(write_config(root)), "--demo", "null", "--model.path", str(model)]
    return [*argv, "--ingest.notes", str(root / "notes"), "--scoring.benchmarks", "[]", "--num_screening_actors", "1"]


@pytest.fixture
def argv(tmp_path: Path, notes: pa.Table, chat_model: Path) -> list[str]:
    return hospital_argv(tmp_path, notes, chat_model)


def refusal(job: Job, argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line with which a job refuses what the user can mend."""
    with pytest.raises(SystemExit) as ended:
        launch(job, argv)
    errors = capsys.readouterr().err
    assert ended.value.code == 2
    assert "Traceback" not in errors
    (line,) = [line for line in errors.splitlines() if line.startswith("error: ")]
    return line


def says(line: str, *parts: str) -> None:
    for part in parts:
        assert part in line, f"{part!r} is not in: {line}"


class TestBeforeRay:
    """What is wrong with paths, columns and settings is said in a second, before a Ray is started."""

    @pytest.fixture(autouse=True)
    def _no_ray(self) -> Iterator[None]:
        assert not ray.is_initialized()
        yield
        assert not ray.is_initialized(), "Ray was started before the input was looked at"

    def test_missing_path(self, argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        line = refusal(prepare.job, [*argv, "--ingest.notes", str(tmp_path / "absent")], capsys)
        says(line, str(tmp_path / "absent"), "no such file or folder", "check `notes`")

    def test_empty_folder(self, argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "empty").mkdir()
        line = refusal(prepare.job, [*argv, "--ingest.notes", str(tmp_path / "empty")], capsys)
        says(line, str(tmp_path / "empty"), "no file of notes", ".parquet")

    @pytest.mark.parametrize("kind", ["text", "truncated"])
    def test_a_file_that_is_not_whole_parquet(
        self, kind: str, argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        whole = (tmp_path / "notes" / "notes.parquet").read_bytes()
        damaged = tmp_path / "notes" / "second.parquet"
        damaged.write_bytes(b"note_id,text\n1,abc\n" if kind == "text" else whole[: len(whole) // 2])
        says(refusal(prepare.job, argv, capsys), str(damaged), "not a whole Parquet file", "write or copy it again")

    def test_missing_column(
        self, argv: list[str], notes: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        renamed = [{"text": "body"}.get(name, name) for name in notes.column_names]
        pq.write_table(notes.rename_columns(renamed), tmp_path / "notes" / "notes.parquet")
        says(refusal(prepare.job, argv, capsys), "notes.parquet", "no column 'text'", "body", "columns: {text: ...}")

    def test_mistyped_column(
        self, argv: list[str], notes: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        place = notes.column_names.index("text")
        numbers = notes.set_column(place, "text", pa.array(range(notes.num_rows), pa.int64()))
        pq.write_table(numbers, tmp_path / "notes" / "notes.parquet")
        says(refusal(prepare.job, argv, capsys), "notes.parquet", "'text' is int64", "must be a string", "convert it")

    def test_label_column_that_no_file_has(self, argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        wrong = [*argv, "--ingest.carry", "[arrest]", "--tuning.task.label_column", "arrest"]
        says(refusal(prepare.job, wrong, capsys), "no file has a column 'arrest'", "`carry`")

    def test_label_column_not_carried(self, argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        line = refusal(prepare.job, [*argv, "--ingest.carry", "[]"], capsys)
        says(line, "tuning.task.label_column", ARREST_COLUMN, "ingest.carry", "add it there")

    @pytest.mark.parametrize("job", [train.job, pipeline.job])
    def test_missing_model(self, job: Job, argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        line = refusal(job, [*argv, "--model.path", str(tmp_path / "absent")], capsys)
        says(line, "model.path", str(tmp_path / "absent"), "existing directory")
        assert not (tmp_path / "storage").exists(), "no stage ran before"

    def test_model_without_tokenizer(
        self, argv: list[str], chat_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bare = tmp_path / "bare"
        shutil.copytree(chat_model, bare, ignore=shutil.ignore_patterns("tokenizer*", "*.jinja", "special*"))
        line = refusal(train.job, [*argv, "--model.path", str(bare)], capsys)
        says(line, str(bare), "no tokenizer", "tokenizer.json")

    def test_a_missing_benchmark_is_named_before_the_first_stage(
        self, argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        absent = tmp_path / "absent.parquet"
        benchmarks = f'[{{"name": "general", "path": "{absent}", "format": "items"}}]'
        line = refusal(pipeline.job, [*argv, "--scoring.benchmarks", benchmarks], capsys)
        says(line, "general", str(absent), "path")
        assert not (tmp_path / "storage").exists(), "no stage ran before"

    @pytest.mark.parametrize("job", [train.job, tune.job, score.job, report.job])
    def test_a_single_job_names_the_job_that_has_to_run_first(
        self, job: Job, argv: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        says(refusal(job, argv, capsys), "stage 'prepare'", "python -m ray_jobs.prepare", "same configuration")

    def test_a_job_without_its_task(self, argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        says(refusal(tune.job, [*argv, "--tuning", "null"], capsys), "tuning is null", "describe the labelled task")


@pytest.fixture(scope="module")
def _local_ray() -> Iterator[None]:
    join(ClusterConfig(address="local", local_cpus=6, dashboard=False))
    yield
    ray.shutdown()


def bad_rows(good: dict[str, Any], without_reasoning: str) -> list[tuple[dict[str, Any], str]]:
    """One row of each kind that must not come through, and the bucket that it ends in."""
    kinds: list[tuple[str, dict[str, Any], str]] = [
        ("null-text", {"text": None}, "ingest/rejected:empty_text"),
        ("empty-text", {"text": ""}, "ingest/rejected:empty_text"),
        ("blank-text", {"text": " \n\t "}, "ingest/rejected:empty_text"),
        ("repeated", {"note_id": good["note_id"]}, "select/duplicate:duplicate_note_id"),
        ("no-id", {"note_id": None}, "ingest/rejected:missing_note_id"),
        ("no-patient", {"patient_id": None}, "ingest/rejected:missing_patient_id"),
        ("huge", {"text": "The patient was well. " * 100_000}, "ingest/quarantined:oversize"),
        ("misread", {"text": good["text"].replace("e", "Ã©")}, "ingest/quarantined:mojibake"),
        ("no-reasoning", {"text": without_reasoning}, "split/rejected:no_target"),
    ]
    return [({**good, "note_id": name, **changed}, bucket) for name, changed, bucket in kinds]


@pytest.fixture(scope="module")
def mixed(
    tmp_path_factory: pytest.TempPathFactory,
    notes: pa.Table,
    without_reasoning: str,
    chat_model: Path,
    _local_ray: None,
) -> tuple[list[str], dict[int, str], StageOutput]:
    """Command line, bucket of each bad row, and the output of `prepare` on good notes with bad rows among them."""
    root = tmp_path_factory.mktemp("mixed")
    rows = notes.to_pylist()
    rows[1][ARREST_COLUMN] = "maybe"  # no ingest error: only the task knows its labels
    expected = {}
    for place, (row, bucket) in enumerate(bad_rows(rows[0], without_reasoning)):
        rows.insert(2 * place + 1, row)
        expected[2 * place + 1] = bucket
    argv = hospital_argv(root, pa.Table.from_pylist(rows, schema=notes.schema), chat_model)
    launch(prepare.job, argv)
    (path,) = (root / "storage").glob("prepare-*")
    return argv, expected, StageOutput(root / "storage", "prepare", path.name.removeprefix("prepare-"))


@pytest.mark.cluster
def test_bad_rows_end_in_their_buckets_and_good_ones_come_through(
    mixed: tuple[list[str], dict[int, str], StageOutput], notes: pa.Table
) -> None:
    _, expected, output = mixed
    order = {stage.value: place for place, stage in enumerate(Stage)}
    last: dict[int, dict[str, Any]] = {}
    for row in sorted(output.read("ledger").to_pylist(), key=lambda row: order[row["stage"]]):
        last[row["source_row"]] = row
    assert len(last) == notes.num_rows + len(expected), "every row has an outcome"
    ends = {place: f"{row['stage']}/{row['outcome']}:{row['reason']}" for place, row in last.items()}
    assert {place: ends[place] for place in expected} == expected
    assert {end for place, end in ends.items() if place not in expected} == {"split/accepted:"}
    results = output.manifest()["results"]
    assert sum(results["final_buckets"].values()) == results["num_rows_read"] == len(last)
    assert sum(results["examples"].values()) == notes.num_rows


@pytest.mark.cluster
def test_a_value_that_is_no_label_is_counted_and_not_guessed(
    mixed: tuple[list[str], dict[int, str], StageOutput], chat_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv, _, _ = mixed
    says(refusal(tune.job, argv, capsys), "stage 'train'", "python -m ray_jobs.train")
    config = parse(argv)
    trained = train_output(config.train_settings, plan_ingest(config.ingest), str(chat_model))
    trained.commit(config={}, inputs={}, results={"model": str(chat_model)})
    line = refusal(tune.job, argv, capsys)
    says(line, ARREST_COLUMN, "of 1 notes", "['yes', 'no']")
    assert "maybe" not in line, "a value of the notes is not repeated"
    says(refusal(score.job, argv, capsys), "stage 'tune'", "python -m ray_jobs.tune")


@pytest.mark.cluster
@pytest.mark.usefixtures("_local_ray")
@pytest.mark.parametrize("source", ["prepared", pytest.param("notes", marks=pytest.mark.slow)])
def test_no_training_example_is_explained_by_the_buckets(
    source: str,
    notes: pa.Table,
    without_reasoning: str,
    chat_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = notes.column_names.index("text")
    triage = notes.set_column(place, "text", pa.array([without_reasoning] * notes.num_rows)).slice(0, 6)
    argv = [*hospital_argv(tmp_path, triage, chat_model), "--training.source", source]
    argv += ["--training.num_workers", "1", "--training.max_failures", "0"]
    if source == "prepared":
        launch(prepare.job, argv)
        capsys.readouterr()
    line = refusal(train.job, argv, capsys)
    says(line, "no training example")
    says(line, "no_target")
