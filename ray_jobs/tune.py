"""python -m ray_jobs.tune: the trained model learns the configured task in a search."""

from ray_jobs.config import JobConfig
from ray_jobs.launch import launch
from ray_jobs.stages import Stages


def job(config: JobConfig) -> str:
    """Run the stage and say which trial won."""
    results = Stages(config).tune().manifest()["results"]
    best = results["trials"][0]
    return f"best of {len(results['trials'])} trials: {best['settings']} {best['metrics']}\nmodel: {results['model']}"


if __name__ == "__main__":
    launch(job)
