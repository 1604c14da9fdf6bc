"""What one observation has read so far: each kind interprets its resources from it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from controller.aws.forwarding import shares
from controller.domain.dataclass import dataclass, field
from controller.domain.errors import PermanentError
from controller.domain.planning.observed import Leftover, tasks_of
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind, Spec

Described = Mapping[str, Any]
T = TypeVar("T")


@dataclass
class Snapshot:
    """
    Terraform's address to what AWS says of it, and what else was read for that.

    `found` are the descriptions as AWS gives them, `identities` what others may refer to of what
    was found ("arn" among it). `only` are the addresses that are read now; None: all. Written by
    jobs that run side by side, each under keys of its own.
    """

    spec: Spec
    target: Target
    progress: Progress
    now: datetime
    only: Collection[str] | None = None
    found: dict[str, Described] = field(default_factory=dict)
    identities: dict[str, Mapping[str, str]] = field(default_factory=dict)
    unnamed: dict[str, list[str]] = field(default_factory=dict)  # listeners by load balancer, ARNs
    allocations: dict[str, list[str]] = field(default_factory=dict)  # id -> wanted by
    unresolved: dict[str, PermanentError] = field(default_factory=dict)  # wanted by -> why not
    unread: dict[str, str] = field(default_factory=dict)  # what may not be read, and why
    elastic_ips: dict[str, Described] = field(default_factory=dict)
    interfaces: dict[str, str | None] = field(default_factory=dict)  # by their ids
    health: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by ARN
    stopped: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tasks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # of services at rest
    task_ips: dict[str, frozenset[str]] = field(default_factory=dict)  # where others share a group
    tags: dict[str, dict[str, str] | None] = field(default_factory=dict)  # by ARN
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)  # by ARN
    leftovers: tuple[Leftover, ...] | None = None
    _created: dict[str, Mapping[str, str]] | None = None

    def reads(self, address: str) -> bool:
        return self.only is None or address in self.only

    def reads_of(self, address: str) -> bool:
        """Whether anything of it is read: itself, or the tasks of a service alone."""
        return self.reads(address) or self.reads(tasks_of(address))

    def put(self, address: str, found: Described | None, identity: Mapping[str, str]) -> None:
        """Store the result of a read; None: nothing found."""
        if found is not None:
            self.found[address] = found
            self.identities[address] = identity

    def take_over(self, last: Snapshot) -> None:
        """Start with the last read, except for what is read now."""
        self.found = self._unread(last.found)
        self.identities = self._unread(last.identities)
        self.elastic_ips = self._unread(last.elastic_ips)
        self.interfaces = dict(last.interfaces)  # what holds an address is what it was
        self.stopped = self._unread(last.stopped)
        self.tasks = dict(last.tasks)
        self.task_ips = self._unread(last.task_ips)
        self.unnamed, self.health = dict(last.unnamed), dict(last.health)
        self.tags = dict(last.tags)
        known = {one.get("arn") for one in self.identities.values()}
        self.attributes = {arn: one for arn, one in last.attributes.items() if arn in known}
        self.leftovers = last.leftovers

    def _unread(self, found: Mapping[str, T]) -> dict[str, T]:
        return {address: one for address, one in found.items() if not self.reads(address)}

    def arn(self, address: str) -> str:
        """The ARN by which a resource is listed now; "" while it is not."""
        return self.identities.get(address, {}).get("arn", "")

    def of_kind(self, kind: Kind) -> Iterator[Described]:
        """The descriptions of what was found of one kind."""
        for resource in self.spec.of_kind(kind):
            if resource.address in self.found:
                yield self.found[resource.address]

    @property
    def known(self) -> dict[str, Mapping[str, str]]:
        """What is known about ARNs from reads and our own creates, for filling references."""
        if self._created is None:
            self._created = {
                address: {"arn": trace.arn, "id": trace.arn}
                for address, trace in self.progress.created.items()
                if self.progress.just_created(address, self.now)
            }
        return {**self._created, **self.identities}

    @property
    def standing_groups(self) -> frozenset[str]:
        """ARNs of the spec's existing target groups."""
        return frozenset(found["TargetGroupArn"] for found in self.of_kind(Kind.TARGET_GROUP))

    @property
    def forwarded_groups(self) -> frozenset[str]:
        """ARNs of the target groups that listeners of the spec send people to."""
        named = (shares(found) for found in self.of_kind(Kind.LISTENER))
        return frozenset(arn for each in named for arn, share in each.items() if share)

    @property
    def served_zones(self) -> frozenset[str]:
        """The zones of the load balancers, as ECS names them."""
        return frozenset(
            zone["ZoneName"]
            for found in self.of_kind(Kind.LOAD_BALANCER)
            for zone in found.get("AvailabilityZones", ())
            if zone.get("ZoneName")
        )

    def balancer_with(self, allocation_id: str) -> str:
        """ARN of the listed load balancer that says it has this Elastic IP, or ""."""
        for found in self.of_kind(Kind.LOAD_BALANCER):
            for zone in found.get("AvailabilityZones", ()):
                for address in zone.get("LoadBalancerAddresses", ()):
                    if address.get("AllocationId") == allocation_id:
                        return str(found["LoadBalancerArn"])
        return ""
