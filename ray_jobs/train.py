"""python -m ray_jobs.train: prepared examples, or raw notes in one stream, to a trained model.

With `--plan` it trains nothing and prints which options the planner chooses for the model, the packs and the GPUs, and
what each takes of a GPU's memory; `--gpu-memory-gb` says how much that is where no cluster does.
"""

import sys

from pipelines.flows.training_plan import describe
from pipelines.model.load import resolve_architecture
from ray_jobs.config import JobConfig
from ray_jobs.launch import launch
from ray_jobs.stages import Stages

PLAN_FLAG = "--plan"
MEMORY_FLAG = "--gpu-memory-gb"


def job(config: JobConfig) -> str:
    """Run the stage and say where the model is."""
    results = Stages(config).train().manifest()["results"]
    return f"{results['steps']} steps on {results['target_tokens']} target tokens\nmodel: {results['model']}"


def plan(config: JobConfig) -> str:
    """What the planner chooses; from the model's config.json alone."""
    return describe(
        config.training,
        model_path=resolve_architecture(config.model),
        dtype=config.model.dtype,
        pack_tokens=config.packing.pack_tokens,
    )


def main(argv: list[str]) -> None:
    """Run the command.

    Raises:
        SystemExit: as `launch`.
    """
    flags = [argument.replace(MEMORY_FLAG, "--training.gpu_memory_gb", 1) for argument in argv if argument != PLAN_FLAG]
    launch(plan if PLAN_FLAG in argv else job, flags)


if __name__ == "__main__":
    main(sys.argv[1:])
