"""What the laptop's AWS would have billed, from its own account of what stood and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from controller.domain.dataclass import dataclass, replace
from controller.domain.money.hourly_prices import HOURS_IN_A_MONTH
from controller.domain.money.ledger import cost
from controller.domain.money.prices import find_prices
from controller.domain.money.usage import Amounts, BillingInterval, Interval, Tasks, UsageProfile
from controller.domain.planning.spec import Spec
from local.lifetimes import Lifetime

MONTH = timedelta(hours=HOURS_IN_A_MONTH)
BALANCER, TASK, ADDRESS = "load_balancer", "task", "elastic_ip"
NAMES = {BALANCER: "load balancer", TASK: "Fargate", ADDRESS: "Elastic IP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """USD by kind of thing over a stretch of time, and what leaving it on would have cost."""

    lasted: timedelta
    parts: dict[str, Decimal]
    always_on: Decimal

    @property
    def total(self) -> Decimal:
        return sum(self.parts.values(), Decimal(0))

    @property
    def awake(self) -> Decimal:
        """Without the Elastic IP, which is paid for anyway."""
        return self.total - self.parts[ADDRESS]


def make_bill(
    spec: Spec, lifetimes: Iterable[Lifetime], started_at: datetime, now: datetime
) -> Bill:
    """The bill from `started_at` to `now`; started load balancer hours count in full."""
    prices, window, use = find_prices(spec.region), Interval(started_at, now), UsageProfile.of(spec)
    parts = dict.fromkeys(NAMES, Decimal(0))
    for life in lifetimes:
        parts[life.kind] += cost(_used(life, window, use), prices)
    # By the started hour here too: the two are to be compared.
    hours = window.started_hours(started_at, now) * use.balancers
    always = replace(use.always_on(window), load_balancer=hours)
    return Bill(lasted=now - started_at, parts=parts, always_on=cost(always, prices))


def month_of(spec: Spec, awake: Decimal, times: int) -> tuple[Decimal, Decimal, Decimal]:
    """A month with this many times awake at this price, one of being always on, one asleep."""
    prices, use = find_prices(spec.region), UsageProfile.of(spec)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    window = Interval(start, start + MONTH)
    asleep = cost(use.at_rest(window), prices)
    return asleep + awake * times, cost(use.always_on(window), prices), asleep


def _used(life: Lifetime, window: Interval, use: UsageProfile) -> Amounts:
    until = life.ended_at or window.end
    if life.kind == ADDRESS:
        return Amounts(elastic_ip=window.hours(life.started_at, until))
    tasks = None
    if life.kind == TASK:
        size = life.details
        tasks = Tasks(
            cpu=int(size.get("cpu") or 256),
            memory=int(size.get("memory") or 512),
            public_ip=bool(size.get("public_ip")),
        )
    span = BillingInterval(
        address=life.name, arn=life.arn, since=life.started_at, until=until, tasks=tasks
    )
    return span.used(window, use)
