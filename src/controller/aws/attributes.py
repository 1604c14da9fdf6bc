"""The attributes of ELBv2 objects, which no create call takes: read, compare, put right."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from controller.aws.clients import Client
from controller.domain.planning.spec import Kind, ResourceSpec

ATTRIBUTES = "attributes"
AT_FIRST = "attributes to begin with"
"""What an object can lack: attributes, among them those that are set once and then left alone."""

# What a fresh object has without being asked; nothing of it needs a call.
# Source: botocore's elbv2 model, the three …Attribute shapes (AWS behaviour §1.2, §1.3).
DEFAULTS: Mapping[Kind, Mapping[str, str]] = {
    Kind.LOAD_BALANCER: {
        "access_logs.s3.enabled": "false",
        "access_logs.s3.bucket": "",
        "access_logs.s3.prefix": "",
        "deletion_protection.enabled": "false",
        "dns_record.client_routing_policy": "any_availability_zone",
        "load_balancing.cross_zone.enabled": "false",
        "zonal_shift.config.enabled": "false",
    },
    Kind.TARGET_GROUP: {
        "deregistration_delay.connection_termination.enabled": "false",
        "deregistration_delay.timeout_seconds": "300",
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
        "proxy_protocol_v2.enabled": "false",
        "stickiness.enabled": "false",
        "stickiness.type": "source_ip",
        "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
        "target_health_state.unhealthy.connection_termination.enabled": "true",
        "target_health_state.unhealthy.draining_interval_seconds": "0",
    },
    Kind.LISTENER: {"tcp.idle_timeout.seconds": "350"},
}

_UNKNOWN = re.compile(r"""attribute key ['"]?([^'" ]+)['"]? is not (?:recognized|supported)""")

_CALLS: Mapping[Kind, tuple[str, str]] = {
    Kind.LOAD_BALANCER: ("load_balancer_attributes", "LoadBalancerArn"),
    Kind.TARGET_GROUP: ("target_group_attributes", "TargetGroupArn"),
    Kind.LISTENER: ("listener_attributes", "ListenerArn"),
}


def wanted(resource: ResourceSpec) -> dict[str, str]:
    """The attributes that a fresh object does not have by itself."""
    defaults = DEFAULTS.get(resource.kind, {})
    return {k: v for k, v in resource.attributes.items() if defaults.get(k) != v}


def read(elbv2: Client, kind: Kind, arn: str) -> dict[str, str]:
    call, parameter = _CALLS[kind]
    reply = getattr(elbv2, f"describe_{call}")(**{parameter: arn})
    return {a["Key"]: a.get("Value", "") for a in reply["Attributes"]}


def to_write(resource: ResourceSpec, lacks: Collection[str]) -> dict[str, str]:
    """The attributes for one call that gives an object what it lacks."""
    return {
        key: value
        for key, value in resource.attributes.items()
        if AT_FIRST in lacks or not resource.ignores(key)
    }


def write(elbv2: Client, kind: Kind, arn: str, attributes: Mapping[str, str]) -> None:
    """
    Set them all in one call.

    Not every partition and region knows every attribute of a load balancer: one that AWS names as
    unknown is left out, as the provider 5.100 does (load_balancer.go).
    """
    call, parameter = _CALLS[kind]
    left = dict(attributes)
    while left:
        pairs = [{"Key": k, "Value": v} for k, v in sorted(left.items())]
        try:
            getattr(elbv2, f"modify_{call}")(**{parameter: arn, "Attributes": pairs})
            return
        except Exception as error:
            unknown = _UNKNOWN.search(str(error))
            key = unknown.group(1) if unknown and kind is Kind.LOAD_BALANCER else ""
            if key not in left:
                raise
            del left[key]


def left_to_set(
    resource: ResourceSpec, found: Mapping[str, str], *, fresh: bool
) -> tuple[str, ...]:
    """
    Whether ATTRIBUTES are to be set for the object to be what the spec says, and those AT_FIRST.

    `fresh` is one that we made and that was never seen with all that it was to have: it wants also
    those attributes whose later changes are to be ignored.
    """
    differs = {key for key, value in resource.attributes.items() if found.get(key) != value}
    if resource.kind is Kind.LOAD_BALANCER and not fresh:
        differs &= found.keys()  # what AWS does not list is unknown there
    ignored = {key for key in differs if resource.ignores(key)}
    if ignored and fresh:
        return (ATTRIBUTES, AT_FIRST)
    return (ATTRIBUTES,) if differs - ignored else ()
