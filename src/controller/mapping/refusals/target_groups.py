"""CreateTargetGroup and ModifyTargetGroupAttributes, for groups of network load balancers."""

from __future__ import annotations

import re

from controller.mapping.refusals.row import (
    API,
    CONFIGURATION,
    PREFLIGHT,
    PROVIDER,
    VALIDATION,
    Found,
    Refusal,
)
from controller.mapping.refusals.views import View

_TCP_FAMILY = ("TCP", "UDP", "TCP_UDP", "TLS")
_COUNT = "target_group_health.{}.minimum_healthy_targets.count"
_DNS_COUNT = _COUNT.format("dns_failover")
_ROUTING_COUNT = _COUNT.format("unhealthy_state_routing")
_TERMINATION = "target_health_state.unhealthy.connection_termination.enabled"
_DRAINING = "target_health_state.unhealthy.draining_interval_seconds"


def _disabled_check(group: View) -> Found:
    type_ = group.get("TargetType", "instance")
    off = group.get("HealthCheckEnabled") is False and type_ in ("ip", "instance")
    return {"type": type_} if off else None


def _cookie(group: View) -> Found:
    type_, protocol = group.attributes.get("stickiness.type"), group.get("Protocol")
    wrong = type_ in ("lb_cookie", "app_cookie") and protocol in _TCP_FAMILY
    return {"type": type_, "protocol": protocol} if wrong else None


def _zero_count(group: View) -> Found:
    for key in (_DNS_COUNT, _ROUTING_COUNT):
        if group.attributes.get(key) == "0":
            return {"at": key, "key": key, "argument": _argument(key)}
    return None


def _argument(key: str) -> str:
    return f"target_group_health.{key.split('.')[1]}.minimum_healthy_targets_count"


def _failover_below_routing(group: View) -> Found:
    counts = [group.attributes.get(key, "") for key in (_DNS_COUNT, _ROUTING_COUNT)]
    if not all(count.isdecimal() for count in counts) or "0" in counts:
        return None
    dns, routing = (int(count) for count in counts)
    return {"dns": dns, "routing": routing} if dns < routing else None


def _matcher(group: View) -> Found:
    found = group.get("Matcher.HttpCode")
    if not isinstance(found, str) or group.get("Protocol") not in _TCP_FAMILY:
        return None
    codes = [int(code) for code in re.findall(r"\d+", found)]
    return {"found": found} if any(not 200 <= code <= 599 for code in codes) else None


TARGET_GROUPS: tuple[Refusal, ...] = (
    Refusal(
        rule="health-check-disabled",
        when=_disabled_check,
        at="HealthCheckEnabled",
        code=CONFIGURATION,
        text="Health check enabled must be true for target groups with target type '{type}'",
        advice="health_check.enabled: found false, expected true; only Lambda targets go unchecked",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="stickiness-cookie",
        when=_cookie,
        at="stickiness.type",
        code=CONFIGURATION,
        text="Stickiness type '{type}' is not supported for target groups with the {protocol} "
        "protocol",
        advice='stickiness.type: found "{type}", expected "source_ip", also with enabled = false; '
        "or remove the block",
        source=f"{PREFLIGHT}; {PROVIDER} #15603",
    ),
    Refusal(
        rule="stickiness-tls",
        when=lambda group: (
            group.get("Protocol") == "TLS" and group.attributes.get("stickiness.enabled") == "true"
        ),
        at="stickiness.enabled",
        code=CONFIGURATION,
        text="You cannot enable stickiness on target groups with the TLS protocol",
        advice='stickiness.enabled: found true (the default) in a group of protocol "TLS", expected '
        "false; or remove the block",
        source=f"{PROVIDER}, tests of aws_lb_target_group",
    ),
    Refusal(
        rule="preserve-client-ip",
        when=lambda group: (
            group.get("Protocol") in ("UDP", "TCP_UDP")
            and group.attributes.get("preserve_client_ip.enabled") == "false"
        ),
        at="preserve_client_ip.enabled",
        code=CONFIGURATION,
        text="preserve_client_ip.enabled cannot be false if the target group protocol is UDP or "
        "TCP_UDP.",
        advice="preserve_client_ip: found false, expected true for UDP and TCP_UDP; or remove it",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="healthy-targets-count",
        when=_zero_count,
        at="",
        code=VALIDATION,
        text="The value of '{key}' must be 'off' or a positive integer",
        advice='{argument}: found 0, expected 1 or more, or "off"',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="failover-threshold",
        when=_failover_below_routing,
        at=_DNS_COUNT,
        code=VALIDATION,
        text="DNS failover threshold must be greater than or equal to unhealthy state routing "
        "threshold",
        advice="target_group_health.dns_failover.minimum_healthy_targets_count: found {dns}, "
        "expected at least the {routing} of unhealthy_state_routing",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="unhealthy-draining",
        when=lambda group: (
            group.attributes.get(_TERMINATION) == "true"
            and group.attributes.get(_DRAINING, "0") != "0"
        ),
        at=_DRAINING,
        code=VALIDATION,
        text=f"You cannot have both '{_TERMINATION}' and '{_DRAINING}'",
        advice="target_health_state: unhealthy_draining_interval takes "
        "enable_unhealthy_connection_termination = false; set that, or the interval to 0",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="alb-targets",
        when=lambda group: (
            group.get("TargetType") == "alb"
            and group.get("Protocol") in ("TLS", "UDP", "TCP_UDP")
            and {"protocol": group.get("Protocol")}
        ),
        at="Protocol",
        code=CONFIGURATION,
        text="Target type 'alb' is not supported for target groups with {protocol} protocol",
        advice='protocol: found "{protocol}", expected "TCP" for target_type = "alb"',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="target-control-port",
        when=lambda group: group.has("TargetControlPort") and group.get("Protocol") in _TCP_FAMILY,
        at="TargetControlPort",
        code=VALIDATION,
        text="Target control port is not supported",
        advice="target_control_port is for application load balancers; remove it",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="matcher",
        when=_matcher,
        at="Matcher.HttpCode",
        code=VALIDATION,
        text="",
        advice='health_check.matcher: found "{found}", expected codes from 200 to 599',
        source=API,
    ),
)
