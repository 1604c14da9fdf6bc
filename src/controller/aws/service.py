"""The ECS service: starts the tasks, registers them as targets, and drains before it leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controller.aws.clients import Client
from controller.aws.errors import DENIED, GONE, code_of
from controller.aws.service_events import (
    INCONSISTENT,
    QUOTA,
    STOPPED,
    UNHEALTHY,
    unknown_events,
)
from controller.aws.settings import differing, plainly
from controller.aws.tags import Owner, from_ecs, with_ecs_owner
from controller.domain.errors import DeniedError
from controller.domain.planning.draining import DRAIN_STUCK
from controller.domain.planning.observed import ABSENT, Observation, State
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Json, Kind, ResourceSpec, references

TASK_STARTING = "task starting"
HEALTH_CHECK = "health check"
DRAINING = "draining"

TASKS = "tasks"
"""What is to be stopped where a service does not get rid of it."""

GIVE_UP_AFTER = 3
"""So many tasks stopped for the same kind of reason: the wake will not heal by itself."""

_DESCRIBE_LIMIT = 10  # services per DescribeServices (AWS behaviour §2.4)
_TASKS_LIMIT = 100  # tasks per DescribeTasks (ECS API reference)


class ServiceAdapter:
    kind = Kind.SERVICE

    def __init__(self, ecs: Client) -> None:
        self._ecs = ecs

    def describe(self, cluster: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Name to what DescribeServices says; MISSING ones are left out."""
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(names), _DESCRIBE_LIMIT):
            reply = self._ecs.describe_services(
                cluster=cluster,
                services=list(names[start : start + _DESCRIBE_LIMIT]),
                include=["TAGS"],
            )
            found |= {service["serviceName"]: service for service in reply["services"]}
        return found

    def stopped_tasks(self, cluster: str, name: str) -> list[dict[str, Any]]:
        """The service's stopped tasks, newest first; AWS forgets them after about an hour."""
        tasks = self.describe_tasks(cluster, self._task_arns(cluster, name, "STOPPED"))
        return sorted(tasks, key=lambda t: t.get("createdAt") or t["taskArn"], reverse=True)

    def tasks(self, cluster: str, name: str) -> list[dict[str, Any]]:
        """The service's tasks, also those that have stopped within about the last hour."""
        arns = [
            a for status in ("RUNNING", "STOPPED") for a in self._task_arns(cluster, name, status)
        ]
        return self.describe_tasks(cluster, arns)

    def _task_arns(self, cluster: str, name: str, status: str) -> list[str]:
        """On all pages: ListTasks gives 100 at once, and a crash loop stops more in an hour."""
        request = {"cluster": cluster, "serviceName": name, "desiredStatus": status}
        arns: list[str] = []
        while True:
            reply = self._ecs.list_tasks(**request)
            arns += reply["taskArns"]
            if not reply.get("nextToken"):
                return arns
            request["nextToken"] = reply["nextToken"]

    def describe_tasks(self, cluster: str, arns: Sequence[str]) -> list[dict[str, Any]]:
        """Those of the tasks that ECS still knows."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(arns), _TASKS_LIMIT):
            some = list(arns[start : start + _TASKS_LIMIT])
            found += self._ecs.describe_tasks(cluster=cluster, tasks=some)["tasks"]
        return found

    def create(
        self, request: Mapping[str, Any], owner: Owner, after: Sequence[str]
    ) -> dict[str, Any]:
        """
        Create the service. `after` are the ARNs of what it was made on top of.

        They are part of the client token: a repeated create of one wake gives the same service
        (F54), one of the next wake, with a new listener, is another request.
        """
        token = _client_token(request, after)
        reply = self._ecs.create_service(clientToken=token, **with_ecs_owner(request, owner))
        service: dict[str, Any] = reply["service"]
        return service

    def update(self, cluster: str, name: str, changes: Mapping[str, Any]) -> None:
        self._ecs.update_service(cluster=cluster, service=name, **changes)

    def stop_tasks(self, cluster: str, name: str) -> None:
        """
        End what a draining service does not get rid of (AWS behaviour F43).

        The role may do that to tasks that carry our tags. DeniedError says how they get them.
        """
        for task in self.tasks(cluster, name):
            if task["lastStatus"] != "STOPPED":
                self._stop_task(cluster, name, task["taskArn"])

    def _stop_task(self, cluster: str, name: str, arn: str) -> None:
        try:
            self._ecs.stop_task(cluster=cluster, task=arn, reason="its service drains for ever")
        except Exception as error:
            if code_of(error) not in DENIED:
                raise
            id_ = arn.rpartition("/")[2]
            raise DeniedError(
                f'cannot stop a task of service "{name}", which drains for ever: {code_of(error)}; '
                f"stop it by hand (aws ecs stop-task --cluster {cluster} --task {id_}), and set "
                f'propagate_tags = "SERVICE", so that its tasks carry the tags that allow it'
            ) from error

    def delete(self, cluster: str, name: str) -> None:
        """Force, or AWS refuses while tasks run or the target group is gone (§2.6)."""
        try:
            self._ecs.delete_service(cluster=cluster, service=name, force=True)
        except Exception as error:
            if code_of(error) not in GONE:
                raise


def _client_token(request: Mapping[str, Any], after: Sequence[str]) -> str:
    text = json.dumps([request, sorted(after)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:36]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """
    What else decides whether a service does its work.

    `healthy` is the least number of healthy targets over its target groups (None: it has none),
    `reached` whether any of them has one,
    `stopped` its stopped tasks, newest first, `outside_zone` a zone its load balancer lacks,
    `served` the zones that it has (none: unknown). `groups` are the ARNs of its target groups as
    the spec has them now, where all are known and its settings count (None: they do not),
    `standing` those of all target groups of the spec that stand. `drain_delay` is how long its
    files let it drain.
    """

    healthy: int | None = None
    reached: bool = False
    stopped: Sequence[Mapping[str, Any]] = ()
    outside_zone: str = ""
    served: frozenset[str] = frozenset()
    groups: tuple[str, ...] | None = None
    standing: frozenset[str] = frozenset()
    drain_delay: timedelta = timedelta(0)


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

    `desired_count` is what the world aimed at wants. INACTIVE and MISSING are alike (§2.4).
    Whose it is comes before how it stands: a stranger's may drain under our name as well.
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
        cause = owner.describe_stranger(f'service "{resource.name}"', tags, _way_out(resource))
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
        differs += _changed(resource, found, backing, is_settled=is_settled)
    return _interpret_active(resource, found, backing, desired_count, known, differs)


def identity(arn: str) -> dict[str, str]:
    return {"arn": arn, "id": arn}


def _way_out(resource: ResourceSpec) -> str:
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
) -> Observation:
    wanted = _counted(resource, found, desired_count)
    state, phase = _state(found, backing, wanted)
    cause = explain_delay(found, backing) if state is State.PENDING else ""
    failure = find_failure(found, backing) if state is State.PENDING else ""
    if failure and wanted > 0:
        # What runs and is healthy has got over whatever went wrong before.
        state, phase, cause = State.FAILED, "", failure
    running = int(found.get("runningCount", 0))
    return Observation(
        state=state,
        attributes=known,
        phase=phase,
        cause=cause,
        differs=differs,
        outdated=_outdated(resource, found) if backing.groups is not None else (),
        created_at=found.get("createdAt"),
        replaced_at=_replaced_at(found),
        unknown_events=unknown_events(found),
        serving=min(wanted, running if backing.healthy is None else backing.healthy),
        wanted=wanted,
        serves=running > 0 if backing.healthy is None else backing.reached,
    )


def _replaced_at(found: Mapping[str, Any]) -> datetime | None:
    """When ECS last said that it stopped a task (AWS behaviour §2.10)."""
    stops = (
        event.get("createdAt")
        for event in found.get("events", ())
        if STOPPED in event.get("message", "")
    )
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
    if resource.asleep is not None or desired_count == 0:
        return desired_count
    count, bounds = int(found.get("desiredCount", 0)), resource.scaling
    ignored = "desired_count" in resource.ignore_changes or resource.ignores("desiredCount")
    scaled = bool(bounds) and bounds["least"] <= count <= bounds["most"]
    return count if ignored or scaled else desired_count


def _changed(
    resource: ResourceSpec, found: Mapping[str, Any], backing: Backing, *, is_settled: bool
) -> tuple[str, ...]:
    """
    What UpdateService can put right (AWS behaviour §2.12).

    The target groups are compared each time: a service that points at one which is gone never
    gets over it by itself (§3.7). The rest only until it was seen or put right once, so that an
    echo of AWS's that reads otherwise cannot begin one deployment after the other.
    """
    changed: tuple[str, ...] = ()
    if not is_settled:
        changed = differing(resource, found, _UPDATABLE) + _network_changed(resource, found)
    groups = _groups(found)
    moved = bool(backing.groups) and set(backing.groups or ()) != groups
    if resource.ignores("loadBalancers"):
        moved = moved and not groups <= backing.standing
    if moved and not _outdated(resource, found):
        return (*changed, "loadBalancers")
    return changed


def _network_changed(resource: ResourceSpec, found: Mapping[str, Any]) -> tuple[str, ...]:
    """Its three parts, each but for those whose changes are to be ignored."""
    parts = {key: one for key, one in _NETWORK.items() if not resource.ignores(f"{_AWSVPC}.{key}")}
    wanted, actual = _network_of(resource.request), _network_of(found)
    if wanted is None or actual is None:
        return ()
    compared = [read for key, read in parts.items() if not any(references(wanted.get(key)))]
    same = all(read(wanted) == read(actual) for read in compared)
    return () if same else ("networkConfiguration",)


def with_ignored_network(
    resource: ResourceSpec, request: dict[str, Json], found: Mapping[str, Any]
) -> dict[str, Json]:
    """An update's request, in which those parts of the network stay that are left alone."""
    actual, wanted = _network_of(found), _network_of(request)
    if actual is None or wanted is None:
        return request
    kept = {k: actual[k] for k in _NETWORK if k in actual and resource.ignores(f"{_AWSVPC}.{k}")}
    return {**request, "networkConfiguration": {"awsvpcConfiguration": {**wanted, **kept}}}


