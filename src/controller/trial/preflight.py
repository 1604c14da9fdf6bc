"""What a trial finds before it begins: nothing, its own remains, or somebody in the way."""

from __future__ import annotations

from controller.aws.running import RunningStack
from controller.domain.dataclass import dataclass
from controller.domain.errors import PermanentError, RetryError
from controller.domain.planning.observed import Holder, Observed, State
from controller.domain.planning.plan import Target, make_plan
from controller.domain.planning.spec import Kind, ResourceSpec, Spec
from controller.domain.trial.result import Remainder
from controller.trial.rights import check_reads
from controller.trial.site import TAG, Site

_TAGGED = (Kind.LOAD_BALANCER, Kind.TARGET_GROUP, Kind.SERVICE)
MOST_REPEATS = 3
_REMEDY = "a trial needs the stack asleep: dormouse apply DIR --to asleep, and again"


@dataclass(frozen=True, slots=True)
class Found:
    """`remains` are of an earlier trial, `since` when that began, as its tag says."""

    remains: tuple[Remainder, ...] = ()
    since: str = ""


def examine(site: Site) -> Found:
    """
    Read the stack; raise PermanentError where it is awake, where something foreign stands, or where
    the rights to read what it makes are missing.

    What carries the tag of a trial, and what is leaving already, blocks nothing.
    """
    observed = _observe(site)
    site.addresses = list(observed.addresses)
    blocked = make_plan(site.spec, Target.AWAKE, observed).blocked
    if blocked:
        raise PermanentError(f"cannot try {site.spec.stack}: {blocked[0][1]}")
    remains = standing(site.spec, observed)
    begun = [_trial_of(site, observed, each) for each in remains]
    if any(since is None for since in begun):
        untried = next(each for each, since in zip(remains, begun, strict=True) if since is None)
        raise PermanentError(f"cannot try {site.spec.stack}: {untried} exists; {_REMEDY}")
    if not make_plan(site.spec, Target.ASLEEP, observed).converged and not remains:
        _check_that_it_leaves(site.spec, observed)
    check_reads(site.clients, site.spec.stack, site.region)
    return Found(remains, max(filter(None, begun), default=""))


def _observe(site: Site) -> Observed:
    """What only lasts for a moment is asked again."""
    for _ in range(MOST_REPEATS):
        try:
            return site.observe(Target.AWAKE)
        except RetryError as error:
            site.clock.sleep(error.after_seconds)
    return site.observe(Target.AWAKE)


def standing(spec: Spec, observed: Observed) -> tuple[Remainder, ...]:
    """Resources of ours that exist or still leave; not what Terraform keeps in both worlds."""
    ours = (
        (resource, observed[resource.address])
        for resource in spec.resources
        if resource.asleep is None
    )
    return tuple(
        remainder(one, seen.arn)
        for one, seen in ours
        if seen.state.exists or seen.state is State.LEAVING
    )


def remainder(resource: ResourceSpec, arn: str = "") -> Remainder:
    return Remainder(kind=str(resource.kind), name=resource.name, address=resource.address, arn=arn)


def _trial_of(site: Site, observed: Observed, remainder: Remainder) -> str | None:
    """When the trial began that made it; "" for what has no such tag to read, None for others."""
    if remainder.kind not in _TAGGED or observed[remainder.address].state is State.LEAVING:
        return ""
    running = RunningStack(site.clients, site.clock, site.side_by_side)
    tags = running.tags(remainder.kind, remainder.arn)
    return "" if tags is None else tags.get(TAG)


def _check_that_it_leaves(spec: Spec, observed: Observed) -> None:
    for resource in spec.resources:
        if resource.asleep is not None and observed[resource.address].differs:
            raise PermanentError(
                f'cannot try {spec.stack}: service "{resource.name}" has the count of a stack that '
                f"is awake; {_REMEDY}"
            )
    held = [a for a in observed.addresses.values() if a.holder is Holder.FOREIGN]
    if held:
        raise PermanentError(f"cannot try {spec.stack}: Elastic IP {held[0].public_ip} is in use")
