import pytest

from pipelines.training.config import TrainingConfig
from pipelines.training.trackers import MLflow, TensorBoard, require_trackers
from schemas.errors import ConfigError


def test_tensorboard_reads_the_curves_back(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tracker = TensorBoard(tmp_path)
    tracker.log({"loss": 2.5}, 10)
    tracker.log({"loss": 1.5, "validation_loss": 1.75}, 20)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(point.step, point.value) for point in events.Scalars("train/loss")] == [(10, 2.5), (20, 1.5)]
    assert [point.value for point in events.Scalars("validation/loss")] == [1.75]


def test_a_resumed_run_goes_on_in_its_mlflow_run(tmp_path):
    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    MLflow(uri, "train-abc").log({"loss": 2.5}, 10)
    MLflow(uri, "train-abc").log({"loss": 1.5}, 20)
    client = MlflowClient(tracking_uri=uri)
    (run,) = client.search_runs([client.get_experiment_by_name("wardround").experiment_id])
    assert [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, "loss")] == [
        (10, 2.5),
        (20, 1.5),
    ]


def test_a_tracker_that_is_not_installed_is_refused_before_training(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"wardround\[tracking\]"):
        require_trackers(TrainingConfig(trackers=["tensorboard"]))


def test_mlflow_needs_an_address():
    with pytest.raises(ConfigError, match="mlflow_uri is empty"):
        TrainingConfig(trackers=["mlflow"])


def test_how_a_run_is_carried_out_is_no_part_of_its_identity():
    usual = TrainingConfig()
    assert TrainingConfig(num_workers=4, trackers=["tensorboard"]).result_settings == usual.result_settings
    assert TrainingConfig(zero_stage=2).result_settings != usual.result_settings
