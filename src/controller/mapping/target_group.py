"""
`aws_lb_target_group` -> create_target_group and modify_target_group_attributes.

As the provider 5.100 sends it (internal/service/elbv2/target_group.go): a `health_check` block
carries the provider's defaults (interval 30, both thresholds 3, protocol HTTP), while without a
block nothing is said and AWS decides (HCL semantics §18, AWS behaviour §1.2).
"""

from __future__ import annotations

import re

from controller.domain.planning.spec import Json, Kind
from controller.hcl.world import Block
from controller.mapping.fill import Filling, given, known
from controller.mapping.go_words import read_bool, read_integer
from controller.mapping.kind import KindMapping
from controller.mapping.naming import write_upper_tags
from controller.mapping.table import (
    Dropped,
    Handled,
    Nested,
    ReadOnly,
    Refused,
    Sent,
    SetAfter,
    Table,
)

PROTOCOLS = ("TCP", "TLS", "UDP", "TCP_UDP")
_APPLICATION = "AWS takes it for target groups of application load balancers only; leave it out"
_HEALTH = "target_group_health"


def _upper(value: Json) -> Json:
    return value.upper() if isinstance(value, str) else value


_HEALTH_CHECK: Table = {
    "enabled": Sent("HealthCheckEnabled", default=True),
    "healthy_threshold": Sent("HealthyThresholdCount", default=3),
    "interval": Sent("HealthCheckIntervalSeconds", default=30),
    "matcher": Sent("Matcher.HttpCode"),
    "path": Sent("HealthCheckPath"),
    "port": Sent("HealthCheckPort", default="traffic-port"),
    "protocol": Sent("HealthCheckProtocol", default="HTTP", read=_upper),
    "timeout": Sent("HealthCheckTimeoutSeconds", unset=("", 0)),
    "unhealthy_threshold": Sent("UnhealthyThresholdCount", default=3),
}

_COOKIES = "cookies are for application load balancers; Terraform drops it too, so remove it"

_STICKINESS: Table = {
    "cookie_duration": Dropped(_COOKIES),
    "cookie_name": Dropped(_COOKIES),
    "enabled": SetAfter("stickiness.enabled", default="true"),
    "type": SetAfter("stickiness.type"),
}

_FAILOVER = "it applies to gateway load balancers; Terraform drops it too, so remove it"

_TARGET_FAILOVER: Table = {
    "on_deregistration": Dropped(_FAILOVER),
    "on_unhealthy": Dropped(_FAILOVER),
}

_DNS_FAILOVER: Table = {
    "minimum_healthy_targets_count": SetAfter(
        f"{_HEALTH}.dns_failover.minimum_healthy_targets.count", default="off"
    ),
    "minimum_healthy_targets_percentage": SetAfter(
        f"{_HEALTH}.dns_failover.minimum_healthy_targets.percentage", default="off"
    ),
}

_UNHEALTHY_ROUTING: Table = {
    "minimum_healthy_targets_count": SetAfter(
        f"{_HEALTH}.unhealthy_state_routing.minimum_healthy_targets.count", default="1"
    ),
    "minimum_healthy_targets_percentage": SetAfter(
        f"{_HEALTH}.unhealthy_state_routing.minimum_healthy_targets.percentage", default="off"
    ),
}

_STATE: Table = {
    "enable_unhealthy_connection_termination": SetAfter(
        "target_health_state.unhealthy.connection_termination.enabled"
    ),
    "unhealthy_draining_interval": SetAfter(
        "target_health_state.unhealthy.draining_interval_seconds", default="0"
    ),
}

