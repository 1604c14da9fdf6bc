"""
A service between sleep and wake: its count is 0, and it is not deleted yet.

Whether its last task has stopped is read from the tasks: the counts of a service leave out those
that drain or stop (AWS behaviour §2.7). Pure, but for `ease`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from controller.aws.clients import Client
from controller.aws.service_settings import outdated_settings
from controller.aws.service_state import DRAINING
from controller.aws.snapshot import Snapshot
from controller.domain.dataclass import replace
from controller.domain.planning.draining import DELAY, DRAIN_STUCK, drain_delay
from controller.domain.planning.going import COUNT, FORCED, OLD_TASKS, by_force
from controller.domain.planning.observed import Observation, State
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Kind, ResourceSpec

COUNT_LAG = timedelta(seconds=5)
"""How long a read may return the old count after we have set it to 0 (AWS behaviour §2.4)."""

_TAKEN_UP = (
    "taskDefinition",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "availabilityZoneRebalancing",
    "networkConfiguration",
    "placementConstraints",
    "placementStrategy",
    "platformVersion",
    "healthCheckGracePeriodSeconds",
    "enableExecuteCommand",
    "enableECSManagedTags",
    "propagateTags",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
"""The fields of a create that an update takes too (ECS API reference, UpdateService)."""


def with_rest(seen: Observation, resource: ResourceSpec, snapshot: Snapshot) -> Observation:
    """What an ACTIVE service that goes away at sleep is besides: at rest, or able to be."""
    found = snapshot.found.get(resource.address)
    if not seen.state.exists or resource.asleep is not None or found is None:
        return seen
    if found["status"] != "ACTIVE":
        return seen
    count = int(found.get("desiredCount", 0))
    if snapshot.target is Target.ASLEEP:
        return _going(seen, resource, count, snapshot)
    seen = _with_old_tasks(seen, resource, snapshot)
    return _coming(seen, resource, count, found, snapshot)


def _going(
    seen: Observation, resource: ResourceSpec, count: int, snapshot: Snapshot
) -> Observation:
    """By force, if somebody else has raised its count, or if its tasks do not stop."""
    rest, address = snapshot.progress.rest, resource.address
    since = rest.since.get(address)
    lags = since is not None and snapshot.now - since < COUNT_LAG
    if count and not lags:
        able = seen.serves and since is None and address not in rest.forced
        return replace(seen, may_rest=able)
    tasks = snapshot.tasks.get(address)
    stuck = since and snapshot.now - since >= DRAIN_STUCK + drain_delay(snapshot.spec, resource)
    if stuck or address in rest.forced or (tasks is None and not lags):
        return seen
    runs = lags or bool(left_running(tasks or ()))
    return replace(
        seen,
        state=State.PENDING if runs else State.READY,
        phase=DRAINING if runs else "",
        cause="",
        differs=(),
        rests=True,
    )


def _coming(
    seen: Observation,
    resource: ResourceSpec,
    count: int,
    found: Mapping[str, Any],
    snapshot: Snapshot,
) -> Observation:
    """A new deployment takes it up; what an update cannot change is created again."""
    wanted = int(resource.request.get("desiredCount", 1))
    if count or not wanted or not _was_put_to_rest(resource, found, snapshot):
        return seen
    at_rest = replace(
        seen,
        state=State.PENDING,
        phase="",
        cause="",
        differs=_taken_up(seen, resource, snapshot),
        outdated=outdated_settings(resource, found) or _moved(resource, found),
        wanted=wanted,
        serving=0,
        rests=True,
    )
    return by_force(at_rest) if resource.address in snapshot.progress.rest.forced else at_rest


def leaves_tasks(resource: ResourceSpec, snapshot: Snapshot) -> bool:
    """It was taken up again so long ago that tasks of before would have stopped by themselves."""
    since = snapshot.progress.rest.left.get(resource.address)
    if since is None or snapshot.target is Target.ASLEEP:
        return False
    return snapshot.now - since >= DRAIN_STUCK + drain_delay(snapshot.spec, resource)


def of_before(
    tasks: Iterable[Mapping[str, Any]], resource: ResourceSpec, snapshot: Snapshot
) -> list[Mapping[str, Any]]:
    """Those that are older than the sleep after which the service was taken up."""
    since = snapshot.progress.rest.left[resource.address]
    return [task for task in tasks if task["createdAt"] < since]


def _with_old_tasks(seen: Observation, resource: ResourceSpec, snapshot: Snapshot) -> Observation:
    """Tasks that a sleep has told to stop, and that run on beside those of the wake."""
    tasks = snapshot.tasks.get(resource.address)
    if tasks is None or not leaves_tasks(resource, snapshot):
        return seen
    if left_running(tasks):
        return replace(seen, differs=(*seen.differs, OLD_TASKS))
    return replace(seen, drained=True)


def _was_put_to_rest(resource: ResourceSpec, found: Mapping[str, Any], snapshot: Snapshot) -> bool:
    """
    Without memory: nobody has set the count of a stack that serves.

    No listener exists, or a wake has begun and has not come to the service: its load balancers are
    younger than the newest deployment.
    """
    if resource.address in snapshot.progress.rest.since:
        return True
    is_fronted = any(True for _ in snapshot.of_kind(Kind.LISTENER))
    has_front = bool(resource.request.get("loadBalancers"))
    return has_front and (not is_fronted or _is_older_than_its_front(found, snapshot))


def _is_older_than_its_front(found: Mapping[str, Any], snapshot: Snapshot) -> bool:
    """A wake makes the service, or a deployment of it, after its load balancers."""
    deployed = [at for each in found.get("deployments") or () if (at := each.get("createdAt"))]
    made = [each.get("CreatedTime") for each in snapshot.of_kind(Kind.LOAD_BALANCER)]
    return bool(deployed and made) and all(at and at > max(deployed) for at in made)


def _taken_up(seen: Observation, resource: ResourceSpec, snapshot: Snapshot) -> tuple[str, ...]:
    """
    What an update sets so that its tasks are what a new service's would be.

    The newest task definition counts, as for a create (AWS behaviour §2.1).
    """
    known = snapshot.progress.is_settled(seen.arn, resource)
    fields = _TAKEN_UP[:1] if known else _TAKEN_UP
    given = (field for field in fields if field in resource.request)
    return tuple(dict.fromkeys((COUNT, FORCED, *given, *seen.differs)))


def _moved(resource: ResourceSpec, found: Mapping[str, Any]) -> tuple[str, ...]:
    """From a capacity provider back to a launch type: no update does that."""
    wanted, has = resource.request.get("launchType"), found.get("launchType")
    return ("launchType",) if wanted and has != wanted else ()


def left_running(tasks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ARNs of those that have not stopped yet."""
    return [task["taskArn"] for task in tasks if task["lastStatus"] != "STOPPED"]


def ease(elbv2: Client, groups: Iterable[str]) -> None:
    """
    Let target groups drain no longer: their load balancer goes.

    A refusal costs time and no more, so the sleep goes on.
    """
    for arn in groups:
        try:
            elbv2.modify_target_group_attributes(
                TargetGroupArn=arn, Attributes=[{"Key": DELAY, "Value": "0"}]
            )
        except (ClientError, BotoCoreError):
            continue
