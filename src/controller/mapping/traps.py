"""
The traps: what Terraform and AWS accept, and what then fails or hurts when the stack wakes.

One function per trap. Each checks the whole stack and reports on the resource at fault, at the line
at fault, with the remedy.
"""

from __future__ import annotations

from collections.abc import Callable

from controller.domain.planning.owner_tags import owner_tags as tags_of_owner
from controller.domain.planning.spec import Kind
from controller.mapping.autoscaling import check_count
from controller.mapping.containers import check_containers
from controller.mapping.draft import Draft, StackDraft
from controller.mapping.fill import given
from controller.mapping.network_traps import (
    elastic_ips,
    open_security_groups,
    route_out,
    zones,
)
from controller.mapping.task import is_awsvpc, runs_windows

_RETIRED = ("1.0.0", "1.1.0", "1.2.0", "1.3.0")
_CURRENT = "1.4.0"
_LONG_DRAIN = 60
_NAME_LENGTH = 32
# Listener protocol to the protocols of target groups that AWS lets it forward to (NLB user guide,
# "Listeners for your Network Load Balancers").
_FORWARDS = {
    "TCP": ("TCP", "TCP_UDP"),
    "TLS": ("TCP", "TLS"),
    "UDP": ("UDP", "TCP_UDP"),
    "TCP_UDP": ("TCP_UDP",),
}
# For another protocol the target group's own error says it.
_TAKEN = ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC")
# What AWS takes for the timeout of a health check when none is given (AWS behaviour §1.2).
_DEFAULT_TIMEOUT = {"TCP": 10, "TLS": 10, "HTTPS": 10, "HTTP": 6}


def check_traps(stack: StackDraft) -> None:
    """Check for every trap; findings go to the drafts."""
    for trap in TRAPS:
        trap(stack)


def platform_version(stack: StackDraft) -> None:
    """Retired Linux platform versions start no tasks (AWS behaviour §2.3)."""
    for service in stack.of_kind(Kind.SERVICE):
        found = service.request.get("platformVersion")
        if found in _RETIRED and not runs_windows(stack, service):
            service.request["platformVersion"] = _CURRENT
            service.filling.warn(
                "platform-version",
                f'platform_version "{found}" is retired: AWS starts no tasks on it since '
                f'2026-06-15; dormouse uses "{_CURRENT}", write that or "LATEST"',
                service.filling.place_of("platformVersion"),
            )


def deletion_protection(stack: StackDraft) -> None:
    """A protected load balancer cannot be deleted (AWS behaviour §3.2)."""
    for balancer in stack.of_kind(Kind.LOAD_BALANCER):
        if balancer.filling.attributes.get("deletion_protection.enabled") == "true":
            balancer.filling.error(
                "deletion-protection",
                "enable_deletion_protection: found true, expected false; a protected load "
                "balancer cannot be put to sleep",
                balancer.filling.place_of("deletion_protection.enabled"),
            )


def names(stack: StackDraft) -> None:
    """AWS takes at most 32 letters, digits and hyphens, and knows no two of one name."""
    for kind in (Kind.LOAD_BALANCER, Kind.TARGET_GROUP, Kind.SERVICE):
        key = kind.traits.name
        taken: dict[str, Draft] = {}
        for draft in stack.of_kind(kind):
            name = draft.request.get(key)
            if not isinstance(name, str):
                continue
            _check_name(draft, name)
            first = taken.setdefault(_scope(draft, name), draft)
            if first is not draft:
                draft.filling.error(
                    "name",
                    f'name "{name}" is that of {first.address} too; give each its own',
                    draft.filling.place_of(key),
                )


def target_type(stack: StackDraft) -> None:
    """A task with its own network interface is a target by IP address, not an instance (§2.2)."""
    for service in stack.of_kind(Kind.SERVICE):
        for _, target in stack.target_groups_of(service):
            found = target.request.get("TargetType")
            if found != "ip" and is_awsvpc(stack, service):
                written = "TargetType" in target.filling.places
                by_default = "" if written else " (Terraform's default)"
                target.filling.error(
                    "target-type",
                    f'target_type: found "{found}"{by_default}, '
                    f'expected "ip"; the tasks of {service.address} have network interfaces of '
                    "their own",
                    target.filling.place_of("TargetType"),
                )


