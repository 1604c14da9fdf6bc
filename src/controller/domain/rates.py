"""What an hour of a stack costs, awake and asleep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from controller.domain.ledger import cost
from controller.domain.prices import Prices, find_prices
from controller.domain.spec import Spec
from controller.domain.usage import Use, Window

_START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = Window(_START, _START + timedelta(hours=1))


def awake_hour(spec: Spec, prices: Prices | None = None) -> Decimal:
    """USD for an hour of everything that exists only while awake; the Elastic IP is not in it."""
    prices, use = prices or find_prices(spec.region), Use.of(spec)
    return cost(use.always_on(HOUR), prices) - cost(use.at_rest(HOUR), prices)


def asleep_hour(spec: Spec, prices: Prices | None = None) -> Decimal:
    """USD for an hour of what stays: the Elastic IPs, and tasks that run in both worlds."""
    return cost(Use.of(spec).at_rest(HOUR), prices or find_prices(spec.region))
