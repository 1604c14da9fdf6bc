"""
What was read from an account, in the domain's words; the other modules of this package judge it.

A fact that could not be read is None, and a `Refusal` says why. No check concludes anything from
it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from controller.domain.dataclass import dataclass, field
from controller.domain.planning.client_addresses import sees_clients
from controller.domain.planning.observed import Address, Leftover, Observation
from controller.domain.planning.spec import Json, Kind, ResourceSpec, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A read that failed. `denied`: for want of `right`, as IAM names it."""

    check: str
    subject: str
    right: str
    cause: str
    denied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    account: str
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """
    `way_out` is where its default route leads: "igw", "nat", "other" or "" (nowhere); None if
    the route tables could not be read.
    """

    id: str
    vpc_id: str
    zone: str
    zone_id: str
    cidr: str
    free: int
    way_out: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    One rule of traffic that a security group admits. `ports` None: all. `source` is a CIDR, or the
    id of a security group or prefix list.
    """

    protocol: str
    ports: tuple[int, int] | None
    source: str

    def covers(self, protocol: str, port: int) -> bool:
        if self.protocol not in ("-1", protocol):
            return False
        return self.ports is None or self.ports[0] <= port <= self.ports[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    id: str
    vpc_id: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """
    `needs_role` says why its start needs the execution role, "" if it does not. `secrets` are what
    its start reads from SSM or Secrets Manager, as the task definition names them. `log_group` is
    one that must exist before the start, "" if there is none.
    """

    name: str
    image: str
    ports: tuple[int, ...]
    needs_role: str = ""
    secrets: tuple[str, ...] = ()
    log_group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinition:
    arn: str
    active: bool
    network_mode: str
    compatibilities: tuple[str, ...]
    architecture: str
    execution_role: str
    containers: tuple[Container, ...]
    vcpus: float = 0.0  # of one task


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """`trusts` are the services that may take it on; `found` False: there is none."""

    name: str
    found: bool
    trusts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """
    An image in ECR. `status` is ACTIVE, ARCHIVED or ACTIVATING, "" where there is no such image
    or repository. `architectures` as ECS names them (X86_64, ARM64), None if they could not be
    read.
    """

    status: str
    architectures: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One of ACM. `status` "" where there is none; `renews`: ACM renews it while it is in use."""

    status: str
    expires_at: datetime | None = None
    renews: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A parameter or a secret. `deleted_at`: it is scheduled for deletion and cannot be read."""

    found: bool
    deleted_at: datetime | None = None
    stages: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Of the region, by its name for people; or of each load balancer, by AWS's name."""

    what: str
    used: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vcpus:
    """How many vCPUs Fargate runs at once; `used` None: AWS reports no usage."""

    most: float
    used: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    Everything read for one stack. `spec` has its look-ups answered: None replaces one without an
    answer (`unanswered` says why, by the address of the resource), and "ADDRESS.arn" another
    resource of the spec. Mapping keys are id, name or ARN; missing resources are left out.
    `at` is when it was read. `standing` are the existing resources with the names of the spec, by
    address; `leftovers` have the stack's tag and other names.
    """

    spec: Spec
    region: str
    at: datetime | None = None
    caller: Caller | None = None
    unanswered: tuple[tuple[str, str], ...] = ()
    addresses: Mapping[str, Address] | None = None
    subnets: Mapping[str, Subnet] | None = None
    groups: Mapping[str, SecurityGroup] | None = None
    vpcs: frozenset[str] | None = None  # of those that a state has named
    endpoints: Mapping[str, frozenset[str]] | None = None  # VPC to "ecr.api", "s3", ...
    clusters: Mapping[str, str] | None = None  # as the spec names it to its status
    definitions: Mapping[str, TaskDefinition] | None = None
    roles: Mapping[str, Role] | None = None
    standing: Mapping[str, Observation] | None = None
    leftovers: tuple[Leftover, ...] = ()
    quotas: tuple[Quota, ...] | None = None
    vcpus: Mapping[str, Vcpus] | None = None  # by capacity provider
    images: Mapping[str, Image] | None = None  # by the image's name, those in ECR
    certificates: Mapping[str, Certificate] | None = None  # by ARN, those of ACM
    secrets: Mapping[str, Secret] | None = None  # as the task definition names them
    log_groups: Mapping[str, bool] | None = None  # by name, whether there is one
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """A load balancer as the network sees it."""

    resource: ResourceSpec
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    internal: bool

    @staticmethod
    def of(resource: ResourceSpec) -> Front:
        request = resource.request
        mapped = [m.get("SubnetId") for m in request.get("SubnetMappings", ())]
        return Front(
            resource=resource,
            subnets=_texts([*mapped, *(request.get("Subnets") or ())]),
            groups=_texts(request.get("SecurityGroups", ())),
            internal=request.get("Scheme") == "internal",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target group that a service is behind; `sees_clients`: their addresses reach the task."""

    container: str
    port: int
    protocol: str
    sees_clients: bool
    fronts: tuple[Front, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """A service as the network sees it; `cluster` and `definition` are "" if unanswered."""

    resource: ResourceSpec
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    public_ip: bool
    cluster: str
    definition: str
    targets: tuple[Target, ...] = field(default=())

    @property
    def fronts(self) -> tuple[Front, ...]:
        found = {f.resource.address: f for t in self.targets for f in t.fronts}
        return tuple(found.values())

    @property
    def providers(self) -> dict[str, int]:
        """Which of Fargate's providers start how many of its tasks, as its weights ask for."""
        request = self.resource.request
        count = int(request.get("desiredCount", 1))
        if request.get("launchType") == "FARGATE":
            return {"FARGATE": count}
        return share(request.get("capacityProviderStrategy", ()), count)

    @property
    def on_fargate(self) -> bool:
        request = self.resource.request
        strategy = request.get("capacityProviderStrategy", ())
        providers = [str(each.get("capacityProvider", "")) for each in strategy]
        return request.get("launchType") == "FARGATE" or any("FARGATE" in p for p in providers)


def share(strategy: Sequence[Mapping[str, Json]], count: int) -> dict[str, int]:
    """The base first, the rest by weight, rounded up (ECS API, CapacityProviderStrategyItem)."""
    bases = {str(each["capacityProvider"]): int(each.get("base", 0)) for each in strategy}
    weights = {str(each["capacityProvider"]): int(each.get("weight", 0)) for each in strategy}
    rest, total = max(0, count - sum(bases.values())), sum(weights.values()) or 1
    return {
        name: min(count, base + math.ceil(rest * weights[name] / total))
        for name, base in bases.items()
        if name.startswith("FARGATE")
    }


def fronts(spec: Spec) -> tuple[Front, ...]:
    return tuple(Front.of(each) for each in spec.of_kind(Kind.LOAD_BALANCER))


def backs(spec: Spec) -> tuple[Back, ...]:
    return tuple(_back(spec, each) for each in spec.of_kind(Kind.SERVICE))


def _back(spec: Spec, resource: ResourceSpec) -> Back:
    request = resource.request
    network = request.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    targets = [_target(spec, each) for each in request.get("loadBalancers", ())]
    return Back(
        resource=resource,
        subnets=_texts(network.get("subnets") or ()),
        groups=_texts(network.get("securityGroups") or ()),
        public_ip=network.get("assignPublicIp") == "ENABLED",
        cluster=str(request.get("cluster", "default") or ""),
        definition=str(request.get("taskDefinition") or ""),
        targets=tuple(each for each in targets if each),
    )


def _target(spec: Spec, wanted: Mapping[str, object]) -> Target | None:
    arn, port = str(wanted.get("targetGroupArn")), wanted.get("containerPort")
    group = _referred(spec, arn)
    if group is None or not isinstance(port, int):
        return None
    protocol = str(group.request.get("Protocol", "TCP"))
    return Target(
        container=str(wanted.get("containerName", "")),
        port=port,
        protocol="udp" if protocol == "UDP" else "tcp",
        sees_clients=sees_clients(
            str(group.request.get("TargetType", "instance")),
            protocol,
            group.attributes.get("preserve_client_ip.enabled"),
        ),
        fronts=tuple(Front.of(each) for each in _fronts_of(spec, arn)),
    )


def _fronts_of(spec: Spec, group_arn: str) -> list[ResourceSpec]:
    found = []
    for listener in spec.of_kind(Kind.LISTENER):
        actions = listener.request.get("DefaultActions", ())
        balancer = _referred(spec, str(listener.request.get("LoadBalancerArn")))
        if balancer and any(group_arn in str(action) for action in actions):
            found.append(balancer)
    return found


def _referred(spec: Spec, arn: str) -> ResourceSpec | None:
    address = arn.removesuffix(".arn").removesuffix(".id")
    return next((r for r in spec.resources if r.address == address), None)


def _texts(values: object) -> tuple[str, ...]:
    """Those that are known."""
    items = values if isinstance(values, list | tuple) else [values]
    return tuple(dict.fromkeys(str(each) for each in items if each))
