"""What ELBv2 keeps for one region."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from controller.domain.dataclass import dataclass, field
from local.ec2.state import Address, NetworkInterface, Subnet

Tags = dict[str, str]


@dataclass(slots=True, eq=False)
class Zone:
    """One enabled zone of a load balancer: its subnet, its interface, its Elastic IP if any."""

    subnet: Subnet
    interface: NetworkInterface
    address: Address | None = None


@dataclass(slots=True, eq=False)
class LoadBalancer:
    """
    A load balancer from create to the moment when describe no longer finds it.

    `active_at` is when provisioning ends, in the state `outcome`. All moments are seconds since
    1970.
    """

    arn: str
    id: str
    name: str
    scheme: str
    ip_address_type: str
    vpc_id: str
    tags: Tags
    attributes: dict[str, str]
    created_at: float
    active_at: float
    outcome: str
    zones: list[Zone] = field(default_factory=list)
    security_groups: list[str] = field(default_factory=list)
    listeners: list[Listener] = field(default_factory=list)
    deleted_at: float = math.inf

    def state(self, now: float) -> str:
        return "provisioning" if now < self.active_at else self.outcome

    @property
    def serving_at(self) -> float:
        """When its data plane is there; never, if it failed."""
        return math.inf if self.outcome == "failed" else self.active_at

    @property
    def zone_names(self) -> set[str]:
        return {zone.subnet.zone for zone in self.zones}

    @property
    def settings(self) -> object:
        """What decides between "the same again" and "a different one"; tags do not (§1.6)."""
        places = frozenset(
            (zone.subnet.id, zone.address.allocation_id if zone.address else None)
            for zone in self.zones
        )
        return (self.scheme, self.ip_address_type, frozenset(self.security_groups), places)

    @property
    def dimension(self) -> str:
        """The value of CloudWatch's dimension LoadBalancer: "net/name/id" (§4.1)."""
        return self.arn.partition(":loadbalancer/")[2]


@dataclass(slots=True, eq=False)
class Listener:
    arn: str
    balancer: LoadBalancer
    port: int
    protocol: str
    actions: list[dict[str, Any]]
    tags: Tags
    attributes: dict[str, str]
    created_at: float
    certificates: list[dict[str, Any]] = field(default_factory=list)
    ssl_policy: str | None = None
    alpn: list[str] = field(default_factory=list)
    mutual: dict[str, Any] = field(default_factory=lambda: {"Mode": "off"})

    @property
    def group_arns(self) -> list[str]:
        arns = []
        for action in self.actions:
            if action.get("TargetGroupArn"):
                arns.append(action["TargetGroupArn"])
            for each in (action.get("ForwardConfig") or {}).get("TargetGroups") or ():
                arns.append(each["TargetGroupArn"])
        return list(dict.fromkeys(arns))


@dataclass(slots=True, eq=False)
class Target:
    """
    One registered address and port.

    `passes` says whether it would pass its checks; `watcher` receives "healthy", "unhealthy",
    "unused" (its zone is not served) and "drained". `history` holds the moments at which `status`
    changed; `epoch` makes plans that were overtaken void.
    """

    id: str
    port: int
    zone: str
    registered_at: float
    passes: bool = True
    watcher: Callable[[str], None] | None = None
    status: str = "initial"
    registered_from: float = 0.0
    epoch: int = 0
    history: list[tuple[float, str]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class TargetGroup:
    """
    `health` holds the health check under the API's names; `used_from` is when a listener began
    to use the group.

    After its last listener went, the group counts as `attached` to the old load balancer until
    `released_at` (§3.3). One that is `kept` belongs to a load balancer that stands all the time and
    is not played here (an application load balancer).
    """

    arn: str
    id: str
    name: str
    protocol: str
    port: int
    vpc_id: str
    target_type: str
    ip_address_type: str
    health: dict[str, Any]
    tags: Tags
    attributes: dict[str, str]
    created_at: float
    used_from: float = math.inf
    targets: dict[tuple[str, int], Target] = field(default_factory=dict)
    past: list[Target] = field(default_factory=list)
    listeners: list[Listener] = field(default_factory=list)
    attached: LoadBalancer | None = None
    released_at: float = 0.0
    kept: bool = False

    def balancer(self, now: float) -> LoadBalancer | None:
        if self.listeners:
            return self.listeners[0].balancer
        return self.attached if now < self.released_at else None

    @property
    def settings(self) -> object:
        check = tuple(sorted((key, str(value)) for key, value in self.health.items()))
        return (
            self.protocol,
            self.port,
            self.vpc_id,
            self.target_type,
            self.ip_address_type,
            check,
        )


@dataclass(slots=True)
class Elbv2:
    """`past` keeps every load balancer by its metric dimension, for the metrics' sake."""

    balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    balancer_names: dict[str, LoadBalancer] = field(default_factory=dict)
    groups: dict[str, TargetGroup] = field(default_factory=dict)
    group_names: dict[str, TargetGroup] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    past: dict[str, LoadBalancer] = field(default_factory=dict)
