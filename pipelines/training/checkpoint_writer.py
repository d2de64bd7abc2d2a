"""Writing checkpoints: the step waits for the shards to be written, and not for them to be hashed.

    every rank   engine's shard, RNG state ──▶ storage                                   save() returns here
    its thread   fsync and SHA-256 of a share of the files ──gather──▶ rank 0's thread
    rank 0's     manifest.json, last and atomically ──read back whole──▶ old checkpoints are deleted

Hashing takes the longer part: 64 GB, a 4B model with its optimizer, are about a minute for one core. The next
checkpoint waits for the one before it, and an error in a thread is raised on every rank there.
"""

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from pipelines.stage.output import MANIFEST, write_atomically
from pipelines.training.checkpoint import RNG_STATE, TAG, checkpoint_name, delete_old, file_entries
from pipelines.training.reshard import delete_resharded
from pipelines.training.state import TrainState
from schemas.errors import CheckpointError


class CheckpointWriter:
    """Writes a run's checkpoints, one at a time. Every rank makes one and calls it alike.

    Args:
        run_directory: where to; the same path on every node.
        run_identity: of the run's settings and inputs.
        keep: how many of the newest to keep.
    """

    def __init__(self, run_directory: Path, run_identity: str, keep: int):
        self._run_directory = run_directory
        self._run_identity = run_identity
        self._keep = keep
        # Of the threads alone: the steps' collectives go on meanwhile, and the two must not be mixed up.
        self._group = dist.new_group(backend="gloo")
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")
        self._pending: Future[None] | None = None

    def save(self, engine: Any, state: TrainState, keep_step: int | None = None) -> None:
        """Write every rank's shard, and have them committed while training goes on. Collective.

        Args:
            engine: DeepSpeed engine.
            state: of the run.
            keep_step: step of a checkpoint that is not deleted however old; null for none.
        """
        assert self._pending is None, "wait() for the checkpoint before"
        path = self._run_directory / checkpoint_name(state)
        if dist.get_rank() == 0:
            if path.exists():  # the torn or refused end of an earlier attempt at this very step
                (path / MANIFEST).unlink(missing_ok=True)  # first, so that a half-deleted one is no checkpoint
                shutil.rmtree(path)
            path.mkdir(parents=True)
        dist.barrier()
        engine.save_checkpoint(str(path), tag=TAG)
        torch.save(torch.get_rng_state(), path / TAG / RNG_STATE.format(rank=dist.get_rank()))
        dist.barrier()
        self._pending = self._thread.submit(self._commit, path, state, keep_step)

    def wait(self) -> None:
        """Wait until the checkpoint under way, if any, is committed. Collective.

        Raises:
            CheckpointError: it could not be committed, or does not read back as it was written. Nothing was deleted.
        """
        if self._pending is not None:
            pending, self._pending = self._pending, None
            pending.result()

    def _commit(self, path: Path, state: TrainState, keep_step: int | None) -> None:
        rank, world_size = dist.get_rank(), dist.get_world_size()
        files = sorted(p for p in (path / TAG).rglob("*") if p.is_file())
        shares: list[Any] = [None] * world_size
        dist.all_gather_object(shares, _share(path, files[rank::world_size]), group=self._group)
        faults = [share for share in shares if isinstance(share, str)]
        if rank == 0 and not faults:
            manifest = {
                "state": asdict(state),
                "world_size": world_size,
                "run_identity": self._run_identity,
                "files": {name: entry for share in shares for name, entry in share.items()},
            }
            faults = self._committed(path, manifest, keep_step)
        outcome = [faults]
        dist.broadcast_object_list(outcome, src=0, group=self._group)
        if outcome[0]:
            raise CheckpointError(f"checkpoint {path} could not be written: {'; '.join(outcome[0])}")

    def _committed(self, path: Path, manifest: dict[str, Any], keep_step: int | None) -> list[str]:
        """Commit on rank 0 and delete what is no longer needed; what went wrong."""
        try:
            write_atomically(path / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
            delete_old(path, self._keep, keep_step)
            delete_resharded(self._run_directory)
        except OSError as error:
            return [f"{error.strerror}: {error.filename}"]
        except CheckpointError as error:
            return [str(error)]
        return []


def _share(path: Path, files: Sequence[Path]) -> dict[str, list[Any]] | str:
    """Name → size and digest of these files, or why they cannot be read."""
    try:
        return file_entries(path, files, flush=True)
    except OSError as error:
        return f"{error.strerror}: {error.filename}"
