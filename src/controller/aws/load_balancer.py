"""The network load balancer: its state in AWS, and the calls that create and delete it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from controller.aws.attributes import AttributeCalls
from controller.aws.context import Context
from controller.aws.errors import gone_is_fine
from controller.aws.kind import Job, made_or_found
from controller.aws.listener import ListenerAdapter, unnamed
from controller.aws.settings import as_set, differing, plainly
from controller.aws.snapshot import Snapshot
from controller.aws.tags import Owner, with_elb_owner
from controller.domain.dataclass import replace
from controller.domain.planning.observed import ABSENT, LISTENERS, Observation, Observed, State
from controller.domain.planning.plan import Action
from controller.domain.planning.progress import READ_LAG, Progress
from controller.domain.planning.spec import Kind, ResourceSpec
from controller.domain.planning.waits import LOAD_BALANCER_STARTING as STARTING

# What a fresh one has. Source: botocore's elbv2 model, LoadBalancerAttribute (AWS behaviour §1.3).
_ATTRIBUTES = AttributeCalls(
    call="load_balancer_attributes",
    parameter="LoadBalancerArn",
    varied=True,
    defaults={
        "access_logs.s3.enabled": "false",
        "access_logs.s3.bucket": "",
        "access_logs.s3.prefix": "",
        "deletion_protection.enabled": "false",
        "dns_record.client_routing_policy": "any_availability_zone",
        "load_balancing.cross_zone.enabled": "false",
        "zonal_shift.config.enabled": "false",
    },
)


class LoadBalancerAdapter:
    kind = Kind.LOAD_BALANCER
    attributes: AttributeCalls | None = _ATTRIBUTES
    leaving = "load balancer being deleted"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._elbv2 = context.clients.elbv2

    def first_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        return [partial(self._read, snapshot, resource) for resource in resources]

    def _read(self, snapshot: Snapshot, resource: ResourceSpec) -> None:
        found = self.describe(resource)
        snapshot.put(resource.address, found, identity(found["LoadBalancerArn"]) if found else {})

    def second_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        return []

    def describe(self, resource: ResourceSpec) -> dict[str, Any] | None:
        """Ask for one name a call: one missing name hides the others (AWS behaviour §1.14)."""
        with gone_is_fine():
            reply = self._elbv2.describe_load_balancers(Names=[resource.name])
            return next(iter(reply["LoadBalancers"]), None)
        return None

    def interpret(self, snapshot: Snapshot, resource: ResourceSpec) -> Observation:
        owner, tags = self._context.owner(resource), snapshot.tags
        found = snapshot.found.get(resource.address)
        own = tags.get(snapshot.arn(resource.address))
        seen = interpret(resource, found, own, owner, snapshot.progress, snapshot.now)
        others = (tags.get(arn) for arn in snapshot.unnamed.get(seen.arn, ()))
        if seen.state.exists and any(owner.owns(each) for each in others if each):
            return replace(seen, differs=(LISTENERS,))
        return seen

    def create(
        self, resource: ResourceSpec, request: Mapping[str, Any], observed: Observed
    ) -> Observation:
        """Of the new one, or of an existing one with equal settings (§1.6)."""
        owner = self._context.owner(resource)
        reply = self._elbv2.create_load_balancer(**with_elb_owner(request, owner))
        made = identity(str(reply["LoadBalancers"][0]["LoadBalancerArn"]))
        return made_or_found(self._context, resource, self.attributes, made, STARTING)

    def update(
        self, resource: ResourceSpec, changes: Collection[str], action: Action, observed: Observed
    ) -> None:
        """A port that the files do not open any more must not stay open."""
        listeners = ListenerAdapter(self._context)
        found = listeners.describe(observed[resource.address].arn)
        arns = unnamed(self._context.spec.of_kind(Kind.LISTENER), found)
        owner = self._context.owner(resource)
        for arn, tags in self._context.read_tags(arns).items() if arns else ():
            if owner.owns(tags or {}):
                listeners.delete_by_arn(arn)

    def delete(self, resource: ResourceSpec, seen: Observation) -> None:
        """Return at once; listeners go with it, and a missing one is no error (§3.2)."""
        with gone_is_fine():
            self._elbv2.delete_load_balancer(LoadBalancerArn=seen.arn)


def interpret(
    resource: ResourceSpec,
    found: Mapping[str, Any] | None,
    tags: Mapping[str, str] | None,
    owner: Owner,
    progress: Progress,
    now: datetime,
) -> Observation:
    """
    Say what a described load balancer is to us. Pure.

    `tags` is None while AWS does not show any for a fresh ARN (§1.7).
    """
    just_created = progress.just_created(resource.address, now)
    if found is None:
        if just_created is None:
            return ABSENT
        return Observation(
            state=State.PENDING,
            attributes=identity(just_created.arn),
            phase=STARTING,
            owned=False,
        )
    arn = found["LoadBalancerArn"]
    if progress.is_doomed(resource.address, arn, now):
        return Observation(
            state=State.LEAVING, attributes=identity(arn), phase="load balancer being deleted"
        )
    known = {
        **identity(arn),
        "dns_name": found.get("DNSName", ""),
        "zone_id": found.get("CanonicalHostedZoneId", ""),
        "vpc_id": found.get("VpcId", ""),
        "name": found.get("LoadBalancerName", ""),
    }
    created_at = found.get("CreatedTime")
    if not tags and _is_fresh(created_at, now):
        return Observation(
            state=State.PENDING,
            attributes=known,
            phase=STARTING,
            owned=False,
            created_at=created_at,
        )
    if not owner.owns(tags or {}):
        cause = owner.describe_stranger(f'load balancer "{resource.name}"', tags or {})
        return Observation(state=State.FOREIGN, attributes=known, cause=cause)
    state, phase, cause = _state(found.get("State", {}))
    # One that reads otherwise however it is made costs an hour each time (§7.1): it stays.
    recreated = progress.is_recreated(resource.address)
    return Observation(
        state=state,
        attributes=known,
        phase=phase,
        cause=cause,
        outdated=() if recreated else differing(resource, found, _COMPARED),
        created_at=created_at,
    )


def _mapped(request: Mapping[str, Any]) -> list[tuple[str, str]]:
    mappings = request["SubnetMappings"]
    return sorted((m["SubnetId"], m.get("AllocationId", "")) for m in mappings)


def _zones(found: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """Subnet and Elastic IP of each zone; None while it is provisioning."""
    zones = sorted((zone["SubnetId"], _allocation(zone)) for zone in _listed(found))
    starting = _state(found.get("State", {}))[0] is State.PENDING
    is_complete = zones and (all(address for _, address in zones) or not starting)
    return zones if is_complete else None


def _listed(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(found.get("AvailabilityZones", ()))


def _allocation(zone: Mapping[str, Any]) -> str:
    addresses = zone.get("LoadBalancerAddresses", ())
    return next((a["AllocationId"] for a in addresses if a.get("AllocationId")), "")


def _subnets(found: Mapping[str, Any]) -> list[str]:
    return sorted(zone["SubnetId"] for zone in _listed(found))


_COMPARED = {
    "Scheme": plainly("Scheme"),
    "IpAddressType": plainly("IpAddressType"),
    "SecurityGroups": as_set("SecurityGroups"),
    "SubnetMappings": (_mapped, _zones),
    "Subnets": (lambda request: sorted(request["Subnets"]), _subnets),
}
"""What SetSubnets and its like would change for a moment, or not at all (§1.3): created again."""


def identity(arn: str) -> dict[str, str]:
    """What others may refer to; `id` is the ARN, as in Terraform."""
    return {"arn": arn, "id": arn, "arn_suffix": arn.partition(":loadbalancer/")[2]}


def _is_fresh(created_at: datetime | None, now: datetime) -> bool:
    # Our clock and AWS's may differ by some seconds (F67).
    return created_at is not None and now - created_at < READ_LAG + timedelta(seconds=5)


def _state(state: Mapping[str, str]) -> tuple[State, str, str]:
    """AWS behaviour §1.4: `active_impaired` carries traffic, `failed` never recovers."""
    reason = state.get("Reason", "")
    match state.get("Code"):
        case "active":
            return State.READY, "", ""
        case "active_impaired":
            return State.READY, "", reason or "the load balancer lacks resources to scale"
        case "failed":
            return State.FAILED, "", reason or "the load balancer could not be set up"
        case _:
            return State.PENDING, STARTING, reason
