"""What ECS keeps for one region."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from controller.domain.dataclass import dataclass, field
from local.conditions import Containers
from local.ec2.state import NetworkInterface, Subnet
from local.elbv2.state import Target, TargetGroup
from local.lifetimes import moment

Tags = dict[str, str]

MAX_EVENTS = 100
BEFORE_START = ("PROVISIONING", "PENDING", "ACTIVATING")
"""What ECS counts as pending."""


@dataclass(slots=True, eq=False)
class Cluster:
    name: str
    arn: str
    tags: Tags = field(default_factory=dict)
    status: str = "ACTIVE"
    settings: list[dict[str, str]] = field(default_factory=list)
    configuration: dict[str, Any] = field(default_factory=dict)
    capacity_providers: list[str] = field(default_factory=list)
    default_strategy: list[dict[str, Any]] = field(default_factory=list)
    services: dict[str, Service] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class TaskDefinition:
    """`body` is what was registered; `containers` its containerDefinitions."""

    arn: str
    family: str
    revision: int
    body: dict[str, Any]
    registered_at: float
    tags: Tags = field(default_factory=dict)
    status: str = "ACTIVE"
    deregistered_at: float | None = None

    @property
    def containers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.body["containerDefinitions"]
        return found

    @property
    def images(self) -> list[str]:
        return [each.get("image", "") for each in self.containers]

    def container(self, name: str) -> dict[str, Any] | None:
        return next((each for each in self.containers if each.get("name") == name), None)


@dataclass(slots=True, eq=False)
class Deployment:
    """
    `setup` are the request's fields that a deployment has a copy of, under the API's names.

    `restarts` counts tasks that had to be replaced since the last steady state.
    """

    id: str
    definition: TaskDefinition
    setup: dict[str, Any]
    created_at: float
    updated_at: float
    status: str = "PRIMARY"
    rollout: str = "IN_PROGRESS"
    reason: str = ""
    failed_starts: int = 0
    failed_checks: int = 0
    restarts: int = 0
    next_start_at: float = 0.0

    @property
    def failures(self) -> int:
        return self.failed_starts + self.failed_checks


@dataclass(slots=True, eq=False)
class Event:
    id: str
    at: float
    message: str
    shown: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.shown = {"id": self.id, "createdAt": moment(self.at), "message": self.message}


@dataclass(slots=True, eq=False)
class Service:
    """
    `request` is the body of CreateService without its tags, `token` its clientToken; `setup` is
    what holds now, after updates. `announced` is False from any change until the next steady
    state.
    """

    name: str
    arn: str
    cluster: Cluster
    desired: int
    request: dict[str, Any]
    setup: dict[str, Any]
    token: str | None
    tags: Tags
    created_at: float
    status: str = "ACTIVE"
    deployments: list[Deployment] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))
    announced: bool = False
    wake_up_at: float = math.inf

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    @property
    def live(self) -> list[Task]:
        """Tasks that are meant to run."""
        return [task for task in self.tasks if task.desired_status == "RUNNING"]

    def count(self, *statuses: str, deployment: Deployment | None = None) -> int:
        return sum(
            task.last_status in statuses and (deployment is None or task.deployment is deployment)
            for task in self.tasks
        )


class News(StrEnum):
    """What a task reports to its scheduler."""

    RUNS = "runs"
    NOT_STARTED = "not started"
    EXITED = "exited"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"  # or registered where the load balancer is not
    STOPPED = "stopped"


@dataclass(slots=True, eq=False)
class Registration:
    group: TargetGroup
    target: Target
    container: str
    drained: bool = False


@dataclass(slots=True, eq=False)
class Task:
    """
    `times` holds the API's timestamps by name, `behaviour` how its containers will do; `epoch`
    makes plans that were overtaken void.
    """

    arn: str
    id: str
    cluster: Cluster
    service: Service
    deployment: Deployment
    subnet: Subnet
    behaviour: Containers
    capacity: str
    created_at: float
    report: Callable[[Task, News], None]
    last_status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    stop_code: str = ""
    stopped_reason: str = ""
    container_reason: str = ""
    exit_code: int | None = None
    interface: NetworkInterface | None = None
    times: dict[str, float] = field(default_factory=dict)
    registrations: list[Registration] = field(default_factory=list)
    tags: Tags = field(default_factory=dict)
    epoch: int = 0

    @property
    def stopping(self) -> bool:
        return self.desired_status == "STOPPED"


@dataclass(slots=True)
class Ecs:
    """`definitions` holds the revisions of each family, oldest first."""

    clusters: dict[str, Cluster] = field(default_factory=dict)
    definitions: dict[str, list[TaskDefinition]] = field(default_factory=dict)
