"""The tasks can be learnt, and a lookup does not solve them."""

from pipelines.stage.output import read_tables
from pipelines.synthetic.difficulty import measure
from pipelines.synthetic.notes import SyntheticConfig, write_notes


def test_baselines_stand_between_majority_and_perfect(tmp_path):
    notes = read_tables(write_notes(SyntheticConfig(num_patients=400), tmp_path))
    scores = measure(notes, read_tables(tmp_path))
    majority = scores["diagnosis, all", "majority"]["top-1"]
    assert majority < 0.1
    assert majority + 0.2 < scores["diagnosis, all", "bag of words"]["top-1"] < 0.85
    assert scores["diagnosis, one of four", "bag of words"]["accuracy"] > 0.6
    assert 0.3 < scores["arrest in hospital", "keywords"]["F1"] < 0.8
    assert 0.4 < scores["arrest in hospital", "bag of words"]["F1"] < 0.97
