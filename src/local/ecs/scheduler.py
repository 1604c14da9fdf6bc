"""
What the service scheduler does by itself: start, replace, give up, finish (§2.8).

Whatever a task reports, the answer ends with the same check of the whole service: too few tasks,
too many, or steady.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from local import quotas
from local.conditions import Containers
from local.ecs import messages, tasks
from local.ecs.state import Deployment, News, Service, Task, TaskDefinition

if TYPE_CHECKING:
    from local.world import Region

PLACEMENT_RETRY = 30.0
FREE_ATTEMPTS = 3
FIRST_BACK_OFF = 15.0
LONGEST_BACK_OFF = 900.0


def run(region: Region, service: Service) -> None:
    """Bring the tasks of a service nearer to what is wanted."""
    if service.status != "ACTIVE":
        _wind_up(region, service)
        return
    primary = service.primary
    _stop_surplus(region, service, primary)
    if primary.rollout != "FAILED":
        _start_missing(region, service, primary)
    _stop_old(region, service, primary)
    service.deployments = [
        each
        for each in service.deployments
        if each is primary or any(task.deployment is each for task in service.live)
    ]
    _announce(region, service, primary)


def _wind_up(region: Region, service: Service) -> None:
    for task in service.live:
        tasks.stop(region, task, "ServiceSchedulerInitiated", _scaling(task.deployment))
    if not service.tasks:
        on_stopped(region, service)


def _scaling(deployment: Deployment) -> str:
    return f"Scaling activity initiated by (deployment {deployment.id})"


def _stop_surplus(region: Region, service: Service, primary: Deployment) -> None:
    """Those that do not run yet go first, then the youngest."""
    mine = [task for task in service.live if task.deployment is primary]
    surplus = len(mine) - service.desired
    if surplus > 0:
        mine.sort(key=lambda task: (task.last_status == "RUNNING", -task.created_at))
        for task in mine[:surplus]:
            tasks.stop(region, task, "ServiceSchedulerInitiated", _scaling(primary))
        service.announced = False


def _start_missing(region: Region, service: Service, primary: Deployment) -> None:
    live = service.live
    missing = service.desired - sum(task.deployment is primary for task in live)
    percent = service.setup["deploymentConfiguration"]["maximumPercent"]
    room = math.floor(service.desired * percent / 100) - len(live)
    wanted = min(missing, max(room, 0))
    if wanted <= 0:
        return
    service.announced = False
    if region.now < primary.next_start_at:
        _look_again(region, service, primary.next_start_at)
        return
    definition = primary.definition
    behaviour = _behaviour(region, definition, wanted)
    if behaviour in messages.REFUSALS:
        messages.write(region, service, messages.REFUSALS[behaviour])
        _look_again(region, service, region.now + PLACEMENT_RETRY)
        return
    report = partial(on_news, region)
    begun = [tasks.launch(region, service, primary, behaviour, report) for _ in range(wanted)]
    messages.write(region, service, messages.started(begun))


def _behaviour(region: Region, definition: TaskDefinition, wanted: int) -> Containers:
    """What becomes of the tasks; more than the quota allows are not placed (F31)."""
    asked = wanted * int(definition.body.get("cpu") or 0) / 1024
    if quotas.vcpus(region, "FARGATE") + asked > region.conditions.vcpu_quota:
        return Containers.VCPU_QUOTA
    return region.conditions.containers_of(definition.family, definition.images)


def _look_again(region: Region, service: Service, moment: float) -> None:
    if region.now < service.wake_up_at <= moment:
        return
    service.wake_up_at = moment

    def wake_up() -> None:
        # It happens to the millisecond, so perhaps before the moment: that is not still to come.
        service.wake_up_at = 0.0
        run(region, service)

    region.world.at(moment, wake_up)


def _stop_old(region: Region, service: Service, primary: Deployment) -> None:
    """Tasks of older deployments go as those of the new one become ready."""
    old = [task for task in service.live if task.deployment is not primary]
    if not old:
        return
    percent = service.setup["deploymentConfiguration"]["minimumHealthyPercent"]
    needed = math.ceil(service.desired * percent / 100)
    ready = sum(_is_ready(task) for task in service.live if task.deployment is primary)
    spare = ready + sum(task.last_status == "RUNNING" for task in old) - needed
    waiting = [task for task in old if task.last_status != "RUNNING"]
    running = [task for task in old if task.last_status == "RUNNING"]
    for task in waiting + running[: max(spare, 0)]:
        tasks.stop(region, task, "ServiceSchedulerInitiated", _scaling(primary))


def _is_ready(task: Task) -> bool:
    """Running, and healthy wherever it is registered; a group that nothing uses does not count."""
    if task.last_status != "RUNNING":
        return False
    wanted = len(task.deployment.setup.get("loadBalancers") or ())
    return len(task.registrations) == wanted and all(
        each.target.status == "healthy" for each in task.registrations
    )


def _announce(region: Region, service: Service, primary: Deployment) -> None:
    """Steady: as many ready tasks as desired, one deployment, and nothing left to start."""
    if service.announced or primary.rollout == "FAILED" or len(service.deployments) > 1:
        return
    live = service.live
    if len(live) != service.desired or not all(_is_ready(task) for task in live):
        return
    service.announced = True
    primary.failed_starts = primary.failed_checks = primary.restarts = 0
    if primary.rollout != "COMPLETED":
        primary.rollout = "COMPLETED"
        primary.reason = f"ECS deployment {primary.id} completed."
        primary.updated_at = region.now
        messages.write(region, service, f"(deployment {primary.id}) deployment completed.")
    messages.write(region, service, messages.STEADY)


def on_news(region: Region, task: Task, news: News) -> None:
    """React to what a task reports."""
    match news:
        case News.RUNS:
            # A task that runs ends the count of failed starts, even if it exits next (CRM #1206).
            task.deployment.failed_starts = 0
            run(region, task.service)
        case News.HEALTHY:
            run(region, task.service)
        case News.NOT_STARTED:
            task.deployment.failed_starts += 1
            _after_failure(region, task)
        case News.EXITED:
            _after_failure(region, task)
        case News.UNHEALTHY:
            _be_patient(region, task)
        case News.STOPPED:
            on_stopped(region, task.service)


def _be_patient(region: Region, task: Task) -> None:
    """Judge a failing task now, or when its grace period is over."""
    grace = float(task.service.setup.get("healthCheckGracePeriodSeconds") or 0)
    moment = max(region.now, task.times["startedAt"] + grace)
    region.world.at(moment, lambda: _judge(region, task))


def _judge(region: Region, task: Task) -> None:
    """Replace a task that still fails; one whose group nobody uses is left alone (§3.7)."""
    failing = [
        each
        for each in task.registrations
        if each.target.status in ("unhealthy", "unused") and each.group.listeners
    ]
    if task.stopping or not failing:
        return
    target, group = failing[0].target, failing[0].group
    messages.write(region, task.service, messages.unhealthy(task, target.port, group.arn))
    task.deployment.failed_checks += 1
    reason = messages.failed_checks(group.arn)
    tasks.stop(region, task, "ServiceSchedulerInitiated", reason)
    _after_failure(region, task)


def _after_failure(region: Region, task: Task) -> None:
    service, deployment = task.service, task.deployment
    deployment.restarts += 1
    service.announced = False
    over = deployment.restarts - FREE_ATTEMPTS
    if over >= 0:
        back_off = min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2**over)
        deployment.next_start_at = region.now + back_off
        messages.write(region, service, messages.INCONSISTENT)
    if deployment is service.primary and _breaks(service, deployment):
        _give_up(region, service, deployment)
    run(region, service)


def _breaks(service: Service, deployment: Deployment) -> bool:
    breaker = service.setup["deploymentConfiguration"].get("deploymentCircuitBreaker") or {}
    if not breaker.get("enable") or deployment.rollout != "IN_PROGRESS":
        return False
    limit = _threshold(breaker, service.desired)
    return max(deployment.failed_starts, deployment.failed_checks) >= limit


def _threshold(breaker: dict[str, dict[str, int | str]], desired: int) -> int:
    """Half the desired count, from 3 to 200, unless the breaker says otherwise (§2.8)."""
    wanted = breaker.get("thresholdConfiguration") or {}
    value = int(wanted.get("value", 50))
    if wanted.get("type") == "COUNT":
        return value
    share = math.ceil(desired * value / 100)
    if wanted.get("type") == "UNBOUNDED_PERCENT":
        return max(1, share)
    return max(3, min(200, share))


def _give_up(region: Region, service: Service, deployment: Deployment) -> None:
    """The circuit breaker: nothing more is started; with a past to go back to, go back."""
    deployment.rollout = "FAILED"
    deployment.reason = messages.BREAKER
    deployment.updated_at = region.now
    failed = f"(deployment {deployment.id}) deployment failed: tasks failed to start."
    messages.write(region, service, failed)
    breaker = service.setup["deploymentConfiguration"]["deploymentCircuitBreaker"]
    older = service.deployments[1:]
    if breaker.get("rollback") and older:
        last = older[0]
        last.status, deployment.status = "PRIMARY", "ACTIVE"
        last.updated_at = region.now
        service.deployments = [last, deployment, *older[1:]]
        messages.write(region, service, f"rolling back to (deployment {last.id}).")
        return
    for task in service.live:
        if task.deployment is deployment:
            tasks.stop(region, task, "ServiceSchedulerInitiated", messages.BREAKER)


def on_stopped(region: Region, service: Service) -> None:
    """A draining service without tasks becomes INACTIVE, and is purged later (§2.4)."""
    if service.status == "DRAINING" and not service.tasks:
        region.after(region.timing.inactive, lambda: retire(region, service))
    elif service.status == "ACTIVE":
        run(region, service)


def retire(region: Region, service: Service) -> None:
    """One without tasks is INACTIVE at once (ECS API reference, DeleteService)."""
    if service.status != "DRAINING":
        return
    service.status = "INACTIVE"
    for deployment in service.deployments:
        deployment.status = "INACTIVE"
    region.after(region.timing.purge, lambda: _purge(service))


def _purge(service: Service) -> None:
    if service.cluster.services.get(service.name) is service:
        del service.cluster.services[service.name]
