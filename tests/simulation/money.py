"""The project's ledger beside the second account of what stood, month by month, after a story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from controller.domain.decision.history import EventKind
from controller.domain.money.ledger import Past, Statement, month_usage, until_settled
from controller.domain.money.month import Month
from controller.domain.money.prices import find_prices
from controller.domain.reporting.status import Status
from controller.domain.timestamps import parse_timestamp
from system import second_account

if TYPE_CHECKING:
    from simulation.installation import Installation
    from simulation.simulated_users import SimulatedUsers

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bill:
    """USD of one month by the ledger, and by the lifetimes that AWS recorded."""

    month: str
    ledger: float
    second: float

    @property
    def differs_by(self) -> float:
        return abs(self.ledger - self.second)


def bills(installation: Installation, users: SimulatedUsers) -> Iterator[Bill]:
    stack, region = users.stack, users.site.region
    status = installation.table.load(stack).status or Status()
    lifetimes = users.lifetimes()
    for month in _months(installation):
        events = installation.table.events(stack, month.start, installation.now + DAY)
        past = Past(uses=installation.table.uses(stack), events=until_settled(events, month))
        used = month_usage(month, past, status.meter, status.lifecycle, installation.now)
        account = Statement(used=used, prices=find_prices(region))
        second = second_account.spent(lifetimes, used.start, used.end)
        yield Bill(str(month), float(account.spent), float(sum(second.values(), Fraction(0))))


def weeks(installation: Installation, users: SimulatedUsers) -> Iterator[Bill]:
    """The same of each weekly letter, from its begin to its own moment."""
    lifetimes = users.lifetimes()
    start, end = installation.story.start, installation.now + DAY
    for event in installation.table.events(users.stack, start, end):
        if event.kind is EventKind.DIGEST:
            since = parse_timestamp(event.facts["since"])
            second = second_account.spent(lifetimes, since, event.at)
            total = float(sum(second.values(), Fraction(0)))
            yield Bill(f"the week up to {event.at:%d %b}", float(event.facts["spent"]), total)


def _months(installation: Installation) -> list[Month]:
    found = [Month.of(installation.story.start), Month.of(installation.now)]
    return list(dict.fromkeys(found))
