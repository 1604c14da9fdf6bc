"""
Office hours as instants: open at a moment or not, and when that changes.

The conventions are in docs/reference/policy.md. Two rules follow from them:

- A day that both `closed_on` and `open_on` name is open: closed days come in ranges and whole
  holiday calendars, and `open_on` is how one day of them is taken out again.
- A window that starts on a day that a time zone skipped (Samoa had no 30 December 2011) starts at
  the jump; a window entirely on that day does not exist.

Most of the work is done in wall minutes (see `wallclock.py`), which are whole numbers: adjacent
windows on the wall clock are also adjacent as instants. Only the ends of the remaining windows are
converted to instants. These are merged once more, because windows that are apart on the wall clock
can meet if the clock is put back (or forward over a pause).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from itertools import islice

from controller.domain.dataclass import dataclass
from controller.domain.errors import PolicyError
from controller.domain.policy.dayset import DaySet, Holidays
from controller.domain.policy.policy import Policy
from controller.domain.policy.wallclock import MINUTES_OF_DAY, first_instant, last_instant

HORIZON_DAYS = 3 * 366
"""How far from the given moment a change is searched for, in both directions."""

NEAR_DAYS = 14
"""Most questions are about these days; their windows are cached."""

_MOST_KEPT = 100

_ASKED_FOR = 4
"""One that may be over, the one at the moment, the next, and one to see that this was all."""

_DAYS_BACK = 3
"""No window that is not united with others reaches this many days past the day it starts on."""

_FIRST_DAY = date(MINYEAR + 1, 1, 1).toordinal()
_LAST_DAY = date(MAXYEAR - 1, 12, 31).toordinal()

_Span = tuple[int, int]
"""Start and end in wall minutes, the end excluded."""


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """
    One unbroken stretch of open time, from `opens_at` up to but without `closes_at`, in UTC.

    `closes_at` is None for a window that stays open beyond the horizon. `opens_at` of one that has
    been open for longer than the horizon is a moment about that long ago.
    """

    opens_at: datetime
    closes_at: datetime | None

    def __contains__(self, moment: datetime) -> bool:
        return self.opens_at <= moment and not self.is_over(moment)

    def is_over(self, moment: datetime) -> bool:
        return self.closes_at is not None and self.closes_at <= moment

    def within(self, start: datetime, end: datetime) -> OpenWindow:
        """The part of this window between two moments, which it must overlap."""
        closes_at = end if self.closes_at is None else min(self.closes_at, end)
        return OpenWindow(max(self.opens_at, start), closes_at)


_Kept = dict[tuple[int, int], tuple[OpenWindow, ...]]
"""Windows by the first and the last day of their search."""


class Schedule:
    """
    The office hours of a policy, on its dates and in its time zone.

    `holidays` gives the dates of the calendars that the policy names; without it the policy must
    carry them. All moments given must have a time zone; all that are returned are in UTC.

    Its size: each question about one schedule, over the same dates.
    """

    def __init__(self, policy: Policy, holidays: Holidays | None = None) -> None:
        source = holidays or _carried_holidays(policy)
        self._zone = policy.zone
        self._closed = DaySet(policy.closed_on, source)
        self._open = DaySet(policy.open_on, source)
        self._spans = [_spans(policy, weekday) for weekday in range(7)]
        self._spans_of_open_day = _spans(policy, None)
        self._kept: _Kept = {}
        self._first: _Kept = {}

    def open_at(self, now: datetime) -> bool:
        moment = _utc(now)
        day = self._day(moment)
        windows = self._windows_of(day - _DAYS_BACK, day + 1)
        return any(moment in window for window in windows)

    def window_at(self, now: datetime) -> OpenWindow | None:
        """The window that is open at `now`, or None."""
        window = next(self._windows_from(now, now), None)
        return window if window and now in window else None

    def next_window(self, now: datetime) -> OpenWindow | None:
        """The first window that opens after `now`, or None within the horizon."""
        windows = self._windows_from(now, now)
        return next((window for window in windows if window.opens_at > now), None)

    def next_opening(self, now: datetime) -> datetime | None:
        window = self.next_window(now)
        return window.opens_at if window else None

    def next_change(self, now: datetime) -> datetime | None:
        """The first instant after `now` at which `open_at` changes, or None within the horizon."""
        window = next(self._windows_from(now, now), None)
        if window is None:
            return None
        return window.closes_at if now in window else window.opens_at

    def windows(self, start: datetime, end: datetime) -> Iterator[OpenWindow]:
        """
        The windows that overlap [start, end), in order.

        They are whole: the first may open before `start` and the last close after `end`
        (`OpenWindow.within` cuts them). No two touch.
        """
        if start < end:
            for window in self._windows_from(start, end):
                if window.opens_at >= end:
                    return
                yield window

    def _windows_from(self, start: datetime, end: datetime) -> Iterator[OpenWindow]:
        """The windows that are not over at `start`, up to the horizon after `end`."""
        moment = _utc(start)
        first = self._settled_day(moment)
        last = self._day(_utc(end)) + HORIZON_DAYS
        known = self._first_windows(first, last)
        yield from (window for window in known if not window.is_over(moment))
        if not known or known[-1].closes_at is None:
            return
        for window in self._windows_of_days(first, last):
            if window.opens_at > known[-1].opens_at and not window.is_over(moment):
                yield window

    def _first_windows(self, first: int, last: int) -> tuple[OpenWindow, ...]:
        """
        Those of the days from `first` on that most questions are about.

        Of a stack that is always open, or seldom, they take a walk through years.
        """
        found = self._first.get((first, last))
        if found is None:
            found = self._windows_of(first, min(last, first + NEAR_DAYS))[:-1]  # the last may go on
            if len(found) < _ASKED_FOR:
                found = tuple(islice(self._windows_of_days(first, last), _ASKED_FOR))
            _keep(self._first, (first, last), found)
        return found

    def _settled_day(self, moment: datetime) -> int:
        """A day from which on the window at `moment`, if there is one, shows its true start."""
        day = self._day(moment)
        back = _DAYS_BACK
        while back < HORIZON_DAYS:
            windows = self._windows_of(day - back, day + 1)
            window = next((w for w in windows if not w.is_over(moment)), None)
            free = first_instant(self._zone, (day - back + 2) * MINUTES_OF_DAY)
            if window is None or window.opens_at > free:
                return day - back
            back *= 4
        return day - HORIZON_DAYS

    def _windows_of(self, first: int, last: int) -> tuple[OpenWindow, ...]:
        """The windows of days that are requested repeatedly."""
        found = self._kept.get((first, last))
        if found is None:
            found = tuple(self._windows_of_days(first, last))
            _keep(self._kept, (first, last), found)
        return found

    def _windows_of_days(self, first: int, last: int) -> Iterator[OpenWindow]:
        """The windows that start on these days (ordinals), united, without those before."""
        end_of_days = (min(last, _LAST_DAY) + 1) * MINUTES_OF_DAY
        united: OpenWindow | None = None
        for start, end in self._spans_of_days(max(first, _FIRST_DAY), min(last, _LAST_DAY)):
            opens_at = first_instant(self._zone, start)
            closes_at = last_instant(self._zone, end) if end < end_of_days else None
            if closes_at is not None and closes_at <= opens_at:
                continue
            if united is None:
                united = OpenWindow(opens_at, closes_at)
            elif united.closes_at is not None and united.closes_at < opens_at:
                yield united
                united = OpenWindow(opens_at, closes_at)
            else:
                united = OpenWindow(united.opens_at, closes_at)  # ends keep the order of the spans
        if united is not None:
            yield united

    def _spans_of_days(self, first: int, last: int) -> Iterator[_Span]:
        """The open time of these days on the wall clock, spans that overlap or touch made one."""
        start = end = -1
        for day in range(first, last + 1):
            midnight = day * MINUTES_OF_DAY
            for span_start, span_end in self._spans_of_day(day):
                if midnight + span_start > end:
                    if end >= 0:
                        yield start, end
                    start, end = midnight + span_start, midnight + span_end
                else:
                    end = max(end, midnight + span_end)
        if end >= 0:
            yield start, end

    def _spans_of_day(self, day: int) -> tuple[_Span, ...]:
        if day in self._open:
            return self._spans_of_open_day
        if day in self._closed:
            return ()
        return self._spans[(day - 1) % 7]

    def _day(self, moment: datetime) -> int:
        return moment.astimezone(self._zone).toordinal()


def _keep(kept: _Kept, days: tuple[int, int], windows: tuple[OpenWindow, ...]) -> None:
    """Several threads may use one schedule: each has its own result, cached or not."""
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[days] = windows


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)


def _spans(policy: Policy, weekday: int | None) -> tuple[_Span, ...]:
    """
    The periods of a weekday (None: of all), in minutes after its midnight, united, in order.

    They are united with those of other days later; here once, and not for each of a thousand days.
    """
    periods = [p for p in policy.office_hours if weekday is None or weekday in p.weekdays]
    spans: list[_Span] = []
    for start, end in sorted((period.start, period.last_minute) for period in periods):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return tuple(spans)


def _carried_holidays(policy: Policy) -> Holidays:
    for code in policy.holiday_calendars:
        if code not in policy.holidays:
            raise PolicyError(
                f'the policy names "holidays:{code}" but does not carry its dates; '
                "compile and publish the stack again",
                key="holidays",
                value=code,
            )

    def find(code: str, year: int) -> Collection[date]:
        return [day for day in policy.holidays[code] if day.year == year]

    return find
