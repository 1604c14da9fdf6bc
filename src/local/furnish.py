"""
What Terraform keeps, put into the account with given ids.

    vpcs              [{"id", "cidr", "internet_gateway": true, "tags"}]
    subnets           [{"id", "vpc", "az", "cidr", "free_addresses", "nat": false, "tags"}]
    vpc_endpoints     [{"vpc", "service": "ecr.api"}]
    elastic_ips       [{"allocation_id", "public_ip", "tags"}]
    security_groups   [{"id", "name", "vpc", "ingress": [{"protocol", "port", "cidr"}], "tags"}]
    clusters          ["name"] or [{"name", "capacity_providers", "tags"}]
    task_definitions  [{"family", "container_definitions", "cpu", "memory",
                        "task_role", "tags"}]
    certificates      [{"domain", "tags", "expires_at"}]
    target_groups     [{"name", "vpc", "protocol": "HTTP", "port": 80, "tags"}], of a load balancer
                      that stands all the time and is not played

The keys are those of `LaptopAws.furnish` and of the JSON file of `python -m local.server`; ids
that are left out are made up and returned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local import acm
from local.ec2 import addresses, endpoints, networks, routes, security_groups, subnets
from local.ec2.state import InternetGateway, Peer, Rule
from local.ecs import clusters, task_definitions
from local.ecs.checks import FARGATE
from local.elbv2 import target_groups

if TYPE_CHECKING:
    from local.world import Region

Thing = Mapping[str, Any]
Ids = dict[str, dict[str, str]]

ARTICLE_NETWORK: dict[str, Any] = {
    "vpcs": [{"id": "vpc-0a1b2c3d4e5f60718", "cidr": "10.0.0.0/16", "internet_gateway": True}],
    "subnets": [
        {
            "id": "subnet-0a1b2c3d4e5f60718",
            "vpc": "vpc-0a1b2c3d4e5f60718",
            "az": "us-east-1a",
            "cidr": "10.0.1.0/24",
        }
    ],
    "elastic_ips": [{"allocation_id": "eipalloc-0a1b2c3d4e5f60718", "public_ip": "203.0.113.25"}],
}
"""The article's "things to have ready": they are variables of its stack."""

ARTICLE: dict[str, Any] = {
    **ARTICLE_NETWORK,
    "security_groups": [
        {
            "name": "nsfw_api_sg",
            "vpc": "vpc-0a1b2c3d4e5f60718",
            "ingress": [{"protocol": "tcp", "port": 5000, "cidr": "0.0.0.0/0"}],
        }
    ],
    "clusters": ["nsfw_api_cluster"],
    "task_definitions": [
        {
            "family": "nsfw-api-container",
            "container_definitions": [
                {
                    "name": "nsfw-api-container",
                    # Not in ECR, for which it would take an execution role.
                    "image": "public.ecr.aws/nsfw-api/nsfw-api:latest",
                    "essential": True,
                    "portMappings": [{"containerPort": 5000, "hostPort": 5000, "protocol": "tcp"}],
                }
            ],
        }
    ],
}
"""With what Terraform makes for it and keeps while it sleeps."""

PRESETS = {"article": ARTICLE, "article-network": ARTICLE_NETWORK}


def furnish(region: Region, things: Mapping[str, Sequence[Any]]) -> Ids:
    """Create all `things`; return kind to name to id (ARN for clusters and task definitions)."""
    unknown = things.keys() - MAKERS.keys()
    if unknown:
        raise ValueError(
            f"cannot furnish {', '.join(sorted(unknown))}; expected {', '.join(MAKERS)}"
        )
    return {
        kind: dict(make(region, thing) for thing in things.get(kind) or ())
        for kind, make in MAKERS.items()
    }


def _vpc(region: Region, thing: Thing) -> tuple[str, str]:
    vpc_id = thing.get("id") or region.ids.ec2("vpc")
    cidr = thing.get("cidr", "10.0.0.0/16")
    vpc = networks.add_vpc(region, vpc_id, cidr=cidr, tags=dict(thing.get("tags") or {}))
    if thing.get("internet_gateway", True):
        gateway = InternetGateway(region.ids.ec2("igw"), vpc_id=vpc.id)
        region.ec2.gateways[gateway.id] = gateway
        for table in region.ec2.route_tables.values():
            if table.vpc_id == vpc.id:
                table.routes["0.0.0.0/0"] = ("GatewayId", gateway.id)
    return vpc_id, vpc_id


