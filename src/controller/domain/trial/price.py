"""What a trial costs, said before it asks. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from controller.domain.dataclass import dataclass
from controller.domain.money.ledger import cost
from controller.domain.money.prices import Prices
from controller.domain.money.usage import Amounts, Interval, UsageProfile
from controller.domain.planning.spec import Spec
from controller.domain.planning.timing import TYPICAL, Timing
from controller.domain.planning.wake_path import wake_path
from controller.domain.trial.measures import Given

WAKES = 2
MARGIN = Decimal(2)
"""AWS may take twice as long as is assumed."""

OVERHEAD = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD: what it should cost, what it costs at most, and what a forgotten day would."""

    usual: Decimal
    most: Decimal
    forgotten_day: Decimal
    lasts: timedelta


def price_of(spec: Spec, given: Given, prices: Prices, timing: Timing = TYPICAL) -> Price:
    use = UsageProfile.of(spec)
    lasts = _length(spec, given, timing)
    usual = cost(_used(use, lasts, WAKES), prices)
    # A third started hour, if a wake is long enough to need it.
    most = cost(_used(use, lasts * int(MARGIN), WAKES + 1), prices)
    day = cost(use.always_on(_interval(timedelta(days=1))), prices)
    return Price(usual=usual, most=most, forgotten_day=day, lasts=lasts)


def _used(use: UsageProfile, lasts: timedelta, started_hours: int) -> Amounts:
    """Each load balancer's hour counts from its start; the Elastic IP is paid for anyway."""
    awake = use.always_on(_interval(lasts))
    hours = Decimal(started_hours * use.balancers)
    return Amounts(
        load_balancer=hours,
        vcpu=awake.vcpu,
        gigabyte=awake.gigabyte,
        vcpu_arm=awake.vcpu_arm,
        gigabyte_arm=awake.gigabyte_arm,
        task_address=awake.task_address,
        balancer_address=awake.balancer_address,
    )


def _length(spec: Spec, given: Given, timing: Timing) -> timedelta:
    """Two wakes, the wait for CloudWatch, and two sleeps, one of which drains."""
    wakes = WAKES * wake_path(spec, timing=timing).seconds
    metrics = timing.first_metric + timing.metric_lag
    sleeps = timing.deregistration(given.delay) + timing.stop + timing.inactive
    return timedelta(seconds=wakes + metrics + sleeps + 2 * timing.eip_release) + OVERHEAD


def _interval(length: timedelta) -> Interval:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return Interval(start, start + length)
