import pytest

from pipelines.training.config import TrainingConfig
from pipelines.training.schedule import learning_rate_at, run_progress
from pipelines.training.state import TrainState
from schemas.errors import ConfigError


def rates(**settings):
    config = TrainingConfig(learning_rate=0.1, **settings)
    return [learning_rate_at(config, step / 100, step) for step in range(101)]


def test_cosine_rises_over_its_share_and_falls_to_its_end():
    curve = rates(warmup_share=0.1, final_share=0.2)
    assert curve[5] == pytest.approx(0.05)
    assert curve[10] == pytest.approx(0.1)
    assert curve[55] == pytest.approx(0.1 * (0.2 + 0.8 * 0.5))
    assert curve[100] == pytest.approx(0.02)


def test_wsd_stays_at_the_peak_until_its_last_share():
    curve = rates(schedule="wsd", warmup_share=0.1, decay_share=0.2, final_share=0.0)
    assert curve[10:81] == pytest.approx([0.1] * 71)
    assert curve[90] == pytest.approx(0.05)
    assert curve[100] == pytest.approx(0.0)


def test_a_decay_that_would_begin_in_the_warm_up_begins_after_it():
    curve = rates(schedule="wsd", warmup_share=0.5, decay_share=1.0, final_share=0.0)
    assert curve[50] == pytest.approx(0.1)
    assert curve[75] == pytest.approx(0.05)


def test_constant_is_constant_after_the_warm_up():
    assert rates(schedule="constant", warmup_share=0.1)[10:] == pytest.approx([0.1] * 91)


def test_a_warm_up_in_steps_counts_steps_and_not_progress():
    curve = rates(schedule="constant", warmup_steps=4)
    assert curve[:6] == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1, 0.1])


def test_progress_is_of_whatever_ends_the_run_first():
    state = TrainState(step=30, progress=0.1, num_tokens=5_000)
    assert run_progress(TrainingConfig(), state) == 0.1
    assert run_progress(TrainingConfig(max_steps=100), state) == 0.3
    assert run_progress(TrainingConfig(max_steps=100, max_tokens=10_000), state) == 0.5
    assert run_progress(TrainingConfig(max_steps=20), state) == 1.0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"max_tokens": 0}, "max_tokens is 0"),
        ({"warmup_steps": 0}, "warmup_steps is 0"),
        ({"patience": 0}, "patience is 0"),
        ({"decay_share": 0.0}, "decay_share is 0.0"),
        ({"final_share": 1.5}, "final_share is 1.5"),
        ({"best_metric": ""}, "best_metric is empty"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings, says):
    with pytest.raises(ConfigError, match=says):
        TrainingConfig(**settings)
