"""Days as lines of half hours, for a terminal: in use, awake, asleep, not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from controller.domain.money.usage import Interval

_SLOT = timedelta(minutes=30)
_SCALE = "00    03    06    09    12    15    18    21    24"


class Cell(Enum):
    """What a half hour shows: the first of these that is true of any part of it."""

    USED = "█"
    UNKNOWN = "?"
    AWAKE = "░"
    ASLEEP = "·"
    OUTSIDE = " "


LEGEND = "   ".join(
    f"{cell.value} {'not known' if cell is Cell.UNKNOWN else cell.name.lower()}"
    for cell in (Cell.USED, Cell.AWAKE, Cell.ASLEEP, Cell.UNKNOWN)
)


def strip(
    window: Interval,
    zone: ZoneInfo,
    stays: Sequence[Interval],
    used: Iterable[datetime],
    unknown: Iterable[datetime],
) -> Iterator[str]:
    """A scale, and a line for each local day of the window."""
    marked: dict[tuple[str, int], Cell] = {}
    for cell, moments in ((Cell.UNKNOWN, unknown), (Cell.USED, used)):
        for moment in moments:
            marked[_place(moment, zone)] = cell
    lines: dict[str, list[str]] = {}
    moment = _floor(window.start, zone)
    while moment < window.end:
        day, slot = _place(moment, zone)
        line = lines.setdefault(day, [Cell.OUTSIDE.value] * 48)
        awake = any(stay.start < moment + _SLOT and moment < stay.end for stay in stays)
        line[slot] = marked.get((day, slot), Cell.AWAKE if awake else Cell.ASLEEP).value
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