def _groups(found: Mapping[str, Any]) -> set[str]:
    return {str(each.get("targetGroupArn")) for each in found.get("loadBalancers", ())}


def _outdated(resource: ResourceSpec, found: Mapping[str, Any]) -> tuple[str, ...]:
    """Another container or port goes with another target group and task definition."""
    if "loadBalancers" not in resource.request or resource.ignores("loadBalancers"):
        return ()
    same = _containers(resource.request) == _containers(found)
    return () if same else ("loadBalancers",)


def _containers(source: Mapping[str, Any]) -> list[tuple[str, int]]:
    entries = source.get("loadBalancers", ())
    return sorted((str(e.get("containerName")), int(e.get("containerPort", 0))) for e in entries)


def _network_of(source: Mapping[str, Any]) -> dict[str, Json] | None:
    network = source.get("networkConfiguration", {}).get("awsvpcConfiguration")
    return None if network is None else dict(network)


_AWSVPC = "networkConfiguration.awsvpcConfiguration"

_NETWORK: Mapping[str, Callable[[Mapping[str, Any]], Json]] = {
    "subnets": lambda network: sorted(network.get("subnets", ())),
    "securityGroups": lambda network: sorted(network.get("securityGroups", ())),
    "assignPublicIp": lambda network: network.get("assignPublicIp", "DISABLED"),
}


