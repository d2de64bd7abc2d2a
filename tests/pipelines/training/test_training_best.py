import pytest

from pipelines.training.best import has_run_out, with_validation
from pipelines.training.config import TrainingConfig
from pipelines.training.state import TrainState
from schemas.errors import ConfigError, InputError

BEST = TrainingConfig(export="best", patience=2)


def after(config, values, metric="validation_loss"):
    state = TrainState()
    for step, value in enumerate(values):
        state = with_validation(config, TrainState(**{**vars(state), "step": step}), {metric: value})
    return state


def test_the_best_is_remembered_with_its_step():
    state = after(BEST, [1.0, 9.0, 7.0, 8.0])
    assert (state.best_value, state.best_step, state.num_stale_validations) == (7.0, 2, 1)


def test_the_highest_can_be_best():
    config = TrainingConfig(export="best", best_metric="accuracy", best_is="highest")
    assert after(config, [0.9, 0.2, 0.5, 0.4], "accuracy").best_step == 2


def test_a_run_out_of_patience_ends_and_a_better_value_gives_it_back():
    assert not has_run_out(BEST, after(BEST, [9.0, 7.0, 8.0, 6.0, 6.5]))
    assert has_run_out(BEST, after(BEST, [9.0, 7.0, 8.0, 7.5]))


def test_limits_of_steps_and_tokens_end_a_run():
    assert has_run_out(TrainingConfig(max_steps=3), TrainState(step=3))
    assert has_run_out(TrainingConfig(max_tokens=100), TrainState(step=1, num_tokens=100))
    assert not has_run_out(TrainingConfig(max_tokens=100, max_steps=3), TrainState(step=2, num_tokens=99))


def test_a_run_that_depends_on_validation_needs_examples_and_the_metric():
    with pytest.raises(InputError, match=r"raise ingest\.validation_share"):
        with_validation(BEST, TrainState(step=5), {})
    with pytest.raises(ConfigError, match="validation gives accuracy"):
        with_validation(BEST, TrainState(step=5), {"accuracy": 0.5})
    assert with_validation(TrainingConfig(), TrainState(step=5), {}) == TrainState(step=5)
