"""The attributes of ELBv2 objects, which no create call takes: read, compare, put right."""

from __future__ import annotations

from collections.abc import Mapping

from controller.aws.clients import Client
from controller.domain.spec import Kind, ResourceSpec

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


def write(elbv2: Client, kind: Kind, arn: str, attributes: Mapping[str, str]) -> None:
    call, parameter = _CALLS[kind]
    pairs = [{"Key": k, "Value": v} for k, v in sorted(attributes.items())]
    getattr(elbv2, f"modify_{call}")(**{parameter: arn, "Attributes": pairs})


def differ(resource: ResourceSpec, found: Mapping[str, str]) -> bool:
    """Tell whether an object's attributes are not all what the spec says."""
    return any(found.get(key) != value for key, value in resource.attributes.items())
