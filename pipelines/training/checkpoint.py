"""Checkpoints: written by every rank, committed by a manifest written last, verified before they are believed.

    <run>/checkpoint_000200/deepspeed/...   each rank's shard
    <run>/checkpoint_000200/manifest.json   state of the run; names, sizes and SHA-256 of every file

A directory without a manifest was never finished and is ignored. One whose files differ from its manifest is refused by
name and the one before it is taken; where no other is left, that is an error and never a fresh start.
"""

import json
import logging
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch.distributed as dist

from pipelines.stage.output import MANIFEST, file_digest, write_atomically
from pipelines.training.state import TrainState
from schemas.errors import CheckpointError

logger = logging.getLogger(__name__)

_TAG = "deepspeed"


@dataclass(frozen=True)
class Checkpoint:
    """A committed checkpoint."""

    path: Path
    state: TrainState
    world_size: int
    run_identity: str


def checkpoint_name(state: TrainState) -> str:
    """Directory name of a checkpoint; names sort in the order of the run."""
    return f"checkpoint_{state.step:08d}" + ("_final" if state.finished else "")


def save(engine: Any, run_directory: Path, state: TrainState, run_identity: str) -> Path:
    """Write and commit a checkpoint. Collective: every rank calls it."""
    path = run_directory / checkpoint_name(state)
    if dist.get_rank() == 0:
        # A directory of this name without a manifest is the torn end of an earlier attempt at this very step.
        if path.exists() and not (path / MANIFEST).exists():
            shutil.rmtree(path)
        path.mkdir(parents=True, exist_ok=True)
    dist.barrier()
    if (path / MANIFEST).exists():
        dist.barrier()
        return path
    engine.save_checkpoint(str(path), tag=_TAG)
    dist.barrier()
    files = sorted(p for p in (path / _TAG).rglob("*") if p.is_file())
    rank, world_size = dist.get_rank(), dist.get_world_size()
    own = {str(p.relative_to(path)): [p.stat().st_size, file_digest(p)] for p in files[rank::world_size]}
    shares: list[Any] = [None] * world_size
    dist.all_gather_object(shares, own)
    if rank == 0:
        manifest = {
            "state": asdict(state),
            "world_size": world_size,
            "run_identity": run_identity,
            "files": {name: entry for share in shares for name, entry in share.items()},
        }
        write_atomically(path / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
    dist.barrier()
    return path


def load(engine: Any, checkpoint: Checkpoint, run_identity: str) -> None:
    """Load a verified checkpoint into an engine. Collective.

    Raises:
        CheckpointError: it belongs to another run or world size, or DeepSpeed cannot load it.
    """
    if checkpoint.run_identity != run_identity:
        raise CheckpointError(f"{checkpoint.path} belongs to a run with other settings: train into another storage")
    if checkpoint.world_size != dist.get_world_size():
        raise CheckpointError(
            f"{checkpoint.path} was written by {checkpoint.world_size} workers, this run has {dist.get_world_size()}: "
            f"set training.num_workers to {checkpoint.world_size}"
        )
    path, _ = engine.load_checkpoint(str(checkpoint.path), tag=_TAG)
    if path is None:
        raise CheckpointError(f"{checkpoint.path} could not be loaded although its files are whole")


def newest_verified(run_directory: Path) -> Checkpoint | None:
    """The newest checkpoint whose files are what its manifest says; None where none was ever committed.

    Raises:
        CheckpointError: checkpoints were committed, and not one of them is whole.
    """
    committed = sorted(run_directory.glob(f"checkpoint_*/{MANIFEST}"), reverse=True)
    for manifest_path in committed:
        path = manifest_path.parent
        fault = _fault(path)
        if fault is None:
            manifest = json.loads(manifest_path.read_text())
            state = TrainState(**manifest["state"])
            return Checkpoint(path, state, manifest["world_size"], manifest["run_identity"])
        logger.warning("checkpoint %s is refused: %s; taking the one before it", path, fault)
    if committed:
        raise CheckpointError(
            f"no checkpoint of {run_directory} is whole: restore one, or move the directory away to start afresh"
        )
    return None


def delete_old(run_directory: Path, keep: int) -> None:
    """Delete all but the newest `keep` committed checkpoints, once the newest is known to be whole."""
    committed = sorted(path.parent for path in run_directory.glob(f"checkpoint_*/{MANIFEST}"))
    if not committed or _fault(committed[-1]) is not None:
        return
    for path in committed[:-keep]:
        (path / MANIFEST).unlink()  # first, so that a half-deleted one is no checkpoint
        shutil.rmtree(path)


def _fault(path: Path) -> str | None:
    """What is wrong with a committed checkpoint, or None."""
    try:
        files = json.loads((path / MANIFEST).read_text())["files"]
    except (ValueError, KeyError):
        return "its manifest cannot be read"
    for name, (size, digest) in files.items():
        file = path / name
        if not file.is_file():
            return f"{name} is missing"
        if file.stat().st_size != size:
            return f"{name} has {file.stat().st_size} bytes, not {size}"
        if file_digest(file) != digest:
            return f"{name} was altered"
    return None if files else "it lists no files"
