"""What EC2 keeps for one region."""

from __future__ import annotations

from ipaddress import IPv4Network

from controller.domain.dataclass import dataclass, field

Tags = dict[str, str]

MANAGED_INTERFACES = frozenset({"network_load_balancer"})
"""Kinds of interface that only AWS may detach."""


@dataclass(slots=True, eq=False)
class Vpc:
    id: str
    cidr: str = "10.0.0.0/16"
    is_default: bool = False
    tags: Tags = field(default_factory=dict)
    attributes: dict[str, bool] = field(
        default_factory=lambda: {
            "EnableDnsSupport": True,
            "EnableDnsHostnames": False,
            "EnableNetworkAddressUsageMetrics": False,
        }
    )


@dataclass(slots=True, eq=False)
class Subnet:
    """
    `free` counts the addresses left; `has_nat` says that tasks reach the internet unaided.

    A task without a public address gets out of this subnet only if `has_nat` (F29).
    """

    id: str
    vpc_id: str
    zone: str
    cidr: str
    free: int = 0
    has_nat: bool = False
    map_public_ip: bool = False
    tags: Tags = field(default_factory=dict)
    taken: int = 0

    def take_ip(self) -> str:
        """The next private address; AWS keeps the first four of a subnet to itself."""
        network = IPv4Network(self.cidr)
        offset = 4 + self.taken % max(1, network.num_addresses - 5)
        self.taken += 1
        self.free -= 1
        return str(network[offset])


@dataclass(slots=True, eq=False)
class InternetGateway:
    id: str
    vpc_id: str | None = None
    tags: Tags = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Peer:
    """The far end of a rule: exactly one of the four is set."""

    cidr: str | None = None
    cidr6: str | None = None
    group_id: str | None = None
    prefix_list_id: str | None = None


@dataclass(slots=True, eq=False)
class Rule:
    id: str
    egress: bool
    protocol: str
    from_port: int | None
    to_port: int | None
    peer: Peer
    description: str | None = None
    tags: Tags = field(default_factory=dict)

    @property
    def key(self) -> tuple[object, ...]:
        return (self.egress, self.protocol, self.from_port, self.to_port, self.peer)


@dataclass(slots=True, eq=False)
class SecurityGroup:
    id: str
    name: str
    vpc_id: str
    description: str = "Managed by Terraform"
    tags: Tags = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class NetworkInterface:
    """`kind` is EC2's InterfaceType; `public_ip` that of a task, `allocation_id` an Elastic IP."""

    id: str
    subnet: Subnet
    private_ip: str
    description: str
    kind: str = "interface"
    group_ids: tuple[str, ...] = ()
    attachment_id: str = ""
    public_ip: str | None = None
    allocation_id: str | None = None
    tags: Tags = field(default_factory=dict)

    @property
    def managed(self) -> bool:
        return self.kind in MANAGED_INTERFACES


@dataclass(slots=True, eq=False)
class Address:
    """An Elastic IP; `interface` holds it, under `association_id`."""

    allocation_id: str
    public_ip: str
    tags: Tags = field(default_factory=dict)
    association_id: str | None = None
    interface: NetworkInterface | None = None
    instance_id: str | None = None


@dataclass(slots=True, eq=False)
class RouteTable:
    id: str
    vpc_id: str
    main: bool = False
    routes: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Destination to the kind and id of its target: ("GatewayId", "igw-...")."""
    associations: dict[str, str] = field(default_factory=dict)
    """Association id to subnet id."""
    tags: Tags = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class VpcEndpoint:
    """A way from a VPC to one AWS service; `service` is short: "ecr.api", "s3"."""

    id: str
    vpc_id: str
    service: str
    kind: str = "Interface"
    tags: Tags = field(default_factory=dict)


@dataclass(slots=True)
class Ec2:
    vpcs: dict[str, Vpc] = field(default_factory=dict)
    subnets: dict[str, Subnet] = field(default_factory=dict)
    gateways: dict[str, InternetGateway] = field(default_factory=dict)
    groups: dict[str, SecurityGroup] = field(default_factory=dict)
    interfaces: dict[str, NetworkInterface] = field(default_factory=dict)
    addresses: dict[str, Address] = field(default_factory=dict)
    route_tables: dict[str, RouteTable] = field(default_factory=dict)
    endpoints: dict[str, VpcEndpoint] = field(default_factory=dict)

    def has_gateway(self, vpc_id: str) -> bool:
        return any(gateway.vpc_id == vpc_id for gateway in self.gateways.values())

    def reaches_ecr(self, vpc_id: str) -> bool:
        """Without a way to the internet it takes these three (AWS behaviour §2.3)."""
        there = {each.service for each in self.endpoints.values() if each.vpc_id == vpc_id}
        return {"ecr.api", "ecr.dkr", "s3"} <= there

    def tags_of(self, resource_id: str) -> Tags | None:
        """The tags of any thing by its id, to be changed in place; None if there is none."""
        kinds = (
            self.vpcs,
            self.subnets,
            self.gateways,
            self.groups,
            self.interfaces,
            self.addresses,
            self.route_tables,
            self.endpoints,
        )
        for kind in kinds:
            if resource_id in kind:
                return kind[resource_id].tags
        for group in self.groups.values():
            for rule in group.rules:
                if rule.id == resource_id:
                    return rule.tags
        return None
