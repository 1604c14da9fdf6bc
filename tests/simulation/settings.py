"""
What else the files of a stack say, and whether what stands in AWS says the same.

Each of the `SETTINGS` goes to and fro, as the changes of `sites.py` do. What an update can correct
is corrected while people use the stack; what needs another resource comes with the next wake
(docs/stacks.md, "A configuration that changes").
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from controller.domain.planning.spec import Kind, ResourceSpec
from factories import SUBNET, scaling_policy, scaling_target, scheduled_action
from local.furnish import ARTICLE

if TYPE_CHECKING:
    from local.world import Region
    from simulation.simulated_users import SimulatedUsers

Said = dict[str, Any]

VPC = ARTICLE["vpcs"][0]["id"]
OTHER_SUBNET = "subnet-0d0d0d0d0d0d0d0d0"
FAMILY, OTHER_FAMILY = FAMILIES = "nsfw-api-container", "nsfw-api-next"
GROUP, OTHER_GROUP = "nsfw_api_sg", "nsfw_api_sg_next"
DOMAIN, OTHER_DOMAIN = "a.example.com", "b.example.com"
SSL_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"

TLS, UDP, SCALING, IMAGE, SUBNETS = "TLS", "UDP", "autoscaling", "image", "balancer's subnet"

OF_TLS = ("certificate", "ALPN")
OF_SCALING = ("range", "target value", "policy's name", "scheduled action")
OF_ALL = (
    TLS,
    "port",
    "health check",
    "grace period",
    "deployment",
    "managed tags",
    "task definition",
    "security group",
    "subnet",
    SCALING,
)
LATER = (UDP, IMAGE, SUBNETS)
"""What comes with the next wake."""

SETTINGS = (*OF_ALL, *OF_TLS, *OF_SCALING, *LATER)


def file_says(changed: Collection[str], tasks: int) -> Said:
    """The value of each setting, by the name of the change that moves it."""

    def one(name: str, first: Any, other: Any) -> Any:
        return other if name in changed else first

    is_udp, is_tls = UDP in changed, TLS in changed and UDP not in changed
    scales = SCALING in changed
    policy = one("policy's name", "cpu", "memory"), one("target value", 60, 45)
    return {
        UDP: one(UDP, "TCP", "UDP"),
        TLS: "UDP" if is_udp else "TLS" if is_tls else "TCP",
        "certificate": one("certificate", DOMAIN, OTHER_DOMAIN) if is_tls else None,
        "ALPN": one("ALPN", "None", "HTTP2Preferred") if is_tls else None,
        "port": one("port", 5000, 5001),
        "health check": one("health check", (10, 2), (12, 3)),
        "grace period": one("grace period", 180, 90),
        "deployment": one("deployment", (200, 100), (150, 50)),
        "managed tags": one("managed tags", False, True),
        "task definition": one("task definition", *FAMILIES),
        "security group": one("security group", GROUP, OTHER_GROUP),
        "subnet": one("subnet", SUBNET, OTHER_SUBNET),
        SUBNETS: one(SUBNETS, SUBNET, OTHER_SUBNET),
        "range": one("range", (1, tasks + 3), (min(2, tasks), tasks + 5)) if scales else None,
        "policy's name": policy if scales else None,
        "scheduled action": one("scheduled action", ("night",), ()) if scales else (),
    }


# what the files say, as requests


def written(resource: ResourceSpec, said: Said) -> ResourceSpec:
    """A resource of the article's stack with these settings."""
    more = _REQUESTS[resource.kind](resource.request, said)
    scaling = {}
    if resource.kind is Kind.SERVICE and said["range"]:
        scaling = dict(zip(("least", "most"), said["range"], strict=True))
    return replace(resource, request={**resource.request, **more}, scaling=scaling)


def _balancer(request: Mapping[str, Any], said: Said) -> Said:
    (mapping,) = request["SubnetMappings"]
    return {"SubnetMappings": [{**mapping, "SubnetId": said[SUBNETS]}]}


def _group(_: Mapping[str, Any], said: Said) -> Said:
    interval, threshold = said["health check"]
    return {
        "Protocol": said[UDP],
        "HealthCheckIntervalSeconds": interval,
        "HealthyThresholdCount": threshold,
        "UnhealthyThresholdCount": threshold,
    }


def _listener(_: Mapping[str, Any], said: Said) -> Said:
    more: Said = {"Port": said["port"], "Protocol": said[TLS]}
    if said["certificate"]:
        look_up = {"$look_up": "certificate", "domain": said["certificate"], "attribute": "arn"}
        more["Certificates"] = [{"CertificateArn": look_up}]
        more["SslPolicy"] = SSL_POLICY
        more["AlpnPolicy"] = [said["ALPN"]]
    return more


def _service(request: Mapping[str, Any], said: Said) -> Said:
    most, least = said["deployment"]
    network = request["networkConfiguration"]["awsvpcConfiguration"]
    (group,) = network["securityGroups"]
    network = {
        **network,
        "subnets": [said["subnet"]],
        "securityGroups": [{**group, "name": said["security group"]}],
    }
    return {
        "deploymentConfiguration": {"maximumPercent": most, "minimumHealthyPercent": least},
        "enableECSManagedTags": said["managed tags"],
        "healthCheckGracePeriodSeconds": said["grace period"],
        "taskDefinition": {**request["taskDefinition"], "family": said["task definition"]},
        "networkConfiguration": {"awsvpcConfiguration": network},
    }


