"""Where a stack of the simulation lives: its region, and the names of what is its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from controller.domain.spec import ResourceSpec, Spec
from factories import EIP, SUBNET, article_spec, listener, load_balancer, service, target_group
from local.aws import LaptopAws
from local.furnish import ARTICLE

RENAMED = "-next"
"""What the load balancer's name ends in after somebody has renamed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    stack: str
    region: str
    allocation_id: str
    public_ip: str
    balancer: str = "ecs-nlb"
    group: str = "ecs-target-group"
    service: str = "nsfw_api_service"

    @property
    def balancers(self) -> Sequence[str]:
        return self.balancer, self.balancer + RENAMED

    def spec(self, policy: dict[str, Any], balancer: str, *, tags_tasks: bool) -> Spec:
        """The article's stack here; `tags_tasks` lets its tasks carry our tags."""
        return article_spec(
            stack=self.stack,
            region=self.region,
            policy=policy,
            resources=tuple(self._resources(balancer, tags_tasks=tags_tasks)),
        )

    def _resources(self, balancer: str, *, tags_tasks: bool) -> list[ResourceSpec]:
        mapping = {"SubnetId": SUBNET, "AllocationId": self.allocation_id}
        named: dict[str, Any] = {"serviceName": self.service}
        if tags_tasks:
            named["propagateTags"] = "SERVICE"
        return [
            target_group(request={"Name": self.group}),
            load_balancer(request={"Name": balancer, "SubnetMappings": [mapping]}),
            listener(),
            service(request=named),
        ]

    def furnish(self, aws: LaptopAws, *, others: bool) -> None:
        """What Terraform keeps; with `others` the surroundings are there already."""
        address = {"allocation_id": self.allocation_id, "public_ip": self.public_ip}
        things: dict[str, Any] = {"elastic_ips": [address]}
        if not others:
            subnets = [{**each, "az": f"{self.region}a"} for each in ARTICLE["subnets"]]
            things = {**ARTICLE, "subnets": subnets, **things}
        aws.furnish(region=self.region, **things)


HOME = Site(stack="nsfw-api", region="us-east-1", allocation_id=EIP, public_ip="203.0.113.25")
NEXT_DOOR = Site(
    stack="nsfw-api-b",
    region="us-east-1",
    allocation_id="eipalloc-0b0b0b0b0b0b0b0b0",
    public_ip="203.0.113.26",
    balancer="ecs-nlb-b",
    group="ecs-target-group-b",
    service="nsfw_api_service_b",
)
ABROAD = Site(
    stack="nsfw-api-b",
    region="ap-northeast-1",
    allocation_id="eipalloc-0c0c0c0c0c0c0c0c0",
    public_ip="203.0.113.27",
)
"""Everything has the names that it has at home."""
