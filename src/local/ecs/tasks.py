"""
The life of a task (AWS behaviour §2.7).

PROVISIONING, PENDING, ACTIVATING, RUNNING, DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED.
A third of the profile's start time goes to the network interface, the rest to the image; of the
stop time two thirds go to the containers, the rest to the interface.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from local.conditions import Containers
from local.ec2 import interfaces
from local.ec2.state import Subnet
from local.ecs import messages
from local.ecs.state import Deployment, News, Registration, Service, Task
from local.elbv2 import health

if TYPE_CHECKING:
    from local.world import Region

FORGOTTEN_AFTER = 3600.0
"""A stopped task can be described for an hour at least."""

EXITS_AFTER = 2.0


def launch(
    region: Region,
    service: Service,
    deployment: Deployment,
    behaviour: Containers,
    report: Callable[[Task, News], None],
) -> Task:
    """Start a task; from here on it runs by itself, and reports its changes."""
    task_id = region.ids.hex("task", 32)
    cluster = service.cluster
    task = Task(
        arn=region.arn("ecs", f"task/{cluster.name}/{task_id}"),
        id=task_id,
        cluster=cluster,
        service=service,
        deployment=deployment,
        subnet=_place(region, deployment, task_id),
        behaviour=behaviour,
        capacity=_capacity(service, deployment),
        created_at=region.now,
        report=report,
        tags=_tags(service),
    )
    cluster.tasks[task_id] = task
    service.tasks.append(task)
    _later(region, task, region.timing.task_start / 3, lambda: _pull(region, task))
    return task


def _place(region: Region, deployment: Deployment, task_id: str) -> Subnet:
    """Any of the service's subnets, as the scheduler pleases; the id decides (§1.11)."""
    wanted = _network(deployment)["subnets"]
    subnets = [region.ec2.subnets[each] for each in wanted if each in region.ec2.subnets]
    zone = region.conditions.zone
    offered = [each for each in subnets if each.zone == zone] or subnets
    return offered[int(task_id[:8], 16) % len(offered)]


def _network(deployment: Deployment) -> dict[str, Any]:
    found: dict[str, Any] = deployment.setup["networkConfiguration"]["awsvpcConfiguration"]
    return found


def _capacity(service: Service, deployment: Deployment) -> str:
    """The provider whose base is not filled yet, else the one with the greatest weight."""
    strategy = deployment.setup.get("capacityProviderStrategy")
    if not strategy:
        return "FARGATE"
    held = [task.capacity for task in service.live]
    for each in strategy:
        if held.count(each["capacityProvider"]) < each.get("base", 0):
            return str(each["capacityProvider"])
    return str(max(strategy, key=lambda each: each.get("weight", 0))["capacityProvider"])


def _tags(service: Service) -> dict[str, str]:
    tags: dict[str, str] = {}
    if service.setup.get("enableECSManagedTags"):
        tags["aws:ecs:clusterName"] = service.cluster.name
        tags["aws:ecs:serviceName"] = service.name
    if service.setup.get("propagateTags") == "SERVICE":
        tags.update(service.tags)
    elif service.setup.get("propagateTags") == "TASK_DEFINITION":
        tags.update(service.primary.definition.tags)
    return tags


def _later(region: Region, task: Task, seconds: float, action: Callable[[], None]) -> None:
    """Do `action` after `seconds`, unless the task has been sent another way by then."""
    epoch = task.epoch

    def act() -> None:
        if task.epoch == epoch:
            action()

    region.after(seconds, act)


def _pull(region: Region, task: Task) -> None:
    """The interface is there; billing begins with the pull of the image (§7.1)."""
    public = _network(task.deployment).get("assignPublicIp") == "ENABLED"
    task.interface = interfaces.attach(
        region,
        task.subnet,
        description=region.arn("ecs", f"attachment/{task.id}"),
        group_ids=tuple(_network(task.deployment).get("securityGroups") or ()),
        public_ip=region.public_ip() if public else None,
    )
    task.last_status = "PENDING"
    task.times["pullStartedAt"] = region.now
    _bill(region, task, public)
    rest = region.timing.task_start * 2 / 3
    subnet = task.subnet
    reaches_out = public or subnet.has_nat or region.ec2.reaches_ecr(subnet.vpc_id)
    if not reaches_out or task.behaviour is Containers.RESOURCE_INIT_ERROR:
        reason = messages.no_route(region, task)
        _later(region, task, rest, lambda: _fail_to_start(region, task, reason))
    elif task.behaviour is Containers.IMAGE_PULL_ERROR:
        reason = messages.no_image(region, task)
        _later(region, task, rest, lambda: _fail_to_start(region, task, reason))
    else:
        _later(region, task, rest, lambda: _activate(region, task))


def _bill(region: Region, task: Task, public: bool) -> None:
    body = task.deployment.definition.body
    region.lifetimes.begin(
        "task",
        task.arn,
        name=task.service.name,
        region=region.name,
        at=region.now,
        cpu=int(body.get("cpu") or 0),
        memory=int(body.get("memory") or 0),
        capacity=task.capacity,
        public_ip=public,
    )


