"""The five stages for one configuration: run one, or find the finished output that another needs.

Only `pipeline` runs one stage after another. A single job refuses to start where the stage before it has not finished,
so that a training job on a GPU cluster never begins by screening notes.
"""

from functools import cached_property
from pathlib import Path

from pipelines.flows.demo import make_demo
from pipelines.flows.prepare import prepare, prepare_output
from pipelines.flows.score import ScoreSettings, models_to_score, score, score_output
from pipelines.flows.train import train, train_output
from pipelines.flows.tune import tune, tune_output
from pipelines.ingest.plan import IngestPlan, plan_ingest
from pipelines.model.load import prepare_model
from pipelines.reporting.report import write_report
from pipelines.stage.output import StageOutput
from ray_jobs.config import JobConfig


class Stages:
    """Runs and finds the stages' outputs. Joining Ray is the caller's part."""

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

    def prepare(self) -> StageOutput:
        """Run prepare."""
        config = self.config
        return prepare(
            config.storage,
            self.plan,
            config.ingest,
            config.screening,
            config.splitting,
            num_actors=config.num_screening_actors,
        )

    @property
    def prepared(self) -> StageOutput:
        """Prepare's finished output."""
        config = self.config
        return _finished(prepare_output(config.storage, self.plan, config.ingest, config.screening, config.splitting))

    def train(self) -> StageOutput:
        """Run train."""
        return train(self.config.train_settings, self.plan, self.base_model)

    @property
    def trained(self) -> StageOutput:
        """Train's finished output."""
        return _finished(train_output(self.config.train_settings, self.plan, self.base_model))

    def tune(self) -> StageOutput:
        """Run tune."""
        return tune(self.config.tune_settings, self.prepared, _model_of(self.trained))

    @property
    def tuned(self) -> StageOutput:
        """Tune's finished output."""
        return _finished(tune_output(self.config.tune_settings, self.prepared, _model_of(self.trained)))

    @property
    def score_settings(self) -> ScoreSettings:
        """What the score stage takes: the models must be finished."""
        config = self.config
        return ScoreSettings(
            storage=config.storage,
            instruction=config.packing.instruction,
            dtype=config.model.dtype,
            task=config.tuning.task,
            scoring=config.scoring,
            models=models_to_score(
                self.base_model, _model_of(self.trained), _model_of(self.tuned), config.scoring, config.storage
            ),
        )

    def score(self) -> StageOutput:
        """Run score."""
        return score(self.score_settings, self.prepared)

    @property
    def scored(self) -> StageOutput:
        """Score's finished output."""
        return _finished(score_output(self.score_settings, self.prepared))

    def report(self) -> Path:
        """Write the report from the four finished outputs, and return the HTML file."""
        scored = self.scored
        directory = Path(self.config.storage).expanduser().resolve() / f"report-{scored.identity}"
        return write_report(self.config.reporting, self.prepared, self.trained, self.tuned, scored, directory)


def _finished(output: StageOutput) -> StageOutput:
    output.manifest()
    return output


def _model_of(output: StageOutput) -> str:
    model = output.manifest()["results"]["model"]
    assert isinstance(model, str)
    return model
