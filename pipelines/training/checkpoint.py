"""Checkpoints as they lie on storage: committed by a manifest, verified before they are believed.

    <run>/checkpoint_00000200/deepspeed/...   each rank's shard
    <run>/checkpoint_00000200/manifest.json   state of the run; names, sizes and SHA-256 of every file

A directory without a manifest was never finished and is ignored. One whose files differ from its manifest is refused by
name and the one before it is taken; where no other is left, that is an error and never a fresh start.
`checkpoint_writer` writes them.
"""

import contextlib
import hashlib
import io
import json
import logging
import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from pipelines.model.packed import WRAPPER_PREFIX
from pipelines.stage.output import MANIFEST
from pipelines.training.state import TrainState
from schemas.errors import CheckpointError

logger = logging.getLogger(__name__)

TAG = "deepspeed"
RNG_STATE = "rng_of_rank_{rank}.pt"
_DIGEST_THREADS = 8  # hashing leaves Python's lock alone; one thread reads 1 to 2 GB/s


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


def load(engine: Any, directory: Path, tag: str = TAG) -> None:
    """Load a verified checkpoint, or its form for another number of workers, into an engine. Collective.

    Raises:
        CheckpointError: DeepSpeed cannot load it.
    """
    path, _ = engine.load_checkpoint(str(directory), tag=tag)
    if path is None:
        raise CheckpointError(f"{directory} could not be loaded although its files are whole")
    states = directory / TAG / RNG_STATE.format(rank=dist.get_rank())
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


def agreed_newest_verified(run_directory: Path) -> Checkpoint | None:
    """What `newest_verified` gives rank 0, on every rank. Collective: no two ranks resume from different steps.

    Raises:
        CheckpointError: on every rank, as `newest_verified`.
    """
    found: list[Any] = [None]
    if dist.get_rank() == 0:
        try:
            found = [newest_verified(run_directory)]
        except CheckpointError as error:
            found = [error]
    dist.broadcast_object_list(found, src=0)
    if isinstance(found[0], CheckpointError):
        raise found[0]
    checkpoint: Checkpoint | None = found[0]
    return checkpoint


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


def weights_of(path: Path, dtype: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    """The whole model's weights from a checkpoint, by their names in the `transformers` model.

    Args:
        path: of the checkpoint.
        dtype: that the model computes with.
    """
    from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint

    whole = path / TAG / "mp_rank_00_model_states.pt"  # below ZeRO-3 one file has all weights, as the model computes
    if whole.exists():
        state = torch.load(whole, weights_only=False, mmap=True)["module"]
    else:
        with contextlib.redirect_stdout(io.StringIO()):
            state = get_fp32_state_dict_from_zero_checkpoint(str(path), tag=TAG)
    return {name.removeprefix(WRAPPER_PREFIX): tensor.detach().to(dtype) for name, tensor in state.items()}


def delete_old(newest: Path, keep: int, keep_step: int | None) -> None:
    """Delete all but the `keep` committed checkpoints up to the one just written, once that is known to be whole.

    Any that the run's order puts after it were refused when the run was resumed; they go too.

    Args:
        newest: the one just written.
        keep: how many.
        keep_step: step of one more that stays; None for none.

    Raises:
        CheckpointError: the newest does not read back as it was written; nothing was deleted.
    """
    fault = _fault(newest)
    if fault is not None:
        raise CheckpointError(f"{newest} does not read back as it was written: {fault}")
    committed = sorted(path.parent for path in newest.parent.glob(f"checkpoint_*/{MANIFEST}"))
    end = committed.index(newest) + 1
    kept = set(committed[max(0, end - keep) : end])
    if keep_step is not None:
        kept.add(newest.with_name(checkpoint_name(TrainState(step=keep_step))))
    for path in committed:
        if path not in kept:
            (path / MANIFEST).unlink()  # first, so that a half-deleted one is no checkpoint
            shutil.rmtree(path)


def file_entries(directory: Path, files: Iterable[Path], *, flush: bool = False) -> dict[str, list[Any]]:
    """Name below `directory` → size and SHA-256 of each file, several at once.

    Args:
        directory: of the checkpoint.
        files: in it.
        flush: have the files outlive a power cut first, as a manifest that names them will.

    Raises:
        OSError: one of them cannot be read.
    """

    def entry(file: Path) -> tuple[str, list[Any]]:
        with file.open("rb") as opened:
            if flush:
                os.fsync(opened.fileno())
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
            return str(file.relative_to(directory)), [opened.tell(), digest]

    with ThreadPoolExecutor(_DIGEST_THREADS) as threads:
        return dict(threads.map(entry, files))


def _fault(path: Path) -> str | None:
    """What is wrong with a committed checkpoint, or None."""
    try:
        expected = json.loads((path / MANIFEST).read_text())["files"]
    except (ValueError, KeyError):
        return "its manifest cannot be read"
    for name, (size, _) in expected.items():
        file = path / name
        if not file.is_file():
            return f"{name} is missing"
        if file.stat().st_size != size:
            return f"{name} has {file.stat().st_size} bytes, not {size}"
    try:
        found = file_entries(path, [path / name for name in expected])
    except OSError as error:
        return f"{error.filename} cannot be read ({error.strerror})"
    for name, entry in expected.items():
        if found[name] != entry:
            return f"{name} was altered"
    return None if expected else "it lists no files"
