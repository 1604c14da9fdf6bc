"""How long a service may drain because its files ask for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from controller.domain.planning.spec import (
    Json,
    Kind,
    ResourceSpec,
    Spec,
    cached_on_spec,
    split_reference,
)

DELAY = "deregistration_delay.timeout_seconds"

USUAL_DELAY = timedelta(seconds=300)
"""What a target group has that names no delay (AWS behaviour §1.2)."""

LONGEST_DELAY = timedelta(seconds=3600)
"""The most that AWS takes (ELBv2 API reference, TargetGroupAttribute)."""

DRAIN_STUCK = timedelta(minutes=15)
"""A service that drains this long beyond its delay does not end without help (§3.6, F43)."""


def drain_delay(spec: Spec, service: ResourceSpec) -> timedelta:
    """
    The longest deregistration delay among the target groups of a service; none without one.

    Of a target group that Terraform keeps the delay is not known here, so the longest counts.
    """
    return _drain_delays(spec).get(service.address, timedelta(0))


def longest_drain(spec: Spec) -> timedelta:
    """The longest delay of any service of the stack."""
    return max(_drain_delays(spec).values(), default=timedelta(0))


@cached_on_spec
def _drain_delays(spec: Spec) -> Mapping[str, timedelta]:
    return {each.address: _longest_of(spec, each) for each in spec.of_kind(Kind.SERVICE)}


def _longest_of(spec: Spec, service: ResourceSpec) -> timedelta:
    groups = [each.get("targetGroupArn") for each in service.request.get("loadBalancers", ())]
    return max((_delay(spec, group) for group in groups if group), default=timedelta(0))


def _delay(spec: Spec, group: Json) -> timedelta:
    reference = group.get("$ref") if isinstance(group, dict) else None
    address = split_reference(reference)[0] if reference else ""
    found = next((each for each in spec.resources if each.address == address), None)
    if found is None:
        return LONGEST_DELAY
    try:
        return timedelta(seconds=float(found.attributes.get(DELAY, USUAL_DELAY.total_seconds())))
    except ValueError:
        return LONGEST_DELAY
