"""Trains a small model by a plain loop on examples, so that tests can ask what it kept of them."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from transformers import AutoTokenizer

from pipelines.model.chat import ChatEncoder, EncodedExample
from pipelines.model.load import load_model
from pipelines.model.packed import Pack, PackedModel
from schemas.examples import EXAMPLES
from schemas.notes import Split

SYSTEM, INSTRUCTION = "You are a physician.", "Plan?"
MAX_TOKENS = 256
_WORDS = ["chest", "pain", "fever", "cough", "admit", "heparin", "troponin", "likely", "sepsis", "rest", "home", "ward"]


def example_rows(split: Split, num: int, seed: int) -> list[dict[str, Any]]:
    """Examples of one patient each, whose words are drawn at random: no target can be known from its prompt."""
    generator = torch.Generator().manual_seed(seed)

    def words(count: int) -> str:
        return " ".join(_WORDS[i] for i in torch.randint(0, len(_WORDS), (count,), generator=generator).tolist()) + "."

    return [
        {
            "example_id": f"{split.value}-{index}",
            "note_id": f"{split.value}-{index}",
            "patient_id": f"patient-{split.value}-{index}",
            "split": split.value,
            "system": SYSTEM,
            "prompt": words(6),
            "target": words(12),
            "sections": [],
            "diagnosis": None,
            "diagnosis_code": None,
            "source_file": "made-up",
            "source_row": index,
        }
        for index in range(num)
    ]


def examples(split: Split, num: int, seed: int) -> pa.Table:
    """`example_rows` as a table."""
    return pa.Table.from_pylist(example_rows(split, num, seed), schema=EXAMPLES)


def train(model_path: Path, tables: list[pa.Table], epochs: int, directory: Path) -> Path:
    """Train on every row of the tables in each epoch, one step an epoch, and save the model in a directory."""
    torch.manual_seed(3)
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    encoder = ChatEncoder(tokenizer, MAX_TOKENS)
    rows = [row for table in tables for row in table.to_pylist()]
    encoded = [encoder.encode(row["system"], row["prompt"], INSTRUCTION, row["target"]) for row in rows]
    pack = _pack(encoded)
    model = PackedModel(load_model(str(model_path), "float32")).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=epochs)
    for _ in range(epochs):
        nll, _ = model(pack.input_ids, pack.target_mask, pack.document_lengths)
        optimizer.zero_grad()
        nll.mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    model.causal_lm.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def _pack(encoded: list[EncodedExample]) -> Pack:
    return Pack(
        input_ids=torch.tensor([token for example in encoded for token in example.input_ids]),
        target_mask=torch.tensor([flag for example in encoded for flag in example.target_mask]),
        document_lengths=[len(example.input_ids) for example in encoded],
        document_ids=[str(index) for index in range(len(encoded))],
    )
