"""Where a stack of the simulation lives: its region, and the names of what is its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from controller.domain.planning.spec import ResourceSpec, Spec
from factories import EIP, SUBNET, article_spec, listener, load_balancer, service, target_group
from local.aws import LaptopAws
from local.furnish import ARTICLE
from simulation import settings

RENAMED = "-next"
"""What a name ends in after somebody has changed it."""

HARMLESS = ("cluster's address", "region written out", "count")
"""Changes that take nothing down; "balancer", "group" and "service" are others' names."""

CHANGES = (*HARMLESS, "balancer", "group", "service")
MOVES = ("region", "role")
"""Changes of the place: the same names, in another region or in the account of a role."""

OTHER_ACCOUNT = "222222222222"
ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/dormouse"
CONTROLLERS_REGION = "us-east-1"

WORKER = "worker"
"""The family of a second service's tasks."""

_WORKERS_TASK = {
    "family": WORKER,
    "container_definitions": [{"name": WORKER, "image": "worker:1", "essential": True}],
}


@dataclass(frozen=True, slots=True)
class Place:
    """A region of an account; "" is the controller's own."""

    account: str
    region: str


place_of = lru_cache(maxsize=None)(Place)
"""The same `Place` for each of its calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What of a stack somebody has changed since it was first published; each goes to and fro."""

    changed: frozenset[str] = frozenset()

    def with_changes(self, *changes: str) -> Shape:
        return Shape(changed=self.changed.symmetric_difference(changes))

    def tasks(self, first: int) -> int:
        return first + ("count" in self.changed)

    def name(self, what: str, first: str) -> str:
        return first + RENAMED if what in self.changed else first


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    stack: str
    region: str
    allocation_id: str
    public_ip: str
    away: str = "eu-west-1"
    """Where it goes when its files name another region."""
    balancer: str = "ecs-nlb"
    group: str = "ecs-target-group"
    service: str = "nsfw_api_service"
    worker: str = "worker"
    """A second service of one task, behind nothing, where the stack has one."""

    @property
    def balancers(self) -> Sequence[str]:
        return self.balancer, self.balancer + RENAMED

    @property
    def services(self) -> Sequence[str]:
        return self.service, self.service + RENAMED

    @property
    def groups(self) -> Sequence[str]:
        return self.group, self.group + RENAMED

    def place(self, shape: Shape) -> Place:
        account = OTHER_ACCOUNT if "role" in shape.changed else ""
        return Place(account, self.away if "region" in shape.changed else self.region)

    def spec(
        self,
        policy: dict[str, Any],
        shape: Shape,
        *,
        tags_tasks: bool,
        tasks: int = 1,
        worker: bool = False,
    ) -> Spec:
        """The article's stack here; `tags_tasks` lets its tasks carry our tags."""
        place = self.place(shape)
        said = settings.file_says(shape.changed, tasks)
        four = self._resources(shape, tasks, tags_tasks=tags_tasks)
        resources = [settings.written(each, said) for each in four]
        if worker:
            resources.append(self._worker(tags_tasks=tags_tasks))
        resources += settings.autoscaling(said)
        unsaid = "region written out" in shape.changed and place.region == CONTROLLERS_REGION
        return article_spec(
            stack=self.stack,
            region=None if unsaid else place.region,
            role_arn=ROLE if place.account else None,
            policy=policy,
            resources=tuple(resources),
            endpoint={"port": said["port"], "protocol": said[settings.TLS], "open_path": "/"},
        )

    def _resources(self, shape: Shape, tasks: int, *, tags_tasks: bool) -> list[ResourceSpec]:
        mapping = {"SubnetId": SUBNET, "AllocationId": self.allocation_id}
        named: dict[str, Any] = {
            "serviceName": shape.name("service", self.service),
            "desiredCount": shape.tasks(tasks),
        }
        if "cluster's address" in shape.changed:
            named["cluster"] = {**service().request["cluster"], "of": "aws_ecs_cluster.moved"}
        if tags_tasks:
            named["propagateTags"] = "SERVICE"
        balancer = shape.name("balancer", self.balancer)
        return [
            target_group(request={"Name": shape.name("group", self.group)}),
            load_balancer(request={"Name": balancer, "SubnetMappings": [mapping]}),
            listener(),
            service(request=named),
        ]

    def _worker(self, *, tags_tasks: bool) -> ResourceSpec:
        behind = ("loadBalancers", "healthCheckGracePeriodSeconds")
        usual = {key: value for key, value in service().request.items() if key not in behind}
        task = {**usual["taskDefinition"], "family": WORKER}
        request = {**usual, "serviceName": self.worker, "taskDefinition": task, "desiredCount": 1}
        if tags_tasks:
            request["propagateTags"] = "SERVICE"
        return replace(service(), address="aws_ecs_service.worker[0]", after=(), request=request)

    def furnish(self, aws: LaptopAws, region: str, *, others: bool) -> None:
        """What Terraform keeps there; with `others` the surroundings are there already."""
        address = {"allocation_id": self.allocation_id, "public_ip": self.public_ip}
        things: dict[str, Any] = {"elastic_ips": [address]}
        if not others:
            subnets = [{**each, "az": f"{region}a"} for each in ARTICLE["subnets"]]
            tasks = [*ARTICLE["task_definitions"], _WORKERS_TASK]
            things = {**ARTICLE, "subnets": subnets, "task_definitions": tasks, **things}
        aws.furnish(region=region, **things)
        if not others:
            aws.furnish(region=region, **settings.kept_beside(f"{region}a"))


HOME = Site(stack="nsfw-api", region="us-east-1", allocation_id=EIP, public_ip="203.0.113.25")
NEXT_DOOR = Site(
    stack="nsfw-api-b",
    region="us-east-1",
    allocation_id="eipalloc-0b0b0b0b0b0b0b0b0",
    public_ip="203.0.113.26",
    balancer="ecs-nlb-b",
    group="ecs-target-group-b",
    service="nsfw_api_service_b",
    worker="worker_b",
)
ABROAD = Site(
    stack="nsfw-api-b",
    region="ap-northeast-1",
    away="eu-central-1",
    allocation_id="eipalloc-0c0c0c0c0c0c0c0c0",
    public_ip="203.0.113.27",
)
"""Everything has the names that it has at home."""
