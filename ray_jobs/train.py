"""python -m ray_jobs.train: prepared examples, or raw notes in one stream, to a trained model."""

from ray_jobs.config import JobConfig
from ray_jobs.launch import launch
from ray_jobs.stages import Stages


def job(config: JobConfig) -> str:
    """Run the stage and say where the model is."""
    results = Stages(config).train().manifest()["results"]
    return f"{results['steps']} steps on {results['target_tokens']} target tokens\nmodel: {results['model']}"


if __name__ == "__main__":
    launch(job)
