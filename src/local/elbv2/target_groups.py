"""Target groups: their health check, the one balancer they serve, and when they can go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local import refusals
from local.elbv2 import attributes, health
from local.elbv2.shared import (
    check_arn,
    check_name,
    is_visible,
    misconfigured,
    no_group,
    page,
    read_balancer,
    read_tags,
    validation,
    written_group,
)
from local.elbv2.state import TargetGroup
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

PROTOCOLS = ("TCP", "TLS", "UDP", "TCP_UDP")
HTTP = ("HTTP", "HTTPS")
HEALTH_KEYS = (
    "HealthCheckProtocol",
    "HealthCheckPort",
    "HealthCheckEnabled",
    "HealthCheckPath",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
)
BOUNDS = {
    "HealthCheckIntervalSeconds": (5, 300, "Health check interval"),
    "HealthCheckTimeoutSeconds": (2, 120, "Health check timeout"),
    "HealthyThresholdCount": (2, 10, "Healthy threshold count"),
    "UnhealthyThresholdCount": (2, 10, "Unhealthy threshold count"),
}


def create(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Make a target group, or return the one that already has these settings (§1.6)."""
    name = params["Name"]
    check_name(name, "Target group")
    _check_request(region, params)
    refusals.check_group(params)
    check = _health_check(params, {})
    standing = region.elbv2.group_names.get(name)
    if standing:
        if standing.settings != _settings(params, check):
            raise AwsError(
                "DuplicateTargetGroupName",
                f"A target group with the same name '{name}' exists, but with different settings",
            )
        return {"TargetGroups": [view(region, standing)]}
    group = _make(region, params, check)
    return {"TargetGroups": [view(region, group)]}


def _check_request(region: Region, params: Mapping[str, Any]) -> None:
    protocol = params.get("Protocol")
    if protocol not in PROTOCOLS + HTTP:
        raise validation(f"Target group protocol '{protocol}' is not valid")
    if not params.get("Port"):
        raise validation("A port must be specified")
    if params.get("VpcId") not in region.ec2.vpcs:
        raise validation(f"The VPC ID '{params.get('VpcId')}' is not found")
    if params.get("TargetType", "instance") not in ("instance", "ip"):
        raise misconfigured(
            f"Target type '{params['TargetType']}' is not supported with protocol '{protocol}'"
        )


