"""The weights of a `transformers` directory, read one tensor at a time."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from schemas.errors import CheckpointError, InputError

SINGLE_FILE = "model.safetensors"
INDEX = "model.safetensors.index.json"

# safetensors' names of the types that models are computed with; any other is quantised, or no weight at all.
FLOATS = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}


@dataclass(frozen=True)
class StoredTensor:
    """What a file's header says of a tensor.

    Attributes:
        file: in which it is.
        dtype: safetensors' name of it, such as "BF16".
        num_elements: product of `shape`.
    """

    file: Path
    dtype: str
    shape: tuple[int, ...]

    @property
    def num_elements(self) -> int:
        return torch.Size(self.shape).numel()


class StoredWeights:
    """The tensors of a directory. Files are mapped, not loaded: memory holds the tensor that is read and no other.

    Args:
        directory: of a `transformers` model.

    Raises:
        InputError: there are no safetensors files.
        CheckpointError: a file is missing or torn, or its index names tensors that it does not have.
    """

    def __init__(self, directory: Path):
        self._files: dict[Path, Any] = {}
        self.tensors: dict[str, StoredTensor] = {}
        index = directory / INDEX
        single = directory / SINGLE_FILE
        if index.is_file():
            indexed: dict[str, str] = json.loads(index.read_text())["weight_map"]
            self._read_headers([directory / name for name in sorted(set(indexed.values()))])
            found = {name: tensor.file.name for name, tensor in self.tensors.items()}
            if differing := sorted(name for name in {*found, *indexed} if found.get(name) != indexed.get(name)):
                raise CheckpointError(f"{index} and its files disagree about tensor {differing[0]!r}: copy them again")
        elif single.is_file():
            self._read_headers([single])
        else:
            raise InputError(f"model directory {directory} has no {SINGLE_FILE}: save the model as safetensors first")

    def read(self, name: str) -> torch.Tensor:
        """A tensor, as it is stored, on the CPU."""
        tensor: torch.Tensor = self._files[self.tensors[name].file].get_tensor(name)
        return tensor

    def _read_headers(self, files: list[Path]) -> None:
        for file in files:
            try:
                opened = safe_open(file, framework="pt")
            except (OSError, SafetensorError) as error:
                raise CheckpointError(
                    f"weights {file} cannot be read ({type(error).__name__}): copy it again"
                ) from None
            self._files[file] = opened
            for name in opened.keys():  # noqa: SIM118 - a safetensors file is no dict and has no other way
                header = opened.get_slice(name)
                self.tensors[name] = StoredTensor(file, header.get_dtype(), tuple(header.get_shape()))


def tied_names(directory: Path) -> dict[str, str]:
    """Tied weight → the weight that it is one with, by the model's class; no weights are made or read."""
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(directory))
    tied: dict[str, str] = model.all_tied_weights_keys
    return dict(tied)


def local_directory(path: str) -> Path:
    """The directory of a model that `pipelines.model.load.resolve` gave; a hub id's files are fetched to its cache.

    Raises:
        InputError: the hub does not answer, or does not have them.
    """
    if Path(path).is_dir():
        return Path(path)
    from huggingface_hub import snapshot_download

    wanted = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model"]
    try:
        return Path(snapshot_download(path, allow_patterns=wanted))
    except (OSError, ValueError) as error:
        raise InputError(
            f"model {path!r} could not be fetched ({type(error).__name__}): download it, and give its directory"
        ) from None
