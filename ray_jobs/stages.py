"""The five stages for one configuration: run one, or find the finished output that another needs.

Only `pipeline` runs one stage after another. A single job refuses to start where the stage before it has not finished,
so that a training job on a GPU cluster never begins by screening notes.
"""

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pipelines.flows.demo import make_demo
from pipelines.flows.memorisation import AuditSettings, audit, audit_output
from pipelines.flows.prepare import prepare, prepare_output
from pipelines.flows.replay import clean_replay
from pipelines.flows.retention import RetainSettings, retain, retain_output
from pipelines.flows.score import BASELINE, ScoreSettings, rivals, score, score_output
from pipelines.flows.train import TrainSettings, train, train_output
from pipelines.flows.tune import task_sides, tune, tune_output
from pipelines.ingest.plan import IngestPlan, plan_ingest
from pipelines.model.load import prepare_model
from pipelines.reporting.audit import write_audit
from pipelines.reporting.audit_review import ReviewConfig
from pipelines.reporting.report import write_report
from pipelines.scoring.benchmark_files import benchmark_items
from pipelines.stage.cluster import join
from pipelines.stage.output import StageOutput
from ray_jobs.config import JobConfig
from schemas.errors import ConfigError


class Stages:
    """Runs and finds the stages' outputs. Ray is joined once a stage has work to do: a wrong path is said before."""

    def __init__(self, config: JobConfig):
        self.config = config
        if config.demo:
            make_demo(config.demo)

    @cached_property
    def plan(self) -> IngestPlan:
        """Shards of the notes."""
        return plan_ingest(self.config.ingest)

    @cached_property
    def base_model(self) -> str:
        """Path of the model that training starts from."""
        return prepare_model(self.config.model, self.config.storage)

    @cached_property
    def train_settings(self) -> TrainSettings:
        """What the train stage takes: with what it replays, without the benchmarks' items."""
        config = self.config
        if config.replay is None:
            return config.train_settings
        replay = clean_replay(config.replay, config.scoring.benchmarks, config.storage)
        return replace(config.train_settings, replay=replay)

    def require_inputs(self) -> None:
        """Look at the inputs of all stages, so that a wrong path of the last is said before the first has run."""
        config = self.config
        assert self.plan.shards
        assert self.base_model
        rivals(config.scoring, config.storage)
        for source in config.scoring.benchmarks:
            benchmark_items(source, config.scoring)

    def prepare(self) -> StageOutput:
        """Run prepare."""
        self._join_for(self._prepare_output)
        return prepare(self.config.prepare_settings, self.plan)

    def audit_screening(self) -> Path:
        """Write the privacy officer's page about prepare's finished output, and return it."""
        return write_audit(self.prepared, ReviewConfig(seed=self.config.seed))

    @property
    def prepared(self) -> StageOutput:
        """Prepare's finished output."""
        return _finished(self._prepare_output)

    def require_labels(self) -> None:
        """Check that the task's labels are there and right: tune would find out only after training."""
        if self.config.tuning is not None:
            task_sides(self.prepared, self.config.tuning)

    def train(self) -> StageOutput:
        """Run train."""
        output = self._train_output
        if self.config.training.source == "prepared" and not output.is_complete:
            _finished(self._prepare_output)
        self._join_for(output)
        return train(self.train_settings, self.plan, self.base_model)

    @property
    def trained(self) -> StageOutput:
        """Train's finished output."""
        return _finished(self._train_output)

    def tune(self) -> StageOutput:
        """Run tune."""
        self._join_for(self._tune_output)
        return tune(self.config.tune_settings, self.prepared, _model_of(self.trained))

    @property
    def tuned(self) -> StageOutput | None:
        """Tune's finished output; None where no task is configured."""
        if self.config.tuning is None:
            return None
        return _finished(self._tune_output)

    @property
    def score_settings(self) -> ScoreSettings:
        """What the score stage takes: the models must be finished."""
        config, tuned = self.config, self.tuned
        models = {BASELINE: self.base_model, "trained": _model_of(self.trained)}
        if tuned:
            models["tuned"] = _model_of(tuned)
        return ScoreSettings(
            storage=config.storage,
            instruction=config.packing.instruction,
            dtype=config.model.dtype,
            task=config.tuning.task if config.tuning else None,
            scoring=config.scoring,
            models={**models, **rivals(config.scoring, config.storage)},
        )

    def score(self) -> StageOutput:
        """Run score."""
        self._join_for(self._score_output)
        return score(self.score_settings, self.prepared)

    @property
    def audit_settings(self) -> AuditSettings:
        """What the audit takes."""
        config = self.config
        return AuditSettings(
            storage=config.storage,
            memorisation=config.memorisation,
            screening=config.screening,
            scoring=config.scoring,
            system=config.splitting.system,
            instruction=config.packing.instruction,
            max_tokens=config.packing.pack_tokens,
            dtype=config.model.dtype,
            base=self.base_model,
        )

    def audit(self) -> StageOutput:
        """Run the audit of the trained model."""
        prepared, trained = self.prepared, self.trained
        self._join_for(audit_output(self.audit_settings, prepared, trained))
        return audit(self.audit_settings, prepared, trained)

    @property
    def audited(self) -> StageOutput | None:
        """The audit's finished output; None where there is none yet: it is a job of its own."""
        output = audit_output(self.audit_settings, self.prepared, self.trained)
        return output if output.is_complete else None

    @property
    def scored(self) -> StageOutput:
        """Score's finished output."""
        return _finished(self._score_output)

    @property
    def retain_settings(self) -> RetainSettings:
        """What the retain stage takes: both models must be finished.

        Raises:
            ConfigError: the search is not configured.
        """
        config = self.config
        if config.retention is None:
            raise ConfigError("retention is null: say there what is to be gained and what is to be kept")
        return RetainSettings(
            storage=config.storage,
            instruction=config.packing.instruction,
            dtype=config.model.dtype,
            task=config.tuning.task if config.tuning else None,
            scoring=config.scoring,
            retention=config.retention,
            origin=self._model(config.retention.origin),
            finetuned=self._model(config.retention.finetuned),
        )

    def retain(self) -> StageOutput:
        """Run retain."""
        settings = self.retain_settings
        self._join_for(retain_output(settings, self.prepared))
        return retain(settings, self.prepared)

    def report(self) -> Path:
        """Write the report from the four finished outputs, and return the HTML file."""
        scored = self.scored
        directory = Path(self.config.storage).expanduser().resolve() / f"report-{scored.identity}"
        stages = (self.prepared, self.trained, self.tuned, scored)
        return write_report(self.config.reporting, *stages, directory, self.audited)

    @property
    def _prepare_output(self) -> StageOutput:
        return prepare_output(self.config.prepare_settings, self.plan)

    @property
    def _train_output(self) -> StageOutput:
        self._join_to_plan()
        return train_output(self.train_settings, self.plan, self.base_model)

    @property
    def _tune_output(self) -> StageOutput:
        self._join_to_plan()
        return tune_output(self.config.tune_settings, self.prepared, _model_of(self.trained))

    @property
    def _score_output(self) -> StageOutput:
        return score_output(self.score_settings, self.prepared)

    def _model(self, role: str) -> str:
        """Path of the base, the trained or the tuned model."""
        if role == BASELINE:
            return self.base_model
        return _model_of(self.trained if role == "trained" else _finished(self._tune_output))

    def _join_to_plan(self) -> None:
        """What training leaves to the planner depends on the cluster's GPUs, where the configuration does not say."""
        training = self.config.training
        if training.gpus_per_worker and not training.is_planned and training.gpu_memory_gb is None:
            join(self.config.cluster)

    def _join_for(self, output: StageOutput) -> None:
        if not output.is_complete:
            join(self.config.cluster)


def _finished(output: StageOutput) -> StageOutput:
    output.manifest()
    return output


def _model_of(output: StageOutput) -> str:
    model = output.manifest()["results"]["model"]
    assert isinstance(model, str)
    return model
