"""
Targets and their health (AWS behaviour §1.10).

A target is registered, then checked, then healthy or not. Checks count only while a listener
uses the group, in zones that the load balancer serves, and once the balancer is active (§1.8).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from local.elbv2.shared import read_group, validation, written_group
from local.elbv2.state import Target, TargetGroup
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

NOT_IN_USE = "Target.NotInUse"
REASONS = {
    "unhealthy": ("Target.FailedHealthChecks", "Health checks failed"),
    "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
    "unused": (
        NOT_IN_USE,
        "Target group is not configured to receive traffic from the load balancer",
    ),
}


def register(
    region: Region,
    group: TargetGroup,
    target_id: str,
    port: int,
    zone: str,
    *,
    passes: bool = True,
    watcher: Callable[[str], None] | None = None,
) -> Target:
    target = Target(target_id, port, zone, region.now, passes=passes, watcher=watcher)
    group.targets[target_id, port] = target
    _plan(region, group, target)
    return target


def replan(region: Region, group: TargetGroup) -> None:
    """A listener, the load balancer or the health check of the group has changed."""
    for target in list(group.targets.values()):
        if target.status != "draining":
            _plan(region, group, target)
        elif not group.listeners and not region.timing.drains_alone:
            _drained_after(region, group, target, region.timing.lb_gone)


def set_passes(region: Region, group: TargetGroup, target: Target, passes: bool) -> None:
    """The container behind a target breaks, or recovers; its checks notice after a while."""
    target.passes = passes
    if target.status in ("healthy", "unhealthy"):
        target.epoch += 1
        region.after(_checks(group, passes), _verdict_of(region, group, target))
    else:
        _plan(region, group, target)


def deregister(region: Region, group: TargetGroup, target: Target) -> None:
    """Drain a target; one that serves nobody is gone at once (§3.5)."""
    if target.status == "draining":
        return
    if not group.listeners or target.status == "unused":
        _remove(region, group, target)
        return
    _set(region, target, "draining")
    delay = float(group.attributes["deregistration_delay.timeout_seconds"])
    _drained_after(region, group, target, region.timing.deregistration(delay))


def _plan(region: Region, group: TargetGroup, target: Target) -> None:
    """Work out afresh what becomes of a target that is not draining."""
    balancer = group.listeners[0].balancer if group.listeners else None
    if group.kept:
        _plan_checks(region, group, target, registered_from=region.now)
    elif balancer is None:
        target.epoch += 1
        _set(region, target, "unused")
    elif target.zone not in balancer.zone_names:
        _plan_misplaced(region, group, target)
    elif target.status not in ("healthy", "unhealthy"):
        begun = max(target.registered_at, group.used_from) + region.timing.registration
        _plan_checks(region, group, target, begun, serving_at=balancer.serving_at)


def _plan_misplaced(region: Region, group: TargetGroup, target: Target) -> None:
    """A target in a zone without the load balancer is never checked; its owner notices (§1.11)."""
    _set(region, target, "unused")
    epoch = _next_epoch(target)
    wait = region.timing.registration + _checks(group, False)

    def notice() -> None:
        if target.epoch == epoch:
            _tell(target, "unused")

    region.world.at(target.registered_at + wait, notice)


def _plan_checks(
    region: Region,
    group: TargetGroup,
    target: Target,
    registered_from: float,
    serving_at: float = -math.inf,
) -> None:
    _set(region, target, "initial")
    _next_epoch(target)
    target.registered_from = registered_from
    checked_from = max(target.registered_from, serving_at)
    region.world.at(
        checked_from + _checks(group, target.passes), _verdict_of(region, group, target)
    )


def _verdict_of(region: Region, group: TargetGroup, target: Target) -> Callable[[], None]:
    epoch = target.epoch

    def decide() -> None:
        if target.epoch == epoch:
            status = "healthy" if target.passes else "unhealthy"
            _set(region, target, status)
            _tell(target, status)

    return decide


def _checks(group: TargetGroup, passing: bool) -> float:
    """Seconds until as many checks in a row agree as the group asks for."""
    threshold = "HealthyThresholdCount" if passing else "UnhealthyThresholdCount"
    return float(group.health["HealthCheckIntervalSeconds"] * group.health[threshold])


def _next_epoch(target: Target) -> int:
    target.epoch += 1
    return target.epoch


def _set(region: Region, target: Target, status: str) -> None:
    target.status = status
    target.history.append((region.now, status))


def _tell(target: Target, event: str) -> None:
    if target.watcher:
        target.watcher(event)


def _drained_after(region: Region, group: TargetGroup, target: Target, seconds: float) -> None:
    epoch = _next_epoch(target)

    def finish() -> None:
        if target.epoch == epoch:
            _remove(region, group, target)

    region.after(seconds, finish)


def _remove(region: Region, group: TargetGroup, target: Target) -> None:
    target.epoch += 1
    _set(region, target, "gone")
    if group.targets.get((target.id, target.port)) is target:
        del group.targets[target.id, target.port]
        group.past.append(target)
    _tell(target, "drained")


def status_at(target: Target, moment: float) -> str:
    """What a target's state was at `moment`, for the metrics of the past."""
    found = ""
    for at, status in target.history:
        if at > moment:
            break
        found = status
    return found


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    group = read_group(region, params["TargetGroupArn"])
    wanted = params.get("Targets")
    if not wanted:
        views = [_view(region, group, target) for target in group.targets.values()]
        return {"TargetHealthDescriptions": views}
    views = []
    for each in wanted:
        port = each.get("Port", group.port)
        target = group.targets.get((each["Id"], port))
        views.append(_view(region, group, target) if target else _unknown(each["Id"], port))
    return {"TargetHealthDescriptions": views}


