"""The sentences that ECS writes into events and stop reasons (AWS behaviour §2.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.conditions import Containers
from local.ecs.state import Event, Service, Task

if TYPE_CHECKING:
    from local.world import Region

REPEAT_AFTER = 6 * 3600.0
STEADY = "has reached a steady state."
INCONSISTENT = (
    "is unable to consistently start tasks successfully. For more information, see the "
    "Troubleshooting section of the Amazon ECS Developer Guide."
)
BREAKER = "ECS deployment circuit breaker: tasks failed to start."
REFUSALS = {
    Containers.NO_CAPACITY: (
        "was unable to place a task. Reason: Capacity is unavailable at this time. Please try "
        "again later or in a different availability zone. For more information, see the "
        "Troubleshooting section of the Amazon ECS Developer Guide."
    ),
    Containers.VCPU_QUOTA: (
        "was unable to place a task. Reason: You've reached the limit on the number of vCPUs you "
        "can run concurrently. For more information, see the Troubleshooting section of the "
        "Amazon ECS Developer Guide."
    ),
}
"""Why no task can be placed at all: F30 and F31."""

INTERRUPTIONS = {
    "SpotInterruption": "Your Spot Task was interrupted.",
    "TerminationNotice": (
        "ECS is performing maintenance on the underlying infrastructure hosting the task."
    ),
    "InfrastructureHealth": "The underlying infrastructure hosting the task is unhealthy.",
}
"""Stop code to reason, when Fargate itself ends a task: F37 and F38."""


def write(region: Region, service: Service, message: str) -> None:
    """
    Put an event on top; an equal one is not repeated within six hours.

    A steady state that is reached again is news even so.
    """
    text = f"(service {service.name}) {message}"
    if message != STEADY:
        for event in service.events:
            if event.message == text and region.now - event.at < REPEAT_AFTER:
                return
    service.events.appendleft(Event(region.ids.uuid("event"), region.now, text))


def no_image(region: Region, task: Task) -> str:
    image = task.deployment.definition.images[0]
    return (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
        f"resolve ref {image}: {image}: not found"
    )


def no_route(region: Region, task: Task) -> str:
    return (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
        "retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 "
        "time(s): RequestError: send request failed caused by: Post "
        f'"https://api.ecr.{region.name}.amazonaws.com/": dial tcp: i/o timeout. Please check '
        "your task network configuration."
    )


def failed_checks(group_arn: str) -> str:
    return f"Task failed ELB health checks in (target-group {group_arn})"


def unhealthy(task: Task, port: int, group_arn: str) -> str:
    return (
        f"(task {task.id}) (port {port}) is unhealthy in (target-group {group_arn}) due to "
        "(reason Health checks failed)."
    )


def started(tasks: list[Task]) -> str:
    return f"has started {len(tasks)} tasks: {_names(tasks)}."


def stopped(tasks: list[Task]) -> str:
    return f"has stopped {len(tasks)} running tasks: {_names(tasks)}."


def _names(tasks: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)
