"""python -m ray_jobs.prepare: notes to safe notes and examples, with every row's fate."""

from ray_jobs.config import JobConfig
from ray_jobs.launch import launch
from ray_jobs.stages import Stages


def job(config: JobConfig) -> str:
    """Run the stage and say what became of the notes."""
    output = Stages(config).prepare()
    results = output.manifest()["results"]
    buckets = [f"{count:>8}  {bucket}" for bucket, count in results["final_buckets"].items()]
    return "\n".join([f"{results['num_rows_read']:>8}  notes read", *buckets, f"output: {output.path}"])


if __name__ == "__main__":
    launch(job)
