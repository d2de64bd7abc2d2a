"""python -m ray_jobs.audit: what of the notes comes back out of the trained model."""

from pipelines.reporting.memorisation import memorisation_lines
from pipelines.stage.output import MANIFEST
from ray_jobs.config import JobConfig
from ray_jobs.launch import launch
from ray_jobs.stages import Stages


def job(config: JobConfig) -> str:
    """Run the stage, show its verdicts and say where the measures are."""
    output = Stages(config).audit()
    return f"{memorisation_lines(output.manifest()['results'])}\nmeasures: {output.path / MANIFEST}"


if __name__ == "__main__":
    launch(job)
