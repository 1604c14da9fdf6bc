"""
Observe every address of a stack with few reads.

Awake it takes seven (load balancer, target group, service and Elastic IP side by side; then
listeners and target health; then all tags in one call), and one for each object whose attributes
were never seen; asleep four. Where it is not remembered that nothing else carries the stack's tag,
all load balancers and the clusters' services are looked through besides, once.

A look at a part of it reads that part and takes the rest as it was last read: while a wake waits
for its load balancer and its task, two or three reads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from controller.aws import (
    attributes,
    elastic_ip,
    leftovers,
    listener,
    load_balancer,
    service,
    target_group,
)
from controller.aws.context import TAGS_LIMIT, Context, desired_count
from controller.aws.elastic_ip import ElasticIpReader
from controller.aws.errors import GONE, code_of, translate
from controller.aws.listener import ListenerAdapter
from controller.aws.load_balancer import LoadBalancerAdapter
from controller.aws.service import Backing, ServiceAdapter
from controller.aws.target_group import TargetGroupAdapter
from controller.domain.errors import PermanentError, SpecError
from controller.domain.planning.draining import drain_delay
from controller.domain.planning.observed import Address, Leftover, Observation, Observed, State
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress, settled_key
from controller.domain.planning.spec import Kind, ResourceSpec
from controller.domain.ports import SideBySide

LISTENERS = "listeners"
"""Differs in a load balancer that has a listener of ours which the spec does not name any more."""

Described = Mapping[str, Any]
Job = Callable[[], None]
T = TypeVar("T")


@dataclass
class _Snapshot:
    """What one observation has gathered so far; addresses are Terraform's."""

    target: Target
    progress: Progress
    now: datetime
    load_balancers: dict[str, Described] = field(default_factory=dict)
    target_groups: dict[str, Described] = field(default_factory=dict)
    services: dict[str, Described] = field(default_factory=dict)
    listeners: dict[str, Described] = field(default_factory=dict)
    unnamed: dict[str, list[str]] = field(default_factory=dict)  # listeners by load balancer, ARNs
    allocations: dict[str, list[str]] = field(default_factory=dict)  # id -> wanted by
    unresolved: dict[str, PermanentError] = field(default_factory=dict)  # wanted by -> why not
    elastic_ips: dict[str, Described] = field(default_factory=dict)
    interfaces: dict[str, str | None] = field(default_factory=dict)
    health: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by ARN
    stopped: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tags: dict[str, dict[str, str] | None] = field(default_factory=dict)  # by ARN
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)  # by ARN
    leftovers: tuple[Leftover, ...] | None = None
    only: Collection[str] | None = None

    def reads(self, address: str) -> bool:
        return self.only is None or address in self.only

    def take_over(self, last: _Snapshot) -> None:
        """Begin with what was read last, but for what is to be read now."""
        self.load_balancers = self._unread(last.load_balancers)
        self.target_groups = self._unread(last.target_groups)
        self.services = self._unread(last.services)
        self.listeners = self._unread(last.listeners)
        self.elastic_ips = self._unread(last.elastic_ips)
        self.interfaces = self._unread(last.interfaces)
        self.stopped = self._unread(last.stopped)
        self.unnamed, self.health = dict(last.unnamed), dict(last.health)
        self.tags, self.attributes = dict(last.tags), dict(last.attributes)
        self.leftovers = last.leftovers

    def _unread(self, found: Mapping[str, T]) -> dict[str, T]:
        return {address: one for address, one in found.items() if not self.reads(address)}


