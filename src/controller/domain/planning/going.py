"""
How a sleep takes down a service: by its count first, or by force (AWS behaviour §3.6). Pure.

By its count, the service stays until its last task has stopped; a wake that comes meanwhile takes
it up again. If anything prevents that, the service is deleted by force.
"""

from __future__ import annotations

from controller.domain.dataclass import replace
from controller.domain.planning.draining import DELAY
from controller.domain.planning.observed import Observation, Observed
from controller.domain.planning.spec import (
    Kind,
    ResourceSpec,
    Spec,
    references,
    split_reference,
)

COUNT = "desiredCount"

FORCED = "forceNewDeployment"
"""
What a service lacks that is to begin a new deployment: ECS has given up its last one, or a sleep
has stopped all its tasks (AWS behaviour §2.8).
"""

OLD_TASKS = "tasks of before"
"""Tasks of a reused service that do not stop by themselves, and must be stopped."""

DRAIN = "drain delay"
"""What the target groups of a service give up before it goes: nobody is connected any more."""

STILL_RUNS = "waits until its last task has stopped"


def first_changes(
    spec: Spec, observed: Observed, service: ResourceSpec, *, by_count: bool
) -> tuple[str, ...]:
    """What is set before a service is deleted; with its count, it is deleted later."""
    seen = observed[service.address]
    if not (seen.may_rest if by_count else seen.serves):
        return ()
    eased = (DRAIN,) if to_ease(spec, observed, service) else ()
    return (*eased, COUNT) if by_count else eased


def by_force(service: Observation) -> Observation:
    """The same service, once its count does not go the way it should: it is deleted by force."""
    return replace(service, may_rest=False, differs=(), outdated=(COUNT,) if service.rests else ())


def to_ease(spec: Spec, observed: Observed, service: ResourceSpec) -> tuple[str, ...]:
    """
    The target groups of a service that need not drain: their load balancer goes at the same time.

    Groups that Terraform keeps stay as they are.
    """
    balancers = (observed[each.address] for each in spec.of_kind(Kind.LOAD_BALANCER))
    if not any(one.state.exists and one.owned for one in balancers):
        return ()
    named = (r["$ref"] for r in references(service.request) if "$ref" in r)
    used = {split_reference(reference)[0] for reference in named}
    return tuple(
        group.address
        for group in spec.of_kind(Kind.TARGET_GROUP)
        if group.address in used and _drains(observed, group)
    )


def _drains(observed: Observed, group: ResourceSpec) -> bool:
    seen = observed[group.address]
    return seen.state.exists and seen.owned and str(group.attributes.get(DELAY)) != "0"
