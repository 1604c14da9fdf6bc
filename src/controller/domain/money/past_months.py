"""
The totals of the last months: closed by the first pass of the next month. Pure.

They are part of the meter, so that a picture of them needs no other read; `past_again` makes them
again from the history. Their amounts get the prices of the moment at which they are shown.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.domain.dataclass import replace
from controller.domain.decision.lifecycle import Lifecycle
from controller.domain.money.ledger import MonthUsage, Past, Statement, month_usage, usage_now
from controller.domain.money.meter import Meter, PastMonth
from controller.domain.money.month import Month
from controller.domain.money.prices import Prices

MOST_MONTHS = 6
"""How many are kept besides the running one."""


def months_before(month: Month) -> list[Month]:
    """The months before it that are kept, the oldest first."""
    found = [month]
    for _ in range(MOST_MONTHS):
        found.append(Month.of(found[-1].start - timedelta(days=1)))
    return found[:0:-1]


def months_again(past: Past, month: Month) -> tuple[PastMonth, ...]:
    """The months before this one, as far as the events of the past go back."""
    if past.opened_at is None:
        return ()
    months = [each for each in months_before(month) if each.end > past.opened_at]
    used = (month_usage(each, past, Meter(), Lifecycle(), each.end) for each in months)
    return tuple(as_past(one) for one in used)


def as_past(used: MonthUsage) -> PastMonth:
    return PastMonth(month=used.month, spent=used.spent, always=used.always, awake=used.awake)


def close_months(meter: Meter, lifecycle: Lifecycle, now: datetime) -> Meter:
    """With the months that have ended since the last update, without those that are too old."""
    known = {each.month for each in meter.months}
    missing = [each for each in months_before(Month.of(now)) if each not in known]
    if not missing:
        return meter
    latest = max(known, default=None)
    ended = [
        as_past(used)
        for month in missing
        if (latest is None or month > latest)
        and meter.opened_at is not None
        and month.end > meter.opened_at
        and (used := usage_now(meter, lifecycle, now, month))
    ]
    return replace(meter, months=(*meter.months, *ended)[-MOST_MONTHS:]) if ended else meter


def last_months(
    meter: Meter, lifecycle: Lifecycle, prices: Prices, now: datetime
) -> list[Statement]:
    """The running month and those before it that are known, the oldest first, with prices."""
    closed = close_months(meter, lifecycle, now)
    running = usage_now(closed, lifecycle, now)
    past = [_used(each) for each in closed.months]
    return [
        Statement(used=used, prices=prices) for used in [*past, *([running] if running else [])]
    ]


def _used(past: PastMonth) -> MonthUsage:
    return MonthUsage(
        month=past.month,
        start=past.month.start,
        end=past.month.end,
        spent=past.spent,
        always=past.always,
        awake=past.awake,
    )
