"""
Office hours that would have covered the use of the past, and what comes by the clock. Pure.

A suggestion is one window on working days and one at the weekend, in half hours, as short as its
share of the use allows; a day of the week without use is left out. A window may go on past
midnight: it belongs to the day on which it begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from controller.domain.dataclass import dataclass
from controller.domain.decision.idle import MINUTE, STRETCH, Minute
from controller.domain.policy.policy import IdleBelow

SLOTS = 48
_SLOT_MINUTES = 24 * 60 // SLOTS
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WORKING, _WEEKEND = range(5), range(5, 7)

REGULAR, OFTEN = 0.8, 24
"""Traffic is regular if this share of its pauses is equal, and there are at least this many."""

Uses = Mapping[int, Sequence[int]]
"""Minutes in use by weekday (Monday is 0), for each half hour of the day."""


@dataclass(frozen=True, slots=True)
class _Hours:
    """[first, last) half hours on these days, past midnight from 48 on; none where equal."""

    days: tuple[int, ...]
    first: int
    last: int
    used: int

    @property
    def length(self) -> int:
        return (self.last - self.first) * len(self.days)

    def __str__(self) -> str:
        return f"{_days(self.days)} {_clock(self.first)}-{_clock(self.last)}"


@dataclass(frozen=True, slots=True)
class Regular:
    """Something that comes by the clock, such as a monitor: how often, and how much each time."""

    every: timedelta
    times: int
    flows: float
    bytes: float

    @property
    def stretch(self) -> IdleBelow:
        """What it brings in the stretch that the policy's thresholds count over, at most."""
        often = max(1.0, STRETCH * MINUTE / self.every)
        return IdleBelow(new_flows=self.flows * often, bytes=self.bytes * often)


def suggest(used: Sequence[datetime], zone: ZoneInfo, percent: int) -> tuple[str, ...]:
    """The shortest office hours that cover this percentage of the minutes in use."""
    uses = _by_half_hour(used, zone)
    total = sum(sum(each) for each in uses.values())
    needed = -(-total * percent // 100)
    if not total:
        return ()
    weekend = _Weekend(uses)
    best: tuple[_Hours, _Hours] | None = None
    for working in _choices(uses, _WORKING):
        if best and working.length > _cost(*best)[0]:
            continue
        other = weekend.shortest(working, needed)
        if other and (best is None or _cost(working, other) < _cost(*best)):
            best = working, other
    return _written(best) if best else ()


def find_regular(minutes: Sequence[Minute], zone: ZoneInfo) -> Regular | None:
    """What comes at even pauses, in the six hours of the day in which the fewest come."""
    hours: Counter[int] = Counter()
    for minute in minutes:
        hours[minute.at.astimezone(zone).hour] += bool(minute.new_flows)
    quiet = {hour for hour, _ in hours.most_common()[-6:]}
    came = [m for m in minutes if m.new_flows and m.at.astimezone(zone).hour in quiet]
    pauses = Counter(b.at - a.at for a, b in pairwise(came) if b.at - a.at <= timedelta(hours=1))
    if not pauses:
        return None
    every, times = pauses.most_common(1)[0]
    if times < OFTEN or times < REGULAR * sum(pauses.values()):
        return None
    return Regular(
        every=every,
        times=times + 1,
        flows=median(m.new_flows for m in came),
        bytes=median(m.bytes for m in came),
    )


def _by_half_hour(used: Sequence[datetime], zone: ZoneInfo) -> Uses:
    found = {day: [0] * SLOTS for day in range(7)}
    for moment in used:
        local = moment.astimezone(zone)
        found[local.weekday()][(local.hour * 60 + local.minute) // _SLOT_MINUTES] += 1
    return found


def _choices(uses: Uses, among: Sequence[int]) -> Iterator[_Hours]:
    """Windows that begin and end in use, on those of the days that have any; first none at all."""
    days = tuple(day for day in among if any(uses[day]))
    yield _Hours((), 0, 0, 0)
    if not days:
        return
    slots = [sum(uses[day][slot] for day in days) for slot in range(SLOTS)]
    for first in (slot for slot in range(SLOTS) if slots[slot]):
        used = 0
        for last in range(first, SLOTS):
            used += slots[last]
            if slots[last]:
                yield _Hours(days, first, last + 1, used)
        yield from _over_midnight(uses, days, first)


def _over_midnight(uses: Uses, days: Sequence[int], first: int) -> Iterator[_Hours]:
    """Windows from that half hour into the next day, on days on which something begins."""
    evenings = {day: sum(uses[day][first:]) for day in days}
    begin = tuple(day for day in days if evenings[day])
    used = sum(evenings.values())
    for last in range(first - 1 if begin else 0):  # a whole day is written as 00:00-24:00
        more = sum(uses[(day + 1) % 7][last] for day in begin)
        used += more
        if more:
            yield _Hours(begin, first, SLOTS + last + 1, used)


def _covered(uses: Uses, working: _Hours, weekend: _Hours) -> int:
    """What both have together; what one of them has of the other's mornings counts once."""
    twice = sum(
        uses[(day + 1) % 7][slot]
        for evening, morning in ((working, weekend), (weekend, working))
        for day in evening.days
        if (day + 1) % 7 in morning.days
        for slot in range(morning.first, min(evening.last - SLOTS, morning.last))
    )
    return working.used + weekend.used - twice


class _Weekend:
    """Windows at the weekend beside one on working days, which may reach into Saturday."""

    def __init__(self, uses: Uses) -> None:
        self._uses = uses
        self._choices = sorted(_choices(uses, _WEEKEND), key=lambda hours: hours.length)
        self._best: dict[int, list[tuple[int, _Hours]]] = {}

    def shortest(self, working: _Hours, needed: int) -> _Hours | None:
        """The shortest with which both cover this many minutes."""
        spill = max(0, working.last - SLOTS) if 4 in working.days else 0
        if spill not in self._best:
            self._best[spill] = self._best_after(spill)
        for used, each in self._best[spill]:
            if used >= needed - working.used and _covered(self._uses, working, each) >= needed:
                return each
        return None

    def _best_after(self, spill: int) -> list[tuple[int, _Hours]]:
        """The shortest for each amount of use that Friday's window leaves, the least use first."""
        best: list[tuple[int, _Hours]] = []
        for each in self._choices:
            used = each.used
            if 5 in each.days:
                used -= sum(self._uses[5][each.first : min(spill, each.last)])
            if not best or used > best[-1][0]:
                best.append((used, each))
        return best


def _cost(working: _Hours, weekend: _Hours) -> tuple[int, int]:
    """Half hours in all, and windows: of equal ones the fewer."""
    return working.length + weekend.length, bool(working.days) + bool(weekend.days)


def _written(pair: tuple[_Hours, _Hours]) -> tuple[str, ...]:
    working, weekend = pair
    if (working.first, working.last) == (weekend.first, weekend.last):
        working = _Hours(working.days + weekend.days, working.first, working.last, 0)
        return (str(working),)
    return tuple(str(each) for each in (working, weekend) if each.days)


def _days(days: Sequence[int]) -> str:
    if len(days) == 7:
        return "daily"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{_NAMES[days[0]]}-{_NAMES[days[-1]]}"
    return ",".join(_NAMES[day] for day in days)


def _clock(slot: int) -> str:
    minutes = (slot if slot <= SLOTS else slot - SLOTS) * _SLOT_MINUTES
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
