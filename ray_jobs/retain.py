"""python -m ray_jobs.retain: of the models between two, the one that gains and keeps what the other could do."""

from ray_jobs.config import JobConfig
from ray_jobs.launch import launch
from ray_jobs.stages import Stages


def job(config: JobConfig) -> str:
    """Run the stage and say which share was chosen."""
    output = Stages(config).retain()
    results = output.manifest()["results"]
    chosen = next(point for point in results["points"] if point["alpha"] == results["alpha"])
    lines = [f"alpha {results['alpha']:g} between {results['origin']} and {results['finetuned']} model"]
    for part in ("task", "probe"):
        of = chosen[part]
        lines.append(f"{results[part]}: {of['change']:+.3f} [{of['ci_low']:+.3f}, {of['ci_high']:+.3f}], + is better")
    return "\n".join([*lines, f"model: {results['model']}", f"frontier: {output.path / 'frontier.html'}"])


if __name__ == "__main__":
    launch(job)
