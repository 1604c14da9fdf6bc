"""
What one load balancer may have, and what a wake gives it: listeners, targets, target groups.

The names are those of the ELBv2 API's DescribeAccountLimits, which needs no further read. Targets
count once for each target group of the load balancer that they are in. A zone counts those of its
own subnets; with cross-zone load balancing each zone counts all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from controller.domain.diagnostics.facts import Back, Facts, backs
from controller.domain.diagnostics.finding import Finding, ok, problem
from controller.domain.planning.spec import Json, Kind, ResourceSpec

LISTENERS = "listeners-per-network-load-balancer"
TARGETS = "targets-per-network-load-balancer"
ZONE_TARGETS = "targets-per-availability-zone-per-network-load-balancer"
GROUPS = "target-groups-per-action-on-network-load-balancer"

PER_BALANCER = {
    LISTENERS: "listeners",
    TARGETS: "targets",
    ZONE_TARGETS: "targets in one zone",
    GROUPS: "target groups of one listener",
}
"""By AWS's name of the quota."""


def front_quotas(facts: Facts) -> Iterator[Finding]:
    most = {each.what: each.most for each in facts.quotas or ()}
    for balancer in facts.spec.of_kind(Kind.LOAD_BALANCER):
        needed = _needed(facts, balancer)
        known = {name: most[name] for name in PER_BALANCER if name in most}
        over = [name for name in known if needed[name] > known[name]]
        for name in over:
            yield problem(
                "quotas",
                balancer.address,
                f"a wake gives it {needed[name]} {PER_BALANCER[name]}, and the account allows "
                f"{known[name]}; put fewer into the Terraform files, or raise the quota (Service "
                f"Quotas, Elastic Load Balancing: {name})",
            )
        if known and not over:
            parts = [f"{needed[n]} of {known[n]} {PER_BALANCER[n]}" for n in known if needed[n]]
            yield ok("quotas", balancer.address, ", ".join(parts) or "nothing to count")


def _needed(facts: Facts, balancer: ResourceSpec) -> dict[str, int]:
    listeners = [
        each
        for each in facts.spec.of_kind(Kind.LISTENER)
        if str(each.request.get("LoadBalancerArn")) == f"{balancer.address}.arn"
    ]
    placed = [(_tasks(back), _share(facts, back, balancer)) for back in _behind(facts, balancer)]
    return {
        LISTENERS: len(listeners),
        TARGETS: sum(count for count, _ in placed),
        ZONE_TARGETS: sum(math.ceil(count * share) for count, share in placed),
        GROUPS: max((_groups(each) for each in listeners), default=0),
    }


def _behind(facts: Facts, balancer: ResourceSpec) -> Iterator[Back]:
    """A service once for each of its target groups that the load balancer forwards to."""
    for back in backs(facts.spec):
        for target in back.targets:
            if any(front.resource.address == balancer.address for front in target.fronts):
                yield back


def _tasks(back: Back) -> int:
    return int(back.resource.request.get("desiredCount", 1))


def _share(facts: Facts, back: Back, balancer: ResourceSpec) -> float:
    """The part of the service's tasks that one zone counts."""
    if balancer.attributes.get("load_balancing.cross_zone.enabled") == "true":
        return 1.0
    known = facts.subnets or {}
    zones = {known[each].zone for each in back.subnets if each in known}
    return 1 / max(1, len(zones))


def _groups(listener: ResourceSpec) -> int:
    return max((_forwards(each) for each in listener.request.get("DefaultActions", ())), default=0)


def _forwards(action: Json) -> int:
    several = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
    return len(several) or ("TargetGroupArn" in action)
