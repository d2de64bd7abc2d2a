"""python -m ray_jobs.score: base, trained and tuned model on the same items."""

from ray_jobs.config import JobConfig
from ray_jobs.launch import launch
from ray_jobs.stages import Stages


def job(config: JobConfig) -> str:
    """Run the stage and say where the scores are."""
    return f"scores: {Stages(config).score().path / 'scores.parquet'}"


if __name__ == "__main__":
    launch(job)
