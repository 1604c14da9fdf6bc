"""The state of a described service in the domain's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from controller.aws.service_backing import Backing
from controller.aws.service_events import STOPPED, unknown_events
from controller.aws.service_failures import crashes, explain_delay, find_failure
from controller.aws.service_settings import changed_settings, outdated_settings
from controller.aws.tags import Owner, from_ecs
from controller.domain.planning.draining import DRAIN_STUCK
from controller.domain.planning.going import FORCED
from controller.domain.planning.observed import ABSENT, Observation, State
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import ResourceSpec
from controller.domain.planning.waits import HEALTH_CHECK, TASK_STARTING

DRAINING = "draining"

FORCE_AFTER = timedelta(minutes=30)
"""How long such a deployment is left alone: its cause needs a person to fix."""

TASKS = "tasks"
"""What must be stopped if a service does not end it."""


def interpret(
    resource: ResourceSpec,
    found: Mapping[str, Any] | None,
    backing: Backing,
    desired_count: int,
    owner: Owner,
    progress: Progress,
    now: datetime,
) -> Observation:
    """
    Say what a described service is to us. Pure.

    `desired_count` is what the world aimed at wants. INACTIVE and MISSING are alike (AWS §2.4).
    Whose it is comes before its state: a stranger's may drain under our name as well.
    """
    just_created = progress.just_created(resource.address, now)
    if found is None or found["status"] == "INACTIVE":
        if just_created is None:
            return ABSENT
        return Observation(
            state=State.PENDING, attributes=identity(just_created.arn), phase=TASK_STARTING
        )
    known = {**identity(found["serviceArn"]), "name": found["serviceName"]}
    tags = from_ecs(found.get("tags", ()))
    if not owner.owns(tags) and not (just_created and just_created.arn == known["arn"]):
        cause = owner.describe_stranger(f'service "{resource.name}"', tags, _remedy(resource))
        return Observation(
            state=State.FOREIGN, attributes=known, cause=cause, serves=backing.reached
        )
    if found["status"] == "DRAINING":
        since = progress.draining_since(resource.address, known["arn"])
        is_stuck = since and now - since >= DRAIN_STUCK + backing.drain_delay
        return Observation(
            state=State.LEAVING,
            attributes=known,
            phase=DRAINING,
            differs=(TASKS,) if is_stuck else (),
        )
    differs = _differs(resource, found, desired_count)
    if backing.groups is not None:
        is_settled = progress.is_settled(known["arn"], resource)
        differs += changed_settings(resource, found, backing, is_settled=is_settled)
        differs += _given_up(found, now)
    return _interpret_active(resource, found, backing, desired_count, known, differs, now)


def identity(arn: str) -> dict[str, str]:
    """What others may refer to; `resource_id` is what Application Auto Scaling calls it."""
    return {"arn": arn, "id": arn, "resource_id": arn.rpartition(":")[2]}


def _remedy(resource: ResourceSpec) -> str:
    """A service that Terraform keeps in both worlds is the user's own: it wants the tags."""
    if resource.asleep is not None:
        return "add these tags to it in the Terraform files and run terraform apply"
    return "delete it or rename ours in the Terraform files"


def _interpret_active(
    resource: ResourceSpec,
    found: Mapping[str, Any],
    backing: Backing,
    desired_count: int,
    known: dict[str, str],
    differs: tuple[str, ...],
    now: datetime,
) -> Observation:
    # Tasks that autoscaling has just added are not missed while they start.
    wanted = min(_counted(resource, found, desired_count), desired_count)
    state, phase = _state(found, backing, wanted)
    if state is State.READY and wanted > 0 and crashes(found, backing, now):
        state, phase = State.PENDING, TASK_STARTING
    cause = explain_delay(found, backing) if state is State.PENDING else ""
    failure = find_failure(found, backing) if state is State.PENDING else ""
    if failure and wanted > 0:
        # A service that runs and is healthy has recovered from earlier failures.
        state, phase, cause = State.FAILED, "", failure
    running = int(found.get("runningCount", 0))
    return Observation(
        state=state,
        attributes=known,
        phase=phase,
        cause=cause,
        differs=differs,
        outdated=outdated_settings(resource, found) if backing.groups is not None else (),
        created_at=found.get("createdAt"),
        replaced_at=_replaced_at(found, backing),
        unknown_events=unknown_events(found),
        serving=min(wanted, running if backing.healthy is None else backing.healthy),
        wanted=wanted,
        unchecked=phase == HEALTH_CHECK and backing.registering,
        serves=running > 0 if backing.healthy is None else backing.reached,
    )


def _given_up(found: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    """ECS's circuit breaker has ended the deployment, a while ago, and went back to none before."""
    for deployment in found.get("deployments", ()):
        if deployment.get("status") == "PRIMARY" and deployment.get("rolloutState") == "FAILED":
            failed_at = deployment.get("updatedAt")
            return (FORCED,) if failed_at and now - failed_at >= FORCE_AFTER else ()
    return ()


def _replaced_at(found: Mapping[str, Any], backing: Backing) -> datetime | None:
    """
    When ECS last stopped a task, as its events say (AWS behaviour §2.10).

    They do not mention a task that never started. It is billed from its image pull on all the same,
    and is among the stopped tasks, which are read as long as any fails.
    """
    stops = [
        event.get("createdAt")
        for event in found.get("events", ())
        if STOPPED in event.get("message", "")
    ]
    stops += [task.get("stoppedAt") for task in backing.stopped]
    return max((at for at in stops if at), default=None)


def _state(found: Mapping[str, Any], backing: Backing, desired_count: int) -> tuple[State, str]:
    """Awake is running AND healthy; running alone says little (AWS behaviour §0.2, F35)."""
    running = int(found.get("runningCount", 0))
    if desired_count == 0:
        busy = running or int(found.get("pendingCount", 0))
        return (State.PENDING, DRAINING) if busy else (State.READY, "")
    if running < desired_count:
        return State.PENDING, TASK_STARTING
    if backing.healthy is not None and backing.healthy < desired_count:
        return State.PENDING, HEALTH_CHECK
    return State.READY, ""


def _differs(
    resource: ResourceSpec, found: Mapping[str, Any], desired_count: int
) -> tuple[str, ...]:
    """As Terraform: whoever scales a service by other means ignores its desired_count."""
    count = int(found.get("desiredCount", 0))
    return ("desiredCount",) if count != _counted(resource, found, desired_count) else ()


def _counted(resource: ResourceSpec, found: Mapping[str, Any], desired_count: int) -> int:
    """How many tasks it is to have: as AWS has it, where somebody else decides that."""
    count = int(found.get("desiredCount", 0))
    if resource.asleep is not None and int(resource.asleep["desiredCount"]) in (
        count,
        desired_count,
    ):
        return desired_count  # going to sleep, or waking from it
    if _is_scaled(resource, count):
        return count
    ignored = "desired_count" in resource.ignore_changes or resource.ignores("desiredCount")
    return count if ignored and desired_count and resource.asleep is None else desired_count


def _is_scaled(resource: ResourceSpec, count: int) -> bool:
    bounds = resource.scaling
    return bool(bounds) and bool(bounds["least"] <= count <= bounds["most"])
