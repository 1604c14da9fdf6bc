"""
What the controller itself costs in a month, by assumed passes.

Lambda's and the scheduler's part lies within what AWS gives every account for ever, as long as
nothing else uses that up; the table has no such allowance. Prices are those of us-east-1, as in
docs/costs.md, where each has its source.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from controller.domain.dataclass import dataclass
from controller.domain.money.usage import ZERO, to_hours
from controller.domain.planning.spec import Json

_MILLION = 1_000_000

HEARTBEAT_GB_SECONDS = Decimal("0.075")
"""0.3 seconds with 256 MB when nothing is due."""

WAKE = {"seconds": 480, "reads": 400, "writes": 300}
"""
A wake and the sleep after it: a pass that works for four minutes each, reads the records (three
units) every five seconds, and writes the status (five units) whenever something has changed.
"""

AWAKE_HOUR = {"seconds": 24, "reads": 72, "writes": 120}
"""Twelve short passes: they read the traffic, and check for changes by others."""

MEMORY_GB = Decimal("0.25")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """USD for `per` million; this many are free in the account's month."""

    what: str
    amount: Decimal
    price: Decimal
    free: int = 0

    @property
    def cost(self) -> Decimal:
        """The amount if nothing else in the account uses the allowance."""
        return max(ZERO, self.amount - self.free) * self.price / _MILLION

    @property
    def without_allowance(self) -> Decimal:
        return self.amount * self.price / _MILLION

    def to_json(self) -> dict[str, Json]:
        return {
            "what": self.what,
            "amount": round(float(self.amount), 1),
            "price_per_million": float(self.price),
            "free": self.free,
            "cost": round(float(self.cost), 4),
            "without_allowance": round(float(self.without_allowance), 4),
        }


def controller_parts(
    length: timedelta, *, awake: timedelta, wakes: int, stacks: int = 1
) -> list[Part]:
    """
    The parts of one stack's share: of the heartbeat, which `stacks` share, and of its passes.

    `length` is the time that the account covers, `awake` how much of it the stack was.
    """
    beats = to_hours(length) * 60 / max(1, stacks)
    hours = to_hours(awake)
    passes = {name: wakes * WAKE[name] + hours * AWAKE_HOUR[name] for name in WAKE}
    run = beats * HEARTBEAT_GB_SECONDS + passes["seconds"] * MEMORY_GB
    calls = beats + wakes * 4 + hours * 12
    return [
        Part(what="schedule", amount=beats, price=Decimal("1.00"), free=14_000_000),
        Part(what="function calls", amount=calls, price=Decimal("0.20"), free=1_000_000),
        Part(what="function GB-s", amount=run, price=Decimal("13.3334"), free=400_000),
        Part(what="table reads", amount=beats / 2 + passes["reads"], price=Decimal("0.125")),
        Part(what="table writes", amount=Decimal(passes["writes"]), price=Decimal("0.625")),
    ]


def controller_cost(parts: list[Part]) -> Decimal:
    return sum((part.cost for part in parts), ZERO)
