"""
What the outside world does to a stack: broken images, lost capacity, balancers that fail.

These are not errors of calls (see `local.faults`) but circumstances that AWS reports through the
state of things: faults F06-F08, F28-F34, F41, F43 and F63 of AWS behaviour §8.
"""

from __future__ import annotations

from enum import StrEnum

from controller.domain.dataclass import dataclass, field
from controller.domain.planning.timing import NEVER


class Containers(StrEnum):
    """How the containers of a task definition behave once ECS tries to run them."""

    HEALTHY = "healthy"
    IMAGE_PULL_ERROR = "image_pull_error"
    RESOURCE_INIT_ERROR = "resource_init_error"
    EXITS_AT_ONCE = "exits_at_once"
    UNHEALTHY = "unhealthy"
    NO_CAPACITY = "no_capacity"
    VCPU_QUOTA = "vcpu_quota"
    DRAIN_STUCK = "drain_stuck"  # runs well, but never leaves by itself: F43


@dataclass(slots=True)
class BalancerFate:
    """How a load balancer turns out; `provisioning` replaces the profile's seconds."""

    outcome: str = "active"
    provisioning: float | None = None

    def seconds(self, usual: float) -> float:
        return usual if self.provisioning is None else self.provisioning


@dataclass
class Conditions:
    """Set what should be different; everything else goes well."""

    load_balancer_quota: int = 50
    vcpu_quota: float = 4000.0
    """vCPUs that Fargate runs at once in a region; new accounts have 6."""
    vcpus_of_others: float = 0.0
    """vCPUs of tasks on demand that are not simulated."""
    metric_status: str = "Complete"
    unsupported_zones: set[str] = field(default_factory=set)
    unknown_attributes: set[str] = field(default_factory=set)
    """Keys that load balancers of this partition or region do not have."""
    endpoint_services: set[str] = field(default_factory=set)
    """Names of load balancers that a VPC endpoint service holds: F41."""
    drains_for_ever: bool = False
    """No task that leaves its load balancer stops by itself afterwards, whoever's it is: F43."""
    count_raised_after: float | None = None
    """Seconds after which somebody else raises the count of a service that was set to 0."""
    zone: str | None = None
    """The zone in which ECS places tasks, when the service's subnets offer it."""
    _containers: dict[str, Containers] = field(default_factory=dict)
    _balancers: dict[str, BalancerFate] = field(default_factory=dict)

    def containers(self, family_or_image: str, behaviour: Containers | str) -> None:
        """From now on tasks of this family, or with a container of this image, behave so."""
        self._containers[family_or_image] = Containers(behaviour)

    def containers_of(self, family: str, images: list[str]) -> Containers:
        for name in (family, *images):
            if name in self._containers:
                return self._containers[name]
        return Containers.HEALTHY

    def load_balancer(
        self, name: str, outcome: str = "active", provisioning: float | None = None
    ) -> None:
        """
        The next load balancers of this name end as `outcome`.

        One of "active", "active_impaired", "failed" and "provisioning" (for ever).
        """
        if outcome == "provisioning":
            outcome, provisioning = "active", NEVER
        self._balancers[name] = BalancerFate(outcome, provisioning)

    def fate_of(self, name: str) -> BalancerFate:
        return self._balancers.get(name) or BalancerFate()
