"""
How long a wake of a spec takes, and its longest chain. Pure.

The pace is that of `timing.py`. No call waits for a load balancer to be active (`plan.py`), so load
balancers and tasks start in parallel; the checks of a target start when its load balancer is active
and the target is registered. Target groups that Terraform keeps are checked too, behind load
balancers that are active already; the spec does not contain their checks, so the caller gives them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controller.domain.dataclass import dataclass, replace
from controller.domain.planning.spec import Json, Kind, ResourceSpec, Spec
from controller.domain.planning.timing import TYPICAL, Timing
from controller.domain.planning.waits import (
    HEALTH_CHECK,
    LOAD_BALANCER_STARTING,
    TASK_STARTING,
    USUAL_INTERVAL,
    balancers_of,
    referred,
)

# What AWS takes where nothing is said (AWS behaviour §1.2).
_INTERVAL, _THRESHOLD = USUAL_INTERVAL, 5
QUICK_INTERVAL, QUICK_THRESHOLD = 10, 2
"""Checks that every network load balancer takes, and that are quick enough (AWS behaviour §1.2)."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a wake waits for, as progress names it too."""

    address: str
    step: str
    seconds: float

    def to_json(self) -> dict[str, Json]:
        return {"address": self.address, "step": self.step, "seconds": round(self.seconds)}


@dataclass(frozen=True, slots=True)
class WakePath:
    """The longest chain of a wake; empty where nothing has to be waited for."""

    steps: tuple[Step, ...] = ()

    @property
    def seconds(self) -> float:
        return sum(step.seconds for step in self.steps)


@dataclass(frozen=True, slots=True)
class Checks:
    """How a target group finds out that a target is healthy."""

    interval: int = _INTERVAL
    threshold: int = _THRESHOLD

    @property
    def seconds(self) -> int:
        return self.interval * self.threshold

    @property
    def quicker(self) -> Checks:
        return Checks(min(self.interval, QUICK_INTERVAL), min(self.threshold, QUICK_THRESHOLD))

    @staticmethod
    def of(group: ResourceSpec) -> Checks:
        """Those that the spec asks for; AWS's own where it leaves them out."""
        given = group.request
        return Checks(
            _whole(given.get("HealthCheckIntervalSeconds"), _INTERVAL),
            _whole(given.get("HealthyThresholdCount"), _THRESHOLD),
        )


@dataclass(frozen=True, slots=True)
class KeptGroup:
    """
    A target group that Terraform keeps and a service registers with.

    A network load balancer takes its time to register a target, others do not (AWS behaviour
    §1.10).
    """

    address: str
    checks: Checks
    is_network: bool = False


Kept = Mapping[str, tuple[KeptGroup, ...]]
"""By the address of the service."""


def wake_path(
    spec: Spec,
    kept: Kept | None = None,
    timing: Timing = TYPICAL,
    checks: Mapping[str, Checks] | None = None,
) -> WakePath:
    """`checks` replace those of a target group, by its address."""
    chains = list(_chains(spec, kept or {}, timing, checks or {}))
    return max(chains, key=lambda chain: chain.seconds, default=WakePath())


def slow_groups(
    spec: Spec, kept: Kept | None = None, timing: Timing = TYPICAL
) -> tuple[float, tuple[str, ...]]:
    """
    How many seconds shorter a wake is with quick checks, and the addresses of the target groups
    that have to have them for that.
    """
    quick = {address: each.quicker for address, each in all_checks(spec, kept or {}).items()}
    shortest = wake_path(spec, kept, timing, quick).seconds
    saved = wake_path(spec, kept, timing).seconds - shortest
    if saved <= 0:
        return 0, ()

    def with_all_others_quick(address: str) -> float:
        others = {other: each for other, each in quick.items() if other != address}
        return wake_path(spec, kept, timing, others).seconds

    return saved, tuple(each for each in quick if with_all_others_quick(each) > shortest)


def all_checks(spec: Spec, kept: Kept) -> dict[str, Checks]:
    """Those of all target groups, by address."""
    own = {group.address: Checks.of(group) for group in spec.of_kind(Kind.TARGET_GROUP)}
    return own | {group.address: group.checks for groups in kept.values() for group in groups}


def _chains(
    spec: Spec, kept: Kept, timing: Timing, checks: Mapping[str, Checks]
) -> Iterator[WakePath]:
    starting = {
        balancer.address: Step(balancer.address, LOAD_BALANCER_STARTING, timing.lb_provisioning)
        for balancer in spec.of_kind(Kind.LOAD_BALANCER)
    }
    for step in starting.values():
        yield WakePath((step,))
    for service in spec.of_kind(Kind.SERVICE):
        if service.request.get("desiredCount", 1) == 0:
            continue
        groups = referred(spec, service, Kind.TARGET_GROUP)
        stand = kept.get(service.address, ())
        visible = timing.association_visible if groups else 0
        running = visible + timing.task_start + timing.activating
        task = Step(service.address, TASK_STARTING, running)
        yield WakePath((task,))
        for group in groups:
            check_seconds = checks.get(group.address, Checks.of(group)).seconds
            check = Step(service.address, HEALTH_CHECK, check_seconds)
            registered = replace(check, seconds=timing.registration + check_seconds)
            yield WakePath((task, registered))
            yield from (
                WakePath((starting[balancer.address], check))
                for balancer in balancers_of(spec, group)
            )
        for standing in stand:
            check_seconds = checks.get(standing.address, standing.checks).seconds
            registration = timing.registration if standing.is_network else 0
            yield WakePath(
                (task, Step(service.address, HEALTH_CHECK, registration + check_seconds))
            )


def _whole(value: Json, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
