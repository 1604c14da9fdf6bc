"""
When an awake stack may go to sleep: nobody requests it, nobody uses it, or it was awake too long.

    idleness    no use for `idle_timeout` since it was ready, last used, requested, or opened
    min_awake   only delays: no sleep sooner than this after it was ready
    paid hour   only delays: the started hour of a load balancer is paid (AWS behaviour §7.1), so
                it stays until shortly before that hour is over
    max_awake   a hard end, outside office hours

Every instant follows from the lifecycle and the rules, never from the time of the question. The
only exception: a missed end moves to the next possible one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from controller.domain.dataclass import dataclass, field
from controller.domain.decision.hold import Hold
from controller.domain.decision.idle import LAG, RETRY
from controller.domain.decision.lease import Lease
from controller.domain.decision.lifecycle import Activity, Lifecycle
from controller.domain.decision.office_hours import OfficeHours, Window
from controller.domain.formatting import say_duration, say_moment
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import Policy

PAID_HOUR = timedelta(hours=1)

BEFORE_THE_HOUR = timedelta(minutes=4)
"""Time to take a lost pass up again before the next hour is paid: lock, heartbeat, and again."""

LONGEST_LAG = timedelta(minutes=30)


class Rule(StrEnum):
    """The deciding rule, as a word for programs; the sentence for people is separate."""

    HOLD = "hold"
    LEASE = "lease"
    OPENING = "opening"  # office hours, before they begin
    OFFICE_HOURS = "office_hours"
    BOOKING = "booking"  # from the lead of the wake on
    FINISH_WAKE = "finish_wake"
    MIN_AWAKE = "min_awake"
    PAID_HOUR = "paid_hour"
    UNKNOWN = "unknown"  # it may be idle, but nothing says so
    IDLE = "idle"
    OVER = "over"  # the requested time is over
    MAX_AWAKE = "max_awake"
    SLEPT = "slept"  # asleep since an earlier decision, for its reason
    NOBODY = "nobody"


@dataclass(frozen=True)
class Verdict:
    """What is true at one instant, and until when it stays true."""

    state: Target
    rule: Rule
    reason: str
    until: datetime | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    needs_traffic: bool = False


@dataclass(frozen=True, slots=True)
class Demand:
    """A lease or office hours that want the stack awake."""

    rule: Rule
    reason: str
    evidence: Mapping[str, Any]

    def granted(self, until: datetime | None = None, **more: Any) -> Verdict:
        return Verdict(Target.AWAKE, self.rule, self.reason, until, {**self.evidence, **more})


class SleepRules:
    """
    The verdicts for a stack that is up. `windows` must reach back by `max_awake`.

    Its size: each rule that ends or prolongs a time awake, over the same records.
    """

    def __init__(
        self,
        policy: Policy,
        lifecycle: Lifecycle,
        windows: OfficeHours,
        leases: Sequence[Lease],
        hold: Hold | None,
    ) -> None:
        self._policy = policy
        self._lifecycle = lifecycle
        self._windows = windows
        self._leases = leases
        self._hold = hold

    def verdict(self, demand: Demand | None, window: Window | None, now: datetime) -> Verdict:
        """`demand` is what wants it awake now, `window` the office hours of now, spent or not."""
        cap = None if window else self._cap(now)
        if demand is None:
            return self._over(cap, now)
        if cap is not None and now >= cap:
            most = say_duration(self._policy.max_awake)
            reason = (
                f"it was awake outside office hours for {most}, the longest that max_awake allows"
            )
            since = cap - self._policy.max_awake
            return Verdict(Target.ASLEEP, Rule.MAX_AWAKE, reason, evidence={"since": since})
        timeout = self._idle_timeout(window)
        if timeout is None:
            return demand.granted(cap)
        return self._used_or_idle(demand, timeout, window, cap, now)

    def _cap(self, now: datetime) -> datetime:
        """When it has been up outside office hours for the longest time allowed."""
        since = self._lifecycle.waking_since or now
        closed_at = self._windows.last_closing(now)
        return max(since, closed_at or since) + self._policy.max_awake

    # nobody wants it any more

    def _over(self, cap: datetime | None, now: datetime) -> Verdict:
        over = self._what_is_over(now)
        floor = self._floor(now)
        if cap is not None and now >= cap:
            return Verdict(Target.ASLEEP, Rule.OVER, over)
        if now < floor:
            rule, why = self._why_not_yet()
            return Verdict(
                Target.AWAKE, rule, f"{over}, but {why}", _sooner(floor, cap), {"until": floor}
            )
        end = self._paid_end(now)
        if now < end:
            reason = f"{over}, but {self._why_paid(end)}"
            until = _sooner(end, cap)
            return Verdict(Target.AWAKE, Rule.PAID_HOUR, reason, until, {"until": end})
        return Verdict(Target.ASLEEP, Rule.OVER, over)

    def _floor(self, now: datetime) -> datetime:
        """Before this it does not go to sleep; a started wake is completed."""
        if self._lifecycle.ready_at is None:
            return (self._lifecycle.waking_since or now) + self._policy.wake_timeout
        return self._lifecycle.ready_at + self._policy.min_awake

    def _why_not_yet(self) -> tuple[Rule, str]:
        if self._lifecycle.ready_at is None:
            return Rule.FINISH_WAKE, "the wake that has begun is finished first"
        least = say_duration(self._policy.min_awake)
        return Rule.MIN_AWAKE, f"it stays awake for {least} at least"

    def _what_is_over(self, now: datetime) -> str:
        ended = [
            (lease.expires_at, _how_it_ended(lease))
            for lease in self._leases
            if self._ended_since_the_wake(lease.expires_at, now)
            and not self._lifecycle.has_consumed_lease(lease)
        ]
        closed, stop = self._windows.last_over(now), self._windows.stop
        if stop and stop.covers(now):
            ended.append((stop.start, stop.reason))
        at = closed.closes_at if closed else None
        if (
            closed
            and at
            and self._ended_since_the_wake(at, now)
            and not (stop and at == stop.start)
        ):
            ended.append((at, _what_closed(closed)))
        if self._hold and self._hold.is_over(now):
            ended.append((self._hold.until, f"the hold of {self._hold.by} is over"))
        return max(ended, default=(now, "nobody needs it any more"))[1]

    def _ended_since_the_wake(self, end: datetime, now: datetime) -> bool:
        """What ended earlier is not the reason for this sleep."""
        return (self._lifecycle.waking_since or end) <= end <= now

    # nobody uses it

    def _idle_timeout(self, window: Window | None) -> timedelta | None:
        """None while it cannot be idle: also while it cannot be used, because that is a failure."""
        if self._lifecycle.ready_at is None or self._lifecycle.unserved_since is not None:
            return None
        in_office_hours = window is not None and not self._policy.idle_during_office_hours
        return None if in_office_hours else self._policy.idle_timeout

    def _used_or_idle(
        self,
        demand: Demand,
        timeout: timedelta,
        window: Window | None,
        cap: datetime | None,
        now: datetime,
    ) -> Verdict:
        activity = self._lifecycle.activity
        since = self._unused_since(window, now)
        idle_at = since + timeout
        known_until = activity.known_until if activity else None
        facts = {"unused_since": since, "idle_at": idle_at, "known_until": known_until}
        ripe = max(_ripe_at(idle_at, activity), self._floor(now), now)
        end = self._paid_end(ripe)
        if now < end:
            if activity and activity.read_at >= idle_at and not _is_known(activity, idle_at):
                return _unknown(demand, activity, _sooner(end, cap), facts)
            return demand.granted(_sooner(end, cap), **facts)
        if activity is None or activity.read_at <= now - RETRY:
            until = _sooner(now + RETRY, cap)
            return Verdict(
                Target.AWAKE, demand.rule, demand.reason, until, facts, needs_traffic=True
            )
        reason = f"nobody has used it for {say_duration(timeout)}"
        return Verdict(Target.ASLEEP, Rule.IDLE, reason, evidence=facts)

    def _unused_since(self, window: Window | None, now: datetime) -> datetime:
        """
        From when on it counts as unused: the last sign that somebody needs it.

        Asking for it is use too, or a press of "extend" would be followed by sleep; and so is
        the beginning of office hours, also while it is still ahead, or what was unused before them
        would not see them open.
        """
        moments = [self._lifecycle.ready_at, self._lifecycle.served_again_at]
        moments += [lease.requested_at for lease in self._leases]
        activity = self._lifecycle.activity
        moments += [activity.last_at, activity.quiet_since] if activity else []
        counted = [moment for moment in moments if moment is not None and moment <= now]
        return max([*counted, window.opens_at] if window else counted, default=now)

    # the paid hour

    def _paid_end(self, wanted: datetime) -> datetime:
        """The end at or after `wanted` that wastes nothing of an hour that is paid."""
        hour_ends = paid_hour_ends(self._policy, self._lifecycle, wanted)
        return wanted if hour_ends is None else max(wanted, hour_ends - BEFORE_THE_HOUR)

    def _why_paid(self, end: datetime) -> str:
        zone = self._policy.zone
        paid = say_moment(end + BEFORE_THE_HOUR, zone)
        return (
            f"the hour of its load balancer is paid until {paid}: "
            f"it stays until {say_moment(end, zone)}"
        )


def longest_after_the_end(policy: Policy) -> timedelta:
    """
    How long one that is up may stay so after office hours are over, at most.

    So long it has to know when they were over: `max_awake` counts from there, and it is said as
    the reason while a wake is finished, `min_awake` lasts, or an hour is paid.
    """
    return max(policy.max_awake, policy.wake_timeout + policy.min_awake + PAID_HOUR)


def _unknown(
    demand: Demand, activity: Activity, until: datetime | None, facts: Mapping[str, Any]
) -> Verdict:
    note = activity.note or "too few of its traffic counts have come"
    reason = f"{demand.reason}; {note}, and what is not known is not idle"
    return Verdict(Target.AWAKE, Rule.UNKNOWN, reason, until, facts)


def paid_hour_ends(policy: Policy, lifecycle: Lifecycle, moment: datetime) -> datetime | None:
    """
    When the hour is over that is paid at `moment`; None where that does not matter.

    Of several load balancers the oldest counts: they are made together, and its hour ends first.
    """
    since = min((each.since for each in lifecycle.balancers), default=None)
    if since is None or not policy.finish_paid_hour:
        return None
    return since + (max(timedelta(0), moment - since) // PAID_HOUR + 1) * PAID_HOUR


def _what_closed(window: Window) -> str:
    if window.booking:
        return f"the time that {window.booking.by} booked is over"
    return "office hours are over"


def _how_it_ended(lease: Lease) -> str:
    if lease.released_at:
        return f"{lease.holder} needs it no more"
    return f"the time that {lease.holder} asked for is over"


def _ripe_at(idle_at: datetime, activity: Activity | None) -> datetime:
    """
    Return when counts can first show that there was no use until `idle_at`.

    Assumes the delay of the last read; minutes that were missing then are read again.
    """
    if activity is None:
        return idle_at + LAG
    lag = LAG
    if activity.known_until:
        lag = min(max(LAG, activity.read_at - activity.known_until), LONGEST_LAG)
    ripe = idle_at + lag
    return ripe if _is_known(activity, idle_at) else max(ripe, activity.read_at + RETRY)


def _is_known(activity: Activity, idle_at: datetime) -> bool:
    return activity.known_until is not None and activity.known_until >= idle_at


def _sooner(first: datetime, second: datetime | None) -> datetime:
    return first if second is None else min(first, second)
