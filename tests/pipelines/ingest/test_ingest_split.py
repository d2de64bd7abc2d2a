"""The patient split: whole patients, stable, in the shares asked for."""

from collections import Counter

from pipelines.ingest.config import IngestConfig
from pipelines.ingest.patient_split import assign_split
from schemas.notes import Split

KNOWN = {
    "p0": "test",
    "p1": "train",
    "p2": "train",
    "p3": "train",
    "p4": "train",
    "p5": "train",
    "p6": "train",
    "p7": "test",
    "p8": "validation",
    "p9": "train",
    "p10": "train",
    "p11": "validation",
}
PATIENTS = [f"patient-{i}" for i in range(20_000)]


def splits(**settings: float) -> list[Split]:
    config = IngestConfig(notes="notes.parquet", **settings)  # type: ignore[arg-type]
    return [assign_split(patient, config) for patient in PATIENTS]


def test_shares_are_met() -> None:
    counts = Counter(splits(validation_share=0.1, test_share=0.2))
    assert abs(counts[Split.TEST] / len(PATIENTS) - 0.2) < 0.01
    assert abs(counts[Split.VALIDATION] / len(PATIENTS) - 0.1) < 0.01


def test_known_answers_never_change() -> None:
    """A change here moves patients between training and test in every hospital's next run."""
    config = IngestConfig(notes="notes.parquet")
    known = {f"p{i}": assign_split(f"p{i}", config).value for i in range(12)}
    assert known == KNOWN


def test_seed_decides_and_growing_validation_keeps_the_test_patients() -> None:
    assert splits(split_seed=1) != splits(split_seed=2)
    small, large = splits(validation_share=0.05), splits(validation_share=0.3)
    assert all((a is Split.TEST) == (b is Split.TEST) for a, b in zip(small, large, strict=True))


def test_a_share_of_nothing_is_nothing() -> None:
    assert set(splits(validation_share=0.0, test_share=0.0)) == {Split.TRAIN}
