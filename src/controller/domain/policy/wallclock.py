"""
From the wall clock of a place to instants, where the clock is put forward or back too.

A wall minute is a count: minutes on the local wall clock since the midnight before 1 January of
the year 1 (whose ordinal is 1, so that day begins at minute 1440). What happens where the clock
jumps is Dormouse's own convention (docs/reference/policy.md): a reading that is left out takes
place at the jump; of a reading that comes twice, openings take the first and closings the last.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTES_OF_DAY = 24 * 60

_DAY_ONE = datetime(1, 1, 1)  # noqa: DTZ001 - a wall clock has no zone
_SECOND = timedelta(seconds=1)


def first_instant(zone: ZoneInfo, wall_minute: int) -> datetime:
    """The instant, in UTC, at which the wall clock first comes to this minute or passes it."""
    return _instants(zone, wall_minute)[0]


def last_instant(zone: ZoneInfo, wall_minute: int) -> datetime:
    """The instant, in UTC, at which the wall clock last comes to this minute or passes it."""
    return _instants(zone, wall_minute)[1]


@lru_cache(maxsize=4096)  # one request asks for the same few days dozens of times
def _instants(zone: ZoneInfo, wall_minute: int) -> tuple[datetime, datetime]:
    wall = _DAY_ONE + timedelta(minutes=wall_minute - MINUTES_OF_DAY)
    before = _offset(wall.replace(tzinfo=zone))
    after = _offset(wall.replace(tzinfo=zone, fold=1))
    utc = wall.replace(tzinfo=UTC)
    if before < after:
        jump = _jump(zone, utc - after, utc - before)
        return jump, jump
    return utc - before, utc - after


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta(0)


def _jump(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The second, after `low` and at `high` at the latest, at which the clock is put forward."""
    old = _offset(low.astimezone(zone))
    while high - low > _SECOND:
        middle = low + (high - low) // _SECOND // 2 * _SECOND
        if _offset(middle.astimezone(zone)) == old:
            low = middle
        else:
            high = middle
    return high
