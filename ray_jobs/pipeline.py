"""python -m ray_jobs.pipeline: every stage, one after the other; finished ones are found and not run again."""

import json

from pipelines.reporting.report import summary_lines
from ray_jobs.config import JobConfig
from ray_jobs.launch import Progress, launch
from ray_jobs.stages import Stages


def job(config: JobConfig) -> str:
    """Run all stages and return the short table and the report's path."""
    progress = Progress(num_stages=5 if config.tuning else 4)
    stages = Stages(config)
    stages.require_inputs()
    progress.stage("prepare", f"{stages.plan.num_rows} notes are selected, screened and split")
    stages.prepare()
    stages.audit_screening()
    stages.require_labels()
    progress.stage("train", f"full fine-tuning, {config.training.num_workers} workers")
    stages.train()
    if config.tuning:
        progress.stage("tune", f"{config.tuning.num_trials} trials of task {config.tuning.task.name}")
        stages.tune()
    progress.stage("score", "all models on the same items")
    stages.score()
    progress.stage("report", "one HTML file")
    page = stages.report()
    summary = summary_lines(json.loads(page.with_suffix(".json").read_text()))
    return f"{summary}\nreport: {page}"


if __name__ == "__main__":
    launch(job)
