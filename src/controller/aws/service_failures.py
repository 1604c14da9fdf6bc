"""
Why a service does not come up: read from its events and its stopped tasks. Pure.

What was before its present deployment does not count: a service that a sleep has left without tasks
keeps its past.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from controller.aws.service_backing import Backing
from controller.aws.service_events import INCONSISTENT, QUOTA, STOPPED, UNHEALTHY

UNSTEADY = timedelta(minutes=5)
"""How long after a failure a task without health checks must run to count as working."""

GIVE_UP_AFTER = 3
"""After this many stopped tasks with the same reason, the wake will not succeed by itself."""


def needs_stopped_tasks(found: Mapping[str, Any]) -> bool:
    """Return whether something went wrong that only the stopped tasks explain."""
    failing = [d for d in found.get("deployments", ()) if int(d.get("failedTasks", 0)) > 0]
    if _present(found, failing) or _saying(found, UNHEALTHY, INCONSISTENT):
        return True
    return not found.get("loadBalancers") and _loses_tasks(found)


def _loses_tasks(found: Mapping[str, Any]) -> bool:
    """
    Whether ECS stopped tasks again and again lately, by its own clock.

    A task that exits after it has run for a moment counts as failed nowhere else (AWS
    behaviour §2.8).
    """
    events = _present(found, found.get("events", ()))
    at = [e["createdAt"] for e in events if STOPPED in e.get("message", "") and "createdAt" in e]
    last = max((e["createdAt"] for e in events if "createdAt" in e), default=None)
    return sum(last - one < 2 * UNSTEADY for one in at) > 1 if last else False


def find_failure(found: Mapping[str, Any], backing: Backing) -> str:
    """Why the service will not come up by itself, or "" (AWS behaviour §2.8, §2.10)."""
    reasons = _reasons(found, backing)
    explained = _explain(reasons[0], backing) if reasons else ""
    failed = [d for d in found.get("deployments", ()) if d.get("rolloutState") == "FAILED"]
    for deployment in _present(found, failed):
        return f"the deployment failed: {explained or deployment.get('rolloutStateReason', '')}"
    for event in _saying(found, QUOTA, most=10):
        return f"{event['message']}; raise the Fargate quota"
    if len(reasons) >= GIVE_UP_AFTER:
        return f"{len(reasons)} tasks stopped: {explained}"
    return ""


def crashes(found: Mapping[str, Any], backing: Backing, now: datetime) -> bool:
    """
    Whether a service behind nothing has just lost a task by a failure.

    No health check shows whether the task in its place does its work, and one that crashes again
    and again runs for a moment each time.
    """
    if backing.healthy is not None:
        return False
    ended = (task.get("stoppedAt") for task in _failed(found, backing))
    return any(at and now - at < UNSTEADY for at in ended)


def _reasons(found: Mapping[str, Any], backing: Backing) -> list[str]:
    """Why tasks of this service failed, newest first."""
    return [_failure_reason(task, backing.served) for task in _failed(found, backing)]


def _failed(found: Mapping[str, Any], backing: Backing) -> list[Mapping[str, Any]]:
    """Its tasks that failed, newest first; an earlier service had the same name."""
    own = _present(found, backing.stopped)
    return [task for task in own if _failure_reason(task, backing.served)]


def _saying(
    found: Mapping[str, Any], *words: str, most: int | None = None
) -> list[Mapping[str, Any]]:
    """Its present events (the newest `most` of them) with any of these words."""
    events = found.get("events", ())
    if not any(word in e.get("message", "") for e in events for word in words):
        return []  # as nearly always: when it began is not looked for
    newest = _present(found, events)[:most]
    return [e for e in newest if any(word in e.get("message", "") for word in words)]


def _present(
    found: Mapping[str, Any], some: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Of some deployments, events or tasks of it those not older than its deployment of now."""
    since = _since(found) if some else None
    return [each for each in some if since is None or each.get("createdAt", since) >= since]


def _since(found: Mapping[str, Any]) -> datetime | None:
    primary = (d for d in found.get("deployments", ()) if d.get("status") == "PRIMARY")
    begun = [each.get("createdAt") for each in (found, *primary)]
    return max((at for at in begun if at), default=None)


def _explain(reason: str, backing: Backing) -> str:
    return _zone_trap(backing) or reason + _hint(reason)


def _zone_trap(backing: Backing) -> str:
    return _outside("runs", backing.outside_zone) if backing.outside_zone else ""


def _outside(runs: str, zone: str) -> str:
    return (
        f"a task {runs} in {zone}, which the load balancer does not serve; narrow the service's "
        f"subnets to the load balancer's"
    )


def _failure_reason(task: Mapping[str, Any], served: frozenset[str]) -> str:
    """Why a task failed; "" for one that was stopped on purpose or replaced by AWS (F37, F38)."""
    reason = str(task.get("stoppedReason", ""))
    code = task.get("stopCode", "")
    if code in ("TaskFailedToStart", "EssentialContainerExited"):
        return _container_reason(task) or reason
    if "failed ELB health checks" not in reason:
        return ""
    zone = str(task.get("availabilityZone", ""))
    # Its target is gone by now; its zone still shows that no check could pass (F32).
    return _outside("ran", zone) if zone and served and zone not in served else reason


def _container_reason(task: Mapping[str, Any]) -> str:
    for container in task.get("containers", ()):
        if container.get("reason"):
            return str(container["reason"])
        if container.get("exitCode"):
            return f'container "{container.get("name")}" exited with {container["exitCode"]}'
    return ""


def _hint(reason: str) -> str:
    if "CannotPullContainerError" in reason:
        return "; check the image's name and that the subnet has a way to the registry"
    if "ResourceInitializationError" in reason:
        return "; set assign_public_ip = true, or add VPC endpoints (ecr.api, ecr.dkr, s3, logs)"
    if "failed ELB health checks" in reason:
        return "; check the container's port and the security group"
    return ""


def explain_delay(found: Mapping[str, Any], backing: Backing) -> str:
    """Why a pending service takes longer than usual, in one line, or ""."""
    trap = _zone_trap(backing)
    if trap:
        return trap
    reasons = _reasons(found, backing)
    if reasons:
        return f"a task stopped: {_explain(reasons[0], backing)}"
    for event in _saying(found, "unable to place a task", most=5):
        return str(event["message"])
    return ""
