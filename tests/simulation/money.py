"""The project's ledger beside the second account of what stood, month by month, after a story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from controller.domain.ledger import Account, Past, account_month, until_settled
from controller.domain.month import Month
from controller.domain.prices import find_prices
from controller.domain.status import Status
from system import second_account

if TYPE_CHECKING:
    from simulation.house import House
    from simulation.resident import Resident

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


def bills(house: House, resident: Resident) -> Iterator[Bill]:
    stack, region = resident.stack, resident.site.region
    status = Status.from_json(house.table.load(stack).status)
    lifetimes = resident.lifetimes()
    for month in _months(house):
        events = house.table.events(stack, month.start, house.now + DAY)
        past = Past(uses=house.table.uses(stack), events=until_settled(events, month))
        used = account_month(month, past, status.meter, status.marks, house.now)
        account = Account(used=used, prices=find_prices(region))
        second = second_account.spent(lifetimes, used.start, used.end)
        yield Bill(str(month), float(account.spent), float(sum(second.values(), Fraction(0))))


def _months(house: House) -> list[Month]:
    found = [Month.of(house.story.start), Month.of(house.now)]
    return list(dict.fromkeys(found))