def grace_period(stack: StackDraft) -> None:
    """Without it ECS kills the task while the load balancer is still starting (§2.1)."""
    for service in stack.of_kind(Kind.SERVICE):
        missing = "healthCheckGracePeriodSeconds" not in service.request
        if missing and stack.target_groups_of(service):
            service.filling.warn(
                "grace-period",
                "health_check_grace_period_seconds is missing: a task that is not healthy before "
                "the load balancer is up gets killed and replaced; set it to 180",
            )


def drain_delay(stack: StackDraft) -> None:
    """Every sleep waits for the targets to drain (AWS behaviour §3.5)."""
    for target in stack.of_kind(Kind.TARGET_GROUP):
        delay = target.filling.attributes.get("deregistration_delay.timeout_seconds", "")
        if delay.isdecimal() and int(delay) > _LONG_DRAIN:
            written = "deregistration_delay.timeout_seconds" in target.filling.places
            target.filling.warn(
                "drain-delay",
                f"deregistration_delay is {delay} seconds{'' if written else ' by default'}: "
                "every sleep takes that much longer; set it to 30 or less",
                target.filling.place_of("deregistration_delay.timeout_seconds"),
            )


def health_check_protocol(stack: StackDraft) -> None:
    """A `health_check` block without protocol is HTTP in any group (HCL semantics §18)."""
    for target in stack.of_kind(Kind.TARGET_GROUP):
        for block in target.instance.body.of_type("health_check"):
            if given(block, "protocol") is None and target.request.get("Protocol") != "HTTP":
                target.filling.warn(
                    "health-check-protocol",
                    "health_check has no protocol, which means HTTP, not the "
                    f"{target.request.get('Protocol')} of the target group; write "
                    'protocol = "TCP" (or "HTTP" if that is meant)',
                    block.place,
                )


def health_check_timeout(stack: StackDraft) -> None:
    """The timeout has to be smaller than the interval (AWS behaviour §1.2)."""
    for target in stack.of_kind(Kind.TARGET_GROUP):
        request = target.request
        interval = request.get("HealthCheckIntervalSeconds")
        protocol = request.get("HealthCheckProtocol")
        if interval is None:
            continue
        timeout = request.get("HealthCheckTimeoutSeconds")
        effective = timeout or _DEFAULT_TIMEOUT.get(str(protocol), 0)
        if effective > interval or timeout == interval:
            target.filling.warn(
                "health-check-timeout",
                f"health_check.timeout is {effective} seconds{'' if timeout else ' by default'} "
                f"and interval {interval}; AWS wants the timeout smaller, so set timeout = "
                f"{max(2, interval // 2)}",
                target.filling.place_of("HealthCheckIntervalSeconds"),
            )


def desired_count(stack: StackDraft) -> None:
    """Terraform takes 0 where the count is left out."""
    for service in stack.of_kind(Kind.SERVICE):
        if service.request.get("desiredCount") == 0:
            service.filling.warn(
                "desired-count",
                "desired_count is 0 (Terraform's default when left out): awake, no task runs; "
                "set desired_count = 1",
                service.filling.place_of("desiredCount"),
            )


def autoscaling(stack: StackDraft) -> None:
    """Two that set the number of tasks undo one another."""
    for service in stack.of_kind(Kind.SERVICE):
        check_count(stack, service)


def protocols(stack: StackDraft) -> None:
    """A listener forwards only to groups of matching protocol (`IncompatibleProtocols`, §1.5)."""
    for listener in stack.of_kind(Kind.LISTENER):
        spoken = listener.request.get("Protocol")
        for target in stack.forwards_to(listener):
            allowed = _FORWARDS.get(str(spoken), ())
            found = target.request.get("Protocol")
            if allowed and found in _TAKEN and found not in allowed:
                listener.filling.error(
                    "protocols",
                    f"protocol {spoken} cannot forward to {target.address}, whose protocol is "
                    f"{found}; expected {' or '.join(allowed)} there",
                    listener.filling.place_of("Protocol"),
                )


