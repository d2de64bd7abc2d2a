"""Where a run's metrics can be watched: Ray's metrics always, TensorBoard and MLflow where they are asked for."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from ray.util.metrics import Gauge

from pipelines.training.config import TrainingConfig
from schemas.errors import ConfigError

_PACKAGE_OF = {"tensorboard": "tensorboard", "mlflow": "mlflow"}


class Tracker(Protocol):
    """Takes metrics of a run as it goes."""

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Take the metrics of one step or validation."""


def require_trackers(config: TrainingConfig) -> None:
    """Check that what the trackers need is installed.

    Raises:
        ConfigError: it is not; the message says how to install it.
    """
    for name in config.trackers:
        if importlib.util.find_spec(_PACKAGE_OF[name]) is None:
            raise ConfigError(
                f"training.trackers names {name!r}, which is not installed: pip install 'wardround[tracking]'"
            )


def start_trackers(config: TrainingConfig, run_directory: Path) -> list[Tracker]:
    """The trackers of a run: Ray's metrics and those that the settings name."""
    trackers: list[Tracker] = [RayMetrics(run_directory.parent.name)]
    if "tensorboard" in config.trackers:
        trackers.append(TensorBoard(run_directory / "tensorboard"))
    if "mlflow" in config.trackers:
        trackers.append(MLflow(config.mlflow_uri, run_directory.parent.name))
    return trackers


class RayMetrics:
    """Gauges that the cluster's Prometheus scrapes: `ray_wardround_train_<metric>` with the tag `run`."""

    def __init__(self, run: str):
        self._tags = {"run": run}
        self._gauges: dict[str, Any] = {}

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Set the gauges."""
        for name, value in {**metrics, "step": step}.items():
            if name not in self._gauges:
                self._gauges[name] = Gauge(f"wardround_train_{name}", description=name, tag_keys=("run",))
            self._gauges[name].set(value, tags=self._tags)


class TensorBoard:
    """Event files in the run's directory: `tensorboard --logdir <storage>`."""

    def __init__(self, directory: Path):
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(directory))

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Add a point to each curve."""
        for name, value in metrics.items():
            group = "validation" if name.startswith("validation") else "train"
            self._writer.add_scalar(f"{group}/{name.removeprefix('validation_')}", value, step)
        self._writer.flush()


class MLflow:
    """One MLflow run; a resumed run of training goes on in it."""

    def __init__(self, uri: str, run: str):
        from mlflow import MlflowClient

        self._client: Any = MlflowClient(tracking_uri=uri)
        experiment = self._client.get_experiment_by_name("wardround")
        experiment_id = experiment.experiment_id if experiment else self._client.create_experiment("wardround")
        found = self._client.search_runs([experiment_id], f"attributes.run_name = '{run}'")
        self._run_id = (found[0] if found else self._client.create_run(experiment_id, run_name=run)).info.run_id

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Log the metrics."""
        for name, value in metrics.items():
            self._client.log_metric(self._run_id, name, value, step=step)