def _health_check(params: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """The API's defaults (interval 30, healthy 5, unhealthy 2: §1.2), then what is asked."""
    group_protocol = params.get("Protocol", "TCP")
    usual = "HTTP" if group_protocol in HTTP else "TCP"
    protocol = params.get("HealthCheckProtocol") or base.get("HealthCheckProtocol") or usual
    found: dict[str, Any] = {
        "HealthCheckProtocol": protocol,
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 6 if protocol in HTTP else 10,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
    }
    if protocol in HTTP:
        found |= {"HealthCheckPath": "/", "Matcher": {"HttpCode": "200-399"}}
    found |= base
    found |= {key: params[key] for key in HEALTH_KEYS if params.get(key) is not None}
    _check_health(found)
    return found


def _check_health(check: Mapping[str, Any]) -> None:
    for key, (low, high, what) in BOUNDS.items():
        if not low <= check[key] <= high:
            raise validation(f"{what} '{check[key]}' must be between {low} and {high}")
    if check["HealthCheckTimeoutSeconds"] >= check["HealthCheckIntervalSeconds"]:
        raise validation(
            f"Health check timeout '{check['HealthCheckTimeoutSeconds']}' must be smaller than the "
            f"interval '{check['HealthCheckIntervalSeconds']}'"
        )
    if check["HealthCheckProtocol"] not in (*HTTP, "TCP"):
        raise validation(
            f"Health check protocol '{check['HealthCheckProtocol']}' must be TCP, HTTP or HTTPS"
        )


def _settings(params: Mapping[str, Any], check: Mapping[str, Any]) -> object:
    """What is requested, in the form of `TargetGroup.settings`."""
    return (
        params["Protocol"],
        params["Port"],
        params.get("VpcId"),
        params.get("TargetType", "instance"),
        params.get("IpAddressType", "ipv4"),
        tuple(sorted((key, str(value)) for key, value in check.items())),
    )


def _make(region: Region, params: Mapping[str, Any], check: dict[str, Any]) -> TargetGroup:
    name, group_id = params["Name"], region.ids.hex("target group", 16)
    target_type = params.get("TargetType", "instance")
    group = TargetGroup(
        arn=region.arn("elasticloadbalancing", f"targetgroup/{name}/{group_id}"),
        id=group_id,
        name=name,
        protocol=params["Protocol"],
        port=params["Port"],
        vpc_id=params["VpcId"],
        target_type=target_type,
        ip_address_type=params.get("IpAddressType", "ipv4"),
        health=check,
        tags=read_tags(params.get("Tags")),
        attributes=attributes.group_defaults(params["Protocol"], target_type),
        created_at=region.now,
    )
    region.elbv2.groups[group.arn] = region.elbv2.group_names[name] = group
    return group


def view(region: Region, group: TargetGroup) -> dict[str, Any]:
    balancer = group.balancer(region.now)
    return {
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        "Protocol": group.protocol,
        "Port": group.port,
        "VpcId": group.vpc_id,
        **group.health,
        "LoadBalancerArns": [balancer.arn] if balancer else [],
        "TargetType": group.target_type,
        "IpAddressType": group.ip_address_type,
    }


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    given = [key for key in ("Names", "TargetGroupArns", "LoadBalancerArn") if params.get(key)]
    if len(given) > 1:
        raise validation("Specify only one of names, target group ARNs and load balancer ARN")
    state = region.elbv2
    if params.get("Names"):
        found = [state.group_names.get(name) for name in params["Names"]]
    elif params.get("TargetGroupArns"):
        for arn in params["TargetGroupArns"]:
            check_arn(arn, "targetgroup", "target group")
        found = [state.groups.get(arn) for arn in params["TargetGroupArns"]]
    else:
        return _describe_all(region, params)
    seen = [each for each in found if each and is_visible(region, each)]
    if len(seen) < len(found):
        raise AwsError("TargetGroupNotFound", "One or more target groups not found")
    return page([view(region, each) for each in seen], params, "TargetGroups")


def _describe_all(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    groups = [each for each in region.elbv2.groups.values() if is_visible(region, each)]
    if params.get("LoadBalancerArn"):
        balancer = read_balancer(region, params["LoadBalancerArn"])
        groups = [each for each in groups if each.balancer(region.now) is balancer]
    return page([view(region, each) for each in groups], params, "TargetGroups")


def modify(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Change the health check; the present health of a target stays until it changes."""
    group = written_group(region, params["TargetGroupArn"])
    refusals.check_group({"Protocol": group.protocol, "TargetType": group.target_type, **params})
    group.health = _health_check({"Protocol": group.protocol, **params}, group.health)
    health.replan(region, group)
    return {"TargetGroups": [view(region, group)]}


def delete(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """A group that is not there is no error; one still referred to is (§3.3)."""
    arn = params["TargetGroupArn"]
    check_arn(arn, "targetgroup", "target group")
    group = region.elbv2.groups.get(arn)
    if not group:
        return {}
    if group.balancer(region.now):
        raise AwsError(
            "ResourceInUse",
            f"Target group '{arn}' is currently in use by a listener or a rule",
        )
    for target in list(group.targets.values()):
        health.deregister(region, group, target)
    del region.elbv2.groups[arn]
    del region.elbv2.group_names[group.name]
    return {}


def find(region: Region, arn: str) -> TargetGroup:
    """The group that an action of a listener names."""
    group = region.elbv2.groups.get(arn)
    if not group:
        raise no_group(arn)
    return group


OPERATIONS = {
    "CreateTargetGroup": create,
    "DescribeTargetGroups": describe,
    "ModifyTargetGroup": modify,
    "DeleteTargetGroup": delete,
}
