"""The network load balancers that exist in an account, with what their services use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from controller.aws.clients import Clients
from controller.aws.errors import code_of
from controller.aws.listing import in_parts, list_all
from controller.domain.dataclass import dataclass, field
from controller.domain.money.usage import Tasks, UsageProfile

_AT_ONCE = 10
"""Services that one DescribeServices takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer:
    """`dimension` is its name in CloudWatch, net/<name>/<id>."""

    arn: str
    name: str
    created_at: datetime
    elastic_ips: int
    tasks: Mapping[str, Tasks] = field(default_factory=dict)

    @property
    def dimension(self) -> str:
        return self.arn.partition(":loadbalancer/")[2]

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]

    def use(self) -> UsageProfile:
        """What it and the services behind it use while they exist."""
        return UsageProfile(
            region=self.region, balancers=1, elastic_ips=self.elastic_ips, tasks=self.tasks
        )


def find_balancers(
    clients: Clients,
    *,
    names: Sequence[str] = (),
    arns: Sequence[str] = (),
    with_tasks: bool = False,
) -> tuple[list[Balancer], int]:
    """
    The network load balancers of these names or ARNs, or all; and how many others there are.

    `with_tasks` looks for the Fargate services behind them, which takes some more reads.
    """
    request: dict[str, Any] = {}
    if names:
        request["Names"] = list(names)
    if arns:
        request["LoadBalancerArns"] = list(arns)
    elbv2 = clients.get("elbv2")
    try:
        found = list_all(elbv2, "describe_load_balancers", "LoadBalancers", **request)
    except elbv2.exceptions.LoadBalancerNotFoundException:
        return [], 0
    network = [each for each in found if each["Type"] == "network"]
    services = _services(clients) if with_tasks and network else []
    return [_balancer(elbv2, each, services) for each in network], len(found) - len(network)


def _balancer(
    elbv2: Any, found: Mapping[str, Any], services: Sequence[tuple[Mapping[str, Any], Tasks]]
) -> Balancer:
    arn = str(found["LoadBalancerArn"])
    groups = _groups(elbv2, arn) if services else set()
    zones = found.get("AvailabilityZones", ())
    return Balancer(
        arn=arn,
        name=found["LoadBalancerName"],
        created_at=found["CreatedTime"],
        elastic_ips=sum(
            1
            for zone in zones
            for a in zone.get("LoadBalancerAddresses", ())
            if "AllocationId" in a
        ),
        tasks={
            service["serviceArn"]: tasks
            for service, tasks in services
            if groups & {each.get("targetGroupArn") for each in service.get("loadBalancers", ())}
        },
    )


def _groups(elbv2: Any, arn: str) -> set[str]:
    groups = list_all(elbv2, "describe_target_groups", "TargetGroups", LoadBalancerArn=arn)
    return {group["TargetGroupArn"] for group in groups}


def _services(clients: Clients) -> list[tuple[Mapping[str, Any], Tasks]]:
    """The Fargate services of all clusters that are behind something."""
    ecs = clients.get("ecs")
    found = []
    for cluster in list_all(ecs, "list_clusters", "clusterArns"):
        found += list(_of_cluster(ecs, cluster))
    return found


def _of_cluster(ecs: Any, cluster: str) -> Iterator[tuple[Mapping[str, Any], Tasks]]:
    arns = list_all(ecs, "list_services", "serviceArns", cluster=cluster)
    for some in in_parts(arns, _AT_ONCE):
        for service in ecs.describe_services(cluster=cluster, services=some)["services"]:
            if service.get("loadBalancers") and service.get("launchType", "FARGATE") == "FARGATE":
                yield service, _tasks(ecs, service)


def _tasks(ecs: Any, service: Mapping[str, Any]) -> Tasks:
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    size = {"cpu": "256", "memory": "512", "runtimePlatform": {}}
    try:
        name = service["taskDefinition"]
        size |= ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
    except ecs.exceptions.ClientError as error:
        if code_of(error) not in ("ClientException", "AccessDeniedException"):
            raise
    platform: Any = size["runtimePlatform"]
    return Tasks(
        count=int(service.get("desiredCount", 1)),
        cpu=int(str(size["cpu"])),
        memory=int(str(size["memory"])),
        arm=platform.get("cpuArchitecture") == "ARM64",
        public_ip=network.get("assignPublicIp") == "ENABLED",
    )
