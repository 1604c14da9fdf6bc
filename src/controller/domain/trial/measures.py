"""
What a trial measures: each number that is assumed of AWS, and how it follows from sightings. Pure.

`docs/assumptions.md` has a row for each. Where a trial sees a thing twice, both count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from statistics import fmean

from controller.domain.dataclass import dataclass
from controller.domain.planning.timing import NEVER, Timing, wake_chain
from controller.domain.trial.sightings import Log, Subject, Thing

MINUTE = timedelta(minutes=1)
"""What CloudWatch's points of a load balancer are of (AWS behaviour §4.1)."""

MADE, DELETED, MISSING = "made", "deleted", "missing"
ACTIVE, PROVISIONING = "active", "provisioning"
HELD, FREE = "held", "free"
ATTACHED, UNATTACHED = "attached", "unattached"
REFUSED, SEEN, BLURRED = "refused", "seen", "blurred"
CREATED, PULLED, STARTED = "created", "pulled", "started"
STOPPING, STOPPED = "stopping", "stopped"
ABSENT, REGISTERING, CHECKING = "absent", "registering", "checking"
HEALTHY, UNHEALTHY, DRAINING, UNUSED = "healthy", "unhealthy", "draining", "unused"
INACTIVE, LEAVING, RETURNED = "inactive", "leaving", "returned"
NO_POINT, LISTED, POINT = "no point", "listed", "point"

