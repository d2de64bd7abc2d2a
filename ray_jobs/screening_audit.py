"""python -m ray_jobs.screening_audit: the privacy officer's page about the finished prepare output."""

from pipelines.reporting.audit import write_audit
from pipelines.reporting.audit_review import ReviewConfig
from ray_jobs.config import JobConfig
from ray_jobs.launch import launch
from ray_jobs.stages import Stages


def job(config: JobConfig) -> str:
    """Write the audit and say where it is."""
    return f"audit: {write_audit(Stages(config).prepared, ReviewConfig(seed=config.seed))}"


if __name__ == "__main__":
    launch(job)
