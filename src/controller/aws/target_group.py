"""The target group: free of charge, created again at each wake, deleted last."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from controller.aws.attributes import AttributeCalls
from controller.aws.clients import Client
from controller.aws.context import Context
from controller.aws.errors import gone_is_fine
from controller.aws.kind import Job, made_or_found
from controller.aws.settings import differing, plainly
from controller.aws.snapshot import Snapshot
from controller.aws.tags import Owner, with_elb_owner
from controller.domain.planning.observed import ABSENT, Observation, Observed, State
from controller.domain.planning.plan import Action
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind, ResourceSpec

# What ModifyTargetGroup can correct; anything else is created again at the next wake.
_HEALTH_CHECK = (
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckPath",
    "HealthCheckPort",
    "HealthCheckProtocol",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
)

_CHECKED = {key: plainly(key) for key in _HEALTH_CHECK}

_FIXED = {key: plainly(key) for key in ("Protocol", "Port", "VpcId", "TargetType", "IpAddressType")}


_REGISTERING = "Elb.RegistrationInProgress"

_IN_USE = ("initial", "healthy", "unhealthy")

# What a fresh one has. Source: botocore's elbv2 model, TargetGroupAttribute (AWS behaviour §1.2).
_ATTRIBUTES = AttributeCalls(
    call="target_group_attributes",
    parameter="TargetGroupArn",
    eased=True,
    defaults={
        "deregistration_delay.connection_termination.enabled": "false",
        "deregistration_delay.timeout_seconds": "300",
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
        "proxy_protocol_v2.enabled": "false",
        "stickiness.enabled": "false",
        "stickiness.type": "source_ip",
        "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
        "target_health_state.unhealthy.connection_termination.enabled": "true",
        "target_health_state.unhealthy.draining_interval_seconds": "0",
    },
)


class TargetGroupAdapter:
    kind = Kind.TARGET_GROUP
    attributes: AttributeCalls | None = _ATTRIBUTES
    leaving = ""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._elbv2 = context.clients.elbv2

    def first_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        return [partial(self._read, snapshot, resource) for resource in resources]

    def _read(self, snapshot: Snapshot, resource: ResourceSpec) -> None:
        found = self.describe(resource)
        snapshot.put(resource.address, found, identity(found["TargetGroupArn"]) if found else {})

    def second_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        return []

    def describe(self, resource: ResourceSpec) -> dict[str, Any] | None:
        with gone_is_fine():
            reply = self._elbv2.describe_target_groups(Names=[resource.name])
            return next(iter(reply["TargetGroups"]), None)
        return None

    def interpret(self, snapshot: Snapshot, resource: ResourceSpec) -> Observation:
        found = snapshot.found.get(resource.address)
        tags = snapshot.tags.get(snapshot.arn(resource.address))
        owner = self._context.owner(resource)
        return interpret(resource, found, tags, owner, snapshot.progress, snapshot.now)

    def create(
        self, resource: ResourceSpec, request: Mapping[str, Any], observed: Observed
    ) -> Observation:
        owner = self._context.owner(resource)
        reply = self._elbv2.create_target_group(**with_elb_owner(request, owner))
        made = identity(str(reply["TargetGroups"][0]["TargetGroupArn"]))
        return made_or_found(self._context, resource, self.attributes, made, "")

    def update(
        self, resource: ResourceSpec, changes: Collection[str], action: Action, observed: Observed
    ) -> None:
        wanted = self._context.filled(resource, observed)
        health_check = {
            key: wanted[key] for key in _HEALTH_CHECK if key in wanted and not resource.ignores(key)
        }
        arn = observed[resource.address].arn
        self._elbv2.modify_target_group(TargetGroupArn=arn, **health_check)

    def delete(self, resource: ResourceSpec, seen: Observation) -> None:
        """Refused for some seconds after its listener or load balancer was deleted (§3.3, F39)."""
        with gone_is_fine():
            self._elbv2.delete_target_group(TargetGroupArn=seen.arn)


def interpret(
    resource: ResourceSpec,
    found: Mapping[str, Any] | None,
    tags: Mapping[str, str] | None,
    owner: Owner,
    progress: Progress,
    now: datetime,
) -> Observation:
    """
    Say what a described target group is to us. Pure.

    It has no state of its own (§1.2): it is ready as soon as it can be seen.
    """
    just_created = progress.just_created(resource.address, now)
    if found is None:
        if just_created is None:
            return ABSENT
        return Observation(
            state=State.PENDING,
            attributes=identity(just_created.arn),
            phase="target group being created",
            owned=False,
        )
    arn = found["TargetGroupArn"]
    known = {
        **identity(arn),
        "name": found["TargetGroupName"],
        "port": str(found.get("Port", "")),
    }
    if progress.is_doomed(resource.address, arn, now):
        return ABSENT
    if not tags and just_created and just_created.arn == arn:
        return Observation(
            state=State.PENDING, attributes=known, phase="target group being created", owned=False
        )
    if not owner.owns(tags or {}):
        cause = owner.describe_stranger(f'target group "{resource.name}"', tags or {})
        return Observation(state=State.FOREIGN, attributes=known, cause=cause)
    recreated = progress.is_recreated(resource.address)
    return Observation(
        state=State.READY,
        attributes=known,
        differs=_differs(resource, found),
        outdated=() if recreated else differing(resource, found, _FIXED),
    )


def read_health(elbv2: Client, arn: str) -> list[dict[str, Any]]:
    """Of each target; none where AWS does not know the group."""
    with gone_is_fine():
        return list(elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"])
    return []


def identity(arn: str) -> dict[str, str]:
    suffix = arn.rpartition(":")[2]
    return {"arn": arn, "id": arn, "arn_suffix": suffix}


def _differs(resource: ResourceSpec, found: Mapping[str, Any]) -> tuple[str, ...]:
    return ("health_check",) if differing(resource, found, _CHECKED) else ()


def count_healthy(health: Sequence[Mapping[str, Any]], among: Collection[str] | None = None) -> int:
    """How many targets are healthy; with `among` only those whose id is one of these."""
    healthy = [h for h in health if h["TargetHealth"]["State"] == "healthy"]
    return sum(1 for h in healthy if among is None or h["Target"]["Id"] in among)


def is_registering(health: Sequence[Mapping[str, Any]]) -> bool:
    """Targets are on their way in, and none of them is checked yet (§1.10)."""
    coming = [h["TargetHealth"] for h in health if h["TargetHealth"]["State"] == "initial"]
    return bool(coming) and all(one.get("Reason") == _REGISTERING for one in coming)


def count_in_use(health: Sequence[Mapping[str, Any]]) -> int:
    """How many targets are there to stay: not those that leave, or that no listener reaches."""
    return sum(1 for h in health if h["TargetHealth"]["State"] in _IN_USE)


def outside_zones(health: Sequence[Mapping[str, Any]]) -> str:
    """The zone of a target that the load balancer does not serve (§1.11), or ""."""
    for one in health:
        state = one["TargetHealth"]
        if state["State"] == "unused" and state.get("Reason") == "Target.NotInUse":
            return str(one["Target"].get("AvailabilityZone", "another zone"))
    return ""
