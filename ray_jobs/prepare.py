"""python -m ray_jobs.prepare: notes to safe notes and examples, with every row's fate.

python -m ray_jobs.prepare --inspect TABLE: what is in a table of notes, and the settings that would read it.
"""

import sys
from collections.abc import Sequence

from pipelines.flows.throughput import throughput_line
from ray_jobs.config import JobConfig
from ray_jobs.inspection import inspect_table
from ray_jobs.launch import launch, run
from ray_jobs.stages import Stages
from schemas.errors import ConfigError

_INSPECT = "--inspect"


def job(config: JobConfig) -> str:
    """Run the stage and say what became of the notes."""
    stages = Stages(config)
    output = stages.prepare()
    results = output.manifest()["results"]
    lines = [f"{results['num_rows_read']:>8}  notes read"]
    lines += [f"{count:>8}  {bucket}" for bucket, count in results["final_buckets"].items()]
    lines += [f"skipped: {skipped['file']}: {skipped['why']}" for skipped in results["skipped_files"]]
    lines.append(f"notes per core-second: {throughput_line(results['throughput'])}")
    lines += [
        f"canaries missed: {kind['missed']} of {kind['planted']} {kind['kind']}, at most {kind['upper_95']:.1%}"
        for kind in results["canaries"].get("kinds", ())
    ]
    return "\n".join([*lines, f"output: {output.path}", f"screening audit: {stages.audit_screening()}"])


def main(argv: Sequence[str]) -> None:
    """Inspect a table where the command line asks for it, else run the job."""
    if any(argument.partition("=")[0] == _INSPECT for argument in argv):
        run(lambda: inspect_table(_inspected(argv)))
    else:
        launch(job, argv)


def _inspected(argv: Sequence[str]) -> str:
    """The one path of `--inspect PATH` or `--inspect=PATH`."""
    flag, *rest = (part for argument in argv for part in argument.split("=", 1)) if len(argv) == 1 else argv
    if flag != _INSPECT or len(rest) != 1 or not rest[0]:
        raise ConfigError(f"{_INSPECT} takes one path and nothing beside it: give a file, folder, glob or URI")
    return rest[0]


if __name__ == "__main__":
    main(sys.argv[1:])