_REQUESTS: Mapping[Kind, Callable[[Mapping[str, Any], Said], Said]] = {
    Kind.LOAD_BALANCER: _balancer,
    Kind.TARGET_GROUP: _group,
    Kind.LISTENER: _listener,
    Kind.SERVICE: _service,
}


def autoscaling(said: Said) -> Iterator[ResourceSpec]:
    """What moves the count of the service, where anything does."""
    if not said["range"]:
        return
    least, most = said["range"]
    yield scaling_target(request={"MinCapacity": least, "MaxCapacity": most})
    name, value = said["policy's name"]
    tracking = "TargetTrackingScalingPolicyConfiguration"
    usual = scaling_policy().request[tracking]
    yield scaling_policy(
        request={"PolicyName": name, tracking: {**usual, "TargetValue": value}},
    )
    if said["scheduled action"]:
        yield scheduled_action()


# what the files name and Terraform keeps


def kept_beside(zone: str) -> dict[str, Any]:
    """What the other values of the settings refer to, for `LaptopAws.furnish`."""
    return {
        "subnets": [{"id": OTHER_SUBNET, "vpc": VPC, "az": zone, "cidr": "10.0.2.0/24"}],
        "security_groups": [{**ARTICLE["security_groups"][0], "name": OTHER_GROUP}],
        "certificates": [{"domain": DOMAIN}, {"domain": OTHER_DOMAIN}],
        "task_definitions": [task(OTHER_FAMILY)],
    }


def task(family: str) -> dict[str, Any]:
    """Its next revision."""
    return {**ARTICLE["task_definitions"][0], "family": family}


# what stands


def stands(region: Region, users: SimulatedUsers) -> Said | None:
    """The same of what stands in AWS under the stack's names; None where part of it is missing."""
    balancers = [b for b in region.elbv2.balancers.values() if b.name == users.balancer]
    groups = [g for g in region.elbv2.groups.values() if g.name == users.group]
    named = (cluster.services.get(users.service) for cluster in region.ecs.clusters.values())
    services = [one for one in named if one and one.status == "ACTIVE"]
    if not (balancers and groups and services):
        return None
    return {
        **_of_balancer(region, balancers[0]),
        UDP: groups[0].protocol,
        "health check": (
            groups[0].health["HealthCheckIntervalSeconds"],
            groups[0].health["HealthyThresholdCount"],
        ),
        **_of_service(region, services[0]),
        **_of_scaling(region, services[0]),
    }


def _of_balancer(region: Region, balancer: Any) -> Said:
    """Of a load balancer with one listener; with another number of them the ports say it."""
    ports = [each.port for each in balancer.listeners]
    if len(ports) != 1:
        return {TLS: None, "certificate": None, "ALPN": None, "port": tuple(ports), SUBNETS: None}
    (listener,) = balancer.listeners
    is_tls = listener.protocol == "TLS"
    return {
        SUBNETS: balancer.zones[0].subnet.id,
        "port": ports[0],
        TLS: listener.protocol,
        "certificate": _domain(region, listener) if is_tls else None,
        "ALPN": next(iter(listener.alpn), "None") if is_tls else None,
    }


def _domain(region: Region, listener: Any) -> str:
    return region.certificates[listener.certificates[0]["CertificateArn"]].domain


def _of_service(region: Region, service: Any) -> Said:
    setup = service.setup
    network = setup["networkConfiguration"]["awsvpcConfiguration"]
    deployment = setup["deploymentConfiguration"]
    (group,) = network["securityGroups"]
    (subnet,) = network["subnets"]
    return {
        "grace period": setup["healthCheckGracePeriodSeconds"],
        "deployment": (deployment["maximumPercent"], deployment["minimumHealthyPercent"]),
        "managed tags": setup.get("enableECSManagedTags", False),
        "task definition": service.primary.definition.family,
        "security group": region.ec2.groups[group].name,
        "subnet": subnet,
        IMAGE: service.primary.definition.revision,
    }


def _of_scaling(region: Region, service: Any) -> Said:
    id_ = f"service/{service.cluster.name}/{service.name}"
    target = region.autoscaling.targets.get(id_)
    if target is None:
        return {"range": None, "policy's name": None, "scheduled action": ()}
    values = [
        (name, put["TargetTrackingScalingPolicyConfiguration"]["TargetValue"])
        for name, put in target.policies.items()
    ]
    return {
        "range": (target.least, target.most),
        "policy's name": values[0] if len(values) == 1 else tuple(values),
        "scheduled action": tuple(target.actions),
    }


def newest_image(region: Region, family: str, before: float) -> int:
    """The revision that a wake at that moment would take; 0 where there was none yet."""
    found = region.ecs.definitions[family]
    return max((each.revision for each in found if each.registered_at <= before), default=0)
