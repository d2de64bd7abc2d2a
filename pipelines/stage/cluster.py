"""Joining a Ray cluster, or starting one on this machine."""

import logging
import os
from dataclasses import dataclass

import ray
import ray.data

from schemas.errors import CapacityError, ConfigError

logger = logging.getLogger(__name__)

# A resource of the Ray that `join` starts, and of no other: any process can tell that this cluster cannot grow.
_LOCAL = "wardround_local"


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """Which Ray to run on.

    Attributes:
        address: `local` starts a Ray on this machine and ends it with the job; `auto` joins the one that RAY_ADDRESS
            names, as a submitted job must, and starts a local one where none is named.
        local_cpus: logical CPUs of a local Ray. More than the cores: a worker that waits for data needs none.
        dashboard: serve Ray's dashboard from a local Ray (on 127.0.0.1; early-stopped trials leak without it).
        worker_logs: show the workers' output in the job's. It is in the dashboard and in Ray's log files in any case.
    """

    address: str = "auto"
    local_cpus: int = 8
    dashboard: bool = True
    worker_logs: bool = False

    def __post_init__(self) -> None:
        if self.local_cpus < 2:
            raise ConfigError(f"cluster.local_cpus is {self.local_cpus}: give at least 2")


def join(config: ClusterConfig) -> None:
    """Connect this process to Ray. Does nothing where it is connected.

    Raises:
        CapacityError: a local Ray did not start in time.
    """
    if ray.is_initialized():
        return
    if config.address == "auto" and os.environ.get("RAY_ADDRESS"):
        ray.init(address=os.environ["RAY_ADDRESS"], log_to_driver=config.worker_logs)
    elif config.address in ("auto", "local"):
        # No token is needed on a loopback-only Ray of one job, and Ray would write one readable by every user.
        os.environ.setdefault("RAY_AUTH_MODE", "disabled")
        try:
            ray.init(
                address="local",
                num_cpus=config.local_cpus,
                resources={_LOCAL: 1},
                include_dashboard=config.dashboard,
                dashboard_host="127.0.0.1",
                logging_level=logging.WARNING,
                log_to_driver=config.worker_logs,
            )
        except Exception as error:  # noqa: BLE001 - Ray says "timed out during startup" with a bare Exception
            raise CapacityError(f"Ray did not start on this machine ({error}): free processors and memory") from None
    else:
        ray.init(address=config.address, log_to_driver=config.worker_logs)
    # Each stage says for itself how far it is.
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)


def require_cpus(num_cpus: float, purpose: str) -> None:
    """Check that a local Ray can hold what will run at once: it would wait for ever, silently.

    A cluster that was joined may have an autoscaler, even one that starts from nothing, so there it is but a warning.

    Raises:
        CapacityError: the local Ray is too small.
    """
    resources = ray.cluster_resources()
    total = resources.get("CPU", 0.0)
    if total >= num_cpus:
        return
    lacking = f"{purpose} needs {num_cpus:g} logical CPUs and the cluster has {total:g}"
    if _LOCAL in resources:
        raise CapacityError(f"{lacking}: raise cluster.local_cpus, or lower the number of workers and actors")
    logger.warning("%s: waiting for nodes, for ever where there is no autoscaler", lacking)
