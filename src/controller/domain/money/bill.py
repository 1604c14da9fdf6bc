"""The cost of one time awake, and of what still exists: for messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from controller.domain.dataclass import dataclass
from controller.domain.money.ledger import cost
from controller.domain.money.prices import find_prices
from controller.domain.money.usage import (
    HOUR,
    NOTHING,
    SHORTEST_TASK,
    ZERO,
    BillingInterval,
    Interval,
    UsageProfile,
)
from controller.domain.planning.spec import Json, Kind, Spec, cached_on_spec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = Interval(_EPOCH, _EPOCH + HOUR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One time awake: from the first part that was paid for to the last, and the money in USD."""

    start: datetime
    end: datetime
    load_balancers: Decimal
    started_hours: int
    tasks: Decimal

    @property
    def cost(self) -> Decimal:
        return self.load_balancers + self.tasks

    @property
    def lasted(self) -> timedelta:
        return self.end - self.start


def add_up(spec: Spec, recorded: Sequence[Json]) -> Stay | None:
    """
    The bill of an event's `spans`, as `BillingInterval` writes them; None if nothing was
    paid for.
    """
    spans = [BillingInterval.from_json(each) for each in recorded]
    if not spans:
        return None
    start, end = min(each.since for each in spans), max(each.until for each in spans)
    use, window = UsageProfile.of(spec), Interval(start, end + SHORTEST_TASK)
    used = sum((each.used(window, use) for each in spans), NOTHING)
    prices = find_prices(spec.region)
    balancers = used.load_balancer * prices.load_balancer
    return Stay(
        start=start,
        end=end,
        load_balancers=balancers,
        started_hours=int(used.load_balancer),
        tasks=cost(used, prices) - balancers,
    )


@cached_on_spec
def awake_hour(spec: Spec) -> Decimal:
    """USD for an hour of what exists only while awake, tasks at their full number."""
    prices, use = find_prices(spec.region), UsageProfile.of(spec)
    return cost(use.always_on(_HOUR), prices) - cost(use.at_rest(_HOUR), prices)


@cached_on_spec
def asleep_hour(spec: Spec) -> Decimal:
    """USD for an hour of what stays: the Elastic IPs, and tasks that run in both worlds."""
    return cost(UsageProfile.of(spec).at_rest(_HOUR), find_prices(spec.region))


def hour_of(spec: Spec, address: str) -> Decimal:
    """USD for an hour of one resource while it exists; zero if the resource itself is free."""
    prices, tasks = find_prices(spec.region), UsageProfile.of(spec).awake_only(address)
    if any(each.address == address for each in spec.of_kind(Kind.LOAD_BALANCER)):
        lent = UsageProfile.of(spec).addresses.get(address, 0)
        return prices.load_balancer + lent * prices.address
    return cost(tasks.used(Decimal(1), Decimal(1)), prices) if tasks else ZERO
