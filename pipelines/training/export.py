"""Writing a trained model as a `transformers` directory with its tokenizer and a model card."""

import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from pipelines.model.load import require_model_directory
from pipelines.model.tokenizer import load_tokenizer
from pipelines.stage.output import versions
from schemas.errors import CheckpointError

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
        state_dict: its weights; tied weights may be named twice and are written once.
        base_path: of the model that training started from; its tokenizer goes along.
        directory: where to.
        lineage: facts for the card: inputs, counts, settings. No text of any note.

    Raises:
        CheckpointError: what was written does not read back with the same weights' names and shapes.
    """
    from transformers import AutoModelForCausalLM

    draft = directory.with_name(f".{directory.name}.{uuid.uuid4().hex}")
    model.save_pretrained(draft, state_dict=dict(state_dict))
    tokenizer = load_tokenizer(base_path)
    tokenizer.save_pretrained(draft)
    card = _CARD.format(base=Path(base_path).name, title=directory.parent.name, lineage=_table(lineage))
    (draft / "README.md").write_text(card)
    require_model_directory(draft)
    reread = AutoModelForCausalLM.from_pretrained(draft, dtype="auto").state_dict()
    for name, tensor in reread.items():
        if name not in state_dict or not torch.equal(tensor, state_dict[name].to(tensor.dtype)):
            raise CheckpointError(f"the exported weight {name} does not read back as it was trained")
    if directory.exists():
        shutil.rmtree(directory)
    draft.rename(directory)


def _table(lineage: Mapping[str, Any]) -> str:
    facts = {**lineage, "versions": versions()}
    rows = [f"| {name} | `{json.dumps(value, sort_keys=True, default=str)}` |" for name, value in facts.items()]
    return "\n".join(["| fact | value |", "|---|---|", *rows])
