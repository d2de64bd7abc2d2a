"""The patient-level split: a function of the seed and the patient alone.

Stable when notes or patients are added, in any order and on any machine. Cutting one uniform number per patient, with
the test share first, also keeps test patients in the test set when only the validation share changes.
"""

import hashlib

from pipelines.ingest.config import IngestConfig
from schemas.notes import Split


def assign_split(patient_id: str, config: IngestConfig) -> Split:
    """Which side of the split all notes of this patient are on."""
    digest = hashlib.blake2b(f"{config.split_seed}\x1f{patient_id}".encode(), digest_size=8).digest()
    position = int.from_bytes(digest, "big") / 2**64
    if position < config.test_share:
        return Split.TEST
    if position < config.test_share + config.validation_share:
        return Split.VALIDATION
    return Split.TRAIN
