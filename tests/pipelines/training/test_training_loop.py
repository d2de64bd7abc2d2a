"""Training is exact: the same for any number of workers and ZeRO stage, and the same after a kill."""

from pathlib import Path
from typing import Any

import pytest
import torch
from gloo_ranks import NUM_SLOTS, Fate, stream_rows
from torch.multiprocessing import ProcessExitedException
from transformers import AutoModelForCausalLM

from pipelines.model.load import load_model
from pipelines.model.packed import PackedModel
from pipelines.training.checkpoint import checkpoint_at, newest_verified, weights_of
from pipelines.training.config import TrainingConfig
from pipelines.training.loop import EXPORT
from pipelines.training.schedule import learning_rate_at
from pipelines.training.state import TrainState
from pipelines.training.stream import steps_of_rank


def _plain_torch_losses(model_path: Path, config: TrainingConfig) -> list[float]:
    """The same steps in a plain loop: one process, no DeepSpeed."""
    torch.set_num_threads(1)
    model = PackedModel(load_model(str(model_path), "float32"))
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    plain = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=config.learning_rate,
        betas=(0.9, 0.95),
    )
    losses, progress = [], 0.0
    for step in steps_of_rank(stream_rows(model_path), 0, 1, NUM_SLOTS, TrainState()):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate_at(config, progress, len(losses))
        total = sum(model(p.input_ids, p.target_mask, p.document_lengths)[0].sum() for p in step.packs)
        assert isinstance(total, torch.Tensor)
        loss = total / step.step_target_tokens
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.gradient_clip)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
        progress = step.after.progress
    return losses


@pytest.mark.parametrize(("world_size", "zero_stage"), [(1, 0), (2, 1), (4, 2), (2, 3)])
def test_losses_are_those_of_plain_torch(train: Any, chat_model: Path, world_size: int, zero_stage: int) -> None:
    run = train("run", world_size, zero_stage=zero_stage)
    expected = _plain_torch_losses(chat_model, TrainingConfig(learning_rate=1e-3))
    assert len(expected) >= 6
    assert run.losses == pytest.approx(expected, abs=1e-5)


def test_a_finished_run_is_not_trained_again(train: Any) -> None:
    first = train("run", 2)
    again = train("run", 2)
    assert again.losses == first.losses
    assert newest_verified(first.directory).state.finished  # type: ignore[union-attr]


def test_max_steps_ends_a_run_although_rows_remain(train: Any) -> None:
    run = train("run", 1, max_steps=3)
    assert len(run.losses) == 3
    last = newest_verified(run.directory)
    assert last is not None
    assert last.state.finished
    assert last.state.progress < 1.0


@pytest.mark.parametrize(
    "zero_stage", [1, pytest.param(0, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)]
)
def test_the_best_validation_is_exported_and_patience_ends_the_run(train: Any, zero_stage: int) -> None:
    # The loss falls from validation to validation: by this measure the first one is the best.
    run = train(
        "run", 2, epochs=3, zero_stage=zero_stage, export="best", best_is="highest", patience=1, keep_checkpoints=1
    )
    assert len(run.losses) == 10
    assert checkpoint_at(run.directory, 5).name == "checkpoint_00000005"
    exported = AutoModelForCausalLM.from_pretrained(run.directory / EXPORT).state_dict()
    best, last = (weights_of(checkpoint_at(run.directory, step)) for step in (5, 10))
    assert all(torch.equal(tensor, best[name]) for name, tensor in exported.items())
    assert not all(torch.equal(tensor, last[name]) for name, tensor in exported.items())
    assert "| exported_step | `5` |" in (run.directory / EXPORT / "README.md").read_text()


def test_max_tokens_ends_a_run_although_rows_remain(train: Any) -> None:
    run = train("run", 1, max_tokens=1)
    assert len(run.losses) == 1


def test_every_validation_row_is_scored(train: Any) -> None:
    run = train("run", 2)
    validations = [entry for entry in run.log if entry["kind"] == "validation"]
    assert {entry["num_validation_examples"] for entry in validations} == {60.0}
    assert validations[-1]["validation_loss"] < validations[0]["validation_loss"]


@pytest.mark.parametrize(
    ("zero_stage", "before", "after"),
    [
        (1, 1, 2),
        (3, 2, 1),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in ((0, 2, 1), (1, 2, 1), (2, 2, 1))),
    ],
)
def test_a_run_goes_on_with_another_number_of_workers(train: Any, zero_stage: int, before: int, after: int) -> None:
    unbroken = train("unbroken", before, epochs=2, zero_stage=zero_stage, weight_decay=5.0)
    with pytest.raises(ProcessExitedException):
        train("broken", before, epochs=2, zero_stage=zero_stage, weight_decay=5.0, fate=Fate(die_at=8))
    resumed = train("broken", after, epochs=2, zero_stage=zero_stage, weight_decay=5.0)
    assert resumed.losses == pytest.approx(unbroken.losses, abs=1e-4)
    assert len(resumed.losses) == len(unbroken.losses)
    assert newest_verified(resumed.directory).world_size == after  # type: ignore[union-attr]
    assert not list(resumed.directory.glob("resharded_*"))
