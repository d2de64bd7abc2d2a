import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from memorised_model import INSTRUCTION, MAX_TOKENS, SYSTEM

from pipelines.memorisation.canaries import alternatives, canaries, exposure_items, write_canaries
from pipelines.memorisation.config import MemorisationConfig
from pipelines.memorisation.exposure import Exposure, combined_p_value, exposures, rank_of_first
from pipelines.memorisation.verdict import Conclusion, exposure_verdict
from pipelines.scoring.config import ScoringConfig
from pipelines.scoring.scorer import Scorer
from schemas.errors import ConfigError, InputError
from schemas.examples import EXAMPLES

SCORING = ScoringConfig(max_item_tokens=MAX_TOKENS, batch_tokens=2048)


def exposed(model: Path, config: MemorisationConfig) -> list[Exposure]:
    items = exposure_items(config, SYSTEM, INSTRUCTION)
    return exposures(Scorer("trained", str(model), "float32", SCORING).score(items), config)


def test_a_model_that_saw_canaries_fifty_times_is_flagged(
    model_with_canaries: Path, config: MemorisationConfig
) -> None:
    found = exposed(model_with_canaries, config)
    assert [exposure.rank for exposure in found] == [1] * 4
    assert all(exposure.bits == pytest.approx(math.log2(200)) for exposure in found)
    assert all(exposure.fitted_bits > exposure.bits for exposure in found)  # the tail is beyond what was sampled
    assert exposure_verdict(found, config).conclusion is Conclusion.FLAGGED


def test_a_model_that_saw_none_is_not(model_without: Path, config: MemorisationConfig) -> None:
    found = exposed(model_without, config)
    assert exposure_verdict(found, config).conclusion is Conclusion.NOT_SHOWN
    # Beyond no rank, extrapolation has nothing to add.
    assert all(exposure.fitted_bits == pytest.approx(exposure.bits, abs=1) for exposure in found)


def test_without_canaries_exposure_is_not_measured(config: MemorisationConfig) -> None:
    assert exposure_verdict([], config).conclusion is Conclusion.NOT_MEASURED


def test_a_canary_without_a_likelihood_stops_the_audit(model_without: Path, config: MemorisationConfig) -> None:
    items = exposure_items(config, SYSTEM, INSTRUCTION).slice(1)  # the first canary itself is lost
    predictions = Scorer("trained", str(model_without), "float32", SCORING).score(items.slice(0, 8))
    with pytest.raises(InputError, match="canary-0"):
        exposures(predictions, config)


def test_ties_count_against_memory() -> None:
    assert rank_of_first(np.array([2.0, 2.0, 1.0, 3.0])) == 3
    assert rank_of_first(np.array([1.0, 2.0, 3.0])) == 1


def ranked(*ranks: int) -> list[Exposure]:
    return [
        Exposure(
            canary_id=str(index),
            form="",
            rank=rank,
            num_alternatives=1023,
            bits=math.log2(1024 / rank),
            fitted_bits=0.0,
            fit_p_value=1.0,
        )
        for index, rank in enumerate(ranks)
    ]


def test_one_memorised_canary_among_ten_and_ten_half_memorised_are_both_seen() -> None:
    by_chance = [100, 200, 300, 400, 500, 600, 700, 800, 900]
    assert combined_p_value(ranked(*by_chance, 1000)) > 0.5
    assert combined_p_value(ranked(*by_chance, 1)) < 0.05
    assert combined_p_value(ranked(*[100] * 10)) < 0.01


def test_ranks_by_chance_are_flagged_no_more_often_than_the_significance() -> None:
    draws = np.random.default_rng(5).integers(1, 1025, size=(400, 10))
    flagged = np.mean([combined_p_value(ranked(*ranks)) < 0.05 for ranks in draws.tolist()])
    assert flagged < 0.08  # four standard errors above 5 % are 0.094


def test_canaries_are_the_same_each_time_and_no_two_ask_the_same() -> None:
    config = MemorisationConfig(num_canaries=300, num_alternatives=20_000)
    first = canaries(config)
    assert first == canaries(config)
    assert first != canaries(replace(config, seed=1))
    assert len({canary.prompt for canary in first}) == 300
    # One canary more does not change the others: a run with more of them can be compared.
    assert canaries(replace(config, num_canaries=3)) == first[:3]


def test_alternatives_are_of_the_canarys_form_and_never_the_secret(config: MemorisationConfig) -> None:
    for canary in canaries(config):
        others = alternatives(canary, config)
        assert len(set(others)) == config.num_alternatives
        assert canary.secret not in others
        shapes = {"".join("#" if char.isdigit() else char for char in value) for value in [canary.secret, *others]}
        assert len(shapes) == 1


def test_each_repeat_is_a_file_so_that_copies_spread_over_windows(tmp_path: Path) -> None:
    config = MemorisationConfig(num_canaries=3, repeats=2)
    tables = [pq.read_table(file) for file in write_canaries(config, SYSTEM, tmp_path)]
    assert [table.schema for table in tables] == [EXAMPLES, EXAMPLES]
    assert tables[0]["target"] == tables[1]["target"]
    ids = [value for table in tables for value in table["example_id"].to_pylist()]
    assert len(set(ids)) == 6
    assert {value for table in tables for value in table["split"].to_pylist()} == {"train"}


def test_too_few_alternatives_to_show_a_single_canary_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"num_alternatives is 100.*give at least 400"):
        MemorisationConfig(num_canaries=10, num_alternatives=100)
    with pytest.raises(ConfigError, match="prefix_tokens"):
        MemorisationConfig(prefix_tokens=[5, 5])
