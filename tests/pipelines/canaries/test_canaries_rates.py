import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from pipelines.canaries.config import CanaryConfig
from pipelines.canaries.rates import PLANTS, miss_rates, overall, require_miss_rates, upper_bound
from pipelines.canaries.wording import Kind
from pipelines.flows.canaries import RESULTS, conclude, open_trial
from pipelines.stage.output import StageOutput, write_table
from schemas.errors import ConfigError, ScreeningError


def plants_of(missed_by_kind, num_planted):
    """`num_planted` notes with one identifier of each kind; `missed_by_kind[kind]` of them missed."""
    rows = [
        {
            "shard": 0,
            "note": note,
            "kind": kind.value,
            "cue": "label",
            "format": "even" if note % 2 == 0 else "odd",
            "missed": note < missed_by_kind.get(kind, 0),
        }
        for note in range(num_planted)
        for kind in Kind
    ]
    return pa.Table.from_pylist(rows, schema=PLANTS)


@pytest.mark.parametrize(("missed", "planted", "bound"), [(0, 300, 0.00994), (3, 3000, 0.00258), (15, 1047, 0.0220)])
def test_bounds_of_the_literature(missed, planted, bound):
    assert upper_bound(missed, planted) == pytest.approx(bound, rel=5e-3)


def test_the_bound_is_the_rate_at_which_so_few_misses_have_five_percent():
    assert stats.binom.cdf(4, 200, upper_bound(4, 200)) == pytest.approx(0.05)


def test_nothing_planted_or_nothing_found_shows_nothing():
    assert upper_bound(0, 0) == upper_bound(7, 7) == 1.0


def test_misses_are_counted_by_kind_and_by_form():
    plants = plants_of({Kind.DATE: 5}, 100)
    worst = miss_rates(plants, ["kind"]).row(0, named=True)
    assert (worst["kind"], worst["planted"], worst["missed"], worst["miss_rate"]) == ("DATE", 100, 5, 0.05)
    forms = {(r["kind"], r["format"]): r["missed"] for r in miss_rates(plants, ["kind", "format"]).to_dicts()}
    assert (forms["DATE", "even"], forms["DATE", "odd"], forms["NAME", "odd"]) == (3, 2, 0)


def test_a_note_that_the_engine_failed_on_counts_nowhere():
    plants = plants_of({}, 4).to_pylist()
    for row in plants:
        row["missed"] = None if row["note"] == 3 else row["missed"]
    table = pa.Table.from_pylist(plants, schema=PLANTS)
    assert miss_rates(table, ["kind"])["planted"].to_list() == [3] * len(Kind)
    assert (overall(table)["notes"], overall(table)["withheld_notes"]) == (3, 1)


def test_no_plants_show_nothing():
    whole = overall(PLANTS.empty_table())
    assert (whole["planted"], whole["upper_95"]) == (0, 1.0)


def test_misses_that_gather_in_few_notes_widen_the_bound():
    gathered = overall(plants_of(dict.fromkeys(Kind, 5), 100))  # the same 5 notes miss every kind
    assert gathered["design_effect"] == pytest.approx(len(Kind) * 100 / 99)
    assert gathered["upper_95"] == pytest.approx(upper_bound(5 * 99 / 100, 99))
    assert gathered["upper_95"] > 1.5 * upper_bound(gathered["missed"], gathered["planted"])


def test_scattered_misses_have_no_design_effect():
    rng = np.random.default_rng(4)
    rows = plants_of({}, 500).to_pylist()
    for row, missed in zip(rows, rng.random(len(rows)) < 0.1, strict=True):
        row["missed"] = bool(missed)
    assert overall(pa.Table.from_pylist(rows, schema=PLANTS))["design_effect"] < 1.2


def test_the_gate_names_the_worst_kind():
    with pytest.raises(ScreeningError, match=r"missed 9 of 200 .* kind SSN.*0\.077.*0\.05; 1 of 21") as raised:
        require_miss_rates(plants_of({Kind.SSN: 9, Kind.NAME: 2}, 200), 0.05)
    assert "extra_recognisers" in str(raised.value)


def test_the_gate_lets_a_good_screen_pass():
    require_miss_rates(plants_of({Kind.NAME: 2}, 200), 0.05)


def test_the_gate_asks_for_more_notes_where_they_are_too_few():
    with pytest.raises(ScreeningError, match=r"missed 0 of 20 .* raise canaries.num_notes"):
        require_miss_rates(plants_of({}, 20), 0.05)
    with pytest.raises(ScreeningError, match="missed 0 of 0 "):
        require_miss_rates(PLANTS.empty_table(), 0.05)


def test_a_failed_trial_leaves_its_rates_and_no_manifest(tmp_path):
    output = StageOutput(tmp_path, "prepare", "abc")
    rows = plants_of({Kind.URL: 60}, 200)
    write_table(output.path / "canaries" / "0.parquet", rows.slice(0, 2000))
    write_table(output.path / "canaries" / "1.parquet", rows.slice(2000))
    with pytest.raises(ScreeningError, match="kind URL"):
        conclude(output, CanaryConfig(num_notes=800))
    assert '"kind":"URL"' in (output.path / RESULTS).read_text()
    assert not output.is_complete
    assert conclude(output, CanaryConfig(num_notes=800, max_miss_rate=0.4))["overall"]["missed"] == 60


def test_no_trial_where_none_is_asked_for(tmp_path):
    assert open_trial(CanaryConfig(), None, num_notes=10) is None
    assert conclude(StageOutput(tmp_path, "prepare", "abc"), CanaryConfig()) == {}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_notes": -1}, r"canaries\.num_notes is -1"),
        ({"max_miss_rate": 0.0}, r"canaries\.max_miss_rate is 0\.0"),
        ({"max_miss_rate": 1.0}, r"canaries\.max_miss_rate is 1\.0"),
        ({"num_notes": 100}, r"canaries\.num_notes is 100: even without a miss .* more than 248"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        CanaryConfig(**settings)
