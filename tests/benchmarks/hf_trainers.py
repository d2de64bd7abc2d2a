"""transformers' Trainer and TRL's SFTTrainer as programs that take turns.

Each has its own defaults but for what would make the comparison unequal (float32, AdamW's betas, a constant learning
rate, no reordering of the documents) or make it slower than it need be: TRL's gradient checkpointing is off.
"""

from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from training_workload import LEARNING_RATE, SHAPE
from transformers import DataCollatorForSeq2Seq, Trainer, TrainerCallback, TrainingArguments
from turns import Turns

from pipelines.model.chat import EncodedExample
from pipelines.model.load import load_model
from pipelines.model.tokenizer import load_tokenizer

_IGNORED = -100
_EQUAL: dict[str, Any] = {
    "learning_rate": LEARNING_RATE,
    "lr_scheduler_type": "constant",
    "adam_beta2": 0.95,
    "max_grad_norm": 1.0,
    "bf16": False,
    "use_cpu": True,
    "train_sampling_strategy": "sequential",  # the rows are shuffled, or grouped, already
    "report_to": "none",
    "save_strategy": "no",
    "disable_tqdm": True,
    "num_train_epochs": 1,
}


class _TurnTaker(TrainerCallback):
    """A step is from the end of the one before, so that loading its batches belongs to it."""

    def __init__(self, turns: Turns):
        self._turns = turns
        self.loss = torch.zeros(())

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        self._turns.begin()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self._turns.end(float(self.loss))
        self.loss = torch.zeros(())
        self._turns.begin()


def _observed(trainer_class: Any) -> Any:
    """A trainer that adds up the losses of a step's micro-batches, which it has divided by the step's targets."""

    class Observed(trainer_class):
        turn_taker: _TurnTaker

        def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
            loss = super().training_step(*args, **kwargs)
            self.turn_taker.loss += loss
            return loss

    return Observed


def _train(trainer: Any, turns: Turns) -> None:
    trainer.turn_taker = _TurnTaker(turns)
    trainer.add_callback(trainer.turn_taker)
    trainer.train()


def _row(document: EncodedExample) -> dict[str, list[int]]:
    prompt = document.num_prompt_tokens
    return {"input_ids": document.input_ids, "labels": [_IGNORED] * prompt + document.input_ids[prompt:]}


def hf_trainer(
    connection: Connection,
    rank: int,
    *,
    model: Path,
    documents: list[EncodedExample],
    micro_batch: int,
    micro_batches: int,
    threads: int,
) -> None:
    """transformers' Trainer on documents in their order, padded to the longest of each micro-batch."""
    torch.set_num_threads(threads)
    tokenizer = load_tokenizer(str(model))
    arguments = TrainingArguments(
        output_dir=str(model.parent / "hf"),
        per_device_train_batch_size=micro_batch,
        gradient_accumulation_steps=micro_batches,
        **_EQUAL,
    )
    rows = [_row(document) for document in documents]
    trainer = _observed(Trainer)(
        model=load_model(str(model), "float32", attention="sdpa"),
        args=arguments,
        train_dataset=[row | {"attention_mask": [1] * len(row["input_ids"])} for row in rows],
        data_collator=DataCollatorForSeq2Seq(tokenizer),
    )
    _train(trainer, Turns(connection, SHAPE.vocab_size))


def trl_trainer(
    connection: Connection,
    rank: int,
    *,
    model: Path,
    rows: dict[str, list[Any]],
    micro_batch: int,
    micro_batches: int,
    threads: int,
    packs_of: int | None = None,
    scores_targets_alone: bool = False,
) -> None:
    """TRL's SFTTrainer, with its own collator and its own loss.

    Args:
        rows: columns input_ids and labels; with packs, also seq_lengths, as `trl.pack_dataset` leaves them.
        packs_of: the packs' tokens; None pads documents.
        scores_targets_alone: run TRL's LM head on the targets' rows, as TRL does on GPUs, and not on all rows, as it
            does on CPUs.
    """
    import trl
    import trl.trainer.utils
    from datasets import Dataset

    torch.set_num_threads(threads)
    if scores_targets_alone:
        trl.trainer.utils._use_triton = lambda device: True  # read for the choice of rows; the kernels have their own
    arguments = trl.SFTConfig(
        output_dir=str(model.parent / "trl"),
        per_device_train_batch_size=micro_batch,
        gradient_accumulation_steps=micro_batches,
        packing=packs_of is not None,
        max_length=packs_of,
        dataset_kwargs={"skip_prepare_dataset": True},
        gradient_checkpointing=False,
        **_EQUAL,
    )
    trainer = _observed(trl.SFTTrainer)(
        model=load_model(str(model), "float32", attention="sdpa"),
        args=arguments,
        train_dataset=Dataset.from_dict(rows),
        processing_class=load_tokenizer(str(model)),
    )
    _train(trainer, Turns(connection, SHAPE.vocab_size))


def trl_rows(documents: list[EncodedExample]) -> dict[str, list[Any]]:
    """Columns of documents for `trl_trainer`."""
    rows = [_row(document) for document in documents]
    return {name: [row[name] for row in rows] for name in ("input_ids", "labels")}


def trl_packs(documents: list[EncodedExample], pack_tokens: int) -> tuple[dict[str, list[Any]], list[list[int]]]:
    """Documents packed by TRL's best fit.

    Returns:
        Columns of packs for `trl_trainer`, and the indices of each pack's documents.
    """
    from datasets import Dataset
    from trl import pack_dataset

    columns = trl_rows(documents)
    columns["document"] = [[index] * len(ids) for index, ids in enumerate(columns["input_ids"])]
    packs = pack_dataset(Dataset.from_dict(columns), pack_tokens, "bfd").to_dict()
    members = [list(dict.fromkeys(column)) for column in packs.pop("document")]
    return packs, members
