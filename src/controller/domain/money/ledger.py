"""
The ledger: the cost of a stack in a month, from its recorded transitions, and its savings.

The savings are the cost of the same time always on, minus the amount spent. Time before the stack
was first published is in neither. The prices of one moment are used for the whole month.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from controller.domain.dataclass import dataclass
from controller.domain.decision.history import Event, EventKind
from controller.domain.decision.lifecycle import Lifecycle
from controller.domain.formatting import to_cents
from controller.domain.money.meter import Meter
from controller.domain.money.month import Month
from controller.domain.money.prices import Prices
from controller.domain.money.usage import (
    NAMES,
    NOTHING,
    ZERO,
    Amounts,
    BillingInterval,
    Interval,
    UsageProfile,
)
from controller.domain.planning.spec import Json
from controller.domain.timestamps import format_timestamp, parse_timestamp

WORDS = {
    "load_balancer": "load balancer, started hours",
    "vcpu": "Fargate vCPU",
    "gigabyte": "Fargate memory, GB",
    "vcpu_arm": "Fargate vCPU on ARM",
    "gigabyte_arm": "Fargate memory on ARM, GB",
    "task_address": "public address of the tasks",
    "balancer_address": "public addresses of the load balancer",
    "elastic_ip": "Elastic IP",
}
_EXACT = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthUsage:
    """
    What a stack used from `start` to `end`, the part of a month in which it was Dormouse's and
    that is over; and what it would have used always on.
    """

    month: Month
    start: datetime
    end: datetime
    spent: Amounts = NOTHING
    always: Amounts = NOTHING
    awake: timedelta = timedelta(0)
    wakes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`MonthUsage` with prices, in USD."""

    used: MonthUsage
    prices: Prices

    @property
    def spent(self) -> Decimal:
        return cost(self.used.spent, self.prices)

    @property
    def always_on(self) -> Decimal:
        return cost(self.used.always, self.prices)

    @property
    def saved(self) -> Decimal:
        """Below zero where waking and sleeping cost more than leaving it on."""
        return self.always_on - self.spent

    def in_cents(self) -> tuple[Decimal, Decimal, Decimal]:
        """Spent, always on, and saved, so that what is shown adds up."""
        spent, always = to_cents(self.spent), to_cents(self.always_on)
        return spent, always, always - spent

    @property
    def elastic_ip(self) -> Decimal:
        """The part of `spent` that no sleep can save."""
        return self.used.spent.elastic_ip * self.prices.address

    @property
    def awake_hours(self) -> float:
        return self.used.awake.total_seconds() / 3600

    def lines(self) -> list[dict[str, Json]]:
        """One for each part that was used, or would have been."""
        each, lines = rate_of(self.prices), []
        for name in NAMES:
            spent, always = getattr(self.used.spent, name), getattr(self.used.always, name)
            if spent or always:
                lines.append(
                    {
                        "item": name,
                        "what": WORDS[name],
                        "hours": number(spent),
                        "price": float(each[name]),
                        "cost": number(spent * each[name]),
                        "always_on": number(always * each[name]),
                    }
                )
        return lines

    def summary(self) -> dict[str, Json]:
        return {
            "month": str(self.used.month),
            "currency": "USD",
            "awake_hours": round(self.awake_hours, 2),
            "spent": number(self.spent),
            "always_on": number(self.always_on),
            "saved": number(self.saved),
            "prices": f"{self.prices.region}, {self.prices.as_of}",
        }

    def to_json(self) -> dict[str, Json]:
        return {
            **self.summary(),
            "from": format_timestamp(self.used.start),
            "to": format_timestamp(self.used.end),
            "elastic_ip": number(self.elastic_ip),
            "wakes": self.used.wakes,
            "lines": self.lines(),
        }


def rate_of(prices: Prices) -> Mapping[str, Decimal]:
    """USD for an hour of each part of `Amounts`."""
    return {
        "load_balancer": prices.load_balancer,
        "vcpu": prices.vcpu,
        "gigabyte": prices.gigabyte,
        "vcpu_arm": prices.vcpu_arm,
        "gigabyte_arm": prices.gigabyte_arm,
        "task_address": prices.address,
        "balancer_address": prices.address,
        "elastic_ip": prices.address,
    }


def cost(usage: Amounts, prices: Prices) -> Decimal:
    rates = rate_of(prices)
    used = ((amount, name) for name in NAMES if (amount := getattr(usage, name)))
    return sum((amount * rates[name] for amount, name in used), ZERO)


