"""
Which values the AWS provider refuses before it asks AWS (found with `terraform validate`, 5.100.0).

Only what a single argument shows. What two arguments say together, and what AWS itself would
refuse, is for the mapping.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from controller.domain.dataclass import dataclass
from controller.hcl import numbers
from controller.hcl.convert import string
from controller.hcl.errors import HclError
from controller.hcl.values import Value


@dataclass(frozen=True, slots=True)
class _Rule:
    """
    Words (in any case where `fold`), ranges of whole numbers, or a pattern with its meaning.

    A number may be a `fraction` only where that is said.
    """

    words: tuple[str, ...] = ()
    fold: bool = False
    ranges: tuple[tuple[int, int], ...] = ()
    pattern: str = ""
    meaning: str = ""
    fraction: bool = False


def _words(text: str, *, fold: bool = False) -> _Rule:
    return _Rule(words=tuple(text.split()), fold=fold)


def _range(low: int, high: int) -> _Rule:
    return _Rule(ranges=((low, high),))


_MOST = 2**31 - 1
_ARN = _Rule(
    pattern=r"|arn:aws(-[a-z]+)*:[^:]+:([a-z]{2}(-[a-z]+)+-\d{1,2})?"
    r":(aws|aws-managed|third-party|aws-marketplace|\d{12}|cw.{10})?:.+",
    meaning="an ARN",
)
_PERCENT = _Rule(pattern=r"off|\d|[1-9]\d|100", meaning='a whole number from 0 to 100, or "off"')
_COUNT = _Rule(pattern=r"off|-?\d+", meaning='a whole number, or "off"')
_NAME = _Rule(
    pattern=r"(?!-)(?!.*-$)[0-9A-Za-z-]{1,32}",
    meaning="1 to 32 letters, digits and hyphens, no hyphen at either end",
)
_PREFIX = _Rule(
    pattern=r"(?!-)[0-9A-Za-z-]{1,6}",
    meaning="1 to 6 letters, digits and hyphens, no hyphen at the start",
)
_PROTOCOLS = "HTTP HTTPS TCP TLS UDP TCP_UDP GENEVE"
_ON_OFF = _words("on off")

_LOAD_BALANCER: Mapping[str, _Rule] = {
    "desync_mitigation_mode": _words("monitor defensive strictest"),
    "dns_record_client_routing_policy": _words(
        "availability_zone_affinity partial_availability_zone_affinity any_availability_zone"
    ),
    "enforce_security_group_inbound_rules_on_private_link_traffic": _ON_OFF,
    "ip_address_type": _words("ipv4 dualstack dualstack-without-public-ipv4"),
    "load_balancer_type": _words("application network gateway"),
    "name": _Rule(
        pattern=rf"|(?!internal-){_NAME.pattern}",
        meaning=f'{_NAME.meaning}, and no "internal-" at the start',
    ),
    "name_prefix": _PREFIX,
    "subnet_mapping.ipv6_address": _Rule(pattern=r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", meaning="IPv6"),
    "subnet_mapping.private_ipv4_address": _Rule(
        pattern=r"((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}", meaning="an IPv4 address"
    ),
    "xff_header_processing_mode": _words("append preserve remove"),
}
_TARGET_GROUP: Mapping[str, _Rule] = {
    "deregistration_delay": _Rule(
        pattern=r"|-0+|\+?0*(\d{1,3}|[12]\d{3}|3[0-5]\d{2}|3600)",
        meaning="whole seconds from 0 to 3600",
    ),
    "health_check.healthy_threshold": _range(2, 10),
    "health_check.interval": _range(5, 300),
    "health_check.path": _Rule(pattern=r"/.{0,1023}", meaning='up to 1024 characters from "/" on'),
    "health_check.port": _Rule(
        pattern=r"traffic-port|[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-6]",
        meaning='a port, or "traffic-port"',
    ),
    "health_check.protocol": _words("HTTP HTTPS TCP", fold=True),
    "health_check.timeout": _range(2, 120),
    "health_check.unhealthy_threshold": _range(2, 10),
    "ip_address_type": _words("ipv4 ipv6"),
    "load_balancing_algorithm_type": _words(
        "round_robin least_outstanding_requests weighted_random"
    ),
    "load_balancing_anomaly_mitigation": _ON_OFF,
    "load_balancing_cross_zone_enabled": _words("true false use_load_balancer_configuration"),
    "name": _NAME,
    "name_prefix": _PREFIX,
    "port": _range(1, 65535),
    "preserve_client_ip": _Rule(
        pattern=r"|1|t|T|TRUE|true|True|0|f|F|FALSE|false|False", meaning="true or false"
    ),
    "protocol": _words(_PROTOCOLS),
    "protocol_version": _words("GRPC HTTP1 HTTP2", fold=True),
    "slow_start": _Rule(ranges=((0, 0), (30, 900))),
    "stickiness.cookie_duration": _range(0, 604800),
    "stickiness.type": _words(
        "lb_cookie app_cookie source_ip source_ip_dest_ip source_ip_dest_ip_proto"
    ),
    "target_failover.on_deregistration": _words("rebalance no_rebalance"),
    "target_failover.on_unhealthy": _words("rebalance no_rebalance"),
    "target_group_health.dns_failover.minimum_healthy_targets_count": _COUNT,
    "target_group_health.dns_failover.minimum_healthy_targets_percentage": _PERCENT,
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets_percentage": _PERCENT,
    "target_health_state.unhealthy_draining_interval": _range(0, 360000),
    "target_type": _words("instance ip lambda alb"),
}
_LISTENER: Mapping[str, _Rule] = {
    "alpn_policy": _words("HTTP1Only HTTP2Only HTTP2Optional HTTP2Preferred None", fold=True),
    "certificate_arn": _ARN,
    "default_action.forward.stickiness.duration": _range(1, 604800),
    "default_action.forward.target_group.arn": _ARN,
    "default_action.forward.target_group.weight": _range(0, 999),
    "default_action.order": _range(1, 50000),
    "default_action.target_group_arn": _ARN,
    "default_action.type": _words(
        "forward authenticate-oidc authenticate-cognito redirect fixed-response", fold=True
    ),
    "load_balancer_arn": _ARN,
    "mutual_authentication.mode": _words("off verify passthrough", fold=True),
    "port": _range(1, 65535),
    "protocol": _words(_PROTOCOLS, fold=True),
    "tcp_idle_timeout_seconds": _range(60, 6000),
}
_SERVICE: Mapping[str, _Rule] = {
    "availability_zone_rebalancing": _words("ENABLED DISABLED"),
    "capacity_provider_strategy.base": _range(0, 100000),
    "capacity_provider_strategy.weight": _range(0, 1000),
    "deployment_controller.type": _words("ECS CODE_DEPLOY EXTERNAL"),
    "health_check_grace_period_seconds": _range(0, _MOST),
    "launch_type": _words("EC2 FARGATE EXTERNAL"),
    "load_balancer.container_port": _range(0, 65536),
    "load_balancer.target_group_arn": _ARN,
    "ordered_placement_strategy.type": _words("random spread binpack"),
    "placement_constraints.type": _words("distinctInstance memberOf"),
    "propagate_tags": _words("TASK_DEFINITION SERVICE NONE"),
    "scheduling_strategy": _words("REPLICA DAEMON"),
    "service_connect_configuration.log_configuration.log_driver": _words(
        "json-file syslog journald gelf fluentd awslogs splunk awsfirelens"
    ),
    "service_connect_configuration.service.client_alias.port": _range(0, 65535),
    "service_connect_configuration.service.ingress_port_override": _range(0, 65535),
    "service_connect_configuration.service.timeout.idle_timeout_seconds": _range(0, _MOST),
    "service_connect_configuration.service.timeout.per_request_timeout_seconds": _range(0, _MOST),
    "service_registries.container_port": _range(0, 65536),
    "service_registries.port": _range(0, 65536),
    "service_registries.registry_arn": _ARN,
    "volume_configuration.managed_ebs_volume.file_system_type": _words("ext3 ext4 xfs ntfs"),
    "volume_configuration.managed_ebs_volume.role_arn": _ARN,
    "volume_configuration.managed_ebs_volume.throughput": _range(0, 1000),
    "vpc_lattice_configurations.role_arn": _ARN,
    "vpc_lattice_configurations.target_group_arn": _ARN,
}
_TARGET_TRACKING = "target_tracking_scaling_policy_configuration"
_SCALING_POLICY: Mapping[str, _Rule] = {
    f"{_TARGET_TRACKING}.customized_metric_specification.statistic": _words(
        "Average Minimum Maximum SampleCount Sum"
    ),
    f"{_TARGET_TRACKING}.target_value": _Rule(fraction=True),
    "predictive_scaling_policy_configuration.metric_specification.target_value": _Rule(
        fraction=True
    ),
}
_RULES: Mapping[str, Mapping[str, _Rule]] = {
    "aws_appautoscaling_policy": _SCALING_POLICY,
    "aws_lb": _LOAD_BALANCER,
    "aws_lb_target_group": _TARGET_GROUP,
    "aws_lb_listener": _LISTENER,
    "aws_ecs_service": _SERVICE,
}


def checked_value(type_: str, path: tuple[str, ...], value: Value) -> Value:
    """
    The value as the provider plans it: words whose case does not matter get their own.

    Raises HclError "value" for what the provider refuses; what is null or not known yet passes.
    """
    rules = _RULES.get(type_.replace("aws_alb", "aws_lb", 1))
    if rules is None or value.is_null or value.is_unknown:
        return value
    rule = rules.get(".".join(path), _Rule())
    if isinstance(value.data, numbers.Number):
        _check_number(path[-1], value.data, rule)
    elif isinstance(value.data, str):
        return _checked_text(path[-1], value, rule)
    return value


def _check_number(name: str, number: numbers.Number, rule: _Rule) -> None:
    found = numbers.format_number(number)
    if rule.fraction:
        return
    if not numbers.is_whole(number):
        raise HclError("value", f'"{name}" is {found}, expected a whole number')
    whole = numbers.to_int(number)
    if rule.ranges and not any(low <= whole <= high for low, high in rule.ranges):
        wanted = " or ".join(
            str(low) if low == high else f"{low} to {high}" for low, high in rule.ranges
        )
        raise HclError("value", f'"{name}" is {found}, expected {wanted}')


def _checked_text(name: str, value: Value, rule: _Rule) -> Value:
    shown = "a sensitive text" if value.sensitive else f'"{value.data}"'
    if rule.words:
        for word in rule.words:
            if value.data == word or (rule.fold and value.data.lower() == word.lower()):
                return Value(value.type, string(word).data, value.sensitive, value.ephemeral)
        raise HclError("value", f'"{name}" is {shown}, expected one of {", ".join(rule.words)}')
    if rule.pattern and not re.fullmatch(rule.pattern, value.data):
        raise HclError("value", f'"{name}" is {shown}, expected {rule.meaning}')
    return value
