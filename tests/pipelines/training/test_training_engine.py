import subprocess
import sys

import pytest

# one step's activations: allocated, written and freed again and again, in a process whose allocator is as it comes
_PROGRAM = """
import resource, sys
import torch
from pipelines.training.engine import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()
faults = []
for _ in range(6):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(24 * 2**20)  # 96 MB: more than glibc's own threshold ever grows to
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(min(faults[1:]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_memory_that_a_step_freed_is_not_cleared_by_the_system_for_the_next():
    counts = {
        mode: int(subprocess.run([sys.executable, "-c", _PROGRAM, mode], check=True, capture_output=True).stdout)
        for mode in ("keep", "give_back")
    }
    assert counts["keep"] * 10 < counts["give_back"], counts
