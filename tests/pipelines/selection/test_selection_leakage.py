"""Two sides of the split share no patient and no prompt, or the run is refused."""

from typing import Any

import pyarrow as pa
import pytest
from selection_survey import SECRET

from pipelines.selection.config import SelectionConfig
from pipelines.selection.fingerprints import Fingerprinter
from pipelines.selection.leakage import example_keys, require_no_leakage
from schemas.errors import InputError
from schemas.selection import EXAMPLE_KEYS


def example(patient_id: str, split: str, prompt: str, target: str) -> dict[str, Any]:
    return {"patient_id": patient_id, "split": split, "prompt": prompt, "target": target}


def keys(*examples: dict[str, Any]) -> pa.Table:
    return example_keys(pa.Table.from_pylist(list(examples)), Fingerprinter(SECRET))


CLEAN = (
    example("p", "train", "Chest pain.", "Rule out infarction."),
    example("p", "train", "Chest pain.", "Discharge."),  # within a side a text may stand twice
    example("q", "test", "Fever.", "Pneumonia is likely."),
)


def test_sides_that_share_nothing_pass() -> None:
    table = keys(*CLEAN)
    assert table.schema.equals(EXAMPLE_KEYS)
    assert require_no_leakage(table, SelectionConfig()) == {"patients": 0, "prompts": 0, "targets": 0}
    assert require_no_leakage(EXAMPLE_KEYS.empty_table(), SelectionConfig())["patients"] == 0


def test_a_prompt_on_two_sides_is_refused_with_counts_and_remedy() -> None:
    table = keys(*CLEAN, example("r", "test", "chest  PAIN.", "Other."))
    with pytest.raises(InputError, match="1 prompts stand on two sides") as refused:
        require_no_leakage(table, SelectionConfig())
    assert "selection.across_patients" in str(refused.value)
    assert "pain" not in str(refused.value)
    with pytest.raises(InputError, match="across_patients, which is null"):
        require_no_leakage(table, SelectionConfig(across_patients=None))
    assert require_no_leakage(table, SelectionConfig(shared_prompts="count"))["prompts"] == 1


def test_a_stock_target_on_two_sides_is_counted_and_no_leak() -> None:
    table = keys(*CLEAN, example("r", "validation", "Other.", "Rule out\ninfarction."))
    assert require_no_leakage(table, SelectionConfig()) == {"patients": 0, "prompts": 0, "targets": 1}


def test_a_patient_on_two_sides_is_refused_whatever_the_settings() -> None:
    table = keys(*CLEAN, example("p", "test", "New.", "Newer."))
    with pytest.raises(InputError, match="1 patients"):
        require_no_leakage(table, SelectionConfig(shared_prompts="count"))