def ports(stack: StackDraft) -> None:
    """One port and protocol of a load balancer belong to one listener (`DuplicateListener`)."""
    taken: dict[tuple[str, str], Draft] = {}
    for listener in stack.of_kind(Kind.LISTENER):
        balancer = stack.load_balancer_of(listener)
        port = listener.request.get("Port")
        if balancer is None or port is None:
            continue
        first = taken.setdefault((balancer.address, str(port)), listener)
        if first is not listener:
            listener.filling.error(
                "port",
                f"port {port} of {balancer.address} is that of {first.address} too; use another "
                "port, or one listener with protocol TCP_UDP",
                listener.filling.place_of("Port"),
            )


def attachment(stack: StackDraft) -> None:
    """A service needs its target group behind exactly one load balancer (§1.2, §2.2)."""
    all_listeners = stack.knows_all(Kind.LISTENER) and stack.knows_targets
    for service in stack.of_kind(Kind.SERVICE):
        for index, target in stack.target_groups_of(service):
            if all_listeners and not stack.listeners_of(target):
                service.filling.error(
                    "attachment",
                    f"no listener forwards to {target.address}, and ECS refuses a service whose "
                    "target group has no load balancer; add an aws_lb_listener",
                    service.filling.place_of(f"loadBalancers[{index}].targetGroupArn"),
                )
    for target in stack.of_kind(Kind.TARGET_GROUP):
        listeners = stack.listeners_of(target)
        balancers = sorted({str(listener.request.get("LoadBalancerArn")) for listener in listeners})
        if len(balancers) > 1:
            target.filling.error(
                "attachment",
                "listeners of two load balancers forward to this target group, and AWS allows "
                "one; give each load balancer a target group of its own",
            )


def _check_name(draft: Draft, name: str) -> None:
    if draft.kind is Kind.SERVICE:
        return
    problem = ""
    if len(name) > _NAME_LENGTH:
        problem = f"has {len(name)} characters, AWS takes at most {_NAME_LENGTH}; shorten it"
    elif not all(c.isascii() and (c.isalnum() or c == "-") for c in name):
        problem = "has other characters than letters, digits and hyphens; AWS takes no others"
    elif name.startswith("-") or name.endswith("-"):
        problem = "begins or ends with a hyphen, which AWS does not take"
    elif draft.kind is Kind.LOAD_BALANCER and name.startswith("internal-"):
        problem = 'begins with "internal-", which AWS keeps for itself; use another name'
    if problem:
        draft.filling.error("name", f'name "{name}" {problem}', draft.filling.place_of("Name"))


def _scope(draft: Draft, name: str) -> str:
    return f"{draft.request.get('cluster')}/{name}" if draft.kind is Kind.SERVICE else name


def owner_tags(stack: StackDraft) -> None:
    """What Terraform makes and dormouse changes must say that dormouse may."""
    for draft in stack.drafts.values():
        tags = {tag.get("key"): tag.get("value") for tag in draft.request.get("tags", ())}
        wanted = tags_of_owner(stack.name, draft.address)
        if draft.sleeper.asleep_count is None or tags.items() >= wanted.items():
            continue
        written = ", ".join(f'"{key}" = "{value}"' for key, value in wanted.items())
        draft.filling.warn(
            "owner-tag",
            "exists awake and asleep, and dormouse changes only what carries its tags; add tags = "
            f"{{ {written} }}",
        )


def containers(stack: StackDraft) -> None:
    """Containers and ports that the task definition does not have (§2.2)."""
    for service in stack.of_kind(Kind.SERVICE):
        check_containers(stack, service)


TRAPS: tuple[Callable[[StackDraft], None], ...] = (
    platform_version,
    deletion_protection,
    names,
    target_type,
    grace_period,
    drain_delay,
    health_check_protocol,
    health_check_timeout,
    desired_count,
    autoscaling,
    protocols,
    ports,
    attachment,
    owner_tags,
    containers,
    elastic_ips,
    zones,
    route_out,
    open_security_groups,
)
