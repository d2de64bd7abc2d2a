"""Memory of one screening process over many notes: resident size after each tenth of them.

    python tests/benchmarks/screening_memory.py --notes 20000

The notes are short and full of words that no note before them had, the worst case for an engine that keeps strings.
"""

import argparse
import os
import random
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipelines.screening.policy import ScreeningConfig, ScreeningMode
from pipelines.screening.screener import Screener

BATCH_NOTES = 100
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_mb() -> float:
    """Resident size of this process, in megabytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 1e6


def note(rng: random.Random) -> str:
    """A short note with new words and a new name."""
    new = ["".join(rng.choices("bcdfglmnprstv", k=4)) + rng.choice("aeiou") for _ in range(6)]
    return (
        f"Seen today by Dr. {new[0].title()} {new[1].title()}, MRN {rng.randrange(10**8):08d}, for {new[2]} pain. "
        f"{new[3].title()} {new[4].title()} was told. Call (617) 555-0{rng.randrange(100, 200)}. Takes {new[5]} daily."
    )


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=20_000)
    parser.add_argument("--mode", type=ScreeningMode, default=ScreeningMode.CLINICAL)
    arguments = parser.parse_args()
    rng = random.Random(0)
    screener = Screener(ScreeningConfig(mode=arguments.mode), b"0" * 32)
    print(f"{'notes':>8}{'MB':>9}")
    print(f"{0:8}{resident_mb():9.1f}")
    tenth = max(1, arguments.notes // BATCH_NOTES // 10)
    sizes = []
    for batch in range(1, arguments.notes // BATCH_NOTES + 1):
        screener.find([note(rng) for _ in range(BATCH_NOTES)])
        if batch % tenth == 0:
            sizes.append(resident_mb())
            print(f"{batch * BATCH_NOTES:8}{sizes[-1]:9.1f}")
    print(f"growth after the first tenth: {sizes[-1] - sizes[0]:.1f} MB")


if __name__ == "__main__":
    main()
