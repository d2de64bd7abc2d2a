"""On a real Ray: a run whose workers or driver are killed trains on the rows that remain, to the same losses."""

import random
from pathlib import Path
from typing import Any

import pytest
from gloo_ranks import start
from ray_runs import EPOCHS, NEVER, SETTINGS, Driver, RayRun, write_examples

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

EVERY = SETTINGS["checkpoint_every_steps"]


@pytest.fixture
def run(chat_model: Path, tmp_path: Path) -> RayRun:
    write_examples(tmp_path / "examples")
    return RayRun(chat_model, tmp_path)


def undisturbed(run: RayRun) -> list[dict[str, Any]]:
    """The steps of a run without Ray that nothing happened to."""
    folder = run.folder / "undisturbed"
    start(run.model, folder / "run", 2, EPOCHS, rows=run.rows, validate_every_steps=NEVER, **SETTINGS)
    return RayRun(run.model, folder).steps


def test_workers_killed_between_and_in_checkpoints(run: RayRun) -> None:
    expected = undisturbed(run)
    first = random.Random(1).randrange(EVERY + 1, len(expected) // 2)
    second = (len(expected) * 3 // 4) // EVERY * EVERY
    driver = Driver(run)
    driver.until_step(first)
    driver.kill_worker(rank=1)
    driver.until_half_written(second)
    driver.kill_worker(rank=0)
    driver.finish()
    # Bitwise: loss, gradient norm, tokens, share of the rows. Each step once.
    assert run.steps == expected
    beginning, *resumed = run.begun_at
    assert beginning == 0
    assert len(resumed) == 2, "only the two kills interrupted the run"
    assert resumed[0] > first - 2 * EVERY
    assert resumed[1] >= second - EVERY


def test_a_driver_killed_at_any_step(run: RayRun) -> None:
    expected = undisturbed(run)
    generator = random.Random(2)
    kills = sorted(generator.sample(range(EVERY + 1, len(expected) - EVERY), 2))
    for number, step in enumerate(kills, 1):
        driver = Driver(run)
        driver.until_begun(number)  # the workers of the one before may have gone beyond this step before they ended
        driver.until_step(step)
        driver.kill()
    Driver(run).finish()
    assert run.steps == expected
    beginning, *resumed = run.begun_at
    assert beginning == 0
    assert all(begun > step - 2 * EVERY for begun, step in zip(resumed, kills, strict=True))
