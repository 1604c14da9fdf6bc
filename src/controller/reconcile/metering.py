"""
Billing intervals during a pass: opened, ended, and recorded. Pure, like `transitions`.

A load balancer counts from its creation time in AWS until our delete, or until it was found
gone. A service counts by its tasks. If AWS did not answer for them, all count as if they had
run as long as the service existed: never less than what was spent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from controller.domain.dataclass import replace
from controller.domain.decision.idle import Minute, minutes_in_use
from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.money.meter import Meter
from controller.domain.money.usage import BillingInterval, UsageProfile
from controller.domain.planning.observed import Observation, Observed, State
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind, ResourceSpec, Spec
from controller.domain.planning.spec_identity import find_by_arn, is_replaced
from controller.domain.policy.policy import IdleBelow
from controller.domain.reporting.status import Status
from controller.reconcile.outcome import Iteration

BILLED = (Kind.LOAD_BALANCER, Kind.SERVICE)


def metered(
    status: Status, spec: Spec, iteration: Iteration, now: datetime, *, whole: bool = True
) -> Status:
    """
    Record the resources that have started to cost money, and those that have ended.

    Without `whole` the spec is a replaced one: resources that it does not name are left alone.
    With `whole`, resources that a replaced spec names are left alone.
    """
    lifecycle = status.lifecycle
    found = _billed(lifecycle, spec, iteration)
    keys = {(each.arn, each.since) for each in found}
    others = [each for each in lifecycle.billed if (each.arn, each.since) not in keys]
    mine = {resource.address for resource in spec.resources}
    gone = [e for e in others if e.address in mine or (whole and not is_replaced(e.address))]
    left = [each for each in others if each not in gone]
    use = UsageProfile.of(spec)
    standing = lifecycle.with_billed((*found, *left))
    meter = _taken_up(status.meter, iteration)
    if standing == lifecycle and not gone and meter == status.meter:
        return status
    meter = meter.over([_span(each, use, status.progress, now) for each in gone])
    return replace(status, lifecycle=standing, meter=meter)


def _taken_up(meter: Meter, iteration: Iteration) -> Meter:
    """A service that has tasks again, by a wake or by others, has other ones: read again."""
    if not meter.seen:
        return meter
    ended = {span.address for span in meter.ended if not span.is_task}
    stays = {
        address
        for address, one in iteration.observed.resources.items()
        if one.state.exists and not one.rests and address not in ended
    }
    seen = {address: tasks for address, tasks in meter.seen.items() if address not in stays}
    return replace(meter, seen=seen) if seen.keys() != meter.seen.keys() else meter


def nothing_exists(status: Status, now: datetime) -> Status:
    """End all open intervals, except for resources that a replaced spec names."""
    standing = status.lifecycle.billed
    left = tuple(each for each in standing if is_replaced(each.address))
    return _ending(status, [each for each in standing if each not in left], left, now)


def set_apart(status: Status, spec: Spec, replaced: Sequence[Spec], now: datetime) -> Status:
    """
    Give each open interval its present address: a new one, or that of a replaced spec.

    A resource that no spec names any more, replaced or not, counts as ended.
    """
    named = {resource.address for resource in spec.resources}
    if not replaced and all(each.address in named for each in status.lifecycle.billed):
        return status
    specs = (*replaced, spec)
    known: list[BilledResource] = []
    orphans: list[BilledResource] = []
    for each in status.lifecycle.billed:
        found = find_by_arn(specs, each.arn)
        address = found.address if found else each.address
        lost = found is None and is_replaced(each.address)
        (orphans if lost else known).append(replace(each, address=address))
    if tuple(known) == status.lifecycle.billed:
        return status
    return _ending(status, orphans, tuple(known), now)


def _ending(
    status: Status, over: Sequence[BilledResource], left: tuple[BilledResource, ...], now: datetime
) -> Status:
    use = status.meter.use
    spans = [_span(each, use, status.progress, now) for each in over]
    lifecycle = status.lifecycle.with_billed(left)
    return replace(status, lifecycle=lifecycle, meter=status.meter.over(spans))


def traffic_read(status: Status, minutes: Sequence[Minute], limits: IdleBelow) -> Status:
    """After reading the traffic: the hours were used, or known to be unused."""
    used = [minute.at for minute in minutes_in_use(minutes, limits)]
    known = [minute.at for minute in minutes]
    return status.with_meter(status.meter.with_traffic(known, used, status.lifecycle.ready_at))


def leaving_services(status: Status, spec: Spec, observed: Observed) -> list[BilledResource]:
    """Leaving services whose tasks have not been read yet; those that wait for their tasks too."""
    return [
        each
        for each in _counted_by_tasks(status, spec)
        if _leaves(observed[each.address]) and each.address not in status.meter.seen
    ]


def _leaves(service: Observation) -> bool:
    return service.state is State.LEAVING or service.rests


def changed_services(status: Status, spec: Spec, observed: Observed) -> list[BilledResource]:
    """Services that stay, with a task that AWS has stopped since the last check."""
    found = []
    for each in _counted_by_tasks(status, spec):
        replaced_at = observed[each.address].replaced_at
        if replaced_at and replaced_at > max(each.since, status.meter.read_at or each.since):
            found.append(each)
    return found


def ended_services(status: Status, spec: Spec) -> list[BillingInterval]:
    """Services of this spec that have ended and whose tasks were seen before that."""
    ours = {each.address for each in spec.of_kind(Kind.SERVICE)} & status.meter.seen.keys()
    return [span for span in status.meter.ended if span.address in ours and ":service/" in span.arn]


def unseen_services(status: Status, spec: Spec) -> list[BillingInterval]:
    """Services gone before their tasks were read: AWS keeps stopped tasks for an hour."""
    use = UsageProfile.of(spec)
    mine = use.tasks.keys() - use.resting.keys() - status.meter.seen.keys()
    return [each for each in status.meter.ended if each.address in mine and not each.is_task]


def _counted_by_tasks(status: Status, spec: Spec) -> list[BilledResource]:
    """A service that keeps tasks while asleep is left out: its extra tasks cannot be identified."""
    use = UsageProfile.of(spec)
    return [
        each
        for each in status.lifecycle.billed
        if each.address in use.tasks and each.address not in use.resting
    ]


def _billed(lifecycle: Lifecycle, spec: Spec, iteration: Iteration) -> list[BilledResource]:
    """What costs money now; a new one counts from its creation time in AWS."""
    known = {each.arn: each for each in lifecycle.billed}
    found = []
    for resource in spec.resources:
        one = iteration.observed[resource.address]
        before = known.get(one.arn)
        if resource.kind in BILLED and one.arn and _costs(resource, one, before, iteration.target):
            since = _since(resource, one, before, lifecycle, iteration.now)
            if since:
                found.append(BilledResource(address=resource.address, arn=one.arn, since=since))
    return found


def _costs(
    resource: ResourceSpec, one: Observation, before: BilledResource | None, target: Target
) -> bool:
    if one.state is State.LEAVING:
        return resource.kind is Kind.SERVICE and before is not None
    if resource.asleep is not None and target is Target.ASLEEP and one.state is State.READY:
        return False  # it exists in both worlds, and is scaled down
    return one.state.exists and (one.owned or before is not None)


def _since(
    resource: ResourceSpec,
    one: Observation,
    before: BilledResource | None,
    lifecycle: Lifecycle,
    now: datetime,
) -> datetime | None:
    if resource.asleep is not None:
        return before.since if before else lifecycle.waking_since or now
    return one.created_at or (before.since if before else None)


def _span(
    each: BilledResource, use: UsageProfile, progress: Progress, now: datetime
) -> BillingInterval:
    """Up to our own delete, or else up to when it was found gone."""
    trace = progress.deleted.get(each.address)
    ours = trace and each.is_balancer and trace.arn == each.arn and trace.at >= each.since
    until = trace.at if trace and ours else now
    return BillingInterval(
        address=each.address,
        arn=each.arn,
        since=min(each.since, until),
        until=until,
        tasks=use.awake_only(each.address),
    )
