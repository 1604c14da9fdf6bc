"""Days as lines of half hours, for a terminal: in use, awake, paid for, asleep, not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from controller.domain.money.hour_log import HOUR, Hour, floor_hour
from controller.domain.money.past_hours import Hours
from controller.domain.money.usage import Interval

_SLOT = timedelta(minutes=30)
_SCALE = "00    03    06    09    12    15    18    21    24"


class Cell(Enum):
    """What a half hour shows: the first of these that is true of any part of it."""

    USED = "█"
    UNKNOWN = "?"
    UNSEEN = "▒"
    AWAKE = "░"
    PAID = "▁"
    ASLEEP = "·"
    OUTSIDE = " "


WORDS = {
    Cell.USED: "used",
    Cell.UNSEEN: "awake, use not known",
    Cell.AWAKE: "awake",
    Cell.PAID: "paid for",
    Cell.ASLEEP: "asleep",
    Cell.UNKNOWN: "not known",
}
_OF_HOUR = {
    Hour.USED: Cell.USED,
    Hour.QUIET: Cell.AWAKE,
    Hour.AWAKE: Cell.UNSEEN,
    Hour.PAID: Cell.PAID,
    Hour.ASLEEP: Cell.ASLEEP,
    Hour.UNKNOWN: Cell.UNKNOWN,
}


def legend(*cells: Cell) -> str:
    """What these cells mean, on one line."""
    return "   ".join(f"{cell.value} {WORDS[cell]}" for cell in cells)


LEGEND = legend(Cell.USED, Cell.AWAKE, Cell.ASLEEP, Cell.UNKNOWN)


def strip(
    window: Interval,
    zone: ZoneInfo,
    stays: Sequence[Interval],
    used: Iterable[datetime] = (),
    unknown: Iterable[datetime] = (),
) -> Iterator[str]:
    """A scale, and a line for each local day of the window."""
    marked: dict[tuple[str, int], Cell] = {}
    for cell, moments in ((Cell.UNKNOWN, unknown), (Cell.USED, used)):
        for moment in moments:
            marked[_place(moment, zone)] = cell

    def cell_at(moment: datetime) -> Cell:
        awake = any(stay.start < moment + _SLOT and moment < stay.end for stay in stays)
        return marked.get(_place(moment, zone), Cell.AWAKE if awake else Cell.ASLEEP)

    return _lines(window, zone, cell_at)


def strip_of_hours(hours: Hours, zone: ZoneInfo) -> Iterator[str]:
    """The same for data by the hour; its last line is a legend."""
    each = hours.each
    if not each:
        return
    window = Interval(hours.first, hours.first + len(each) * HOUR)

    def cell_at(moment: datetime) -> Cell:
        index = (floor_hour(moment) - hours.first) // HOUR
        return _OF_HOUR[each[index]]

    yield from _lines(window, zone, cell_at)
    shown = {_OF_HOUR[hour] for hour in each}
    yield f"{'':<11}{legend(*(cell for cell in WORDS if cell in shown))}"


def _lines(window: Interval, zone: ZoneInfo, cell_at: Callable[[datetime], Cell]) -> Iterator[str]:
    lines: dict[str, list[str]] = {}
    moment = _floor(window.start, zone)
    while moment < window.end:
        day, slot = _place(moment, zone)
        line = lines.setdefault(day, [Cell.OUTSIDE.value] * 48)
        line[slot] = cell_at(max(moment, window.start)).value
        moment += _SLOT
    yield f"{'':<11}{_SCALE}"
    for day, line in lines.items():
        yield f"{day:<11}{''.join(line).rstrip()}"


def _place(moment: datetime, zone: ZoneInfo) -> tuple[str, int]:
    local = moment.astimezone(zone)
    return f"{local:%a %m-%d}", local.hour * 2 + local.minute // 30


def _floor(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    return moment - timedelta(minutes=local.minute % 30, seconds=local.second)
