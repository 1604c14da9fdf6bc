"""
Office hours that would have covered the use of the past, and what comes by the clock. Pure.

A suggestion is one window on working days and one at the weekend, in half hours, as short as its
share of the use allows; a day of the week without use is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from controller.domain.decision.idle import MINUTE, STRETCH, Minute
from controller.domain.policy.policy import IdleBelow

SLOTS = 48
_SLOT_MINUTES = 24 * 60 // SLOTS
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WORKING, _WEEKEND = range(5), range(5, 7)

REGULAR, OFTEN = 0.8, 24
"""What comes is regular if so large a share of its pauses is alike, and they are so many."""

Uses = Mapping[int, Sequence[int]]
"""Minutes in use by weekday (Monday is 0), for each half hour of the day."""


@dataclass(frozen=True, slots=True)
class _Hours:
    """[first, last) half hours on these days; nothing where they are equal."""

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
    """The shortest office hours that cover so many per cent of the minutes in use."""
    uses = _by_half_hour(used, zone)
    total = sum(sum(each) for each in uses.values())
    needed = -(-total * percent // 100)
    if not total:
        return ()
    weekend = _best_by_use(list(_choices(uses, _WEEKEND)))
    best: tuple[_Hours, _Hours] | None = None
    for working in _choices(uses, _WORKING):
        other = next((w for w in weekend if w.used >= needed - working.used), None)
        if other and (best is None or working.length + other.length < _length(best)):
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
    """Every window on those of the days that have any use; the first is none at all."""
    days = tuple(day for day in among if any(uses[day]))
    yield _Hours((), 0, 0, 0)
    if not days:
        return
    slots = [sum(uses[day][slot] for day in days) for slot in range(SLOTS)]
    for first in range(SLOTS):
        used = 0
        for last in range(first, SLOTS):
            used += slots[last]
            yield _Hours(days, first, last + 1, used)


def _best_by_use(choices: Sequence[_Hours]) -> list[_Hours]:
    """The shortest for each amount of use, the least use first."""
    best: list[_Hours] = []
    for each in sorted(choices, key=lambda hours: (hours.length, -hours.used)):
        if not best or each.used > best[-1].used:
            best.append(each)
    return best


def _length(pair: tuple[_Hours, _Hours]) -> int:
    return pair[0].length + pair[1].length


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
    return f"{slot * _SLOT_MINUTES // 60:02d}:{slot * _SLOT_MINUTES % 60:02d}"
