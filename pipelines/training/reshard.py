"""A checkpoint turned into one that another number of workers can load, in DeepSpeed's universal format.

    <run>/checkpoint_000200/deepspeed/   a shard for each of the workers that wrote it
    <run>/resharded_000200/universal/    a folder for each parameter and its optimizer state

Written beside the checkpoint, which stays as it is; the folder goes once the run has written a checkpoint of its own.
"""

import argparse
import contextlib
import io
import shutil
from pathlib import Path
from typing import Any

import torch.distributed as dist

from pipelines.training.checkpoint import TAG, Checkpoint, load

UNIVERSAL = "universal"


def resharded(checkpoint: Checkpoint) -> Path:
    """The directory of the universal form of a verified checkpoint. Collective; rank 0 converts."""
    folder = checkpoint.path.with_name(checkpoint.path.name.replace("checkpoint", "resharded"))
    if dist.get_rank() == 0:
        shutil.rmtree(folder, ignore_errors=True)  # what a killed conversion left is of no use
        folder.mkdir(parents=True)
        _convert(checkpoint.path / TAG, folder / UNIVERSAL)
        (folder / f"latest_{UNIVERSAL}").write_text(UNIVERSAL)
    dist.barrier()
    return folder


def load_resharded(engine: Any, directory: Path) -> None:
    """Load a converted checkpoint into an engine. Collective.

    DeepSpeed 0.19 gives all of ZeRO-3's optimizer states one and the same step counter, which then runs ahead, and all
    parameter groups the first one's settings; both are put right here.
    """
    weight_decays = [group["weight_decay"] for group in engine.optimizer.param_groups]
    load(engine, directory, UNIVERSAL)
    for group, weight_decay in zip(engine.optimizer.param_groups, weight_decays, strict=True):
        group["weight_decay"] = weight_decay
    for state in engine.optimizer.optimizer.state.values():
        state["step"] = state["step"].clone()


def delete_resharded(run_directory: Path) -> None:
    """Delete converted checkpoints; the checkpoints themselves stay."""
    for folder in run_directory.glob("resharded_*"):
        shutil.rmtree(folder)


def _convert(source: Path, target: Path) -> None:
    from deepspeed.checkpoint.ds_to_universal import main

    options = argparse.Namespace(
        input_folder=str(source),
        output_folder=str(target),
        num_extract_workers=1,
        num_merge_workers=1,
        keep_temp_folder=False,
        strict=True,
        inject_missing_state=True,  # our checkpoints hold no hints of tensor parallelism
    )
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        main(options)
