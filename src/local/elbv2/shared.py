"""Checks, pages and tag lists that ELBv2's calls share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local.elbv2.state import Listener, LoadBalancer, Tags, TargetGroup
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

PAGE_SIZE = 400
MAX_TAGS = 50


def validation(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def misconfigured(message: str) -> AwsError:
    return AwsError("InvalidConfigurationRequest", message)


def check_name(name: str, what: str) -> None:
    """The rules of §1.2 and §1.3: at most 32 of letters, digits and inner hyphens."""
    if len(name) > 32:
        raise validation(f"{what} name '{name}' cannot be longer than '32' characters")
    if not re.fullmatch(r"[A-Za-z0-9-]+", name):
        raise validation(
            f"{what} name '{name}' can only contain characters that are alphanumeric "
            "characters or hyphens(-)"
        )
    if name.startswith("-") or name.endswith("-"):
        raise validation(f"{what} name '{name}' cannot begin or end with a hyphen(-)")


def read_tags(tags: Sequence[Mapping[str, str]] | None) -> Tags:
    found: Tags = {}
    for tag in tags or ():
        if tag["Key"] in found:
            raise AwsError("DuplicateTagKeys", "Tag keys must be unique")
        found[tag["Key"]] = tag.get("Value", "")
    if len(found) > MAX_TAGS:
        raise AwsError("TooManyTags", f"The maximum number of tags is {MAX_TAGS}")
    return found


def page(items: list[Any], params: Mapping[str, Any], key: str) -> dict[str, Any]:
    """One page of at most 400; the marker is the place of the next item."""
    size = params.get("PageSize") or PAGE_SIZE
    if not 1 <= size <= PAGE_SIZE:
        raise validation(f"Page size must be between 1 and {PAGE_SIZE}")
    marker = params.get("Marker") or "0"
    if not str(marker).isdigit():
        raise validation(f"Invalid marker '{marker}'")
    start = int(marker)
    reply: dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        reply["NextMarker"] = str(start + size)
    return reply


def check_arn(arn: str, kind: str, what: str) -> None:
    if f":{kind}/" not in arn or not arn.startswith("arn:"):
        raise validation(f"'{arn}' is not a valid {what} ARN")


def no_balancer(arn: str) -> AwsError:
    return AwsError("LoadBalancerNotFound", f"Load balancer '{arn}' not found")


def no_group(arn: str) -> AwsError:
    return AwsError("TargetGroupNotFound", f"Target group '{arn}' not found")


def no_listener(arn: str) -> AwsError:
    return AwsError("ListenerNotFound", f"Listener '{arn}' not found")


def written_balancer(region: Region, arn: str) -> LoadBalancer:
    """The load balancer that a write names: writes see it at once, and not once it is deleted."""
    check_arn(arn, "loadbalancer", "load balancer")
    balancer = region.elbv2.balancers.get(arn)
    if not balancer or balancer.deleted_at <= region.now:
        raise no_balancer(arn)
    return balancer


def written_group(region: Region, arn: str) -> TargetGroup:
    check_arn(arn, "targetgroup", "target group")
    if arn not in region.elbv2.groups:
        raise no_group(arn)
    return region.elbv2.groups[arn]


def written_listener(region: Region, arn: str) -> Listener:
    check_arn(arn, "listener", "listener")
    if arn not in region.elbv2.listeners:
        raise no_listener(arn)
    return region.elbv2.listeners[arn]


def is_visible(region: Region, thing: LoadBalancer | TargetGroup | Listener) -> bool:
    """Reads lag behind creates (§1.7)."""
    return region.now >= thing.created_at + region.timing.describe_lag


def read_balancer(region: Region, arn: str) -> LoadBalancer:
    """The load balancer that a read names: not yet there for a while, and gone a bit late."""
    check_arn(arn, "loadbalancer", "load balancer")
    balancer = region.elbv2.balancers.get(arn)
    if not balancer or not is_visible(region, balancer):
        raise no_balancer(arn)
    return balancer


def read_group(region: Region, arn: str) -> TargetGroup:
    group = written_group(region, arn)
    if not is_visible(region, group):
        raise no_group(arn)
    return group


def read_listener(region: Region, arn: str) -> Listener:
    listener = written_listener(region, arn)
    if not is_visible(region, listener):
        raise no_listener(arn)
    return listener
