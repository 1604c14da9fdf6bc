"""
The month's budget of a stack: how much of it is spent, and when it will be used up. Pure.

A month is a calendar month in UTC, as AWS bills. What is spent counts as in the ledger, the Elastic
IP included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from controller.domain.dataclass import dataclass
from controller.domain.decision.desired import decide
from controller.domain.decision.foresight import foresee
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.decision.lifecycle import Lifecycle
from controller.domain.decision.office_hours import Rules, Stop
from controller.domain.formatting import say_money
from controller.domain.money.ledger import cost, number, usage_now
from controller.domain.money.meter import Meter
from controller.domain.money.month import Month
from controller.domain.money.prices import find_prices
from controller.domain.money.usage import HOUR, Amounts, BillingInterval, Interval, UsageProfile
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Json, Kind, Spec
from controller.domain.policy.policy import Policy
from controller.domain.timestamps import write_timestamp

NEAR = Decimal("0.8")
"""The share at which the first message is sent."""

_PRECISION = timedelta(minutes=1)
_BALANCER = ":loadbalancer/net/foreseen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """
    USD. `used_up_at` is when it will be used up, as far as that is foreseen: now, where it is;
    None: not in this month. `expected` is what the month will have cost. With `stops` office
    hours end with it.
    """

    month: Month
    limit: Decimal
    spent: Decimal
    expected: Decimal
    used_up_at: datetime | None
    stops: bool

    @property
    def is_used_up(self) -> bool:
        return self.spent >= self.limit

    @property
    def is_near(self) -> bool:
        return self.spent >= self.limit * NEAR

    @property
    def stop(self) -> Stop | None:
        """From when on office hours do not count, as far as that is foreseen."""
        if not self.stops or self.used_up_at is None:
            return None
        return _stop(
            self.month, self.limit, self.month.start if self.is_used_up else self.used_up_at
        )

    @property
    def said(self) -> str:
        """Write "14.20 $ of 20.00 $"."""
        return f"{say_money(self.spent)} of {say_money(self.limit)}"

    def to_json(self) -> dict[str, Json]:
        return {
            "month": str(self.month),
            "currency": "USD",
            "limit": number(self.limit),
            "spent": number(self.spent),
            "expected": number(self.expected),
            "used_up": self.is_used_up,
            "used_up_at": write_timestamp(self.used_up_at),
            "resets_at": write_timestamp(self.month.end),
            "stops": self.stops,
        }


def make_budget(
    spec: Spec,
    rules: Rules,
    leases: Sequence[Lease],
    hold: Hold | None,
    lifecycle: Lifecycle,
    meter: Meter,
    now: datetime,
) -> Budget | None:
    """None for a stack without a budget, and before a pass has seen it."""
    limit = limit_of(rules.policy)
    if limit is None or meter.use_since is None:
        return None
    spending = Spending(spec, lifecycle, meter, now)
    end = Month.of(now).end
    stays = tuple(_stays(rules, leases, hold, lifecycle, now, end))
    return Budget(
        month=Month.of(now),
        limit=limit,
        spent=spending.by(now, ()),
        expected=spending.by(end, stays),
        used_up_at=spending.reaches(limit, stays),
        stops=rules.policy.budget_stops,
    )


def limit_of(policy: Policy) -> Decimal | None:
    return None if policy.monthly_budget is None else Decimal(str(policy.monthly_budget))


def stop_of(
    spec: Spec, policy: Policy, lifecycle: Lifecycle, meter: Meter, now: datetime
) -> Stop | None:
    """
    When office hours stop counting in this month, if the state does not change until then.

    None if the policy does not want that, or the budget lasts. A sleeping stack is not woken for
    less than an hour: otherwise it would wake and sleep repeatedly at the end of its budget.
    """
    limit = limit_of(policy)
    if limit is None or not policy.budget_stops or meter.use_since is None:
        return None
    month, spending = Month.of(now), Spending(spec, lifecycle, meter, now)
    if lifecycle.is_up:
        at = spending.reaches(limit, (Interval(now, month.end),))
    else:
        at = spending.reaches(limit - spending.first_hour, ())
    if at is None:
        return None
    # Used up already: of this month no window counts, whenever that was.
    return _stop(month, limit, month.start if at <= now else at)


def _stop(month: Month, limit: Decimal, start: datetime) -> Stop:
    reason = f"the budget of {say_money(limit)} for {month} is used up"
    return Stop(start=start, end=month.end, reason=reason)


def next_edge(
    spec: Spec, policy: Policy, lifecycle: Lifecycle, meter: Meter, now: datetime
) -> datetime | None:
    """When, after `now`, spending reaches the share for a message, if the state does not change."""
    limit = limit_of(policy)
    if limit is None or meter.use_since is None:
        return None
    stays = (Interval(now, Month.of(now).end),) if lifecycle.is_up else ()
    spending = Spending(spec, lifecycle, meter, now)
    found = (spending.reaches(share, stays) for share in (limit * NEAR, limit))
    return min((at for at in found if at and at > now), default=None)


class Spending:
    """What the running month has cost by any moment from `now` on, by when the stack is up."""

    def __init__(self, spec: Spec, lifecycle: Lifecycle, meter: Meter, now: datetime) -> None:
        self._use = UsageProfile.of(spec)
        self._prices = find_prices(spec.region)
        self._balancers = [each.address for each in spec.of_kind(Kind.LOAD_BALANCER)]
        self._now = now
        self._month = Month.of(now)
        used = usage_now(meter, lifecycle, now)
        self._spent = used.spent if used else Amounts()
        self._open = meter.open_spans(lifecycle.billed, now) if lifecycle.is_up else []

    def by(self, moment: datetime, stays: Sequence[Interval]) -> Decimal:
        """USD by `moment`; a first stay that has begun is the resources of now."""
        rest = self._use.at_rest(Interval(self._now, moment))
        added = sum(self._added(moment, stays), rest)
        return cost(self._spent + added, self._prices)

    @property
    def first_hour(self) -> Decimal:
        """How much more the first hour of a wake costs than sleep."""
        hour = self._used(self._new(self._month.start, self._month.start + HOUR))
        return cost(sum(hour, Amounts()), self._prices)

    def reaches(self, amount: Decimal, stays: Sequence[Interval]) -> datetime | None:
        """The minute by which this amount is spent; None: not in this month."""
        if self.by(self._now, ()) >= amount:
            return self._now
        low, high = self._now, self._month.end
        if self.by(high, stays) < amount:
            return None
        while high - low > _PRECISION:
            middle = low + (high - low) / 2
            if self.by(middle, stays) >= amount:
                high = middle
            else:
                low = middle
        whole = high.replace(second=0, microsecond=0)
        return min(whole if whole == high else whole + _PRECISION, self._month.end)

    def _added(self, moment: datetime, stays: Sequence[Interval]) -> Iterator[Amounts]:
        for stay in stays:
            until = min(stay.end, moment)
            if until <= stay.start:
                continue
            if stay.start <= self._now and self._open:
                yield from self._grown(until)
            else:
                yield from self._used(self._new(stay.start, until))

    def _grown(self, until: datetime) -> Iterator[Amounts]:
        """The cost up to now of the resources that exist now."""
        for one in self._open:
            window = Interval(self._month.start, self._month.end)
            later = BillingInterval(
                address=one.address, arn=one.arn, since=one.since, until=until, tasks=one.tasks
            )
            yield later.used(window, self._use)
            yield one.used(window, self._use) * -1

    def _used(self, intervals: Iterable[BillingInterval]) -> Iterator[Amounts]:
        window = Interval(self._month.start, self._month.end)
        return (each.used(window, self._use) for each in intervals)

    def _new(self, since: datetime, until: datetime) -> Iterator[BillingInterval]:
        for address in self._balancers:
            yield BillingInterval(address=address, arn=_BALANCER, since=since, until=until)
        for address in self._use.tasks:
            yield BillingInterval(address=address, arn=address, since=since, until=until)


def _stays(
    rules: Rules,
    leases: Sequence[Lease],
    hold: Hold | None,
    lifecycle: Lifecycle,
    now: datetime,
    end: datetime,
) -> Iterator[Interval]:
    """When it is up from now on; somebody is assumed to use it while it is."""
    is_wanted = decide(rules, leases, hold, lifecycle, now).state is Target.AWAKE
    up_since = now if is_wanted or lifecycle.is_up else None
    for change in foresee(rules, leases, hold, lifecycle, now, end):
        if change.state is Target.AWAKE:
            up_since = up_since or change.at
        elif up_since is not None:
            yield Interval(up_since, change.at)
            up_since = None
    if up_since is not None:
        yield Interval(up_since, end)
