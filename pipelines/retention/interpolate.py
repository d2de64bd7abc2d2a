"""A model between two others: each weight is (1 - alpha) of the origin's and alpha of the fine-tuned one's.

Fine-tuning moves weights along a path on which, for models that start from the same weights, the points between do well
too: a part of the way often keeps most of what was gained and most of what was there before (WiSE-FT: Wortsman et al.,
Robust fine-tuning of zero-shot models, CVPR 2022). Whether it does here is for scoring to say.

Cost: both models are read once and one is written. Memory holds two tensors and one shard of the new model; pages of
the mapped files come on top, which the system takes back when it needs them.
"""

import json
import logging
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from pipelines.model.load import require_model_directory, weights_digest
from pipelines.model.tokenizer import load_tokenizer
from pipelines.retention.weights import FLOATS, INDEX, SINGLE_FILE, StoredTensor, StoredWeights, tied_names
from pipelines.stage.output import versions
from schemas.errors import CheckpointError, ConfigError

logger = logging.getLogger(__name__)

_SHARD_BYTES = 2 * 1024**3
# Files beside the weights that a model directory is made of.
_COMPANIONS = {".json", ".jinja", ".model", ".txt"}
# Entries of config.json that say nothing about what the weights compute.
_INCIDENTAL = {"_name_or_path", "architectures", "dtype", "transformers_version", "use_cache"}
_INCIDENTAL |= {"bos_token_id", "eos_token_id", "pad_token_id"}

_CARD = """---
library_name: transformers
pipeline_tag: text-generation
---
# {title}

Made by Wardround between two models: each weight is {origin_share:g} of the origin's and {alpha:g} of the fine-tuned
one's. The fine-tuned model was trained on clinical notes that were screened for identifiers, which lowers the risk that
it repeats one and does not remove it; a part of its weights is a part of that risk. Treat these weights as the notes
themselves are treated. This is no medical device and must not be used to care for patients.

## Lineage
| fact | value |
|---|---|
{lineage}
"""


@dataclass(frozen=True)
class _Pair:
    """A tensor that both models have, and the type that it is written in."""

    name: str
    num_bytes: int
    dtype: torch.dtype | None  # null for a tensor that is no weight: it must be the same in both


def interpolate(
    origin: Path, finetuned: Path, alpha: float, directory: Path, *, shard_bytes: int = _SHARD_BYTES
) -> None:
    """Write the model between two others, with tokenizer, configuration and card; an earlier one is then replaced.

    Arithmetic is in float32, and the result in the fine-tuned model's type. Where the origin's is narrower, as of a
    bfloat16 model that was trained in float32, it is widened, which loses nothing. At alpha 0 the weights are the
    origin's and at 1 the fine-tuned model's, bit for bit.

    Args:
        origin: directory of the model that fine-tuning started from.
        finetuned: directory of the model that came of it.
        alpha: share of the fine-tuned model, 0 to 1.
        directory: where to; complete or not there at all.
        shard_bytes: the most that one file of weights holds, unless a single tensor is larger.

    Raises:
        ConfigError: alpha is out of range.
        InputError: one of the directories holds no model.
        CheckpointError: they are not of one model, by configuration, vocabulary, or the name, shape or type of a
            tensor; a weight is not finite; or what was written does not read back.
    """
    if not 0 <= alpha <= 1:
        raise ConfigError(f"alpha is {alpha}: give a share from 0 to 1")
    for folder in (origin, finetuned):
        require_model_directory(folder)
    _require_one_model(origin, finetuned)
    first, second = StoredWeights(origin), StoredWeights(finetuned)
    shards = _shards(_pairs(first, second, tied_names(finetuned)), shard_bytes)
    draft = directory.with_name(f".{directory.name}.{uuid.uuid4().hex}")
    draft.mkdir(parents=True)
    try:
        for file in sorted(finetuned.iterdir()):
            if file.suffix in _COMPANIONS and file.name != INDEX:
                shutil.copyfile(file, draft / file.name)
        _write_shards(first, second, alpha, shards, draft)
        StoredWeights(draft)  # its index is right
        (draft / "README.md").write_text(_card(origin, finetuned, alpha, directory))
        require_model_directory(draft)
        if directory.exists():
            shutil.rmtree(directory)
        draft.rename(directory)
    finally:
        shutil.rmtree(draft, ignore_errors=True)  # gone already where it was renamed


def _require_one_model(origin: Path, finetuned: Path) -> None:
    """Weights of equal names and shapes can still mean different things: other positions, another vocabulary."""
    from transformers import AutoConfig

    ours, theirs = (AutoConfig.from_pretrained(folder).to_dict() for folder in (origin, finetuned))
    differing = sorted(key for key in {*ours, *theirs} - _INCIDENTAL if ours.get(key) != theirs.get(key))
    if differing:
        raise CheckpointError(
            f"config.json of {origin} and {finetuned} differ in {', '.join(differing)}: only a model and what was "
            "fine-tuned from it can be interpolated"
        )
    vocabularies = [load_tokenizer(str(folder)).get_vocab() for folder in (origin, finetuned)]
    if vocabularies[0] != vocabularies[1]:
        raise CheckpointError(
            f"the tokenizers of {origin} and {finetuned} differ: only a model and what was fine-tuned from it can be "
            "interpolated"
        )


