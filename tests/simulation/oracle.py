"""
What a policy and its people want, restated as simply and slowly as possible.

It shares no code with the controller's decision: office hours are found by reading the local clock
every five minutes, and who wants what is looked up anew each time. Moments are seconds since 1970.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.planning.plan import Target

STEP = 300
NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
LENGTHS = {"s": 1, "m": 60, "h": 3600}

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody or something that wants it awake; `asked` is when that was last said."""

    kind: str
    requested: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A lease: when it was first granted, when last asked for, and its end."""

    granted: float
    requested: float
    expires: float


class Wants:
    def __init__(self, start: datetime, end: datetime) -> None:
        self._start, self._end = start.timestamp(), end.timestamp()
        self.settings: Mapping[str, Any] = {}
        self.windows: list[Span] = []
        self.leases: dict[str, Asked] = {}
        self._hold: Hold | None = None
        self.overruled_at = 0.0
        self._changed_at = 0.0

    # what people did

    def published(self, settings: Mapping[str, Any], now: datetime) -> list[Span]:
        """Take over a policy; its windows from now on."""
        self.settings = settings
        self._changed_at = now.timestamp()
        first = min(now.timestamp(), self._start) - 3 * 86400
        self.windows = list(_windows(settings, first, self._end + 3 * 86400))
        return self.windows

    def granted(self, lease: Lease) -> None:
        new = lease.id not in self.leases
        moments = lease.granted_at, lease.requested_at, lease.expires_at
        self.leases[lease.id] = Asked(*(moment.timestamp() for moment in moments))
        hold = self._hold
        if new and hold and hold.state is Target.ASLEEP:
            self.held(None, lease.granted_at)  # a later wake ends it

    def lost(self, id_: str, now: datetime) -> None:
        """A lease that nobody can read any more gives nothing."""
        if self.leases.pop(id_, None):
            self._changed_at = now.timestamp()

    def held(self, hold: Hold | None, now: datetime) -> None:
        """A hold asleep uses up the leases that it was put over; office hours come back."""
        if hold and hold.state is Target.ASLEEP:
            self.overruled_at = hold.set_at.timestamp()
        self._hold = hold
        self._changed_at = now.timestamp()

    # what that means

    def seconds(self, name: str) -> float:
        return _seconds(self.settings[name])

    def hold(self, now: float) -> Hold | None:
        return self._hold if now < self._hold_ends() else None

    def _hold_ends(self) -> float:
        """
        A "sleep now" is over when somebody has to begin to wake it for the next office hours.

        Those are the ones that are published by now; how long the wake takes only its end tells,
        as long as that is the end of the same night.
        """
        hold = self._hold
        if hold is None:
            return 0.0
        reported = hold.until.timestamp()
        if hold.after is None:
            return reported
        after, lead = hold.after.timestamp(), self.seconds("wake_timeout")
        opening = next((start for start, _ in self.windows if start > after), None)
        if opening is None:
            return hold.set_at.timestamp() + 86400
        return reported if opening - lead <= reported <= opening else opening - lead

    def changed_at(self, now: float) -> float:
        """When somebody last changed what all of this means: a policy, a hold, or its end."""
        end = self._hold_ends()
        return max(self._changed_at, end if end <= now else 0.0)

    def window(self, now: float) -> Span | None:
        begun = bisect_right(self.windows, (now, inf))  # they come in order, and none in another
        last = self.windows[begun - 1] if begun else None
        return last if last and now < last[1] else None

    def wishes(self, now: float) -> list[Wish]:
        """Leases that run and office hours that are on, whether or not they are used up."""
        found = [
            Wish("lease", lease.requested)
            for lease in self.leases.values()
            if lease.granted <= now < lease.expires
        ]
        window = self.window(now)
        return [*found, Wish("office hours", window[0])] if window else found

    def last_requested(self, now: float) -> float:
        return max(
            (one.requested for one in self.leases.values() if one.requested <= now), default=0
        )

    def wanted_until(self, now: float, lead: float) -> float:
        """The last moment up to now at which anything could be read as wanting it awake."""
        ends = [min(one.expires, now) for one in self.leases.values() if one.granted <= now]
        ends += [min(close, now) for start, close in self.windows if start - lead <= now]
        if self._hold and self._hold.state is Target.AWAKE:
            ends.append(min(self._hold_ends(), now))
        return max(*ends, self.changed_at(now)) if ends else self.changed_at(now)


def _windows(settings: Mapping[str, Any], start: float, end: float) -> Iterator[Span]:
    """Every stretch of office hours, by looking at the local clock again and again."""
    opened: float | None = None
    at = start - start % STEP
    is_open = _reader(settings)
    while at < end:
        if is_open(at) != (opened is not None):
            if opened is None:
                opened = at
            else:
                yield opened, at
                opened = None
        at += STEP
    if opened is not None:
        yield opened, end


def _reader(settings: Mapping[str, Any]) -> Any:
    zone = ZoneInfo(settings["time_zone"])
    periods = [_period(text) for text in settings["office_hours"]]
    closed, extra = set(_dates(settings["closed_on"])), set(_dates(settings["open_on"]))

    def starts_on(day: Any, days: frozenset[int]) -> bool:
        return day in extra or (day.weekday() in days and day not in closed)

    def is_open(at: float) -> bool:
        local = datetime.fromtimestamp(at, zone)
        minute, today = local.hour * 60 + local.minute, local.date()
        for days, start, end in periods:
            if start < end:
                if start <= minute < end and starts_on(today, days):
                    return True
            elif (minute >= start and starts_on(today, days)) or (
                minute < end and starts_on(today - timedelta(days=1), days)
            ):
                return True
        return False

    return is_open


def _period(text: str) -> tuple[frozenset[int], int, int]:
    names, _, hours = text.partition(" ")
    start, _, end = hours.partition("-")
    return frozenset(_weekdays(names)), _minute(start), _minute(end)


def _weekdays(names: str) -> Iterator[int]:
    for part in names.split(","):
        if part == "daily":
            yield from range(7)
            continue
        first, _, last = part.partition("-")
        begin, stop = NAMES.index(first), NAMES.index(last or first)
        yield from ((begin + n) % 7 for n in range((stop - begin) % 7 + 1))


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


def _dates(texts: list[str]) -> Iterator[Any]:
    for text in texts:
        first, _, last = text.partition("..")
        day, stop = (datetime.fromisoformat(each).date() for each in (first, last or first))
        while day <= stop:
            yield day
            day += timedelta(days=1)


def _seconds(text: str) -> float:
    return 0.0 if text == "0" else float(text[:-1]) * LENGTHS[text[-1]]
