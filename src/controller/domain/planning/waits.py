"""
What a wake waits for: how long each step usually takes, and what still comes after it. Pure.

Checks of a target count once its load balancer is active and its task runs (AWS behaviour §1.8).
So neither of these two ends a wake by itself, and whoever notices them late by less than the first
check takes loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from controller.domain.planning.spec import (
    Kind,
    ResourceSpec,
    Spec,
    references,
    split_reference,
)
from controller.domain.planning.timing import TYPICAL, Timing

LOAD_BALANCER_STARTING = "load balancer starting"
TASK_STARTING = "task starting"
HEALTH_CHECK = "health check"

USUAL_INTERVAL = 30
"""Seconds between two health checks where nothing is said (AWS behaviour §1.2)."""

_SHORTEST_INTERVAL = 5
"""What AWS takes at least; for one that is known only at the wake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """
    What is known of the steps of one address before they begin.

    `usual` are the seconds that each is assumed to take. `first_check` is what a
    health check takes at least that ends after these steps; 0: nothing comes after them.
    `behind` are the load balancers without which none of its targets gets healthy.
    """

    usual: Mapping[str, float]
    first_check: timedelta = timedelta(0)
    behind: frozenset[str] = field(default=frozenset())


def waits_of(spec: Spec, timing: Timing = TYPICAL) -> dict[str, Wait]:
    """By address: those of the load balancers and the services of a spec."""
    services = {service.address: _service(spec, service, timing) for service in _running(spec)}
    balancers = {
        balancer.address: _balancer(spec, balancer, timing)
        for balancer in spec.of_kind(Kind.LOAD_BALANCER)
    }
    return balancers | services


def referred(spec: Spec, resource: ResourceSpec, kind: Kind) -> list[ResourceSpec]:
    """What a resource refers to, of one kind."""
    named = (r["$ref"] for r in references(resource.request) if "$ref" in r)
    addresses = {split_reference(reference)[0] for reference in named}
    return [one for one in spec.of_kind(kind) if one.address in addresses]


def balancers_of(spec: Spec, group: ResourceSpec) -> Iterator[ResourceSpec]:
    """The load balancers whose listeners forward to a target group."""
    for listener in spec.of_kind(Kind.LISTENER):
        if group in referred(spec, listener, Kind.TARGET_GROUP):
            yield from referred(spec, listener, Kind.LOAD_BALANCER)


def _running(spec: Spec) -> Iterator[ResourceSpec]:
    for service in spec.of_kind(Kind.SERVICE):
        if service.request.get("desiredCount", 1) != 0:
            yield service


def _service(spec: Spec, service: ResourceSpec, timing: Timing) -> Wait:
    groups = referred(spec, service, Kind.TARGET_GROUP)
    visible = timing.association_visible if groups else 0
    balancers = (one.address for group in groups for one in balancers_of(spec, group))
    return Wait(
        usual={TASK_STARTING: visible + timing.task_start + timing.activating},
        first_check=_first_check(groups),
        behind=frozenset(balancers),
    )


def _balancer(spec: Spec, balancer: ResourceSpec, timing: Timing) -> Wait:
    groups = [
        group
        for service in _running(spec)
        for group in referred(spec, service, Kind.TARGET_GROUP)
        if balancer in balancers_of(spec, group)
    ]
    return Wait(
        usual={LOAD_BALANCER_STARTING: timing.lb_provisioning}, first_check=_first_check(groups)
    )


def _first_check(groups: list[ResourceSpec]) -> timedelta:
    return timedelta(seconds=min(map(_interval, groups), default=0))


def _interval(group: ResourceSpec) -> int:
    given = group.request.get("HealthCheckIntervalSeconds", USUAL_INTERVAL)
    return given if isinstance(given, int) else _SHORTEST_INTERVAL
