"""The target groups that a service registers with, and what they say of its work."""

from __future__ import annotations

from collections.abc import Sequence

from controller.aws.context import Context
from controller.aws.service_backing import Backing
from controller.aws.service_failures import needs_stopped_tasks
from controller.aws.snapshot import Snapshot
from controller.aws.target_group import count_healthy, is_registering, outside_zones
from controller.domain.planning.draining import drain_delay
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Kind, ResourceSpec


def groups_in_use(
    context: Context, snapshot: Snapshot, resources: Sequence[ResourceSpec]
) -> dict[str, list[ResourceSpec]]:
    """
    Target groups whose health decides whether a running service is awake, and its services.

    Also of one whose tasks all stop: what it takes the place of may serve in the same group.
    """
    if snapshot.target is not Target.AWAKE:
        return {}
    users: dict[str, list[ResourceSpec]] = {}
    for resource in resources:
        found = snapshot.found.get(resource.address)
        if not found or found["status"] != "ACTIVE":
            continue
        if found.get("runningCount") or needs_stopped_tasks(found):
            for arn in filter(None, _groups_now(context, snapshot, resource)):
                users.setdefault(arn, []).append(resource)
    return users


def backing_of(context: Context, snapshot: Snapshot, resource: ResourceSpec) -> Backing:
    stopped = snapshot.stopped.get(resource.address, ())
    delay = drain_delay(snapshot.spec, resource)
    if snapshot.target is Target.ASLEEP:
        # Neither health nor settings decide.
        return Backing(stopped=stopped, drain_delay=delay)
    if not resource.request.get("loadBalancers"):
        return Backing(stopped=stopped, groups=(), drain_delay=delay)
    groups, health = _groups_now(context, snapshot, resource), snapshot.health
    used = {*filter(None, groups), *snapshot.forwarded_groups}
    reached = any(count_healthy(health.get(arn, [])) for arn in used)
    own = snapshot.task_ips.get(resource.address)
    healthy = [count_healthy(health.get(arn, []), own) if arn else 0 for arn in groups]
    attached = _attached(snapshot)
    zones = [outside_zones(health.get(arn, [])) for arn in groups if arn and arn in attached]
    return Backing(
        healthy=min(healthy, default=0),
        registering=any(is_registering(health.get(arn, [])) for arn in groups if arn),
        reached=reached,
        stopped=stopped,
        outside_zone=next((zone for zone in zones if zone), ""),
        served=snapshot.served_zones,
        groups=_wanted_groups(context, snapshot, resource),
        standing=snapshot.standing_groups,
        drain_delay=delay,
    )


def _groups(context: Context, snapshot: Snapshot, resource: ResourceSpec) -> list[str | None]:
    """The ARN of each target group, None of one that is not there: others may serve yet."""
    wanted = [b.get("targetGroupArn") for b in resource.request.get("loadBalancers", ())]
    return [context.found_or_none(value, snapshot) for value in wanted if value]


def _groups_now(
    context: Context, snapshot: Snapshot, resource: ResourceSpec
) -> Sequence[str | None]:
    """Those that it registers with, where a deployment may have moved it to others."""
    found = snapshot.found.get(resource.address, {}).get("loadBalancers", ())
    moved = [str(each["targetGroupArn"]) for each in found if "targetGroupArn" in each]
    standing = snapshot.standing_groups
    ignored = resource.ignores("loadBalancers") and standing.issuperset(moved)
    return moved if ignored and moved else _groups(context, snapshot, resource)


def _wanted_groups(context: Context, snapshot: Snapshot, resource: ResourceSpec) -> tuple[str, ...]:
    """() while one of them is missing: a new one has another ARN."""
    groups = _groups(context, snapshot, resource)
    found = [arn for arn in groups if arn] if all(groups) else []
    return tuple(found) if snapshot.standing_groups.issuperset(found) else ()


def _attached(snapshot: Snapshot) -> set[str]:
    """Target groups that a listener forwards to: others are not in use for that reason."""
    return {
        found["TargetGroupArn"]
        for found in snapshot.of_kind(Kind.TARGET_GROUP)
        if found.get("LoadBalancerArns")
    }