def _fail_to_start(region: Region, task: Task, reason: str) -> None:
    task.container_reason = reason
    stop(region, task, "TaskFailedToStart", reason)
    task.report(task, News.NOT_STARTED)


def _activate(region: Region, task: Task) -> None:
    task.last_status = "ACTIVATING"
    task.times["pullStoppedAt"] = region.now
    _later(region, task, region.timing.activating, lambda: _run(region, task))


def _run(region: Region, task: Task) -> None:
    """The containers run; the task's address is a target from now on."""
    task.last_status = "RUNNING"
    task.times["startedAt"] = region.now
    for entry in task.deployment.setup.get("loadBalancers") or ():
        _register(
            region, task, entry["targetGroupArn"], entry["containerName"], entry["containerPort"]
        )
    task.report(task, News.RUNS)
    if task.behaviour is Containers.EXITS_AT_ONCE:
        _later(region, task, EXITS_AFTER, lambda: _exit(region, task))


def _register(region: Region, task: Task, group_arn: str, container: str, port: int) -> None:
    group = region.elbv2.groups.get(group_arn)
    if not group or not task.interface:
        messages.write(
            region,
            task.service,
            f"failed to register targets in (target-group {group_arn}) with (error The target "
            f"group '{group_arn}' does not exist)",
        )
        return
    registration: Registration | None = None

    def watch(event: str) -> None:
        if registration and event == "drained":
            _on_drained(region, task, registration)
        elif registration and not task.stopping:
            task.report(task, News.HEALTHY if event == "healthy" else News.UNHEALTHY)

    target = health.register(
        region,
        group,
        task.interface.private_ip,
        port,
        task.subnet.zone,
        passes=task.behaviour is not Containers.UNHEALTHY,
        watcher=watch,
    )
    registration = Registration(group, target, container)
    task.registrations.append(registration)
    messages.write(region, task.service, f"registered 1 targets in (target-group {group_arn})")


def _exit(region: Region, task: Task) -> None:
    task.exit_code = 1
    stop(region, task, "EssentialContainerExited", "Essential container in task exited")
    task.report(task, News.EXITED)


def stop(region: Region, task: Task, code: str, reason: str, *, drain: bool = True) -> None:
    """
    Send a task to its end; with `drain` its targets leave the load balancer first.

    Without it a task that is draining already goes on at once: StopTask does not wait (§2.7).
    """
    if task.last_status in ("STOPPING", "DEPROVISIONING", "STOPPED"):
        return
    if not task.stopping:
        task.desired_status = "STOPPED"
        task.stop_code, task.stopped_reason = code, reason
        task.times["stoppingAt"] = region.now
    task.epoch += 1
    held = [each for each in task.registrations if not each.drained]
    if drain and held:
        _deactivate(region, task, held)
        return
    for each in held:
        each.drained = True
        health.deregister(region, each.group, each.target)
    _terminate(region, task)


def _deactivate(region: Region, task: Task, held: list[Registration]) -> None:
    task.last_status = "DEACTIVATING"
    messages.write(region, task.service, "has begun draining connections on 1 tasks.")
    for each in held:
        messages.write(
            region, task.service, f"deregistered 1 targets in (target-group {each.group.arn})"
        )
    for each in held:
        health.deregister(region, each.group, each.target)


def _on_drained(region: Region, task: Task, registration: Registration) -> None:
    registration.drained = True
    waiting = [each for each in task.registrations if not each.drained]
    stuck = task.behaviour is Containers.DRAIN_STUCK or region.conditions.drains_for_ever
    if task.last_status == "DEACTIVATING" and not waiting and not stuck:
        _terminate(region, task)


def _terminate(region: Region, task: Task) -> None:
    """SIGTERM, then the end of the interface."""
    ran = "startedAt" in task.times
    task.last_status = "STOPPING" if ran else "DEPROVISIONING"
    task.epoch += 1
    if ran:
        messages.write(region, task.service, messages.stopped([task]))
    seconds = region.timing.stop
    _later(region, task, seconds * 2 / 3, lambda: _deprovision(region, task))
    _later(region, task, seconds, lambda: _end(region, task))


def _deprovision(region: Region, task: Task) -> None:
    task.last_status = "DEPROVISIONING"
    task.times["executionStoppedAt"] = region.now


def _end(region: Region, task: Task) -> None:
    task.last_status = "STOPPED"
    task.times["stoppedAt"] = region.now
    if task.interface:
        interfaces.detach(region, task.interface)
    if task.exit_code is None and "startedAt" in task.times:
        task.exit_code = 0
    region.lifetimes.end(task.arn, at=region.now)
    region.after(FORGOTTEN_AFTER, lambda: _forget(task))
    task.service.tasks.remove(task)
    task.report(task, News.STOPPED)


def _forget(task: Task) -> None:
    task.cluster.tasks.pop(task.id, None)


def change_health(region: Region, task: Task, *, passes: bool) -> None:
    """The application breaks or recovers while it runs."""
    for each in task.registrations:
        if not each.drained:
            health.set_passes(region, each.group, each.target, passes)
