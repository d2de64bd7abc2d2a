"""python -m ray_jobs.screening_audit: the privacy officer's page anew, with the reviewers' worksheets beside it."""

from ray_jobs.config import JobConfig
from ray_jobs.launch import launch
from ray_jobs.stages import Stages


def job(config: JobConfig) -> str:
    """Write the audit and say where it is."""
    return f"screening audit: {Stages(config).audit_screening()}"


if __name__ == "__main__":
    launch(job)
