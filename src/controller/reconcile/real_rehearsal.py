"""
The monthly rehearsal for real: when it is due, and what follows from its result. Pure.

It is an ordinary lease with an end of its own: where the process dies, the lease ends, and the
stack sleeps.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from itertools import count

from controller.domain.dataclass import replace
from controller.domain.decision.booking import live_bookings
from controller.domain.decision.desired import Decision
from controller.domain.decision.foresight import foresee
from controller.domain.decision.history import Wake
from controller.domain.decision.lease import Lease
from controller.domain.money.budget import make_budget
from controller.domain.money.hour_log import HOUR, Hour, floor_hour
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Spec
from controller.domain.policy.durations import LONGEST
from controller.domain.policy.policy import Policy
from controller.domain.reporting.proof import ProofFinding, Verdict
from controller.domain.reporting.real_rehearsal import Answer, RealRehearsal, RealVerdict
from controller.domain.reporting.report import policy_of, rules_of
from controller.domain.reporting.status import Status
from controller.reconcile.ports import Records

EVERY = timedelta(days=30)

MOST_TRIES = 3
"""How often in a row one is tried that something comes between; each may cost what a wake costs."""

CLEAR_AHEAD = timedelta(hours=2)
"""None starts this long before a planned wake: it would not be asleep again by then."""

PATIENCE = timedelta(minutes=5)
"""The lease outlasts `wake_timeout` by this, so that a wake that fails is reported as failed."""

QUIET_HOUR = 3
"""If nothing is known of past use: 03:00 in the stack's time zone."""

LEASE = "rehearsal"
"""The id of its lease, and the name that people see as who asked."""

REASON = "the monthly wake for real"
RULE = "rehearsal-for-real"

_NO_TROUBLE = (None, RealVerdict.ANSWERED, RealVerdict.NOT_ASKED)


def counted(status: Status) -> Status:
    """The first one is due 30 days after the first check."""
    if status.real_rehearsal or status.proof is None:
        return status
    return replace(status, real_rehearsal=RealRehearsal(not_before=status.proof.at + EVERY))


def slot(status: Status, policy: Policy, real: RealRehearsal, now: datetime) -> datetime:
    """When it may start next; a moment not after `now` means now."""
    hour = quietest_hour(status, policy, now)
    moment = max(now, real.not_before)
    today = moment.astimezone(policy.zone).date()
    for days in count(-1):
        day = today + timedelta(days=days)
        start = datetime.combine(day, time(hour), policy.zone).astimezone(UTC)
        if moment < start + HOUR:
            return max(start, real.not_before)
    raise AssertionError("days never end")


def slot_after(status: Status, policy: Policy, real: RealRehearsal, now: datetime) -> datetime:
    """The slot after the one that is now."""
    return slot(status, policy, real, now + HOUR)


