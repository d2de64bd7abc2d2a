"""python -m ray_jobs.report: one HTML file about the finished stages."""

from ray_jobs.config import JobConfig
from ray_jobs.launch import launch
from ray_jobs.stages import Stages


def job(config: JobConfig) -> str:
    """Write the report and say where it is."""
    return f"report: {Stages(config).report()}"


if __name__ == "__main__":
    launch(job)
