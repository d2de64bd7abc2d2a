"""What a cluster is checked for before work that would wait for ever is given to it."""

import pytest
import ray

from pipelines.stage.cluster import ClusterConfig, require_cpus
from schemas.errors import CapacityError, ConfigError


def test_too_few_cpus_in_the_settings() -> None:
    with pytest.raises(ConfigError, match="local_cpus"):
        ClusterConfig(local_cpus=1)


def test_a_local_ray_that_is_too_small_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 4.0, "wardround_local": 1.0})
    require_cpus(4, "training")
    with pytest.raises(CapacityError, match="training needs 5 logical CPUs and the cluster has 4"):
        require_cpus(5, "training")


def test_a_cluster_that_may_grow_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ray, "cluster_resources", lambda: {})
    require_cpus(5, "training")
    assert "training needs 5 logical CPUs and the cluster has 0: waiting" in caplog.text
