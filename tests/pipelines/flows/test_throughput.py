"""Steps are measured apart, and summed over shards."""

import time

import pyarrow as pa
import pytest

from pipelines.flows.throughput import StepClock, throughput, throughput_line


def test_a_step_is_charged_with_its_own_work_alone() -> None:
    clock = StepClock()
    with clock.step("idle", 10):
        time.sleep(0.2)
    with clock.step("busy", 20):
        started = time.process_time()
        while time.process_time() - started < 0.05:
            pass
    idle, busy = clock.table().to_pylist()
    assert (idle["step"], idle["num_notes"], busy["step"], busy["num_notes"]) == ("idle", 10, "busy", 20)
    assert idle["cpu_s"] < 0.05 <= busy["cpu_s"]


def test_a_step_that_fails_is_not_counted() -> None:
    clock = StepClock()
    with pytest.raises(ZeroDivisionError), clock.step("broken", 1):
        1 / 0  # noqa: B018 - raises, which is what it is for
    assert clock.table().num_rows == 0


def test_shards_are_summed() -> None:
    clock = StepClock()
    schema = clock.table().schema
    rows = [("screen", 10, 2.0), ("split", 8, 0.5), ("screen", 30, 6.0), ("split", 0, 0.0), ("none", 0, 0.0)]
    steps = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
    measured = throughput(steps)
    assert measured["screen"] == {"num_notes": 40, "cpu_s": 8.0, "notes_per_core_s": 5.0}
    assert list(measured) == ["screen", "split", "none"]
    assert throughput_line(measured) == "screen 5, split 16, none 0"