def _unknown(target_id: str, port: int) -> dict[str, Any]:
    return {
        "Target": {"Id": target_id, "Port": port},
        "HealthCheckPort": str(port),
        "TargetHealth": {
            "State": "unused",
            "Reason": "Target.NotRegistered",
            "Description": "Target is not registered to the target group",
        },
    }


def _view(region: Region, group: TargetGroup, target: Target) -> dict[str, Any]:
    check_port = group.health["HealthCheckPort"]
    return {
        "Target": {"Id": target.id, "Port": target.port, "AvailabilityZone": target.zone},
        "HealthCheckPort": str(target.port) if check_port == "traffic-port" else check_port,
        "TargetHealth": _health(region.now, target),
    }


def _health(now: float, target: Target) -> dict[str, str]:
    health = {"State": target.status}
    if target.status == "initial":
        if now < target.registered_from:
            reason = ("Elb.RegistrationInProgress", "Target registration is in progress")
        else:
            reason = ("Elb.InitialHealthChecking", "Initial health checks in progress")
        health["Reason"], health["Description"] = reason
    elif target.status in REASONS:
        health["Reason"], health["Description"] = REASONS[target.status]
    return health


def register_targets(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Registration by hand, without ECS: such a target passes its checks."""
    group = written_group(region, params["TargetGroupArn"])
    for each in params["Targets"]:
        port = each.get("Port", group.port)
        if (each["Id"], port) not in group.targets:
            zone = each.get("AvailabilityZone") or _zone_of(region, group, each["Id"])
            register(region, group, each["Id"], port, zone)
    return {}


def _zone_of(region: Region, group: TargetGroup, target_id: str) -> str:
    for interface in region.ec2.interfaces.values():
        if interface.private_ip == target_id and interface.subnet.vpc_id == group.vpc_id:
            return interface.subnet.zone
    if group.target_type == "ip" and target_id.count(".") != 3:
        raise validation(f"The IP address '{target_id}' is not a valid IPv4 address")
    balancer = group.balancer(region.now)
    return min(balancer.zone_names) if balancer else f"{region.name}a"


def deregister_targets(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    group = written_group(region, params["TargetGroupArn"])
    for each in params["Targets"]:
        target = group.targets.get((each["Id"], each.get("Port", group.port)))
        if not target:
            raise AwsError(
                "InvalidTarget",
                f"The following targets are not registered with target group: '{each['Id']}'",
            )
        deregister(region, group, target)
    return {}


OPERATIONS = {
    "DescribeTargetHealth": describe,
    "RegisterTargets": register_targets,
    "DeregisterTargets": deregister_targets,
}
