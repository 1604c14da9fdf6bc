"""The ECS service: starts the tasks, registers them as targets, and drains before it leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from controller.aws.attributes import AttributeCalls
from controller.aws.context import Context, desired_count
from controller.aws.errors import DENIED, code_of
from controller.aws.kind import Job, fresh
from controller.aws.service_calls import ServiceAdapter
from controller.aws.service_failures import needs_stopped_tasks
from controller.aws.service_groups import backing_of, groups_in_use
from controller.aws.service_rest import leaves_tasks, left_running, of_before, with_rest
from controller.aws.service_settings import LOAD_BALANCERS, LOOKED_UP, with_ignored_network
from controller.aws.service_state import (
    DRAINING,
    TASKS,
    identity,
    interpret,
)
from controller.aws.snapshot import Snapshot
from controller.aws.target_group import count_in_use, read_health
from controller.domain.planning.going import COUNT, FORCED, OLD_TASKS
from controller.domain.planning.observed import Observation, Observed
from controller.domain.planning.plan import Action, Target
from controller.domain.planning.spec import Kind, ResourceSpec
from controller.domain.planning.waits import TASK_STARTING


class EcsService:
    kind = Kind.SERVICE
    attributes: AttributeCalls | None = None
    leaving = DRAINING

    def __init__(self, context: Context) -> None:
        self._context = context
        self._calls = ServiceAdapter(context.clients.ecs)
        self._old: dict[str, list[str]] = {}  # ARNs of tasks of before a wake, by address
        self._stopped: set[str] = set()  # ARNs of tasks that need not be described again

    # read

    def first_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        """One call for ten services of a cluster."""
        by_cluster: dict[str, list[ResourceSpec]] = {}
        for resource in _described(snapshot, resources):
            by_cluster.setdefault(self._context.cluster(resource), []).append(resource)
        return [partial(self._read, snapshot, *each) for each in by_cluster.items()]

    def _read(self, snapshot: Snapshot, cluster: str, resources: Sequence[ResourceSpec]) -> None:
        try:
            found = self._calls.describe(cluster, [r.name for r in resources])
        except Exception as error:
            asleep = snapshot.target is Target.ASLEEP
            if asleep and code_of(error) == "ClusterNotFoundException":
                return  # no cluster, no service
            raise
        for resource in resources:
            one = found.get(resource.name)
            snapshot.put(resource.address, one, identity(one["serviceArn"]) if one else {})

    def second_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        jobs: list[Job] = []
        described = _described(snapshot, resources)
        for arn, users in groups_in_use(self._context, snapshot, described).items():
            jobs.append(partial(self._read_health, snapshot, arn, users))
        for resource in described:
            found = snapshot.found.get(resource.address)
            if found and found["status"] == "ACTIVE" and needs_stopped_tasks(found):
                jobs.append(partial(self._read_stopped, snapshot, resource))
        for resource in resources:
            found = snapshot.found.get(resource.address)
            if found and _goes_by_count(found, resource, snapshot):
                jobs.append(partial(self._read_tasks, snapshot, resource))
            elif found and found["status"] == "ACTIVE" and leaves_tasks(resource, snapshot):
                jobs.append(partial(self._read_old_tasks, snapshot, resource))
        return jobs

    def _read_old_tasks(self, snapshot: Snapshot, resource: ResourceSpec) -> None:
        """Those that are to stop and have not, of before the wake; none where that is denied."""
        cluster = self._context.cluster(resource)
        try:
            tasks = self._calls.tasks(cluster, resource.name, ("STOPPED",))
        except Exception as error:
            if code_of(error) in DENIED:
                return
            raise
        old = of_before(tasks, resource, snapshot)
        snapshot.tasks[resource.address] = list(map(dict, old))
        self._old[resource.address] = left_running(old)

    def _read_tasks(self, snapshot: Snapshot, resource: ResourceSpec) -> None:
        """
        Those that had not stopped at the last look.

        A full read lists them all, and the deletion is decided on it.
        """
        cluster = self._context.cluster(resource)
        left = left_running(snapshot.tasks.pop(resource.address, ()))
        try:
            if left:
                tasks = self._calls.describe_tasks(cluster, left)
            else:
                tasks = _tasks_left(self._calls, self._stopped, cluster, resource.name)
        except Exception as error:
            if code_of(error) in DENIED:
                return
            raise
        snapshot.tasks[resource.address] = tasks
        self._stopped.update({task["taskArn"] for task in tasks}.difference(left_running(tasks)))

    def _read_stopped(self, snapshot: Snapshot, resource: ResourceSpec) -> None:
        cluster = self._context.cluster(resource)
        snapshot.stopped[resource.address] = self._calls.stopped_tasks(cluster, resource.name)

    def _read_health(self, snapshot: Snapshot, arn: str, users: Sequence[ResourceSpec]) -> None:
        """
        Read the targets of a group; and whose they are, where it has more than a service has tasks.

        So a service of another name that was there before is not taken for the new one.
        """
        health = read_health(self._context.clients.elbv2, arn)
        snapshot.health[arn] = health
        for resource in users:
            found = snapshot.found[resource.address]
            is_shared = count_in_use(health) > int(found.get("runningCount", 0))
            if is_shared and "networkConfiguration" in resource.request:
                cluster = self._context.cluster(resource)
                tasks = self._calls.running_tasks(cluster, resource.name)
                snapshot.task_ips[resource.address] = frozenset(map(_private_ip, tasks))

    # interpret

    def interpret(self, snapshot: Snapshot, resource: ResourceSpec) -> Observation:
        found = snapshot.found.get(resource.address)
        backing = backing_of(self._context, snapshot, resource)
        count = desired_count(resource, snapshot.target)
        owner = self._context.owner(resource)
        progress, now = snapshot.progress, snapshot.now
        compared = resource
        if snapshot.target is Target.AWAKE and found and found["status"] == "ACTIVE":
            compared = self._context.compared(resource, snapshot, LOOKED_UP)
        seen = interpret(compared, found, backing, count, owner, progress, now)
        return with_rest(seen, resource, snapshot)

    # change

    def create(
        self, resource: ResourceSpec, request: Mapping[str, Any], observed: Observed
    ) -> Observation:
        after = [observed[address].arn for address in resource.after]
        made = self._calls.create(request, self._context.owner(resource), after)
        known = identity(made["serviceArn"])
        return fresh(resource, self.attributes, known, TASK_STARTING, owned=True)

    def update(
        self, resource: ResourceSpec, changes: Collection[str], action: Action, observed: Observed
    ) -> None:
        cluster = self._context.cluster(resource)
        if TASKS in changes:
            self._calls.stop_tasks(cluster, resource.name)
            return
        if OLD_TASKS in changes:
            self._calls.stop_tasks(cluster, resource.name, self._old[resource.address])
            changes = set(changes) - {OLD_TASKS}
        if not changes:
            return
        wanted = self._context.filled(resource, observed, set(changes) - {COUNT, FORCED})
        if "networkConfiguration" in changes and resource.ignores("networkConfiguration"):
            found = self._calls.describe(cluster, [resource.name])
            wanted = with_ignored_network(resource, wanted, found[resource.name])
        if LOAD_BALANCERS in changes:
            wanted.setdefault(LOAD_BALANCERS, [])
        if COUNT in changes:
            wanted[COUNT] = desired_count(resource, action.target)
        if FORCED in changes:
            wanted[FORCED] = True
        self._calls.update(cluster, resource.name, wanted)

    def delete(self, resource: ResourceSpec, seen: Observation) -> None:
        self._calls.delete(self._context.cluster(resource), resource.name)


def _tasks_left(
    calls: ServiceAdapter, stopped: Collection[str], cluster: str, name: str
) -> list[dict[str, Any]]:
    """Those that ECS is to stop; if none of them is left, those that it means to run, too."""
    for status in ("STOPPED", "RUNNING"):
        arns = set(calls.task_arns(cluster, name, status)).difference(stopped)
        tasks = calls.describe_tasks(cluster, sorted(arns))
        if left_running(tasks):
            return tasks
    return []


def _described(snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[ResourceSpec]:
    """Without those of which the tasks alone are read now."""
    return [resource for resource in resources if snapshot.reads(resource.address)]


def _goes_by_count(found: Mapping[str, Any], resource: ResourceSpec, snapshot: Snapshot) -> bool:
    """A sleep has set its count to 0, or somebody else: it is deleted when no task is left."""
    is_leaving = snapshot.target is Target.ASLEEP and resource.asleep is None
    return is_leaving and found["status"] == "ACTIVE" and not found.get("desiredCount")


def _private_ip(task: Mapping[str, Any]) -> str:
    """The address at which a Fargate task is a target; "" while it has none."""
    for attachment in task.get("attachments", ()):
        for detail in attachment.get("details", ()):
            if detail.get("name") == "privateIPv4Address":
                return str(detail.get("value", ""))
    return ""
