"""
What people and circumstances do to a stack beside the usual trouble: see `trouble.LATER`.

A stranger of our name is somebody else's thing under exactly the name of one of ours, made while
nothing of ours stands under it. It is theirs, so they take it away again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from controller.domain.decision.history import Event
from factories import SUBNET, target_group
from local.ecs.mishaps import interrupt
from local.errors import AwsError
from simulation.trouble import BAD_WORKER, LATE_RIGHTS, Spell

if TYPE_CHECKING:
    from simulation.installation import Installation
    from simulation.simulated_users import SimulatedUsers

BEHAVIOURS = ("exits_at_once", "unhealthy", "image_pull_error")
BOUND = ("Modify", "Delete", "CreateListener", "CreateService", "UpdateService")
"""What begins so is bound to the tags of what it is about (template.yaml)."""

DENIED_YET = AwsError("AccessDenied", "User is not authorized to perform this action", 403)


def behaviour(strength: float) -> str:
    """What becomes of each task that comes in place of a bad one."""
    return BEHAVIOURS[int(strength * 1000) % len(BEHAVIOURS)]


def break_a_task(installation: Installation, users: SimulatedUsers, spell: Spell) -> None:
    """No task of one service comes up any more, and one of those that run is taken away."""
    is_worker, strength = spell.kind == BAD_WORKER, spell.strength
    running = [
        task
        for task in users.observer.tasks()
        if task.last_status == "RUNNING" and (task.service.name == users.site.worker) is is_worker
    ]
    if running:
        installation.note(
            "fault", f"a task of {users.stack} is retired; its kind is {behaviour(strength)} now"
        )
        interrupt(installation.cloud_of(running[0].arn), running[0].arn, "TerminationNotice")


def move_in(
    installation: Installation, users: SimulatedUsers, family: str, strength: float
) -> None:
    """Make somebody else's load balancer, target group or service under our name."""
    site = users.site
    elbv2 = installation.plain.client("elbv2", site.region)
    kind = ("balancer", "group", "service")[int(strength * 1000) % 3]
    if users.stands():
        return
    installation.note("people", f"somebody makes a {kind} of the name that {users.stack} uses")
    if kind == "balancer":
        made = elbv2.create_load_balancer(
            Name=users.balancer, Type="network", SubnetMappings=[{"SubnetId": SUBNET}]
        )
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    elif kind == "group":
        made = elbv2.create_target_group(**{**target_group().request, "Name": users.group})
        arn = made["TargetGroups"][0]["TargetGroupArn"]
    else:
        arn = _make_service(installation, users, family)
    users.visitor = arn
    users.visitors.add(arn)
    users.observer.foreign_resources.add(arn)


def _make_service(installation: Installation, users: SimulatedUsers, family: str) -> str:
    ecs = installation.plain.client("ecs", users.site.region)
    made = ecs.create_service(
        cluster="nsfw_api_cluster",
        serviceName=users.service,
        taskDefinition=family,
        desiredCount=1,
        launchType="FARGATE",
        loadBalancers=[_behind_theirs(installation, users, family)],
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": [SUBNET], "assignPublicIp": "ENABLED"}
        },
    )
    return str(made["service"]["serviceArn"])


def _behind_theirs(
    installation: Installation, users: SimulatedUsers, family: str
) -> dict[str, Any]:
    """A place behind the strangers' own load balancer, so that its tasks have to drain."""
    elbv2 = installation.plain.client("elbv2", users.site.region)
    group = elbv2.describe_target_groups(Names=["ecs-target-group-2"])["TargetGroups"][0]
    return {
        "targetGroupArn": group["TargetGroupArn"],
        "containerName": family,
        "containerPort": 5000,
    }


def move_out(installation: Installation, users: SimulatedUsers) -> None:
    """They take it away; what drains for longer than they like they stop themselves."""
    arn, users.visitor = users.visitor, ""
    if not arn:
        return
    installation.note("people", f"somebody takes away what has the name that {users.stack} uses")
    users.observer.foreign_resources.discard(arn)
    users.visitors |= {task.arn for task in users.observer.strangers_tasks()}
    elbv2 = installation.plain.client("elbv2", users.site.region)
    if ":loadbalancer/" in arn:
        elbv2.delete_load_balancer(LoadBalancerArn=arn)
    elif ":targetgroup/" in arn:
        elbv2.delete_target_group(TargetGroupArn=arn)
    else:
        ecs = installation.plain.client("ecs", users.site.region)
        ecs.delete_service(cluster="nsfw_api_cluster", service=arn.rpartition("/")[2], force=True)
        installation.work.after(25 * 60, lambda: _stop_theirs(installation, users))


def _stop_theirs(installation: Installation, users: SimulatedUsers) -> None:
    ecs = installation.plain.client("ecs", users.site.region)
    for task in users.observer.strangers_tasks():
        ecs.stop_task(cluster="nsfw_api_cluster", task=task.arn)


class Rights:
    """When the rights to what was made last begin to hold, where they come late."""

    def __init__(self) -> None:
        self._made_at: dict[str, Any] = {}

    def refuse(
        self, installation: Installation, stack: str, operation: str, params: dict[str, Any]
    ) -> bool:
        """A service behind nothing is bound to nothing that was made with it."""
        spell = installation.weather.now(LATE_RIGHTS)
        made_at = self._made_at.get(stack)
        is_worker = installation.users_of[stack].site.worker in params.values()
        if spell is None or made_at is None or is_worker or not operation.startswith(BOUND):
            return False
        return bool(installation.now - made_at < timedelta(seconds=5 + 40 * spell.strength))

    def saw(self, installation: Installation, stack: str, operation: str) -> None:
        if operation in ("CreateLoadBalancer", "CreateTargetGroup"):
            self._made_at[stack] = installation.now


def damaged(event: Event, spell: Spell | None, broken: set[str]) -> Event:
    """The event with facts of which no text can be made, where it is one of those."""
    if spell is not None:
        broken.add(event.id)
    if event.id not in broken:
        return event
    return replace(event, facts={name: object() for name in (*event.facts, "ends_at", "since")})
