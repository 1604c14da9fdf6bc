"""What AWS or the application does to tasks while they run, caused by a test."""

from __future__ import annotations

from local.account import Account
from local.ecs import messages, scheduler, tasks
from local.ecs.state import Task
from local.world import Region, World


def interrupt(account: Account, task_arn: str, code: str = "SpotInterruption") -> None:
    """Let Fargate end a task: SpotInterruption, TerminationNotice, InfrastructureHealth."""
    with account.settled() as world:
        region, task = _find_task(world, task_arn)
        tasks.stop(region, task, code, messages.INTERRUPTIONS[code], drain=False)
        scheduler.run(region, task.service)


def set_container_health(account: Account, task_arn: str, *, passes: bool) -> None:
    """Let the application of a running task fail its health checks, or recover."""
    with account.settled() as world:
        region, task = _find_task(world, task_arn)
        tasks.change_health(region, task, passes=passes)


def _find_task(world: World, arn: str) -> tuple[Region, Task]:
    region = world.region(arn.split(":")[3])
    for cluster in region.ecs.clusters.values():
        for task in cluster.tasks.values():
            if task.arn == arn:
                return region, task
    raise KeyError(f"no task {arn}; expected the ARN of a task that can be described")
