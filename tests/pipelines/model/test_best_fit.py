"""Best fit decreasing: everything is packed once, nothing overflows, little is wasted."""

import numpy as np
import pytest

from pipelines.model.best_fit import best_fit_decreasing


def test_known_packing() -> None:
    assert best_fit_decreasing([5, 7, 5, 2, 4, 2, 5, 1, 6], 10) == [[1, 3, 7], [8, 4], [0, 2], [6, 5]]


def test_every_document_is_in_one_pack_within_capacity() -> None:
    lengths = np.random.default_rng(0).integers(1, 400, size=3000).tolist()
    packs = best_fit_decreasing(lengths, 1024)
    assert sorted(document for pack in packs for document in pack) == list(range(3000))
    assert max(sum(lengths[d] for d in pack) for pack in packs) <= 1024


def test_a_window_of_notes_fills_its_packs() -> None:
    # Lognormal lengths of mean 1,200 and CV 0.8, as clinical notes have; capacity 4,096.
    rng = np.random.default_rng(1)
    sigma = np.sqrt(np.log(1 + 0.8**2))
    lengths = np.clip(rng.lognormal(np.log(1200) - sigma**2 / 2, sigma, 2000).astype(int), 50, 4096).tolist()
    packs = best_fit_decreasing(lengths, 4096)
    assert sum(lengths) / (len(packs) * 4096) >= 0.99


@pytest.mark.parametrize("lengths", [[11], [0]])
def test_a_document_that_cannot_be_packed_is_refused(lengths: list[int]) -> None:
    with pytest.raises(ValueError, match=r"1\.\.10"):
        best_fit_decreasing(lengths, 10)
