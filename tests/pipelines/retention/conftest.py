"""Two small models of one family: the suite's chat model, and the same after its weights have been moved."""

import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM


@pytest.fixture(scope="session")
def moved_model(chat_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("moved-model") / "model"
    shutil.copytree(chat_model, directory)
    model = AutoModelForCausalLM.from_pretrained(chat_model)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=generator)
    model.config.use_cache = False  # as training leaves it
    model.save_pretrained(directory)
    return directory
