"""What the laptop's AWS would have billed, from its own account of what stood and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from controller.domain.prices import (
    Prices,
    address_cost,
    find_prices,
    load_balancer_cost,
    task_cost,
)
from controller.domain.rates import awake_hour
from controller.domain.spec import Kind, Spec
from local.lifetimes import Lifetime

MONTH = timedelta(hours=730)
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
    prices = find_prices(spec.region)
    parts = dict.fromkeys(NAMES, Decimal(0))
    for life in lifetimes:
        stood = (life.ended_at or now) - max(life.started_at, started_at)
        parts[life.kind] += _cost(prices, life, max(stood, timedelta(0)))
    lasted = now - started_at
    return Bill(
        lasted=lasted, parts=parts, always_on=parts[ADDRESS] + _left_on(spec, prices, lasted)
    )


def _left_on(spec: Spec, prices: Prices, lasted: timedelta) -> Decimal:
    """Load balancers by the started hour here too: the two are to be compared."""
    balancers = len(spec.of_kind(Kind.LOAD_BALANCER))
    tasks_hour = awake_hour(spec) - prices.load_balancer * balancers
    hours = Decimal(lasted.total_seconds()) / 3600
    return load_balancer_cost(prices, lasted) * balancers + tasks_hour * hours


def month_of(spec: Spec, awake: Decimal, times: int) -> tuple[Decimal, Decimal, Decimal]:
    """A month with so many times awake at this price, one of being always on, one asleep."""
    asleep = address_cost(find_prices(spec.region), MONTH)
    hours = Decimal(MONTH.total_seconds()) / 3600
    return asleep + awake * times, asleep + awake_hour(spec) * hours, asleep


def _cost(prices: Prices, life: Lifetime, stood: timedelta) -> Decimal:
    if life.kind == BALANCER:
        return load_balancer_cost(prices, stood)
    if life.kind == ADDRESS:
        return address_cost(prices, stood)
    return task_cost(
        prices,
        stood,
        vcpu=Decimal(str(life.details.get("cpu") or 256)) / 1024,
        gigabytes=Decimal(str(life.details.get("memory") or 512)) / 1024,
        public_ip=bool(life.details.get("public_ip")),
    )