class Observer:
    def __init__(self, context: Context, side_by_side: SideBySide) -> None:
        self._context = context
        self._spec = context.spec
        self._side_by_side = side_by_side
        clients = context.clients
        self._elbv2 = clients.elbv2
        self._load_balancer = LoadBalancerAdapter(clients.elbv2)
        self._target_group = TargetGroupAdapter(clients.elbv2)
        self._listener = ListenerAdapter(clients.elbv2)
        self._service = ServiceAdapter(clients.ecs)
        self._elastic_ip = ElasticIpReader(clients.ec2)
        self._leftovers: tuple[Leftover, ...] | None = None
        self._last: _Snapshot | None = None

    def observe(
        self,
        target: Target,
        progress: Progress,
        now: datetime,
        only: Collection[str] | None = None,
    ) -> Observed:
        """Read every address of the stack, or `only` these; change nothing."""
        snapshot = _Snapshot(target=target, progress=progress, now=now)
        if only is not None and self._last is not None and self._last.target is target:
            snapshot.only = only
            snapshot.take_over(self._last)
        self._all([lambda: self._read_allocations(snapshot)])
        self._all(self._first_reads(snapshot))
        self._check_allocations(snapshot)
        self._all(self._second_reads(snapshot))
        self._all(self._third_reads(snapshot))
        self._last = snapshot
        return self._interpret(snapshot)

    def _all(self, jobs: Sequence[Job]) -> None:
        for result in self._side_by_side(jobs) if jobs else ():
            if isinstance(result, Exception):
                raise translate(result, f'read the resources of stack "{self._spec.stack}"')

    def _first_reads(self, snapshot: _Snapshot) -> list[Job]:
        jobs: list[Job] = []
        for resource in self._read_now(snapshot, Kind.LOAD_BALANCER):
            jobs.append(_into(snapshot.load_balancers, resource, self._load_balancer.describe))
        for resource in self._read_now(snapshot, Kind.TARGET_GROUP):
            jobs.append(_into(snapshot.target_groups, resource, self._target_group.describe))
        for cluster, resources in self._by_cluster(self._read_now(snapshot, Kind.SERVICE)).items():
            jobs.append(self._services_job(snapshot, cluster, resources))
        addresses = [each for each in snapshot.allocations if snapshot.reads(each)]
        if addresses:
            jobs.append(lambda: self._read_elastic_ips(snapshot, addresses))
        if snapshot.progress.leftovers_checked_for != self._spec.hash:
            jobs.append(lambda: self._read_leftovers(snapshot))
        return jobs

    def _read_now(self, snapshot: _Snapshot, kind: Kind) -> list[ResourceSpec]:
        return [
            resource for resource in self._spec.of_kind(kind) if snapshot.reads(resource.address)
        ]

    def _second_reads(self, snapshot: _Snapshot) -> list[Job]:
        jobs: list[Job] = []
        for arn, resources in self._listeners_by_balancer(snapshot).items():
            jobs.append(self._listeners_job(snapshot, arn, resources))
        for arn in self._groups_in_use(snapshot):
            jobs.append(self._health_job(snapshot, arn))
        for address, found in snapshot.services.items():
            is_active = snapshot.reads(address) and found["status"] == "ACTIVE"
            if is_active and service.needs_stopped_tasks(found):
                jobs.append(self._stopped_job(snapshot, address))
        for allocation_id, found in snapshot.elastic_ips.items():
            is_held = snapshot.reads(allocation_id) and elastic_ip.is_held(found)
            if is_held and not _balancer_with(snapshot, allocation_id):
                jobs.append(self._interface_job(snapshot, allocation_id, found))
        return jobs

    def _third_reads(self, snapshot: _Snapshot) -> list[Job]:
        arns = {r.address: _arn(snapshot, r) for r in self._spec.resources}
        known = self._untold(snapshot, arns)
        jobs: list[Job] = []
        for start in range(0, len(known), TAGS_LIMIT):
            jobs.append(self._tags_job(snapshot, known[start : start + TAGS_LIMIT]))
        if snapshot.target is Target.AWAKE:
            for resource in self._spec.resources:
                arn = arns[resource.address]
                if (
                    arn
                    and attributes.wanted(resource)
                    and (snapshot.reads(resource.address) or arn not in snapshot.attributes)
                    and not snapshot.progress.is_settled(arn, resource)
                ):
                    jobs.append(self._attributes_job(snapshot, resource.kind, arn))
        return jobs

    def _untold(self, snapshot: _Snapshot, arns: Mapping[str, str]) -> list[str]:
        """The ARNs whose tags are to be read; in a part, those that have not told theirs yet."""
        unnamed = [arn for each in snapshot.unnamed.values() for arn in each]
        found = [arn for arn in dict.fromkeys((*arns.values(), *unnamed)) if arn]
        return [arn for arn in found if ":ecs:" not in arn and snapshot.tags.get(arn) is None]

    def _read_allocations(self, snapshot: _Snapshot) -> None:
        """Find out which Elastic IPs the load balancers ask for."""
        for resource in self._spec.of_kind(Kind.LOAD_BALANCER):
            for mapping in resource.request.get("SubnetMappings", ()):
                wanted = mapping.get("AllocationId")
                try:
                    found = self._context.resolve(wanted, {}) if wanted else None
                except PermanentError as error:
                    snapshot.unresolved[resource.address] = error
                    continue
                if found:
                    snapshot.allocations.setdefault(found, []).append(resource.address)

    def _check_allocations(self, snapshot: _Snapshot) -> None:
        """Only one who is to get an Elastic IP needs to know which: not to sleep, nor to stay."""
        for address, error in snapshot.unresolved.items():
            if snapshot.target is Target.AWAKE and address not in snapshot.load_balancers:
                raise error

    def _read_elastic_ips(self, snapshot: _Snapshot, wanted: Sequence[str]) -> None:
        snapshot.elastic_ips |= self._elastic_ip.describe(list(wanted))

    def _read_leftovers(self, snapshot: _Snapshot) -> None:
        """Once in a pass: nobody but a person makes or deletes any meanwhile."""
        if self._leftovers is None:
            services = self._spec.of_kind(Kind.SERVICE)
            self._leftovers = leftovers.find(self._context, list(self._by_cluster(services)))
        snapshot.leftovers = self._leftovers

    def _by_cluster(self, services: Sequence[ResourceSpec]) -> dict[str, list[ResourceSpec]]:
        grouped: dict[str, list[ResourceSpec]] = {}
        for resource in services:
            grouped.setdefault(self._context.cluster(resource), []).append(resource)
        return grouped

    def _services_job(
        self, snapshot: _Snapshot, cluster: str, resources: Sequence[ResourceSpec]
    ) -> Job:
        def job() -> None:
            try:
                found = self._service.describe(cluster, [r.name for r in resources])
            except Exception as error:
                asleep = snapshot.target is Target.ASLEEP
                if asleep and code_of(error) == "ClusterNotFoundException":
                    return  # no cluster, no service
                raise
            for resource in resources:
                if resource.name in found:
                    snapshot.services[resource.address] = found[resource.name]

        return job

    def _listeners_by_balancer(self, snapshot: _Snapshot) -> dict[str, list[ResourceSpec]]:
        grouped: dict[str, list[ResourceSpec]] = {}
        for resource in self._read_now(snapshot, Kind.LISTENER):
            arn = self._balancer_of(snapshot, resource)
            if arn:
                grouped.setdefault(arn, []).append(resource)
        return grouped

    def _balancer_of(self, snapshot: _Snapshot, resource: ResourceSpec) -> str:
        """ARN of the load balancer that a listener belongs to, "" while there is none."""
        try:
            return str(self._context.resolve(resource.request["LoadBalancerArn"], _known(snapshot)))
        except (SpecError, PermanentError):
            return ""

    def _listeners_job(
        self, snapshot: _Snapshot, arn: str, resources: Sequence[ResourceSpec]
    ) -> Job:
        def job() -> None:
            found = self._listener.describe(arn)
            for resource in resources:
                one = listener.find(resource, found)
                if one is not None:
                    snapshot.listeners[resource.address] = one
            if snapshot.target is Target.AWAKE:
                snapshot.unnamed[arn] = listener.unnamed(resources, found)

        return job

    def _groups_in_use(self, snapshot: _Snapshot) -> list[str]:
        """
        Target groups whose health decides whether a running service is awake.

        Also of one whose tasks all stop: what it takes the place of may serve in the same group.
        """
        if snapshot.target is not Target.AWAKE:
            return []
        arns: list[str] = []
        for resource in self._read_now(snapshot, Kind.SERVICE):
            found = snapshot.services.get(resource.address)
            if not found or found["status"] != "ACTIVE":
                continue
            if found.get("runningCount") or service.needs_stopped_tasks(found):
                arns += [arn for arn in self._groups_now(snapshot, resource) if arn]
        return list(dict.fromkeys(arns))

    def _groups_of(self, snapshot: _Snapshot, resource: ResourceSpec) -> list[str]:
        """ARNs of the target groups of a service; none while not all of them are known."""
        found = self._groups_or_none(snapshot, resource)
        return [arn for arn in found if arn] if all(found) else []

    def _groups_or_none(self, snapshot: _Snapshot, resource: ResourceSpec) -> list[str | None]:
        """The ARN of each target group, None of one that is not there: others may serve yet."""
        wanted = [b.get("targetGroupArn") for b in resource.request.get("loadBalancers", ())]
        found: list[str | None] = []
        for value in filter(None, wanted):
            try:
                found.append(str(self._context.resolve(value, _known(snapshot))))
            except (SpecError, PermanentError):
                found.append(None)
        return found

    def _groups_now(self, snapshot: _Snapshot, resource: ResourceSpec) -> Sequence[str | None]:
        """Those that it registers with, where a deployment may have moved it to others."""
        found = snapshot.services.get(resource.address, {}).get("loadBalancers", ())
        moved = [str(each["targetGroupArn"]) for each in found if "targetGroupArn" in each]
        ignored = resource.ignores("loadBalancers") and _standing(snapshot).issuperset(moved)
        return moved if ignored and moved else self._groups_or_none(snapshot, resource)

    def _health_job(self, snapshot: _Snapshot, arn: str) -> Job:
        def job() -> None:
            snapshot.health[arn] = self._target_group.describe_health(arn)

        return job

    def _stopped_job(self, snapshot: _Snapshot, address: str) -> Job:
        resource = self._spec[address]

        def job() -> None:
            cluster = self._context.cluster(resource)
            snapshot.stopped[address] = self._service.stopped_tasks(cluster, resource.name)

        return job

    def _interface_job(self, snapshot: _Snapshot, allocation_id: str, found: Described) -> Job:
        def job() -> None:
            interface_id = found.get("NetworkInterfaceId")
            if interface_id:
                described = self._elastic_ip.describe_interface(interface_id)
                snapshot.interfaces[allocation_id] = described

        return job

    def _tags_job(self, snapshot: _Snapshot, arns: Sequence[str]) -> Job:
        def job() -> None:
            snapshot.tags |= self._context.read_tags(list(arns))

        return job

    def _attributes_job(self, snapshot: _Snapshot, kind: Kind, arn: str) -> Job:
        def job() -> None:
            try:
                snapshot.attributes[arn] = attributes.read(self._elbv2, kind, arn)
            except Exception as error:
                if code_of(error) not in GONE:  # fresh ones may not be readable yet (§1.7)
                    raise

        return job

    # interpret

    def _interpret(self, snapshot: _Snapshot) -> Observed:
        resources = {r.address: self._observation(snapshot, r) for r in self._spec.resources}
        settled = set()
        for resource in self._spec.resources:
            seen = resources[resource.address]
            if resource.kind is Kind.SERVICE and snapshot.target is Target.AWAKE:
                if seen.state.exists and not set(seen.differs) - {"desiredCount"}:
                    settled.add(settled_key(seen.arn, resource))
                continue
            found = snapshot.attributes.get(seen.arn)
            if found is None or not seen.state.exists:
                continue
            fresh = snapshot.progress.is_unfinished(resource.address, seen.arn)
            try:
                wanted = self._context.answered(resource)
            except PermanentError as error:
                snapshot.unresolved[resource.address] = error
                continue
            if lacks := attributes.left_to_set(wanted, found, fresh=fresh):
                differs = (*seen.differs, *lacks)
                resources[resource.address] = replace(seen, differs=differs)
            else:
                settled.add(settled_key(seen.arn, resource))
        return Observed(
            at=snapshot.now,
            resources=resources,
            addresses=self._addresses(snapshot, resources),
            settled=frozenset(settled),
            leftovers=snapshot.leftovers,
            doubts=tuple(str(error) for error in snapshot.unresolved.values()),
        )

    def _observation(self, snapshot: _Snapshot, resource: ResourceSpec) -> Observation:
        owner = self._context.owner(resource)
        tags = snapshot.tags.get(_arn(snapshot, resource))
        common = (owner, snapshot.progress, snapshot.now)
        match resource.kind:
            case Kind.LOAD_BALANCER:
                found = snapshot.load_balancers.get(resource.address)
                seen = load_balancer.interpret(resource, found, tags, *common)
                others = (snapshot.tags.get(arn) for arn in snapshot.unnamed.get(seen.arn, ()))
                if seen.state.exists and any(owner.owns(each) for each in others if each):
                    return replace(seen, differs=(LISTENERS,))
                return seen
            case Kind.TARGET_GROUP:
                found = snapshot.target_groups.get(resource.address)
                return target_group.interpret(resource, found, tags, *common)
            case Kind.LISTENER:
                found = snapshot.listeners.get(resource.address)
                forwards_to = self._forwards_to(snapshot, resource)
                return listener.interpret(resource, found, tags, forwards_to, *common)
            case Kind.SERVICE:
                found = snapshot.services.get(resource.address)
                backing = self._backing(snapshot, resource)
                count = desired_count(resource, snapshot.target)
                return service.interpret(resource, found, backing, count, *common)

    def _forwards_to(self, snapshot: _Snapshot, resource: ResourceSpec) -> str | None:
        for action in resource.request.get("DefaultActions", ()):
            if "TargetGroupArn" in action:
                try:
                    return str(self._context.resolve(action["TargetGroupArn"], _known(snapshot)))
                except (SpecError, PermanentError):
                    return None
        return None

    def _backing(self, snapshot: _Snapshot, resource: ResourceSpec) -> Backing:
        stopped = snapshot.stopped.get(resource.address, ())
        delay = drain_delay(self._spec, resource)
        if snapshot.target is Target.ASLEEP:
            # Neither health nor settings decide.
            return Backing(stopped=stopped, drain_delay=delay)
        if not resource.request.get("loadBalancers"):
            return Backing(stopped=stopped, groups=(), drain_delay=delay)
        groups = self._groups_now(snapshot, resource)
        healthy = [
            target_group.count_healthy(snapshot.health.get(arn, [])) if arn else 0 for arn in groups
        ]
        attached = self._attached(snapshot)
        zones = [
            target_group.outside_zones(snapshot.health.get(arn, []))
            for arn in groups
            if arn and arn in attached
        ]
        zones = [zone for zone in zones if zone]
        return Backing(
            healthy=min(healthy, default=0),
            reached=any(healthy),
            stopped=stopped,
            outside_zone=zones[0] if zones else "",
            served=_served(snapshot),
            groups=self._wanted_groups(snapshot, resource),
            standing=_standing(snapshot),
            drain_delay=delay,
        )

    def _wanted_groups(self, snapshot: _Snapshot, resource: ResourceSpec) -> tuple[str, ...]:
        """() while not all of them stand: one that is made anew has another ARN."""
        groups = self._groups_of(snapshot, resource)
        return tuple(groups) if _standing(snapshot).issuperset(groups) else ()

    def _attached(self, snapshot: _Snapshot) -> set[str]:
        """Target groups that a listener forwards to: others are not in use for that reason."""
        return {
            found["TargetGroupArn"]
            for found in snapshot.target_groups.values()
            if found.get("LoadBalancerArns")
        }

    def _addresses(
        self, snapshot: _Snapshot, resources: Mapping[str, Observation]
    ) -> dict[str, Address]:
        balancers = self._spec.of_kind(Kind.LOAD_BALANCER)
        names = [r.name for r in balancers]
        seen = [resources[r.address] for r in balancers]
        standing = [o.attributes.get("arn_suffix", "") for o in seen if o.state.exists]
        strange = [o.attributes.get("arn_suffix", "") for o in seen if o.state is State.FOREIGN]
        others = [load_balancer.identity(o.arn)["arn_suffix"] for o in snapshot.leftovers or ()]
        result = {}
        for allocation_id, wanted_by in snapshot.allocations.items():
            interface = snapshot.interfaces.get(allocation_id)
            holder = _balancer_with(snapshot, allocation_id)
            if holder:
                interface = f"ELB {load_balancer.identity(holder)['arn_suffix']}"
            found = snapshot.elastic_ips.get(allocation_id)
            result[allocation_id] = elastic_ip.interpret(
                allocation_id, found, interface, wanted_by, standing, strange, names, others
            )
        return result


