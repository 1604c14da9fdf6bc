"""
Replay the past: apply the decisions of a policy to recorded traffic. Pure.

As in the controller, `desired.py` decides, `idle.py` judges idleness, and `usage.py` counts
money. Assumptions: a client that finds the stack asleep wakes it and extends its lease while it is
used; a wake takes `wake`; minutes without counts are use, because unknown is not idle.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from controller.domain.dataclass import dataclass, replace
from controller.domain.decision.desired import Decision, decide, settle_lifecycle
from controller.domain.decision.idle import (
    MINUTE,
    Counts,
    Minute,
    floor_minute,
    judge,
    minutes_in_use,
    window_to_read,
)
from controller.domain.decision.lease import Lease
from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.decision.office_hours import Rules
from controller.domain.money.usage import Amounts, BillingInterval, Interval, UsageProfile
from controller.domain.planning.plan import Target
from controller.domain.timestamps import parse_timestamp

_BALANCER = ":loadbalancer/net/replayed"
_SOMEBODY = "somebody"
_MOST_TURNS = 200_000
"""Of the loop; a month of the busiest traffic takes some thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """
    What was recorded in [start, end): the minutes with counts, oldest first.

    `wake` is how long a wake takes.
    """

    window: Interval
    minutes: Sequence[Minute]
    wake: timedelta = timedelta(minutes=3)

    @property
    def unknown(self) -> list[datetime]:
        """The minutes of the window for which there are no counts."""
        known = {minute.at for minute in self.minutes}
        length = int(self.window.length / MINUTE)
        each = (self.window.start + index * MINUTE for index in range(length))
        return [at for at in each if at not in known]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Somebody came while it was asleep, with this many new connections in that minute."""

    at: datetime
    flows: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """
    What would have been. `stays` are the times from setting out to be awake until setting out to
    sleep; `used` are the minutes in use, `unknown` those without counts.
    """

    window: Interval
    stays: tuple[Interval, ...]
    missed: tuple[Missed, ...]
    used: tuple[datetime, ...]
    unknown: tuple[datetime, ...]
    spent: Amounts
    always: Amounts

    @property
    def hours_used(self) -> float:
        return len(self.used) / 60

    @property
    def hours_unknown(self) -> float:
        return len(self.unknown) / 60

    @property
    def hours_awake(self) -> float:
        return float(sum(self.window.hours(stay.start, stay.end) for stay in self.stays))


def replay(use: UsageProfile, rules: Rules, past: Past) -> Replay:
    """Live through `past` by `rules`; `use` is what the stack needs while awake."""
    used = minutes_in_use(past.minutes, rules.policy.idle_below)
    unknown = past.unknown
    life = _Life(rules, past, used, unknown)
    stays = tuple(life.stays())
    window = past.window
    usages = (span.used(window, use) for stay in stays for span in _spans(use, stay))
    return Replay(
        window=window,
        stays=stays,
        missed=tuple(life.missed),
        used=tuple(minute.at for minute in used),
        unknown=tuple(unknown),
        spent=sum(usages, use.at_rest(window)),
        always=use.always_on(window),
    )


def _spans(use: UsageProfile, stay: Interval) -> Iterator[BillingInterval]:
    for number in range(use.balancers):
        arn = f"{_BALANCER}{number}"
        yield BillingInterval(address=arn, arn=arn, since=stay.start, until=stay.end)
    for address in use.tasks:
        yield BillingInterval(address=address, arn=address, since=stay.start, until=stay.end)


class _Life:
    """One stack, from the beginning of the past to its end."""

    def __init__(
        self, rules: Rules, past: Past, used: Sequence[Minute], unknown: Sequence[datetime]
    ) -> None:
        self._rules = rules
        self._past = past
        self._times = [minute.at for minute in past.minutes]
        self._flows = {minute.at: minute.new_flows for minute in used}
        self._wanted = sorted([*self._flows, *unknown])
        self._lifecycle = Lifecycle()
        self._leases: tuple[Lease, ...] = ()
        self.missed: list[Missed] = []

    def stays(self) -> Iterator[Interval]:
        now, end = self._past.window.start, self._past.window.end
        since: datetime | None = None
        for _ in range(_MOST_TURNS):
            decision = self._decide(now)
            if since is None and decision.state is Target.ASLEEP and self._is_wanted(now):
                self._wake(now)
                decision = self._decide(now)
            if decision.state is Target.AWAKE:
                since = since or now
            elif since is not None:
                yield Interval(since, now)
                since = None
                if self._is_wanted(now):
                    continue  # it fell asleep under somebody
            now = self._next(decision, now)
            if now >= end:
                break
        if since is not None:
            yield Interval(since, end)

    def _decide(self, now: datetime) -> Decision:
        """Like a pass: settle the lifecycle, and read the traffic if that could change it."""
        self._note_ready(now)
        decision = decide(self._rules, self._leases, None, self._lifecycle, now)
        if decision.needs_traffic:
            self._observe(decision, now)
            decision = decide(self._rules, self._leases, None, self._lifecycle, now)
        settled = settle_lifecycle(self._lifecycle, decision, self._leases, now)
        if settled == self._lifecycle:
            return decision
        standing: tuple[BilledResource, ...] = ()
        if settled.waking_since is not None:
            standing = (BilledResource(address="", arn=_BALANCER, since=settled.waking_since),)
        self._lifecycle = settled.with_billed(standing)
        return decide(self._rules, self._leases, None, self._lifecycle, now)

    def _note_ready(self, now: datetime) -> None:
        since = self._lifecycle.waking_since
        if (
            since is not None
            and self._lifecycle.ready_at is None
            and now >= since + self._past.wake
        ):
            self._lifecycle = self._lifecycle.ready(since + self._past.wake)

    def _observe(self, decision: Decision, now: datetime) -> None:
        policy, lifecycle = self._rules.policy, self._lifecycle
        since = parse_timestamp(decision.evidence["unused_since"])
        span = window_to_read(since, policy.idle_timeout or timedelta(0), now)
        first, last = bisect_left(self._times, span.start), bisect_left(self._times, span.end)
        counts = Counts(tuple(self._past.minutes[first:last]))
        activity = judge(counts, span, policy.idle_below, lifecycle.activity, now)
        self._lifecycle = replace(lifecycle, activity=activity)

    def _is_wanted(self, now: datetime) -> bool:
        minute = floor_minute(now)
        index = bisect_left(self._wanted, minute)
        return index < len(self._wanted) and self._wanted[index] == minute

    def _wake(self, now: datetime) -> None:
        """Somebody presses, and presses again at each end while it is used without a long pause."""
        minute = floor_minute(now)
        if minute in self._flows and now > self._past.window.start:
            self.missed.append(Missed(at=now, flows=self._flows[minute]))
        policy = self._rules.policy
        pause = policy.idle_timeout or policy.wake_for
        index = last = bisect_left(self._wanted, minute)
        while (
            index + 1 < len(self._wanted) and self._wanted[index + 1] - self._wanted[last] <= pause
        ):
            index += 1
            last = index
        used_for = self._wanted[last] + MINUTE - now
        ends = now + policy.wake_for * max(1, -(-used_for // policy.wake_for))
        lease = Lease(
            stack="",
            id=now.isoformat(),
            holder=_SOMEBODY,
            reason="",
            granted_at=now,
            expires_at=ends,
        )
        self._leases = (lease,)

    def _next(self, decision: Decision, now: datetime) -> datetime:
        """The next instant at which anything can be different."""
        moments = [decision.until] if decision.until else []
        since = self._lifecycle.waking_since
        if since is not None and self._lifecycle.ready_at is None:
            moments.append(since + self._past.wake)
        if decision.state is Target.ASLEEP:
            index = bisect_right(self._wanted, now)
            moments += self._wanted[index : index + 1]
        later = [moment for moment in moments if moment > now]
        return min(later, default=self._past.window.end)
