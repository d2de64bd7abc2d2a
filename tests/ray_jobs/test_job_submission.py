"""A job handed to a running cluster through Ray's Jobs API, and what anyone can read of it there."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import psutil
import pytest
from miniature import PATIENCE_S, REPOSITORY, environment, write_config
from ray.job_submission import JobStatus, JobSubmissionClient

from pipelines.stage.ledger import final_buckets
from pipelines.stage.output import StageOutput
from pipelines.synthetic.notes import SyntheticConfig, write_notes
from schemas.ledger import LEDGER

pytestmark = pytest.mark.cluster

NOT_UPLOADED = [".git", ".venv", "runs", "tests"]


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def head(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """Address of the Jobs API of a Ray head of this test's own, and its folder for logs."""
    for name in [name for name in os.environ if name.startswith("RAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # everything listens on the loopback interface alone
    folder = Path(tempfile.mkdtemp(prefix="wr-", dir="/tmp"))  # short: a socket's path has at most 107 bytes
    gcs, dashboard, agent, client = free_ports(4)
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", "--num-cpus=4"]
    command += [f"--port={gcs}", f"--dashboard-port={dashboard}", f"--dashboard-agent-listen-port={agent}"]
    command += [f"--ray-client-server-port={client}", "--dashboard-host=127.0.0.1", "--node-ip-address=127.0.0.1"]
    command += [f"--temp-dir={folder}", "--include-dashboard=true", "--disable-usage-stats"]
    with (folder / "head.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**environment(), "RAY_AUTH_MODE": "disabled"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{dashboard}", folder
    finally:
        # All at once: a head that is asked to end waits for its agents, half a minute.
        own = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for each in own:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(own, timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def connect(address: str, head_log: Path) -> JobSubmissionClient:
    started = time.monotonic()
    while True:
        try:
            return JobSubmissionClient(address)
        except (ConnectionError, RuntimeError):
            assert time.monotonic() - started < PATIENCE_S, head_log.read_text()
            time.sleep(1.0)


def planted_identifiers(directory: Path) -> set[str]:
    """Texts of the identifiers in the notes, those that stand for nothing else."""
    notes = pl.read_parquet(directory / "notes" / "*.parquet").select("note_id", "text")
    rows = notes.join(pl.read_parquet(directory / "truth.parquet"), on="note_id").to_dicts()
    spans = [row["text"][span["start"] : span["end"]] for row in rows for span in row["identifiers"]]
    return {text for text in spans if len(text) >= 6}


def test_a_submitted_job_succeeds_and_shows_no_identifier(head: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = head
    write_notes(SyntheticConfig(num_patients=12, identifier_share=1.0, placeholder_share=0.0), tmp_path)
    identifiers = planted_identifiers(tmp_path)
    assert len(identifiers) > 20
    client = connect(address, folder / "head.log")
    entrypoint = f"{sys.executable} -m ray_jobs.prepare --config {write_config(tmp_path)} --demo null"
    job_id = client.submit_job(
        entrypoint=f"{entrypoint} --ingest.notes {tmp_path / 'notes'} --cluster.worker_logs true",
        runtime_env={"working_dir": str(REPOSITORY), "excludes": NOT_UPLOADED},
    )
    started = time.monotonic()
    while not (status := client.get_job_status(job_id)).is_terminal():
        assert time.monotonic() - started < PATIENCE_S, client.get_job_logs(job_id)
        time.sleep(0.5)
    logs = client.get_job_logs(job_id)
    assert status == JobStatus.SUCCEEDED, logs

    (path,) = (tmp_path / "storage").glob("prepare-*")
    output = StageOutput(path.parent, "prepare", path.name.removeprefix("prepare-"))
    results = output.manifest()["results"]
    assert results["final_buckets"] == final_buckets(output.read("ledger", LEDGER))
    assert sum(results["final_buckets"].values()) == results["num_rows_read"]
    assert results["num_rows_read"] == pl.read_parquet(tmp_path / "notes" / "*.parquet").height
    assert str(output.path) in logs, "the job says where its output is"

    with urllib.request.urlopen(f"{address}/api/jobs/") as response:
        listing = response.read().decode()
    assert job_id in listing
    seen = {"the job's logs": logs, "/api/jobs/": listing}
    log_files = [path for path in folder.glob("session_*/logs/**/*") if path.is_file()]
    assert log_files
    seen |= {str(path): path.read_text(errors="replace") for path in log_files}
    leaks = [where for where, text in seen.items() if any(identifier in text for identifier in identifiers)]
    assert not leaks, f"identifiers of notes stand in {leaks}"
