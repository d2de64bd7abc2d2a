"""Checkpoints: written by every rank, committed by a manifest written last, verified before they are believed.

    <run>/checkpoint_000200/deepspeed/...   each rank's shard
    <run>/checkpoint_000200/manifest.json   state of the run; names, sizes and SHA-256 of every file

A directory without a manifest was never finished and is ignored. One whose files differ from its manifest is refused by
name and the one before it is taken; where no other is left, that is an error and never a fresh start.
"""

import contextlib
import io
import json
import logging
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from pipelines.model.packed import WRAPPER_PREFIX
from pipelines.stage.output import MANIFEST, file_digest, write_atomically
from pipelines.training.state import TrainState
from schemas.errors import CheckpointError

logger = logging.getLogger(__name__)

TAG = "deepspeed"
_RNG = "rng_of_rank_{rank}.pt"


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
    engine.save_checkpoint(str(path), tag=TAG)
    torch.save(torch.get_rng_state(), path / TAG / _RNG.format(rank=dist.get_rank()))
    dist.barrier()
    files = sorted(p for p in (path / TAG).rglob("*") if p.is_file())
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


def load(engine: Any, directory: Path, tag: str = TAG) -> None:
    """Load a verified checkpoint, or its form for another number of workers, into an engine. Collective.

    Raises:
        CheckpointError: DeepSpeed cannot load it.
    """
    path, _ = engine.load_checkpoint(str(directory), tag=tag)
    if path is None:
        raise CheckpointError(f"{directory} could not be loaded although its files are whole")
    states = directory / TAG / _RNG.format(rank=dist.get_rank())
    if states.exists():  # not there for a rank that the run did not have before
        torch.set_rng_state(torch.load(states))


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


def checkpoint_at(run_directory: Path, step: int) -> Path:
    """The committed checkpoint of a step, verified.

    Raises:
        CheckpointError: it is gone, or was altered.
    """
    for manifest in run_directory.glob(f"{checkpoint_name(TrainState(step=step))}*/{MANIFEST}"):
        fault = _fault(manifest.parent)
        if fault is None:
            return manifest.parent
        raise CheckpointError(f"the checkpoint of step {step}, {manifest.parent}, is refused: {fault}")
    raise CheckpointError(f"the checkpoint of step {step} in {run_directory} is gone: run the job into another storage")


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    """The whole model's float32 weights from a checkpoint's shards, by their names in the `transformers` model."""
    from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint

    if not list((path / TAG).glob("*_optim_states.pt")):  # ZeRO-0 writes one file
        state = torch.load(next((path / TAG).glob("mp_rank_*_model_states.pt")), weights_only=False)["module"]
    else:
        with contextlib.redirect_stdout(io.StringIO()):
            state = get_fp32_state_dict_from_zero_checkpoint(str(path), tag=TAG)
    return {name.removeprefix(WRAPPER_PREFIX): tensor.detach().clone() for name, tensor in state.items()}


def delete_old(run_directory: Path, keep: int, keep_step: int | None) -> None:
    """Delete all but the newest `keep` committed checkpoints, once the newest is known to be whole.

    Args:
        run_directory: of the run.
        keep: how many.
        keep_step: step of one more that stays; None for none.
    """
    committed = sorted(path.parent for path in run_directory.glob(f"checkpoint_*/{MANIFEST}"))
    if not committed or _fault(committed[-1]) is not None:
        return
    protected = None if keep_step is None else checkpoint_name(TrainState(step=keep_step))
    for path in committed[:-keep]:
        if path.name == protected:
            continue
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
