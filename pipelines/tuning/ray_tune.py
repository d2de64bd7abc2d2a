"""The search on a Ray cluster: Ray Tune trials, each a Ray Train run, losers stopped early by successive halving.

A trial is a thin driver that runs Ray Train; the workers are Train's. Tune stops one by ending that driver, and Train's
cleaner, which asks the dashboard whether its driver lives, then gives the workers' place back: keep the dashboard on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import optuna
import ray.train
import ray.tune
from ray.tune.integration.ray_train import TuneReportCallback
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.optuna import OptunaSearch

from pipelines.training.checkpoint import newest_verified
from pipelines.training.loop import EXPORT, TrainJob
from pipelines.training.ray_train import Streams, fit
from pipelines.tuning.config import TuningConfig
from pipelines.tuning.label_metrics import METRIC
from schemas.errors import StageError

_EXPERIMENT = "search"
_TRIAL_CPUS = 0.01  # the driver waits for its workers, which have CPUs of their own


@dataclass(frozen=True)
class Trial:
    """One setting tried, and how far it came.

    Attributes:
        trial_id: Ray's.
        settings: learning rate and warm-up share.
        metrics: the last that it reported.
        model: directory of the exported model; null where the trial was stopped early.
    """

    trial_id: str
    settings: dict[str, float]
    metrics: dict[str, float]
    model: str | None


def search(config: TuningConfig, job: TrainJob, streams: Streams, seed: int) -> list[Trial]:
    """Run the search, or what is left of it, and return all trials, best first.

    Args:
        config: the search.
        job: what every trial shares; its `run_directory` gets a folder for each trial.
        streams: datasets of every trial.
        seed: of the sampler.

    Raises:
        StageError: no trial came to its end.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    root = job.directory
    root.mkdir(parents=True, exist_ok=True)
    trainable = ray.tune.with_resources(_trainable(job, streams), {"CPU": _TRIAL_CPUS})
    experiment = root / _EXPERIMENT
    if ray.tune.Tuner.can_restore(str(experiment)):
        tuner = ray.tune.Tuner.restore(str(experiment), trainable=trainable, resume_errored=True)
    else:
        low, high = config.learning_rate_range
        tuner = ray.tune.Tuner(
            trainable,
            param_space={
                "learning_rate": ray.tune.loguniform(low, high),
                "warmup_share": ray.tune.choice(config.warmup_shares),
            },
            tune_config=ray.tune.TuneConfig(
                metric=METRIC,
                mode="min",
                num_samples=config.num_trials,
                max_concurrent_trials=config.max_concurrent_trials,
                search_alg=OptunaSearch(seed=seed),
                scheduler=ASHAScheduler(
                    time_attr="progress",
                    max_t=1.0,
                    grace_period=config.grace_share,
                    reduction_factor=config.reduction_factor,
                    stop_last_trials=False,  # a trial that reaches the end still has its model to export
                ),
            ),
            run_config=ray.tune.RunConfig(name=_EXPERIMENT, storage_path=str(root), verbose=0),
        )
    trials = [_trial(result, root) for result in tuner.fit()]
    trials.sort(key=lambda trial: (trial.model is None, trial.metrics.get(METRIC, float("inf"))))
    if not trials or trials[0].model is None:
        raise StageError(f"none of {len(trials)} trials came to its end: see the trials' logs under {experiment}")
    return trials


def _trainable(job: TrainJob, streams: Streams) -> Callable[[dict[str, Any]], None]:
    def trial(settings: dict[str, Any]) -> None:
        trial_id = ray.tune.get_context().get_trial_id()
        own = replace(
            job,
            config=replace(job.config, **settings),
            run_directory=str(_trial_directory(job.directory, trial_id)),
            lineage={**job.lineage, "trial": settings},
        )
        fit(own, streams, callbacks=[TuneReportCallback()])

    return trial


def _trial_directory(root: Path, trial_id: str) -> Path:
    return root / f"trial-{trial_id}"


def _trial(result: Any, root: Path) -> Trial:
    trial_id = result.metrics["trial_id"] if result.metrics else Path(result.path).name
    directory = _trial_directory(root, trial_id)
    last = newest_verified(directory)
    finished = last is not None and last.state.finished and (directory / EXPORT).is_dir()
    names = (METRIC, "balanced_accuracy", "positive_f1", "majority_prediction_share", "step", "progress")
    return Trial(
        trial_id=trial_id,
        settings=dict(result.config),
        metrics={name: float(result.metrics[name]) for name in names if name in (result.metrics or {})},
        model=str(directory / EXPORT) if finished else None,
    )
