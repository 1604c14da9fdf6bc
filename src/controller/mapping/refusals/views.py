"""
What the conditions read: one request with what it refers to.

The same views are made from a compiled spec, where values may be references (UNKNOWN), and from
the calls that the simulated AWS gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from controller.domain.dataclass import dataclass, field
from controller.domain.planning.spec import Json
from controller.mapping.refusals.row import UNKNOWN
from controller.mapping.task import FARGATE as FARGATE


def plain(value: Json) -> Any:
    """The value, UNKNOWN for a reference, and the same inside of it."""
    if isinstance(value, Mapping):
        if any(key.startswith("$") for key in value):
            return UNKNOWN
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A request in boto3's form (`plain`), and the attributes that are set after it."""

    request: Mapping[str, Any]
    attributes: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, default: Any = None) -> Any:
        """The field by its dotted path; `default` where it is not there."""
        value: Any = self.request
        for step in path.split("."):
            if not isinstance(value, Mapping) or step not in value:
                return UNKNOWN if value is UNKNOWN else default
            value = value[step]
        return value

    def has(self, path: str) -> bool:
        """Whether it is there at all, known or not, and not an empty list."""
        if self.request is UNKNOWN:
            return False
        value = self.get(path)
        return value is UNKNOWN or value not in (None, [], {}, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """
    The task definition of a service; a part that is not known is UNKNOWN.

    `by_default`: its network mode is AWS's own. `compatibilities` is None where the definition
    names none. `ports` are the port mappings by
    container, `volumes` the names of those that are configured when a task is launched.
    """

    network_mode: Any = UNKNOWN
    by_default: bool = False
    compatibilities: Any = UNKNOWN
    role: Any = UNKNOWN
    ports: Any = UNKNOWN
    volumes: Any = UNKNOWN

    @property
    def named_ports(self) -> Any:
        if self.ports is UNKNOWN:
            return UNKNOWN
        mappings = [each for entries in self.ports.values() for each in entries]
        names = [each.get("name") for each in mappings]
        return UNKNOWN if any(name is UNKNOWN for name in names) else [n for n in names if n]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView(View):
    """
    A service. `launch` is the launch type in force, UNKNOWN where the cluster decides.

    `groups` are its target groups, `providers` the capacity providers of its cluster, `namespace`
    whether the cluster has one for Service Connect, `records` the types of DNS records of the
    service registry; each UNKNOWN where nobody knows. `vpcs` are those of its subnets, `group_vpcs`
    of its security groups, in a form that `apart` compares.
    """

    task: Task = Task()
    launch: Any = UNKNOWN
    groups: tuple[View, ...] = ()
    providers: Any = UNKNOWN
    namespace: Any = UNKNOWN
    records: Any = UNKNOWN
    vpcs: tuple[Any, ...] = ()
    group_vpcs: tuple[Any, ...] = ()

    @property
    def strategy(self) -> list[Mapping[str, Any]]:
        return list(self.get("capacityProviderStrategy", []))

    @property
    def on_fargate(self) -> bool:
        return self.launch == "FARGATE" or any(
            each.get("capacityProvider") in FARGATE for each in self.strategy
        )

    @property
    def is_awsvpc(self) -> bool:
        """Each task has a network interface of its own; Fargate knows nothing else."""
        return self.on_fargate or self.task.network_mode == "awsvpc"

    @property
    def maximum(self) -> Any:
        return self.get("deploymentConfiguration.maximumPercent", 200)

    @property
    def minimum(self) -> Any:
        return self.get("deploymentConfiguration.minimumHealthyPercent", 100)

    @property
    def controller(self) -> Any:
        return self.get("deploymentController.type", "ECS")


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerView(View):
    """A load balancer; `zones` are those of its subnets, as far as known, and so are `vpcs`."""

    zones: tuple[Any, ...] = ()
    vpcs: tuple[Any, ...] = ()
    group_vpcs: tuple[Any, ...] = ()

    @property
    def subnets(self) -> list[Any]:
        listed = self.get("Subnets", [])
        return [each.get("SubnetId") for each in self.get("SubnetMappings", [])] + list(listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerView(View):
    """A listener with its load balancer and target groups; `region` is the stack's."""

    balancer: View = field(default_factory=lambda: View(request=UNKNOWN))
    groups: tuple[View, ...] = ()
    region: Any = UNKNOWN
    balancer_vpcs: tuple[Any, ...] = ()
    group_vpcs: tuple[Any, ...] = ()

    @property
    def protocol(self) -> Any:
        return self.get("Protocol")


def apart(vpcs: Iterable[Any]) -> bool:
    """
    Whether these are surely more than one VPC.

    Each is its kind and its name: ("id", "vpc-1"), or ("made", its address in the files). One by id
    and one by address may be the same.
    """
    known = [vpc for vpc in vpcs if vpc is not UNKNOWN]
    return any(one[0] == other[0] and one[1] != other[1] for one in known for other in known)


def repeated(values: Iterable[Any]) -> Any:
    """The first known value that is there twice, or None."""
    seen: list[Any] = []
    for value in values:
        if value is not UNKNOWN and value is not None and value in seen:
            return value
        seen.append(value)
    return None
