"""Tags of load balancers, target groups and listeners by ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.elbv2.shared import (
    MAX_TAGS,
    read_balancer,
    read_group,
    read_listener,
    read_tags,
    validation,
    written_balancer,
    written_group,
    written_listener,
)
from local.elbv2.state import Tags
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

MAX_ARNS = 20
QUOTAS = {
    "network-load-balancers": "50",
    "target-groups": "3000",
    "listeners-per-network-load-balancer": "50",
    "targets-per-network-load-balancer": "3000",
    "targets-per-availability-zone-per-network-load-balancer": "500",
}


def _read(region: Region, arn: str) -> Tags:
    """The tags that a read sees: it may not know a fresh ARN yet (§1.7)."""
    if ":loadbalancer/" in arn:
        return read_balancer(region, arn).tags
    if ":targetgroup/" in arn:
        return read_group(region, arn).tags
    if ":listener/" in arn:
        return read_listener(region, arn).tags
    raise validation(f"'{arn}' is not a valid ARN")


def _written(region: Region, arn: str) -> Tags:
    if ":loadbalancer/" in arn:
        return written_balancer(region, arn).tags
    if ":targetgroup/" in arn:
        return written_group(region, arn).tags
    if ":listener/" in arn:
        return written_listener(region, arn).tags
    raise validation(f"'{arn}' is not a valid ARN")


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    arns = params["ResourceArns"]
    if len(arns) > MAX_ARNS:
        raise validation(f"You cannot specify more than {MAX_ARNS} resources")
    return {
        "TagDescriptions": [
            {
                "ResourceArn": arn,
                "Tags": [{"Key": k, "Value": v} for k, v in _read(region, arn).items()],
            }
            for arn in arns
        ]
    }


def add(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    wanted = read_tags(params["Tags"])
    held = [_written(region, arn) for arn in params["ResourceArns"]]
    for tags in held:
        if len(tags | wanted) > MAX_TAGS:
            raise AwsError("TooManyTags", f"The maximum number of tags is {MAX_TAGS}")
    for tags in held:
        tags.update(wanted)
    return {}


def remove(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    for arn in params["ResourceArns"]:
        tags = _written(region, arn)
        for key in params["TagKeys"]:
            tags.pop(key, None)
    return {}


def describe_limits(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    return {"Limits": [{"Name": name, "Max": most} for name, most in QUOTAS.items()]}


OPERATIONS = {
    "DescribeTags": describe,
    "AddTags": add,
    "RemoveTags": remove,
    "DescribeAccountLimits": describe_limits,
}