def number(amount: Decimal) -> float:
    """For JSON: four digits behind the point."""
    return float(amount.quantize(_EXACT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """
    What is recorded of a stack: `uses` what its specs use, each from when on, the oldest first;
    `events` from the month's beginning on (`until_settled`), or from an earlier moment.
    """

    uses: Sequence[tuple[datetime, UsageProfile]] = ()
    events: Sequence[Event] = ()

    @property
    def opened_at(self) -> datetime | None:
        """When it was first published; of an older history, when something first happened."""
        moments = [at for at, _ in self.uses[:1]] + [event.at for event in self.events[:1]]
        return min(moments, default=None)


def until_settled(events: Iterable[Event], month: Month) -> list[Event]:
    """The events that can describe the month: up to the first sleep after it."""
    found = []
    for event in events:
        found.append(event)
        if event.at >= month.end and event.kind is EventKind.ASLEEP:
            break
    return found


def month_usage(
    month: Month, past: Past, meter: Meter, lifecycle: Lifecycle, now: datetime
) -> MonthUsage:
    """
    What a month came to, from the history and what has not got there yet (`meter`,
    `lifecycle`).
    """
    opened_at = min((at for at in (past.opened_at, meter.opened_at) if at), default=now)
    window = window_of(month, opened_at, now)
    uses = list(past.uses) or [(opened_at, meter.use)]
    spans = [*spans_in_events(past.events), *meter.ended, *meter.open_spans(lifecycle.billed, now)]
    return _account(month, window, each_once(spans), uses, past.events, lifecycle)


def account_days(
    month: Month, past: Past, meter: Meter, lifecycle: Lifecycle, now: datetime
) -> list[MonthUsage]:
    """
    The same for each day in UTC; the days add up to the month.

    An hour of a load balancer counts on the day on which it starts.
    """
    opened_at = min((at for at in (past.opened_at, meter.opened_at) if at), default=now)
    whole = window_of(month, opened_at, now)
    uses = list(past.uses) or [(opened_at, meter.use)]
    spans = [*spans_in_events(past.events), *meter.ended, *meter.open_spans(lifecycle.billed, now)]
    spans, days, start = each_once(spans), [], whole.start
    while start < whole.end:
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        window = Interval(start, min(midnight, whole.end))
        days.append(_account(month, window, spans, uses, past.events, lifecycle))
        start = midnight
    return days


def _account(
    month: Month,
    window: Interval,
    spans: Sequence[BillingInterval],
    uses: Sequence[tuple[datetime, UsageProfile]],
    events: Sequence[Event],
    lifecycle: Lifecycle,
) -> MonthUsage:
    spent, always = spent_in(spans, window, uses), NOTHING
    for part, use in parts_of(window, uses):
        spent, always = spent + use.at_rest(part), always + use.always_on(part)
    return MonthUsage(
        month=month,
        start=window.start,
        end=window.end,
        spent=spent,
        always=always,
        awake=awake_in(events, window) + _awake_now(lifecycle, window),
        wakes=wakes_in(events, window),
    )


def usage_now(
    meter: Meter, lifecycle: Lifecycle, now: datetime, month: Month | None = None
) -> MonthUsage | None:
    """
    The running month so far, from the status alone; None before a pass has seen the stack.

    Another `month` is one that has just ended, and of which no pass of the next one knows.
    """
    if meter.opened_at is None or meter.use_since is None:
        return None
    month = month or Month.of(now)
    window = window_of(month, meter.opened_at, now)
    tally = meter.tally_of(month.start)
    last = Interval(max(window.start, meter.use_since), window.end)
    spans = each_once([*meter.ended, *meter.open_spans(lifecycle.billed, now)])
    spent = tally.used + spent_in(spans, window, [(meter.opened_at, meter.use)])
    return MonthUsage(
        month=tally.month,
        start=window.start,
        end=window.end,
        spent=spent + tally.rest + meter.use.at_rest(last),
        always=tally.always + meter.use.always_on(last),
        awake=tally.awake + _awake_now(lifecycle, window),
        wakes=tally.wakes,
    )


def window_of(month: Month, opened_at: datetime, now: datetime) -> Interval:
    """The part of the month that is the stack's own and over; empty if there is none."""
    start = min(max(month.start, opened_at), month.end)
    return Interval(start, max(start, min(month.end, now)))


def spans_in_events(events: Iterable[Event]) -> list[BillingInterval]:
    return [
        BillingInterval.from_json(data) for event in events for data in event.facts.get("spans", ())
    ]


def each_once(spans: Iterable[BillingInterval]) -> list[BillingInterval]:
    """Each billing interval once, even if several events contain it."""
    found: dict[tuple[str, datetime], BillingInterval] = {}
    for span in spans:
        known = found.get(span.key)
        if known is None or known.until < span.until:
            found[span.key] = span
    return list(found.values())


def spent_in(
    spans: Iterable[BillingInterval],
    window: Interval,
    uses: Sequence[tuple[datetime, UsageProfile]],
) -> Amounts:
    return sum((span.used(window, _use_at(uses, span.since)) for span in spans), NOTHING)


def _use_at(uses: Sequence[tuple[datetime, UsageProfile]], moment: datetime) -> UsageProfile:
    """What the spec of that moment used; before the first one, that one."""
    held = [use for since, use in uses if since <= moment]
    return (held or [use for _, use in uses[:1]] or [UsageProfile()])[-1]


def parts_of(
    window: Interval, uses: Sequence[tuple[datetime, UsageProfile]]
) -> list[tuple[Interval, UsageProfile]]:
    """The window cut where the spec began to use something else; the first holds from its start."""
    starts = [window.start, *(max(window.start, at) for at, _ in uses[1:])]
    ends = [*starts[1:], window.end]
    return [
        (Interval(start, min(end, window.end)), use)
        for start, end, (_, use) in zip(starts, ends, uses, strict=False)
    ]


def awake_in(events: Iterable[Event], window: Interval) -> timedelta:
    """From when it could be used until that was over, in all."""
    ends = [(event.facts.get("ready_at"), event.at) for event in events]
    times = (window.part(parse_timestamp(ready_at), at) for ready_at, at in ends if ready_at)
    return sum(times, timedelta(0))


def _awake_now(lifecycle: Lifecycle, window: Interval) -> timedelta:
    return window.part(lifecycle.ready_at, window.end) if lifecycle.ready_at else timedelta(0)


def wakes_in(events: Iterable[Event], window: Interval) -> int:
    times = (event.at for event in events if event.kind is EventKind.AWAKE)
    return sum(window.start <= at < window.end for at in times)
