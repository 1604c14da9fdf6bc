"""The ECS service: starts the tasks, registers them as targets, and drains before it leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from controller.aws.attributes import AttributeCalls
from controller.aws.context import Context, desired_count
from controller.aws.errors import code_of
from controller.aws.kind import Job, fresh
from controller.aws.service_backing import Backing
from controller.aws.service_calls import ServiceAdapter
from controller.aws.service_failures import needs_stopped_tasks
from controller.aws.service_settings import with_ignored_network
from controller.aws.service_state import (
    DRAINING,
    FORCED,
    TASK_STARTING,
    TASKS,
    identity,
    interpret,
)
from controller.aws.snapshot import Snapshot
from controller.aws.target_group import (
    TargetGroupAdapter,
    count_healthy,
    count_in_use,
    outside_zones,
)
from controller.domain.planning.draining import drain_delay
from controller.domain.planning.observed import Observation, Observed
from controller.domain.planning.plan import Action, Target
from controller.domain.planning.spec import Kind, ResourceSpec


class EcsService:
    kind = Kind.SERVICE
    attributes: AttributeCalls | None = None
    leaving = DRAINING

    def __init__(self, context: Context) -> None:
        self._context = context
        self._calls = ServiceAdapter(context.clients.ecs)

    # read

    def first_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        """One call for ten services of a cluster."""
        by_cluster: dict[str, list[ResourceSpec]] = {}
        for resource in resources:
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
        for arn, users in self._groups_in_use(snapshot, resources).items():
            jobs.append(partial(self._read_health, snapshot, arn, users))
        for resource in resources:
            found = snapshot.found.get(resource.address)
            if found and found["status"] == "ACTIVE" and needs_stopped_tasks(found):
                jobs.append(partial(self._read_stopped, snapshot, resource))
        return jobs

    def _read_stopped(self, snapshot: Snapshot, resource: ResourceSpec) -> None:
        cluster = self._context.cluster(resource)
        snapshot.stopped[resource.address] = self._calls.stopped_tasks(cluster, resource.name)

    def _read_health(self, snapshot: Snapshot, arn: str, users: Sequence[ResourceSpec]) -> None:
        """
        Read the targets of a group; and whose they are, where it has more than a service has tasks.

        So a service of another name that was there before is not taken for the new one.
        """
        health = TargetGroupAdapter(self._context).describe_health(arn)
        snapshot.health[arn] = health
        for resource in users:
            found = snapshot.found[resource.address]
            is_shared = count_in_use(health) > int(found.get("runningCount", 0))
            if is_shared and "networkConfiguration" in resource.request:
                cluster = self._context.cluster(resource)
                tasks = self._calls.running_tasks(cluster, resource.name)
                snapshot.task_ips[resource.address] = frozenset(map(_private_ip, tasks))

    def _groups_in_use(
        self, snapshot: Snapshot, resources: Sequence[ResourceSpec]
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
                for arn in filter(None, self._groups_now(snapshot, resource)):
                    users.setdefault(arn, []).append(resource)
        return users

    # interpret

    def interpret(self, snapshot: Snapshot, resource: ResourceSpec) -> Observation:
        found = snapshot.found.get(resource.address)
        backing = self._backing(snapshot, resource)
        count = desired_count(resource, snapshot.target)
        owner = self._context.owner(resource)
        return interpret(resource, found, backing, count, owner, snapshot.progress, snapshot.now)

    def _backing(self, snapshot: Snapshot, resource: ResourceSpec) -> Backing:
        stopped = snapshot.stopped.get(resource.address, ())
        delay = drain_delay(snapshot.spec, resource)
        if snapshot.target is Target.ASLEEP:
            # Neither health nor settings decide.
            return Backing(stopped=stopped, drain_delay=delay)
        if not resource.request.get("loadBalancers"):
            return Backing(stopped=stopped, groups=(), drain_delay=delay)
        groups, health = self._groups_now(snapshot, resource), snapshot.health
        reached = any(count_healthy(health.get(arn, [])) for arn in groups if arn)
        own = snapshot.task_ips.get(resource.address)
        healthy = [count_healthy(health.get(arn, []), own) if arn else 0 for arn in groups]
        attached = _attached(snapshot)
        zones = [outside_zones(health.get(arn, [])) for arn in groups if arn and arn in attached]
        return Backing(
            healthy=min(healthy, default=0),
            reached=reached,
            stopped=stopped,
            outside_zone=next((zone for zone in zones if zone), ""),
            served=snapshot.served_zones,
            groups=self._wanted_groups(snapshot, resource),
            standing=snapshot.standing_groups,
            drain_delay=delay,
        )

    def _groups(self, snapshot: Snapshot, resource: ResourceSpec) -> list[str | None]:
        """The ARN of each target group, None of one that is not there: others may serve yet."""
        wanted = [b.get("targetGroupArn") for b in resource.request.get("loadBalancers", ())]
        return [self._context.found_or_none(value, snapshot) for value in wanted if value]

    def _groups_now(self, snapshot: Snapshot, resource: ResourceSpec) -> Sequence[str | None]:
        """Those that it registers with, where a deployment may have moved it to others."""
        found = snapshot.found.get(resource.address, {}).get("loadBalancers", ())
        moved = [str(each["targetGroupArn"]) for each in found if "targetGroupArn" in each]
        standing = snapshot.standing_groups
        ignored = resource.ignores("loadBalancers") and standing.issuperset(moved)
        return moved if ignored and moved else self._groups(snapshot, resource)

    def _wanted_groups(self, snapshot: Snapshot, resource: ResourceSpec) -> tuple[str, ...]:
        """() while not all of them stand: one that is made anew has another ARN."""
        groups = self._groups(snapshot, resource)
        found = [arn for arn in groups if arn] if all(groups) else []
        return tuple(found) if snapshot.standing_groups.issuperset(found) else ()

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
        wanted = self._context.filled(resource, observed, set(changes) - {"desiredCount", FORCED})
        if "networkConfiguration" in changes and resource.ignores("networkConfiguration"):
            found = self._calls.describe(cluster, [resource.name])
            wanted = with_ignored_network(resource, wanted, found[resource.name])
        if "desiredCount" in changes:
            wanted["desiredCount"] = desired_count(resource, action.target)
        if FORCED in changes:
            wanted[FORCED] = True
        self._calls.update(cluster, resource.name, wanted)

    def delete(self, resource: ResourceSpec, seen: Observation) -> None:
        self._calls.delete(self._context.cluster(resource), resource.name)


def _private_ip(task: Mapping[str, Any]) -> str:
    """The address at which a Fargate task is a target; "" while it has none."""
    for attachment in task.get("attachments", ()):
        for detail in attachment.get("details", ()):
            if detail.get("name") == "privateIPv4Address":
                return str(detail.get("value", ""))
    return ""


def _attached(snapshot: Snapshot) -> set[str]:
    """Target groups that a listener forwards to: others are not in use for that reason."""
    return {
        found["TargetGroupArn"]
        for found in snapshot.of_kind(Kind.TARGET_GROUP)
        if found.get("LoadBalancerArns")
    }