def _platform(source: Mapping[str, Any]) -> Json:
    """LATEST is 1.4.0 for Linux, and AWS may say either (AWS behaviour §2.3)."""
    version = source.get("platformVersion")
    return "1.4.0" if version == "LATEST" else version


_UPDATABLE = {
    "platformVersion": (_platform, _platform),
    "healthCheckGracePeriodSeconds": plainly("healthCheckGracePeriodSeconds"),
}


def needs_stopped_tasks(found: Mapping[str, Any]) -> bool:
    """Tell whether something went wrong that only the stopped tasks explain."""
    if any(int(d.get("failedTasks", 0)) > 0 for d in found.get("deployments", ())):
        return True
    return any(
        word in event.get("message", "")
        for event in found.get("events", ())
        for word in (UNHEALTHY, INCONSISTENT)
    )


def find_failure(found: Mapping[str, Any], backing: Backing) -> str:
    """Why the service will not come up by itself, or "" (AWS behaviour §2.8, §2.10)."""
    reasons = _reasons(found, backing)
    told = _told(reasons[0], backing) if reasons else ""
    for deployment in found.get("deployments", ()):
        if deployment.get("rolloutState") == "FAILED":
            return f"the deployment failed: {told or deployment.get('rolloutStateReason', '')}"
    for event in found.get("events", ())[:10]:
        if QUOTA in event.get("message", ""):
            return f"{event['message']}; raise the Fargate quota"
    if len(reasons) >= GIVE_UP_AFTER:
        return f"{len(reasons)} tasks stopped: {told}"
    return ""


def _reasons(found: Mapping[str, Any], backing: Backing) -> list[str]:
    """Why tasks of this service failed, newest first; an earlier service had the same name."""
    since = found.get("createdAt")
    own = (t for t in backing.stopped if since is None or t.get("createdAt", since) >= since)
    reasons = (_failure_reason(task, backing.served) for task in own)
    return [reason for reason in reasons if reason]


def _told(reason: str, backing: Backing) -> str:
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
    # Its target is gone by now; where it ran still tells that no check could pass (F32).
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
        return f"a task stopped: {_told(reasons[0], backing)}"
    for event in found.get("events", ())[:5]:
        if "unable to place a task" in event.get("message", ""):
            return str(event["message"])
    return ""
