"""A run that was killed anywhere goes on as if it had not been; a checkpoint that is not whole is never believed."""

import os
from pathlib import Path
from typing import Any

import pytest
from gloo_ranks import Fate, Run, start
from torch.multiprocessing.spawn import ProcessException

from pipelines.stage.output import MANIFEST
from pipelines.training.checkpoint import delete_old, newest_verified
from schemas.errors import CheckpointError

SECOND = "checkpoint_00000006"


@pytest.fixture(scope="module")
def unbroken(chat_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of two epochs that nothing happened to."""
    return start(chat_model, tmp_path_factory.mktemp("unbroken"), 2, epochs=2)


def state_of(run: Run) -> Any:
    checkpoint = newest_verified(run.directory)
    assert checkpoint is not None
    return checkpoint.state


def equals(run: Run, unbroken: Run) -> None:
    """Bitwise: same weights, optimizer state, rows, order and random numbers; each step once."""
    steps, expected = (
        [{name: value for name, value in entry.items() if not name.endswith("seconds")} for entry in log]
        for log in (run.log, unbroken.log)
    )
    assert steps == expected


# What a rank is about to do when it is killed, and the checkpoints from which the run may go on then: between two, the
# newer is committed in the background.
KILLS = {
    "between checkpoints": (Fate(die_at=8), (3, 6)),
    "with a directory made and empty": (Fate(die_on=("os.mkdir", f"{SECOND}/deepspeed")), (3,)),
    "while files are hashed": (Fate(die_on=("open", f"{SECOND}/deepspeed/mp_rank_00_model_states.pt")), (3,)),
    "before the manifest, with half a file": (
        Fate(die_on=("os.rename", f"{SECOND}/{MANIFEST}"), tear=f"{SECOND}/deepspeed/mp_rank_00_model_states.pt"),
        (3,),
    ),
    "after the manifest, before an old one goes": (Fate(die_on=("os.remove", f"checkpoint_00000003/{MANIFEST}")), (6,)),
    "with an old one half deleted": (Fate(die_on=("shutil.rmtree", "checkpoint_00000003")), (6,)),
}
USUAL = {"between checkpoints", "before the manifest, with half a file"}


@pytest.mark.parametrize("kill", [pytest.param(k, marks=[] if k in USUAL else pytest.mark.slow) for k in KILLS])
def test_a_killed_run_goes_on_as_if_it_had_not_been(train: Any, unbroken: Run, tmp_path: Path, kill: str) -> None:
    fate, possible = KILLS[kill]
    with pytest.raises(ProcessException):
        train("broken", 2, epochs=2, keep_checkpoints=1, fate=fate)
    broken = Run(tmp_path / "broken")
    resumed_step = state_of(broken).step
    assert resumed_step in possible
    done = [entry for entry in broken.log if entry["step"] <= resumed_step]
    resumed = train("broken", 2, epochs=2, keep_checkpoints=1)
    equals(resumed, unbroken)
    assert resumed.log[: len(done)] == done, "with their seconds: what the checkpoint holds was not done again"


def test_a_notice_brings_a_checkpoint_at_once(train: Any, unbroken: Run, tmp_path: Path) -> None:
    with pytest.raises(ProcessException):
        train("broken", 2, epochs=2, checkpoint_every_steps=100, fate=Fate(notice_at=4, die_at=6))
    assert state_of(Run(tmp_path / "broken")).step == 4
    equals(train("broken", 2, epochs=2), unbroken)


def test_a_checkpoint_that_cannot_be_hashed_ends_the_run_and_costs_no_other(train: Any, tmp_path: Path) -> None:
    broken_disk = Fate(die_on=("open", f"{SECOND}/deepspeed/mp_rank_00_model_states.pt"), fails=True)
    with pytest.raises(ProcessException, match=f"{SECOND} could not be written: Input/output error"):
        train("broken", 2, epochs=2, keep_checkpoints=1, fate=broken_disk)
    assert state_of(Run(tmp_path / "broken")).step == 3


def test_old_checkpoints_go_once_the_new_one_is_whole(train: Any) -> None:
    run = train("run", 1, keep_checkpoints=2)
    kept = sorted(path.parent for path in run.directory.glob(f"checkpoint_*/{MANIFEST}"))
    assert len(kept) == 2
    assert kept[-1].name.endswith("_final")
    shard = next(kept[-1].rglob("*.pt"))
    os.truncate(shard, shard.stat().st_size // 2)
    with pytest.raises(CheckpointError, match="does not read back"):
        delete_old(kept[-1], 1, None)
    assert sorted(path.parent for path in run.directory.glob(f"checkpoint_*/{MANIFEST}")) == kept


def test_an_altered_checkpoint_is_refused_and_written_anew(train: Any) -> None:
    run = train("run", 1, keep_checkpoints=2)
    losses = run.losses
    newest, older = sorted(run.directory.glob("checkpoint_*"), reverse=True)[:2]
    shard = next(path for path in newest.rglob("*.pt"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    assert newest_verified(run.directory).path == older  # type: ignore[union-attr]
    # The checkpoints between the two are written, and each is kept until the next one is whole.
    assert train("run", 1, keep_checkpoints=1, checkpoint_every_steps=1).losses == losses
    assert newest_verified(run.directory).path == newest  # type: ignore[union-attr]
    assert [path.parent for path in run.directory.glob(f"checkpoint_*/{MANIFEST}")] == [newest]


def test_a_run_with_no_whole_checkpoint_does_not_start_afresh(train: Any) -> None:
    run = train("run", 1)
    for path in run.directory.rglob("*.pt"):
        path.unlink()
    with pytest.raises(CheckpointError, match="no checkpoint"):
        newest_verified(run.directory)
    with pytest.raises(ProcessException, match="no checkpoint"):
        train("run", 1)
