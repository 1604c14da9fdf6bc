"""The attributes of network load balancers, their groups and listeners, and their defaults."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local import refusals
from local.elbv2.shared import (
    misconfigured,
    read_balancer,
    read_group,
    read_listener,
    validation,
    written_balancer,
    written_group,
    written_listener,
)

if TYPE_CHECKING:
    from local.world import Region

LOAD_BALANCER = {
    "deletion_protection.enabled": "false",
    "load_balancing.cross_zone.enabled": "false",
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "dns_record.client_routing_policy": "any_availability_zone",
    "ipv6.deny_all_igw_traffic": "false",
    "secondary_ips.auto_assigned.per_subnet": "0",
    "zonal_shift.config.enabled": "false",
}

APPLICATION_ONLY = frozenset(
    {
        "idle_timeout.timeout_seconds",
        "client_keep_alive.seconds",
        "routing.http.desync_mitigation_mode",
        "routing.http.drop_invalid_header_fields.enabled",
        "routing.http.preserve_host_header.enabled",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        "routing.http.xff_client_port.enabled",
        "routing.http.xff_header_processing.mode",
        "routing.http2.enabled",
        "waf.fail_open.enabled",
        "connection_logs.s3.enabled",
        "connection_logs.s3.bucket",
        "connection_logs.s3.prefix",
    }
)
"""Known keys that a network load balancer refuses (§1.3)."""

TARGET_GROUP = {
    "deregistration_delay.timeout_seconds": "300",
    "deregistration_delay.connection_termination.enabled": "false",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "preserve_client_ip.enabled": "true",
    "proxy_protocol_v2.enabled": "false",
    "stickiness.enabled": "false",
    "stickiness.type": "source_ip",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
    "target_health_state.unhealthy.connection_termination.enabled": "true",
    "target_health_state.unhealthy.draining_interval_seconds": "0",
}

GROUP_APPLICATION_ONLY = frozenset(
    {
        "load_balancing.algorithm.type",
        "load_balancing.algorithm.anomaly_mitigation",
        "slow_start.duration_seconds",
        "stickiness.lb_cookie.duration_seconds",
        "stickiness.app_cookie.cookie_name",
        "stickiness.app_cookie.duration_seconds",
        "lambda.multi_value_headers.enabled",
    }
)

RANGES = {
    "deregistration_delay.timeout_seconds": (0, 3600),
    "tcp.idle_timeout.seconds": (60, 6000),
    "target_health_state.unhealthy.draining_interval_seconds": (0, 360000),
    "secondary_ips.auto_assigned.per_subnet": (0, 7),
}


def balancer_defaults(unknown: Collection[str] = ()) -> dict[str, str]:
    """What a fresh one has, where `unknown` attributes do not exist."""
    return {key: value for key, value in LOAD_BALANCER.items() if key not in unknown}


def group_defaults(protocol: str, target_type: str) -> dict[str, str]:
    """The client's address is not kept for ip targets over TCP or TLS (§1.2)."""
    defaults = dict(TARGET_GROUP)
    if target_type == "ip" and protocol in ("TCP", "TLS"):
        defaults["preserve_client_ip.enabled"] = "false"
    return defaults


def listener_defaults(protocol: str) -> dict[str, str]:
    """The idle timeout of TLS is fixed, and UDP has another one that nobody can set."""
    return {"tcp.idle_timeout.seconds": "350"} if protocol in ("TCP", "TCP_UDP") else {}


def _change(
    held: dict[str, str],
    wanted: Sequence[Mapping[str, str]],
    what: str,
    foreign: frozenset[str] = frozenset(),
) -> None:
    """Check all, then set all: a refused call changes nothing."""
    for attribute in wanted:
        key, value = attribute["Key"], attribute.get("Value", "")
        if key in foreign:
            raise misconfigured(
                f"{what} attribute key '{key}' is not supported on load balancers with type "
                "'network'"
            )
        if key not in held:
            raise validation(f"{what} attribute key '{key}' is not recognized")
        _check_value(key, value, held[key])
    held.update({each["Key"]: each.get("Value", "") for each in wanted})


def _check_value(key: str, value: str, current: str) -> None:
    if key in RANGES:
        low, high = RANGES[key]
        if not value.isdigit() or not low <= int(value) <= high:
            raise validation(f"'{key}' value must be between '{low}' and '{high}' inclusive")
    elif current in ("true", "false") and value not in ("true", "false"):
        raise validation(f"'{key}' value must be 'true' or 'false'")


def _wanted(params: Mapping[str, Any]) -> dict[str, str]:
    return {each["Key"]: each.get("Value", "") for each in params["Attributes"]}


def _listed(held: Mapping[str, str]) -> dict[str, Any]:
    return {"Attributes": [{"Key": key, "Value": value} for key, value in held.items()]}


def describe_balancer(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    return _listed(read_balancer(region, params["LoadBalancerArn"]).attributes)


def modify_balancer(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    balancer = written_balancer(region, params["LoadBalancerArn"])
    held = balancer.attributes
    refusals.check_balancer_attributes(balancer, _wanted(params))
    _change(held, params["Attributes"], "Load balancer", APPLICATION_ONLY)
    return _listed(held)


def describe_group(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    return _listed(read_group(region, params["TargetGroupArn"]).attributes)


def modify_group(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    group = written_group(region, params["TargetGroupArn"])
    held = group.attributes
    refusals.check_group_attributes(group, _wanted(params))
    _change(held, params["Attributes"], "Target group", GROUP_APPLICATION_ONLY)
    return _listed(held)


def describe_listener(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    return _listed(read_listener(region, params["ListenerArn"]).attributes)


def modify_listener(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    held = written_listener(region, params["ListenerArn"]).attributes
    _change(held, params["Attributes"], "Listener")
    return _listed(held)


OPERATIONS: dict[str, Callable[[Region, Mapping[str, Any]], dict[str, Any]]] = {
    "DescribeLoadBalancerAttributes": describe_balancer,
    "ModifyLoadBalancerAttributes": modify_balancer,
    "DescribeTargetGroupAttributes": describe_group,
    "ModifyTargetGroupAttributes": modify_group,
    "DescribeListenerAttributes": describe_listener,
    "ModifyListenerAttributes": modify_listener,
}
