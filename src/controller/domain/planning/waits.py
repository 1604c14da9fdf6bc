"""
What a wake waits for: how long each step usually takes, and what still comes after it. Pure.

Checks of a target count once its load balancer is active and its task runs (AWS behaviour §1.8).
So neither of these two ends a wake by itself, and whoever notices them late by less than the first
check takes loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from controller.domain.planning.spec import (
    Kind,
    ResourceSpec,
    Spec,
    cached_on_spec,
    references,
    split_reference,
)

LOAD_BALANCER_STARTING = "load balancer starting"
TASK_STARTING = "task starting"
HEALTH_CHECK = "health check"
NOT_FREE = "Elastic IP not free yet"

USUAL_INTERVAL = 30
"""Seconds between two health checks where nothing is said (AWS behaviour §1.2)."""

_SHORTEST_INTERVAL = 5
"""What AWS takes at least; for one that is known only at the wake."""


class Wait(NamedTuple):
    """
    What comes after the steps of one address.

    `first_check` is what a health check takes at least that ends after them; 0: nothing comes
    after them. `behind` are the load balancers without which none of its targets gets healthy.
    """

    first_check: timedelta
    behind: frozenset[str] = frozenset()


@cached_on_spec
def waits_of(spec: Spec) -> Mapping[str, Wait]:
    """By address: those of the load balancers and the services of a spec."""
    services = {service.address: _service(spec, service) for service in _running(spec)}
    balancers = {one.address: _balancer(spec, one) for one in spec.of_kind(Kind.LOAD_BALANCER)}
    return balancers | services


def assumed_seconds(step: str) -> float | None:
    """How long a step takes that none before has taught yet, at the typical pace."""
    from controller.domain.planning.timing import TYPICAL  # first ones alone ask: no cold start

    task = TYPICAL.association_visible + TYPICAL.task_start + TYPICAL.activating
    return {
        LOAD_BALANCER_STARTING: TYPICAL.lb_provisioning,
        TASK_STARTING: task,
        NOT_FREE: TYPICAL.eip_release,
    }.get(step)


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
        if service.request.get("desiredCount") != 0:
            yield service


def _service(spec: Spec, service: ResourceSpec) -> Wait:
    groups = referred(spec, service, Kind.TARGET_GROUP)
    balancers = (one.address for group in groups for one in balancers_of(spec, group))
    return Wait(_first_check(groups), behind=frozenset(balancers))


def _balancer(spec: Spec, balancer: ResourceSpec) -> Wait:
    groups = [
        group
        for service in _running(spec)
        for group in referred(spec, service, Kind.TARGET_GROUP)
        if balancer in balancers_of(spec, group)
    ]
    return Wait(_first_check(groups))


def _first_check(groups: list[ResourceSpec]) -> timedelta:
    return timedelta(seconds=min(map(_interval, groups), default=0))


def _interval(group: ResourceSpec) -> int:
    given = group.request.get("HealthCheckIntervalSeconds", USUAL_INTERVAL)
    return given if isinstance(given, int) else _SHORTEST_INTERVAL