TABLE: Table = {
    "arn": ReadOnly(),
    "arn_suffix": ReadOnly(),
    "connection_termination": SetAfter(
        "deregistration_delay.connection_termination.enabled", unset=("", False)
    ),
    "deregistration_delay": SetAfter(
        "deregistration_delay.timeout_seconds", default="300", read=read_integer
    ),
    "health_check": Nested(_HEALTH_CHECK),
    "id": ReadOnly(),
    "ip_address_type": Sent("IpAddressType"),
    "lambda_multi_value_headers_enabled": Dropped(
        "it applies to Lambda targets; Terraform drops it too, so remove it", harmless=(False,)
    ),
    "load_balancer_arns": ReadOnly(),
    "load_balancing_algorithm_type": Refused(_APPLICATION),
    "load_balancing_anomaly_mitigation": Refused(_APPLICATION),
    "load_balancing_cross_zone_enabled": SetAfter("load_balancing.cross_zone.enabled"),
    "name": Handled("naming.name"),
    "name_prefix": Handled("naming.name"),
    "port": Sent("Port"),
    "preserve_client_ip": SetAfter("preserve_client_ip.enabled", read=read_bool),
    "protocol": Sent("Protocol"),
    "protocol_version": Dropped(
        "it applies to HTTP and HTTPS target groups; Terraform drops it too, so remove it"
    ),
    "proxy_protocol_v2": SetAfter("proxy_protocol_v2.enabled", unset=("", False)),
    "region": Handled("provider.find_home"),
    "slow_start": Refused(_APPLICATION, harmless=("0",)),
    "stickiness": Nested(_STICKINESS),
    "tags": Handled("naming.tags"),
    "tags_all": Dropped("it follows from tags and the provider's default_tags"),
    "target_control_port": Refused(_APPLICATION),
    "target_failover": Nested(_TARGET_FAILOVER),
    "target_group_health": Nested(
        {
            "dns_failover": Nested(_DNS_FAILOVER),
            "unhealthy_state_routing": Nested(_UNHEALTHY_ROUTING),
        }
    ),
    "target_health_state": Nested(_STATE),
    "target_type": Sent("TargetType", default="instance"),
    "vpc_id": Sent("VpcId"),
}


def check(body: Block, filling: Filling) -> None:
    """What the provider or AWS would refuse, and what one table row cannot say."""
    if known(body, "target_type") == "lambda":
        filling.error(
            "target-type",
            'target_type: found "lambda", expected "ip"; a network load balancer has no Lambda '
            "targets",
            filling.place_of("TargetType"),
        )
        return
    for name in ("port", "protocol", "vpc_id"):
        if given(body, name) is None:
            filling.error("missing-argument", f"{name} is missing; a target group needs it")
    protocol = known(body, "protocol")
    if protocol is not None and protocol in ("HTTP", "HTTPS", "GENEVE"):
        filling.error(
            "protocol",
            f'protocol: found "{protocol}", expected one of {", ".join(PROTOCOLS)}; a network '
            "load balancer forwards nothing else",
            filling.place_of("Protocol"),
        )
    _drop_attributes_of_alb(filling)
    _check_health_check(body, filling)
    _drop_health_state(body, protocol, filling)
    _check_delay(filling)


def _drop_attributes_of_alb(filling: Filling) -> None:
    """For a target that is an application load balancer the provider sends none."""
    if filling.request.get("TargetType") != "alb":
        return
    for key in [*filling.attributes]:
        if key in filling.places:
            filling.warn(
                "dropped",
                f'{key} has no effect with target_type = "alb"; Terraform drops it too, so '
                "remove it",
                filling.places[key],
            )
        del filling.attributes[key]


def _check_health_check(body: Block, filling: Filling) -> None:
    if filling.request.get("HealthCheckProtocol") != "TCP":
        return
    for block in body.of_type("health_check"):
        for name in ("path", "matcher"):
            argument = given(block, name)
            if argument is not None and argument.value.data != "":
                filling.error(
                    "health-check",
                    f'health_check.{name} cannot be set while health_check.protocol is "TCP"; '
                    'set protocol = "HTTP" or leave it out',
                    argument.place,
                )


def _drop_health_state(body: Block, protocol: str | None, filling: Filling) -> None:
    """For UDP the provider sends nothing of that block (target_group.go)."""
    blocks = body.of_type("target_health_state")
    if not blocks or protocol in ("TCP", "TLS", None):
        return
    for fate in _STATE.values():
        if isinstance(fate, SetAfter):
            filling.attributes.pop(fate.key, None)
    filling.warn(
        "dropped",
        "target_health_state has no effect: it applies to TCP and TLS target groups; Terraform "
        "drops it too",
        blocks[0].place,
    )


def _check_delay(filling: Filling) -> None:
    delay = filling.attributes.get("deregistration_delay.timeout_seconds", "")
    if re.fullmatch(r"-?[0-9]+", delay) and not 0 <= int(delay) <= 3600:
        filling.error(
            "value",
            f'deregistration_delay: found "{delay}", expected whole seconds from 0 to 3600',
            filling.place_of("deregistration_delay.timeout_seconds"),
        )


MAPPING = KindMapping(
    kind=Kind.TARGET_GROUP,
    types=("aws_lb_target_group", "aws_alb_target_group"),
    table=TABLE,
    check=check,
    operation=("elbv2", "CreateTargetGroup"),
    attributes=frozenset({"arn", "id", "arn_suffix"}),
    surviving=frozenset({"name", "name_prefix", "port", "region", "tags", "tags_all", "vpc_id"}),
    name_prefix="tf-",
    write_tags=write_upper_tags,
)