def _into(
    found: dict[str, Described],
    resource: ResourceSpec,
    describe: Callable[[ResourceSpec], Described | None],
) -> Job:
    """A job that puts what `describe` finds into `found` under the resource's address."""

    def job() -> None:
        one = describe(resource)
        if one is not None:
            found[resource.address] = one

    return job


def _arn(snapshot: _Snapshot, resource: ResourceSpec) -> str:
    """The ARN by which a resource is listed now, or by which we created it a moment ago."""
    match resource.kind:
        case Kind.LOAD_BALANCER:
            found = snapshot.load_balancers.get(resource.address, {}).get("LoadBalancerArn")
        case Kind.TARGET_GROUP:
            found = snapshot.target_groups.get(resource.address, {}).get("TargetGroupArn")
        case Kind.LISTENER:
            found = snapshot.listeners.get(resource.address, {}).get("ListenerArn")
        case Kind.SERVICE:
            found = snapshot.services.get(resource.address, {}).get("serviceArn")
    return str(found or "")


def _standing(snapshot: _Snapshot) -> frozenset[str]:
    return frozenset(found["TargetGroupArn"] for found in snapshot.target_groups.values())


def _served(snapshot: _Snapshot) -> frozenset[str]:
    """The zones of the load balancers, as ECS names them."""
    return frozenset(
        zone["ZoneName"]
        for found in snapshot.load_balancers.values()
        for zone in found.get("AvailabilityZones", ())
        if zone.get("ZoneName")
    )


def _known(snapshot: _Snapshot) -> dict[str, dict[str, str]]:
    """What the first reads and our own creates tell about ARNs, for filling references."""
    known: dict[str, dict[str, str]] = {}
    for address, trace in snapshot.progress.created.items():
        if snapshot.progress.just_created(address, snapshot.now):
            known[address] = {"arn": trace.arn, "id": trace.arn}
    for address, found in snapshot.load_balancers.items():
        known[address] = load_balancer.identity(found["LoadBalancerArn"])
    for address, found in snapshot.target_groups.items():
        known[address] = target_group.identity(found["TargetGroupArn"])
    return known


def _balancer_with(snapshot: _Snapshot, allocation_id: str) -> str:
    """ARN of the listed load balancer that says it has this Elastic IP, or ""."""
    for found in snapshot.load_balancers.values():
        for zone in found.get("AvailabilityZones", ()):
            for address in zone.get("LoadBalancerAddresses", ()):
                if address.get("AllocationId") == allocation_id:
                    return str(found["LoadBalancerArn"])
    return ""
