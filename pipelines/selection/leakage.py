"""Proof that the sides of the split have nothing in common: read off the examples as they are, whatever was decided.

Texts are compared without regard to case and white space, by keyed hash: the prompt and the target as the screen left
them. A near copy shares neither hash; those are selection's to drop.
"""

import polars as pl
import pyarrow as pa

from pipelines.selection.config import SelectionConfig
from pipelines.selection.fingerprints import Fingerprinter
from schemas.errors import InputError
from schemas.selection import EXAMPLE_KEYS


def example_keys(examples: pa.Table, fingerprinter: Fingerprinter) -> pa.Table:
    """Rows of EXAMPLE_KEYS for rows of EXAMPLES."""
    rows = [
        {
            "split": row["split"],
            "patient_key": fingerprinter.key("patient", row["patient_id"]),
            "prompt_key": fingerprinter.text_key(row["prompt"]),
            "target_key": fingerprinter.text_key(row["target"]),
        }
        for row in examples.select(["split", "patient_id", "prompt", "target"]).to_pylist()
    ]
    return pa.Table.from_pylist(rows, schema=EXAMPLE_KEYS)


def require_no_leakage(keys: pa.Table, config: SelectionConfig) -> dict[str, int]:
    """Count what is on two sides of the split.

    Args:
        keys: rows of EXAMPLE_KEYS, of all examples.

    Returns:
        Number of patients, prompts and targets that are on more than one side.

    Raises:
        InputError: any patient is, or any prompt while `shared_prompts` is `refuse`. Targets are counted alone: many
            patients of an emergency department are told the same few words.
    """
    frame = pl.DataFrame(keys)
    shared = {
        f"{kind}s": frame.group_by(f"{kind}_key").agg(pl.col("split").n_unique()).filter(pl.col("split") > 1).height
        for kind in ("patient", "prompt", "target")
    }
    if shared["patients"]:
        raise InputError(
            f"{shared['patients']} patients have examples on two sides of the split: `patient_id` changed between runs "
            "into one storage, or outputs of different settings were mixed; start again with a new `storage`"
        )
    if shared["prompts"] and config.shared_prompts == "refuse":
        remedy = (
            "set selection.across_patients, which is null, to 0.95, so that copies are dropped"
            if config.across_patients is None
            else "lower selection.across_patients, if these are copies; if they are stock phrases that many patients' "
            "notes hold, raise splitting.min_presentation_chars"
        )
        raise InputError(
            f"{shared['prompts']} prompts stand on two sides of the split: {remedy}; or set selection.shared_prompts "
            "to count, to go on with them"
        )
    return shared
