"""Says what this machine lacks before anything is installed. Standard library only; runs on any Python 3."""

import os
import shutil
import sys

REQUIRED_PYTHON = (3, 11)
REQUIRED_DISK_GB = 8  # the environment takes 3, a quickstart's outputs less than 1
REQUIRED_MEMORY_GB = 6
REQUIRED_CORES = 2


def missing():
    """What is missing, a sentence each."""
    problems = []
    if sys.version_info[:2] != REQUIRED_PYTHON:
        problems.append(
            "Python 3.11 is needed, this is {}.{}: install it and run `make PYTHON=/path/to/python3.11 ...`".format(
                *sys.version_info[:2]
            )
        )
    try:
        import ensurepip  # noqa: F401 - what venv needs, and what some distributions leave out
        import venv  # noqa: F401 - likewise
    except ImportError:
        problems.append("Python's venv module is missing: install your distribution's python3.11-venv")
    if not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        problems.append("no C++ compiler was found: install g++ or clang++")
    free = shutil.disk_usage(os.getcwd()).free / 1e9
    if free < REQUIRED_DISK_GB:
        problems.append(f"{free:.1f} GB of disk are free here, {REQUIRED_DISK_GB} are needed")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    if memory < REQUIRED_MEMORY_GB:
        problems.append(f"this machine has {memory:.1f} GB of memory, {REQUIRED_MEMORY_GB} are needed")
    if (os.cpu_count() or 1) < REQUIRED_CORES:
        problems.append(f"this machine has one core, {REQUIRED_CORES} are needed")
    return problems


if __name__ == "__main__":
    found = missing()
    for problem in found:
        sys.stderr.write(f"missing: {problem}\n")
    sys.exit(2 if found else 0)