def quietest_hour(status: Status, policy: Policy, now: datetime) -> int:
    """
    The local hour with the fewest uses in the last four weeks; of equal ones that nearest to 03:00.

    An awake hour of which the traffic is not known counts as used, except those of a rehearsal.
    """
    log, end = status.meter.hours, floor_hour(now)
    if log.first is None or log.first >= end:
        return QUIET_HOUR
    real, uses = status.real_rehearsal, Counter[int]()
    for index, hour in enumerate(log.each(log.first, (end - log.first) // HOUR)):
        at = log.first + index * HOUR
        if hour is Hour.USED or (hour is Hour.AWAKE and not _is_own(real, at)):
            uses[at.astimezone(policy.zone).hour] += 1
    return min(range(24), key=lambda hour: (uses[hour], _from_usual(hour), hour))


def _is_own(real: RealRehearsal | None, hour: datetime) -> bool:
    """Whether it was awake then for the last rehearsal; the load balancer's paid hour follows."""
    if real is None or real.started_at is None:
        return False
    last = (real.ended_at or real.started_at) + HOUR
    return floor_hour(real.started_at) <= hour <= last


def _from_usual(hour: int) -> int:
    """How far it is from 03:00 on the clock's face."""
    apart = abs(hour - QUIET_HOUR)
    return min(apart, 24 - apart)


def is_hindered(status: Status, records: Records, now: datetime) -> bool:
    """Whether there is a reason against a wake now that nobody has requested."""
    proof = status.proof
    return (
        proof is None
        or proof.verdict is Verdict.COULD_NOT_WAKE
        or _is_claimed(status, records, now)
        or _is_over_budget(status, records, now)
        or _wakes_soon(status, records, now)
    )


def _is_claimed(status: Status, records: Records, now: datetime) -> bool:
    """Somebody has requested a state: by a hold, a lease, a booking, or its term."""
    hold, term = records.hold, records.term
    rules = rules_of(records.spec, status, records.bookings, now)
    lifecycle = status.lifecycle
    is_held = (
        hold is not None
        and not hold.under(rules).is_over(now)
        and not lifecycle.has_consumed_hold(hold.set_at)
    )
    return (
        is_held
        or (term is not None and term.is_over(now))
        or any(lease.expires_at > now for lease in records.leases)
        or any(each.opens_at <= now for each in live_bookings(records.bookings, now))
    )


def _is_over_budget(status: Status, records: Records, now: datetime) -> bool:
    rules = rules_of(records.spec, status, records.bookings)
    budget = make_budget(
        records.spec, rules, records.leases, None, status.lifecycle, status.meter, now
    )
    return budget is not None and budget.is_used_up


def _wakes_soon(status: Status, records: Records, now: datetime) -> bool:
    rules = rules_of(records.spec, status, records.bookings, now)
    changes = foresee(rules, records.leases, records.hold, status.lifecycle, now, now + CLEAR_AHEAD)
    return any(change.state is Target.AWAKE for change in changes)


def make_lease(spec: Spec, now: datetime) -> Lease:
    until = now + min(policy_of(spec).wake_timeout + PATIENCE, LONGEST)
    return Lease(
        stack=spec.stack, id=LEASE, holder=LEASE, reason=REASON, granted_at=now, expires_at=until
    )


def lease_of(records: Records) -> Lease | None:
    """The lease of the last rehearsal, live or over."""
    return next((each for each in records.leases if each.id == LEASE), None)


def is_open(status: Status, lease: Lease) -> bool:
    """Whether the result of the rehearsal with this lease is still to come."""
    real = status.real_rehearsal
    return real is None or not real.has_ended(lease.granted_at)


def is_effective(status: Status, lease: Lease, now: datetime) -> bool:
    """Whether it keeps the stack awake; a failed wake or a requested sleep consumes it."""
    return lease.expires_at > now and not status.lifecycle.has_consumed_lease(lease)


def begun(status: Status, lease: Lease) -> Status:
    real = status.real_rehearsal or RealRehearsal(not_before=lease.granted_at)
    return replace(status, real_rehearsal=replace(real, started_at=lease.granted_at))


def ended(status: Status, lease: Lease, answer: Answer, now: datetime) -> Status:
    """
    Record the result; the next one is due 30 days later.

    One that something came between is tried again at the next quiet hour, `MOST_TRIES` in all.
    """
    before = status.real_rehearsal.tries if status.real_rehearsal else 0
    tries = (before + 1) % MOST_TRIES if answer.try_again else 0
    real = RealRehearsal(
        not_before=now + (HOUR if tries else EVERY),
        started_at=lease.granted_at,
        ended_at=now,
        verdict=answer.verdict,
        said=answer.said,
        tries=tries,
    )
    return with_finding(replace(status, real_rehearsal=real))


def proved_otherwise(status: Status, wake: Wake, lease: Lease | None) -> Status:
    """
    Somebody else's wake has shown what the last rehearsal could not: it is not tried again.

    `lease` is that of the last rehearsal, by which the wake may be its own.
    """
    real, is_own = status.real_rehearsal, lease is not None and is_open(status, lease)
    if is_own or real is None or real.verdict is None or real.verdict.is_proof:
        return status
    real = replace(real, not_before=wake.ready_at + EVERY, verdict=None, said="", tries=0)
    return with_finding(replace(status, real_rehearsal=real))


def came_to_nothing(status: Status, lease: Lease, decision: Decision) -> Answer:
    """Why no request was sent: its wake failed, or somebody or the clock was faster."""
    failure = status.lifecycle.failure
    if failure and failure.at >= lease.granted_at:
        return Answer(RealVerdict.COULD_NOT_WAKE, failure.cause, try_again=failure.is_late)
    return Answer(RealVerdict.NOT_FINISHED, decision.reason, try_again=True)


def with_finding(status: Status) -> Status:
    """Show trouble of the last one among the findings of each check, until the next one."""
    proof, real = status.proof, status.real_rehearsal
    if proof is None:
        return status
    others = tuple(each for each in proof.findings if each.rule != RULE)
    return replace(status, proof=replace(proof, findings=(*others, *_finding(real))))


def _finding(real: RealRehearsal | None) -> tuple[ProofFinding, ...]:
    if real is None or real.verdict in _NO_TROUBLE:
        return ()
    on = f"{real.started_at:%Y-%m-%d}" if real.started_at else "the last time"
    again = f"; it is tried again after {real.not_before:%Y-%m-%d %H:%M} UTC"
    if real.verdict is RealVerdict.NOT_FINISHED:
        message = (
            f"the wake for real on {on} was not finished, so it has proved nothing: {real.said}"
        )
        return (ProofFinding(rule=RULE, message=message + again),)
    message = f"woken for real on {on}, it {real.verdict}: {real.said}"
    return (ProofFinding(rule=RULE, message=message + (again if real.tries else "")),)
