"""Writing a trained model as a `transformers` directory with its tokenizer and a model card.

The weights stand in memory once: shards are written straight from them, and read back a tensor at a time.
"""

import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from pipelines.model.load import require_model_directory
from pipelines.model.tokenizer import load_tokenizer
from pipelines.stage.output import versions
from schemas.errors import CheckpointError

MAX_SHARD_BYTES = 5_000_000_000  # a larger model gets several files and an index

_CARD = """---
library_name: transformers
base_model: {base}
pipeline_tag: text-generation
---
# {title}

Trained by Wardround from `{base}`: full fine-tuning on prompt/target pairs made from clinical notes. The notes were
screened for identifiers, which lowers the risk that this model repeats one and does not remove it: treat the weights as
the notes themselves are treated. It is no medical device and must not be used to care for patients.

## Lineage
{lineage}
"""


def export_model(
    model: Any, state_dict: Mapping[str, torch.Tensor], base_path: str, directory: Path, lineage: Mapping[str, Any]
) -> None:
    """Write model, tokenizer, generation settings and card; replace an earlier export only once this one is whole.

    Args:
        model: the `transformers` model, for its configuration and class.
        state_dict: its weights; tied weights may be named twice, as two tensors even, and are written once.
        base_path: of the model that training started from; its tokenizer goes along.
        directory: where to.
        lineage: facts for the card: inputs, counts, settings. No text of any note.

    Raises:
        CheckpointError: weights are missing, tied ones differ, or what was written does not read back.
    """
    draft = directory.with_name(f".{directory.name}.{uuid.uuid4().hex}")
    weights = _untied(model, state_dict)
    used_cache = model.config.use_cache
    model.config.use_cache = True  # training does without; who generates with the model needs it
    try:
        model.save_pretrained(draft, state_dict=dict(weights), max_shard_size=MAX_SHARD_BYTES)
    finally:
        model.config.use_cache = used_cache
    load_tokenizer(base_path).save_pretrained(draft)
    card = _CARD.format(base=Path(base_path).name, title=directory.parent.name, lineage=_table(lineage))
    (draft / "README.md").write_text(card)
    require_model_directory(draft)
    _require_written(weights, draft)
    if directory.exists():
        shutil.rmtree(directory)
    draft.rename(directory)


def _untied(model: Any, state_dict: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """All of the model's weights but those that are another's under a second name, which loading ties again."""
    kept = dict(state_dict)
    for name, source in model.all_tied_weights_keys.items():
        if name in kept and source in kept and not torch.equal(kept.pop(name), kept[source]):
            raise CheckpointError(f"the weights {name} and {source} are tied and differ: the run must not be used")
    lacking = model.state_dict().keys() - kept.keys() - model.all_tied_weights_keys.keys()
    if lacking:
        raise CheckpointError(f"the trained weights lack {len(lacking)} of the model's, {min(lacking)} among them")
    return kept


def _require_written(weights: Mapping[str, torch.Tensor], directory: Path) -> None:
    """Check that the files hold these weights and no others."""
    remaining = dict(weights)
    for path in sorted(directory.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 - it is no mapping
                if name not in remaining or not torch.equal(file.get_tensor(name), remaining.pop(name)):
                    raise CheckpointError(f"the exported weight {name} does not read back as it was trained")
    if remaining:
        raise CheckpointError(f"the export lacks {len(remaining)} weights, {min(remaining)} among them")


def _table(lineage: Mapping[str, Any]) -> str:
    facts = {**lineage, "versions": versions()}
    rows = [f"| {name} | `{json.dumps(value, sort_keys=True, default=str)}` |" for name, value in facts.items()]
    return "\n".join(["| fact | value |", "|---|---|", *rows])