def _pairs(origin: StoredWeights, finetuned: StoredWeights, tied: dict[str, str]) -> list[_Pair]:
    """The tensors of both, in the order of their names, tied ones once."""
    for weights in (origin, finetuned):
        for name, source in tied.items():
            if {name, source} <= weights.tensors.keys() and not torch.equal(weights.read(name), weights.read(source)):
                raise CheckpointError(
                    f"tensor {name!r} is tied to {source!r} and differs from it: save the model again"
                )
    # A tied weight is left out only where the one that it is tied to is there in its place.
    names = [
        {name for name in weights.tensors if tied.get(name) not in weights.tensors} for weights in (origin, finetuned)
    ]
    if lone := sorted(names[0] ^ names[1]):
        raise CheckpointError(f"tensor {lone[0]!r} is in one of the two models only: they are not of one family")
    return [_pair(name, origin.tensors[name], finetuned.tensors[name]) for name in sorted(names[0])]


def _pair(name: str, origin: StoredTensor, finetuned: StoredTensor) -> _Pair:
    if origin.shape != finetuned.shape:
        raise CheckpointError(
            f"tensor {name!r} has shape {list(origin.shape)} in the origin and {list(finetuned.shape)} in the "
            "fine-tuned model: they are not of one family"
        )
    types = [FLOATS.get(tensor.dtype) for tensor in (origin, finetuned)]
    widened = torch.promote_types(types[0], types[1]) if types[0] and types[1] else None
    if widened != types[1] or (widened is None and origin.dtype != finetuned.dtype):
        raise CheckpointError(
            f"tensor {name!r} is {origin.dtype} in the origin and {finetuned.dtype} in the fine-tuned model: save both "
            "in one type"
        )
    item_bytes = widened.itemsize if widened else 8
    return _Pair(name, finetuned.num_elements * item_bytes, widened)


def _shards(pairs: list[_Pair], shard_bytes: int) -> dict[str, list[_Pair]]:
    """File name → what goes into it, under the names that `transformers` gives such files."""
    groups: list[list[_Pair]] = [[]]
    for pair in pairs:
        if groups[-1] and sum(member.num_bytes for member in groups[-1]) + pair.num_bytes > shard_bytes:
            groups.append([])
        groups[-1].append(pair)
    if len(groups) == 1:
        return {SINGLE_FILE: groups[0]}
    return {f"model-{index:05d}-of-{len(groups):05d}.safetensors": group for index, group in enumerate(groups, 1)}


def _write_shards(
    origin: StoredWeights, finetuned: StoredWeights, alpha: float, shards: dict[str, list[_Pair]], draft: Path
) -> None:
    num_bytes = 0
    for file, pairs in shards.items():
        tensors = {pair.name: _mixed(pair, origin.read(pair.name), finetuned.read(pair.name), alpha) for pair in pairs}
        save_file(tensors, draft / file, metadata={"format": "pt"})
        num_bytes += sum(tensor.nbytes for tensor in tensors.values())
        logger.info("interpolation: %s written", file)
        _require_reads_back(draft / file, tensors)
    if len(shards) > 1:
        weight_map = {pair.name: file for file, pairs in shards.items() for pair in pairs}
        index = {"metadata": {"total_size": num_bytes}, "weight_map": weight_map}
        (draft / INDEX).write_text(json.dumps(index, indent=2, sort_keys=True))


def _mixed(pair: _Pair, origin: torch.Tensor, finetuned: torch.Tensor, alpha: float) -> torch.Tensor:
    if pair.dtype is None:
        if not torch.equal(origin, finetuned):
            raise CheckpointError(
                f"tensor {pair.name!r} is no weight, of {origin.dtype}, and differs in the two models"
            )
        return finetuned
    # Arithmetic would turn a -0.0 of the origin into 0.0, so the ends are taken as they are.
    if alpha in (0, 1):
        mixed = (finetuned if alpha else origin).to(pair.dtype)
    else:
        mixed = torch.lerp(origin.float(), finetuned.float(), alpha).to(pair.dtype)
    if not mixed.isfinite().all():
        raise CheckpointError(f"tensor {pair.name!r} holds NaN or infinity at alpha {alpha:g}: check both models")
    return mixed


def _require_reads_back(file: Path, tensors: dict[str, torch.Tensor]) -> None:
    with safe_open(file, framework="pt") as stored:
        for name, tensor in tensors.items():
            read = stored.get_tensor(name)
            if read.dtype != tensor.dtype or not torch.equal(read, tensor):
                raise CheckpointError(f"tensor {name!r} does not read back from {file.name}: check the disk")


def _card(origin: Path, finetuned: Path, alpha: float, directory: Path) -> str:
    facts: dict[str, Any] = {
        "alpha": alpha,
        "origin": {"model": origin.name, "weights": weights_digest(str(origin))},
        "finetuned": {"model": finetuned.name, "weights": weights_digest(str(finetuned))},
        "versions": versions(),
    }
    lineage = "\n".join(f"| {name} | `{json.dumps(value, sort_keys=True)}` |" for name, value in facts.items())
    return _CARD.format(title=directory.parent.name, origin_share=1 - alpha, alpha=alpha, lineage=lineage)