CHECKED = (CHECKING, HEALTHY, UNHEALTHY)
NOT_STOPPING = ("provisioning", "pending", "activating", "running", "deactivating")
ENDING = (STOPPING, "deprovisioning", STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the stack's own settings say: seconds of its health checks, and of its drain delay."""

    checks: float
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """
    One number of AWS's.

    `find` gives a value for each time that it was seen, in seconds. `field` is the field of a
    timing profile that it fills as it is, "" where it fills none.
    """

    name: str
    about: str
    find: Callable[[Log], list[float]]
    assumed: Callable[[Timing, Given], float]
    field: str = ""

    def measured(self, log: Log) -> float | None:
        found = self.find(log)
        return max(0.0, fmean(found)) if found else None


def _spans(log: Log, thing: Thing, start: str, end: Collection[str]) -> list[float]:
    """From each sighting of `start` to the entry into `end` of the same thing."""
    return [
        (entered - one.at).total_seconds()
        for one in log.all(thing, start)
        if (entered := log.entered(one.subject, end, one.at))
    ]


def _after_delete(log: Log, thing: Thing, end: str) -> list[float]:
    """From each delete of a load balancer to the entry of another thing into `end`."""
    found = []
    for deleted in log.all(Thing.BALANCER, DELETED):
        entries = [log.entered(each, (end,), deleted.at) for each in log.subjects(thing)]
        known = [each for each in entries if each]
        if known:
            found.append((max(known) - deleted.at).total_seconds())
    return found


def _between(
    log: Log, thing: Thing, start: Collection[str], end: Collection[str]
) -> Iterator[tuple[Subject, datetime, datetime]]:
    """Each resource that was observed to enter `start`, then `end`, with both moments."""
    for subject in log.subjects(thing):
        seen = log.of(subject)
        begun = log.entered(subject, start, seen[0].at)
        ended = log.entered(subject, end, begun) if begun else None
        if begun and ended:
            yield subject, begun, ended


def _lengths(log: Log, thing: Thing, start: Collection[str], end: Collection[str]) -> list[float]:
    return [(ended - begun).total_seconds() for _, begun, ended in _between(log, thing, start, end)]


def _association(log: Log) -> list[float]:
    """Without the times at which the service had to wait for something else."""
    found = []
    for made in log.all(Thing.LISTENER, MADE):
        sightings = [one for one in log.of(made.subject) if one.at >= made.at]
        states = [one.state for one in sightings]
        entered = log.entered(made.subject, (SEEN,), made.at)
        if entered and BLURRED not in states[: states.index(SEEN)]:
            found.append((entered - made.at).total_seconds())
    return found


def _registered(log: Log) -> list[float]:
    return _lengths(log, Thing.TARGET, (REGISTERING,), CHECKED)


def _healthy(log: Log) -> list[float]:
    return _lengths(log, Thing.TARGET, (REGISTERING, *CHECKED), (HEALTHY,))


def _drained(log: Log) -> list[float]:
    """Of targets whose load balancer stood meanwhile."""
    gone_at = [one.at for one in log.all(Thing.BALANCER, DELETED)]
    return [
        (ended - begun).total_seconds()
        for _, begun, ended in _between(log, Thing.TARGET, (DRAINING,), (ABSENT, UNUSED))
        if not any(begun - MINUTE <= at <= ended for at in gone_at)
    ]


def _drained_alone(log: Log) -> list[float]:
    """From the first call of a sleep to SIGTERM, where the load balancer had gone before that."""
    deleted_at = [one.at for one in log.all(Thing.BALANCER, DELETED)]
    found = []
    for leaving in log.all(Thing.SERVICE, LEAVING):
        for task in log.subjects(Thing.TASK):
            ended = log.entered(task, ENDING, leaving.at)
            before = [one.state for one in log.of(task) if one.at < leaving.at]
            ran = bool(before) and before[-1] not in ENDING
            if ended and ran and any(leaving.at <= at <= ended for at in deleted_at):
                found.append((ended - leaving.at).total_seconds())
    return found


def _inactive(log: Log) -> list[float]:
    """From the end of the last task to INACTIVE."""
    found = []
    for service in log.subjects(Thing.SERVICE):
        for begun in (one for one in log.of(service) if one.state == DELETED):
            inactive = log.entered(service, (INACTIVE, MISSING), begun.at)
            if not inactive:
                continue
            ends = [log.entered(each, (STOPPED,), begun.at) for each in log.subjects(Thing.TASK)]
            known = [at for at in ends if at and at <= inactive]
            if known:
                found.append((inactive - max(known)).total_seconds())
    return found


def _purged(log: Log) -> list[float]:
    """Of a service whose name was not taken again meanwhile."""
    found = []
    for service in log.subjects(Thing.SERVICE):
        for begun in (one for one in log.of(service) if one.state == DELETED):
            inactive = log.entered(service, (INACTIVE,), begun.at)
            missing = log.entered(service, (MISSING,), inactive) if inactive else None
            made_at = [one.at for one in log.of(service) if one.state == MADE]
            if inactive and missing and not any(begun.at <= at <= missing for at in made_at):
                found.append((missing - inactive).total_seconds())
    return found


def _first_metric(log: Log) -> list[float]:
    """
    From active to the first point.

    A point is of a whole minute; where the metric was listed within that minute, that counts.
    """
    found = []
    for subject in log.subjects(Thing.METRIC):
        active = log.entered(Subject(Thing.BALANCER, subject.id), (ACTIVE,), _begin(log, subject))
        points = [one.stamp for one in log.of(subject) if one.state == POINT and one.stamp]
        if not active or not points:
            continue
        first = min(points)
        listed = log.entered(subject, (LISTED, POINT), active) or first
        at = min(max(listed, first - MINUTE), first)
        found.append((at - active).total_seconds())
    return found


def _metric_lag(log: Log) -> list[float]:
    """From the end of the first point's minute until it could be read."""
    found = []
    for subject in log.subjects(Thing.METRIC):
        shown = log.entered(subject, (POINT,), _begin(log, subject))
        stamps = [one.stamp for one in log.of(subject) if one.state == POINT and one.stamp]
        if shown and stamps:
            found.append((shown - min(stamps) - MINUTE).total_seconds())
    return found


def _begin(log: Log, subject: Subject) -> datetime:
    """Before anything that was seen of its load balancer."""
    seen = log.of(Subject(Thing.BALANCER, subject.id)) or log.of(subject)
    return seen[0].at


def _drained_alone_assumed(timing: Timing, given: Given) -> float:
    """A sleep sets the delay to 0 first; then only the least drain is left (§3.5)."""
    drain = timing.deregistration(0)
    return drain if timing.drains_alone else min(timing.lb_gone, drain)


def _healthy_assumed(timing: Timing, given: Given) -> float:
    """Checks count once the target is registered and the load balancer is active (§1.8)."""
    task = timing.association_visible + timing.task_start + timing.activating
    return max(timing.registration, timing.lb_provisioning - task) + given.checks


def _turn_round_assumed(timing: Timing, given: Given) -> float:
    """A wake in the first second of a sleep, of which only the Elastic IP holds it up."""
    return wake_chain(
        timing, interval=given.checks, healthy_threshold=1, eip_wait=timing.eip_release
    )


def _simple(name: str, about: str, field: str, find: Callable[[Log], list[float]]) -> Measure:
    return Measure(
        name=name,
        about=about,
        find=find,
        assumed=lambda timing, given: float(getattr(timing, field)),
        field=field,
    )


MEASURES: Sequence[Measure] = (
    _simple(
        "describe_lag",
        "a create until it can be read",
        "describe_lag",
        lambda log: _spans(log, Thing.BALANCER, MADE, (PROVISIONING, ACTIVE)),
    ),
    _simple(
        "lb_provision",
        "load balancer made until active",
        "lb_provisioning",
        lambda log: _spans(log, Thing.BALANCER, MADE, (ACTIVE,)),
    ),
    _simple(
        "association_visible",
        "listener made until ECS takes its target group",
        "association_visible",
        _association,
    ),
    _simple(
        "task_start",
        "task created until its image is there",
        "task_start",
        lambda log: _lengths(log, Thing.TASK, (CREATED,), (PULLED,)),
    ),
    _simple(
        "activating",
        "image there until the task runs",
        "activating",
        lambda log: _lengths(log, Thing.TASK, (PULLED,), (STARTED,)),
    ),
    _simple("registration", "target registered until it is checked", "registration", _registered),
    Measure(
        name="target_healthy",
        about="target registered until healthy",
        find=_healthy,
        assumed=_healthy_assumed,
    ),
    Measure(
        name="drain",
        about="target drains behind its load balancer",
        find=_drained,
        assumed=lambda timing, given: timing.deregistration(given.delay),
    ),
    Measure(
        name="drain_without_lb",
        about="sleep begun until SIGTERM, load balancer deleted at once",
        find=_drained_alone,
        assumed=_drained_alone_assumed,
    ),
    _simple(
        "stop",
        "SIGTERM until the task has stopped",
        "stop",
        lambda log: _lengths(log, Thing.TASK, (STOPPING,), (STOPPED,)),
    ),
    _simple("inactive", "last task stopped until the service is INACTIVE", "inactive", _inactive),
    _simple("purge", "INACTIVE until the service is forgotten", "purge", _purged),
    _simple(
        "lb_gone",
        "load balancer deleted until it is not found",
        "lb_gone",
        lambda log: _spans(log, Thing.BALANCER, DELETED, (MISSING,)),
    ),
    _simple(
        "eip_hold",
        "load balancer deleted until its Elastic IP is free",
        "eip_release",
        lambda log: _after_delete(log, Thing.ADDRESS, FREE),
    ),
    _simple(
        "tg_release",
        "load balancer deleted until its target group is let go",
        "tg_release",
        lambda log: _after_delete(log, Thing.GROUP, UNATTACHED),
    ),
    _simple(
        "first_metric", "active until CloudWatch's first minute", "first_metric", _first_metric
    ),
    _simple("metric_lag", "a minute over until CloudWatch shows it", "metric_lag", _metric_lag),
    Measure(
        name="turn_round",
        about="wake requested during a sleep until awake",
        find=lambda log: [],
        assumed=_turn_round_assumed,
    ),
)

NAMES = tuple(each.name for each in MEASURES)


def measure_all(log: Log) -> dict[str, float | None]:
    """By name, in seconds; None for what was not seen."""
    return {each.name: each.measured(log) for each in MEASURES}


def assume_all(timing: Timing, given: Given) -> dict[str, float | None]:
    """What a profile says of each; None for what it says never happens."""
    found = {each.name: each.assumed(timing, given) for each in MEASURES}
    return {name: None if value == NEVER else value for name, value in found.items()}
