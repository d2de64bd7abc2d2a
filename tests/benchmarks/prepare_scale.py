"""How prepare grows with notes and with cores, and how much memory it takes.

    python tests/benchmarks/prepare_scale.py --storage /tmp/scale                # 1x, 4x, 16x; 1 and 2 cores
    python tests/benchmarks/prepare_scale.py --storage /tmp/scale --gigabytes 2  # one input of 2 GB

Every run is the job itself, `python -m ray_jobs.prepare`, on notes made here. CPU seconds per step come from the job's
manifest; wall time from the first to the last row group written, so that starting Ray and loading models, which do not
grow with the notes, are apart. Memory is the largest resident set of any one process while the job runs.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import psutil
import pyarrow.parquet as pq

from pipelines.synthetic.notes import SyntheticConfig, write_notes

REPOSITORY = Path(__file__).resolve().parents[2]
NOTES_PER_PATIENT = 1.75
NOTES_JOINED = 4
CONFIG = """
storage: {storage}
ingest: {{notes: {notes}, rows_per_shard: {rows_per_shard}}}
selection: {{shared_prompts: count}}
model: {{path: none/needed}}
num_screening_actors: {actors}
cluster: {{local_cpus: {cpus}}}
"""


@dataclass
class Memory:
    """Largest resident sets seen, in bytes."""

    driver: int = 0
    worker: int = 0
    total: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self, process: psutil.Process) -> None:
        while not self.over.wait(1.0):
            try:
                tree = [process, *process.children(recursive=True)]
                sizes = {each.pid: (each.name(), each.memory_info().rss) for each in tree}
            except psutil.NoSuchProcess:
                continue
            self.driver = max(self.driver, sizes[process.pid][1])
            self.worker = max([self.worker, *(rss for name, rss in sizes.values() if name.startswith("ray::"))])
            self.total = max(self.total, sum(rss for _, rss in sizes.values()))


@contextmanager
def watched(process: psutil.Process) -> Iterator[Memory]:
    memory = Memory()
    watcher = threading.Thread(target=memory.watch, args=(process,), daemon=True)
    watcher.start()
    try:
        yield memory
    finally:
        memory.over.set()
        watcher.join()


def written_notes(folder: Path, num_notes: int) -> Path:
    """Synthetic notes, each once."""
    if not folder.is_dir():
        size = SyntheticConfig(num_patients=round(num_notes / NOTES_PER_PATIENT))
        write_notes(size, folder.parent / "made").rename(folder)
    return folder


def grown_input(folder: Path, seed_notes: Path, num_bytes: int, fresh_share: float) -> Path:
    """An input of a given size. Most notes are copies under other ids, as they are where notes are copied forward.

    A note is four of the synthetic ones, some 600 words. A fresh one has numbers of its own after each sentence.
    """
    if folder.is_dir():
        return folder
    seed = pl.read_parquet(seed_notes / "*.parquet")
    texts = [seed["text"].shuffle(seed=part) for part in range(NOTES_JOINED)]
    seed = seed.with_columns(text=pl.concat_str(texts, separator="\n\n"))
    rows_per_file, size, index = 20_000, 0, 0
    draft = folder.with_name(f"{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    while size < num_bytes:
        frame = seed.sample(rows_per_file, with_replacement=True, seed=index).with_row_index("row")
        unique = pl.concat_str(pl.lit(f"{index}-"), pl.col("row").cast(pl.String))
        is_fresh = (pl.col("row") % 1000) < round(1000 * fresh_share)
        numbered = pl.concat_str(pl.lit(". Item "), unique, pl.lit(" was reviewed. "))
        frame = frame.with_columns(
            note_id=unique,
            patient_id=unique,
            text=pl.when(is_fresh).then(pl.col("text").str.replace_all(". ", numbered, literal=True)).otherwise("text"),
        )
        size += int(frame["text"].str.len_bytes().sum())
        pq.write_table(frame.drop("row").to_arrow(), draft / f"part-{index:04d}.parquet", row_group_size=2_000)
        index += 1
    draft.rename(folder)
    return folder


def prepared(root: Path, notes: Path, actors: int, rows_per_shard: int) -> dict[str, float | dict]:
    """Run the job, and say what it took."""
    storage = root / f"storage-{notes.name}-{actors}"
    shutil.rmtree(storage, ignore_errors=True)
    config = root / f"{storage.name}.yaml"
    config.write_text(
        CONFIG.format(storage=storage, notes=notes, actors=actors, cpus=actors + 2, rows_per_shard=rows_per_shard)
    )
    started = time.monotonic()
    log = root / f"{storage.name}.log"
    with log.open("w") as out:
        job = subprocess.Popen(
            [sys.executable, "-m", "ray_jobs.prepare", "--config", str(config)], cwd=REPOSITORY, stdout=out, stderr=out
        )
        with watched(psutil.Process(job.pid)) as memory:
            code = job.wait()
    if code:
        raise SystemExit(f"prepare ended with {code}: see {log}")
    (manifest,) = storage.glob("prepare-*/manifest.json")
    done = sorted(path.stat().st_mtime for path in manifest.parent.glob("ledger/*.parquet"))
    results = json.loads(manifest.read_text())["results"]
    shards = max(len(done) - 1, 1)
    return {
        "num_notes": results["num_rows_read"],
        "wall_s": time.monotonic() - started,
        "steady_notes_per_s": results["num_rows_read"] * shards / len(done) / max(done[-1] - done[0], 1e-9),
        "throughput": results["throughput"],
        "driver_mb": memory.driver / 1e6,
        "worker_mb": memory.worker / 1e6,
    }


def shown(name: str, run: dict) -> str:
    steps = ", ".join(f"{step} {values['notes_per_core_s']:g}" for step, values in run["throughput"].items())
    return (
        f"| {name} | {run['num_notes']:,} | {run['wall_s']:.0f} | {run['steady_notes_per_s']:.1f} | {steps} | "
        f"{run['driver_mb']:.0f} | {run['worker_mb']:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--storage", type=Path, required=True, help="folder for inputs and outputs")
    parser.add_argument("--notes", type=int, default=2_000, help="notes of the smallest run")
    parser.add_argument("--growth", type=int, nargs="*", default=[1, 4, 16])
    parser.add_argument("--actors", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--gigabytes", type=float, help="one input of this size in place of the growth")
    parser.add_argument(
        "--fresh-share", type=float, default=0.05, help="of that input's notes, those that are no copies"
    )
    options = parser.parse_args()
    root = options.storage.resolve()
    root.mkdir(parents=True, exist_ok=True)
    print("| run | notes | job, s | notes/s once running | notes per core-second | driver, MB | largest worker, MB |")
    print("|---|---:|---:|---:|---|---:|---:|")
    if options.gigabytes:
        seed = written_notes(root / "seed", 20_000)
        size = re.sub(r"\W", "_", str(options.gigabytes))
        notes = grown_input(root / f"input-{size}gb", seed, int(options.gigabytes * 1e9), options.fresh_share)
        run = prepared(root, notes, max(options.actors), 2_000)
        print(shown(f"{options.gigabytes:g} GB, {max(options.actors)} actors", run), flush=True)
        return
    for growth in options.growth:
        notes = written_notes(root / f"notes-{growth}x", growth * options.notes)
        for actors in options.actors:
            run = prepared(root, notes, actors, max(options.notes // 8, 50))
            print(shown(f"{growth}x, {actors} actors", run), flush=True)


if __name__ == "__main__":
    main()