def _subnet(region: Region, thing: Thing) -> tuple[str, str]:
    subnet = subnets.add_subnet(
        region,
        thing.get("id") or region.ids.ec2("subnet"),
        vpc_id=thing["vpc"],
        zone=thing.get("az") or f"{region.name}a",
        cidr=thing.get("cidr", "10.0.1.0/24"),
        free=thing.get("free_addresses"),
        has_nat=bool(thing.get("nat")),
        tags=dict(thing.get("tags") or {}),
    )
    if subnet.has_nat:
        table = routes.add_table(region, subnet.vpc_id)
        table.routes["0.0.0.0/0"] = ("NatGatewayId", region.ids.ec2("nat"))
        table.associations[region.ids.ec2("rtbassoc")] = subnet.id
    return subnet.id, subnet.id


def _vpc_endpoint(region: Region, thing: Thing) -> tuple[str, str]:
    endpoint = endpoints.add(region, vpc_id=thing["vpc"], service=thing["service"])
    return endpoint.service, endpoint.id


def _elastic_ip(region: Region, thing: Thing) -> tuple[str, str]:
    address = addresses.add(
        region,
        allocation_id=thing.get("allocation_id") or region.ids.ec2("eipalloc"),
        public_ip=thing.get("public_ip") or region.public_ip(),
        tags=dict(thing.get("tags") or {}),
    )
    return address.public_ip, address.allocation_id


def _security_group(region: Region, thing: Thing) -> tuple[str, str]:
    group = security_groups.add(
        region,
        group_id=thing.get("id") or region.ids.ec2("sg"),
        name=thing["name"],
        vpc_id=thing["vpc"],
        description=thing.get("description", "Managed by Terraform"),
        tags=dict(thing.get("tags") or {}),
    )
    for each in thing.get("ingress") or ():
        peer = Peer(cidr=each.get("cidr", "0.0.0.0/0"))
        protocol, port = each.get("protocol", "tcp"), each["port"]
        group.rules.append(Rule(region.ids.ec2("sgr"), False, protocol, port, port, peer))
    return group.name, group.id


def _cluster(region: Region, thing: Thing | str) -> tuple[str, str]:
    body: Thing = {"name": thing} if isinstance(thing, str) else thing
    providers = body.get("capacity_providers") or list(FARGATE)
    cluster = clusters.add(
        region,
        body["name"],
        tags=dict(body.get("tags") or {}),
        capacity_providers=list(providers),
    )
    return cluster.name, cluster.arn


def _task_definition(region: Region, thing: Thing) -> tuple[str, str]:
    definition = task_definitions.add(
        region,
        {
            "family": thing["family"],
            "containerDefinitions": list(thing["container_definitions"]),
            "cpu": str(thing.get("cpu", 256)),
            "memory": str(thing.get("memory", 512)),
            "networkMode": thing.get("network_mode", "awsvpc"),
            "requiresCompatibilities": list(thing.get("requires_compatibilities") or ["FARGATE"]),
            **({"taskRoleArn": thing["task_role"]} if thing.get("task_role") else {}),
        },
        tags=dict(thing.get("tags") or {}),
    )
    return definition.family, definition.arn


def _certificate(region: Region, thing: Thing) -> tuple[str, str]:
    made = acm.add(
        region, thing["domain"], dict(thing.get("tags") or {}), thing.get("expires_at", "")
    )
    return made.domain, made.arn


def _target_group(region: Region, thing: Thing) -> tuple[str, str]:
    tags = dict(thing.get("tags") or {})
    made = target_groups.create(
        region,
        {
            "Name": thing["name"],
            "VpcId": thing["vpc"],
            "Protocol": thing.get("protocol", "HTTP"),
            "Port": thing.get("port", 80),
            "TargetType": "ip",
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        },
    )
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    group = region.elbv2.groups[arn]
    group.kept, group.used_from = True, -math.inf
    return thing["name"], arn


MAKERS: dict[str, Any] = {
    "vpcs": _vpc,
    "subnets": _subnet,
    "vpc_endpoints": _vpc_endpoint,
    "elastic_ips": _elastic_ip,
    "security_groups": _security_group,
    "clusters": _cluster,
    "task_definitions": _task_definition,
    "certificates": _certificate,
    "target_groups": _target_group,
}
