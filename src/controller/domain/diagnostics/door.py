"""Could the door reach the stack? It comes from the public internet, from addresses that change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from controller.domain.diagnostics.facts import Back, Facts, Front, Rule, Target, backs, fronts
from controller.domain.diagnostics.finding import Finding, warning
from controller.domain.planning.spec import Kind

ANYWHERE = "0.0.0.0/0"
BLOCKED = "door-blocked"


def door(facts: Facts) -> Iterator[Finding]:
    """
    What keeps out a function that is in no VPC: an internal load balancer, or a security group.

    Of the load balancer whose listener is the stack's address, and of the tasks behind it where
    they see their clients' addresses. A warning, as a stack need not have a door.
    """
    front = _front(facts)
    if front is None:
        return
    if front.internal:
        yield _blocked(front.resource.address, "the load balancer is internal")
    port = facts.spec.endpoint.get("port")
    if facts.groups is None or not isinstance(port, int):
        return
    if front.groups and not _admits(_rules(facts, front.groups, "tcp", port)):
        yield _shut_out(facts, front.resource.address, front.groups, port)
    for back, target in _targets(facts, front):
        groups = back.groups
        if not target.sees_clients or not groups:
            continue
        rules = _rules(facts, groups, target.protocol, target.port)
        if not _admits(rules) and not any(rule.source in front.groups for rule in rules):
            yield _shut_out(facts, back.resource.address, groups, target.port)


def _front(facts: Facts) -> Front | None:
    """The load balancer whose listener is the stack's address."""
    port = facts.spec.endpoint.get("port")
    found = {front.resource.address: front for front in fronts(facts.spec)}
    for listener in facts.spec.of_kind(Kind.LISTENER):
        balancer = str(listener.request.get("LoadBalancerArn")).removesuffix(".arn")
        if listener.request.get("Port") == port and balancer in found:
            return found[balancer]
    return None


def _targets(facts: Facts, front: Front) -> Iterator[tuple[Back, Target]]:
    for back in backs(facts.spec):
        for target in back.targets:
            if front in target.fronts:
                yield back, target


def _rules(facts: Facts, groups: Sequence[str], protocol: str, port: int) -> list[Rule]:
    known = [group for each in groups if (group := (facts.groups or {}).get(each))]
    return [rule for group in known for rule in group.rules if rule.covers(protocol, port)]


def _admits(rules: Sequence[Rule]) -> bool:
    return any(rule.source == ANYWHERE for rule in rules)


def _shut_out(facts: Facts, address: str, groups: Sequence[str], port: int) -> Finding:
    sources = sorted({rule.source for rule in _rules(facts, groups, "tcp", port)})
    from_where = f"from {', '.join(sources)} alone" if sources else "from nowhere"
    return _blocked(address, f"{', '.join(groups)} admits tcp {port} {from_where}")


def _blocked(address: str, why: str) -> Finding:
    return warning(
        BLOCKED,
        address,
        f"{why}, and the door comes from the public internet, from addresses of Lambda's that "
        f"change: its requests would get no answer. Admit {ANYWHERE}, or make no door to this "
        "stack",
    )
