"""Office hours for the decision: each window opens earlier by the time that a wake takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import merge

from controller.domain.dataclass import dataclass, replace
from controller.domain.decision.booking import Booking
from controller.domain.policy.policy import Policy
from controller.domain.policy.schedule import HORIZON_DAYS, OpenWindow, Schedule


@dataclass(frozen=True, slots=True)
class Stop:
    """From `start` until `end` office hours do not count, for that reason; bookings do."""

    start: datetime
    end: datetime
    reason: str

    def covers(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True)
class Rules:
    """
    What a stack's policy asks for, ready to be applied; make one for each spec.

    `lead` is how long before an opening a wake must begin to be ready for it, as past wakes
    teach; zero where the policy does not want that. `bookings` open it beside the office hours,
    and a `stop` takes a time out of these.
    """

    policy: Policy
    schedule: Schedule
    lead: timedelta
    bookings: tuple[Booking, ...] = ()
    stop: Stop | None = None

    @staticmethod
    def of(
        policy: Policy, lead: timedelta = timedelta(0), schedule: Schedule | None = None
    ) -> Rules:
        """`schedule` is that of this policy, where it is kept."""
        lead = lead if policy.ready_by_opening else timedelta(0)
        return Rules(policy, schedule or Schedule(policy), lead)

    def with_bookings(self, bookings: Iterable[Booking]) -> Rules:
        """Those that were cancelled open nothing."""
        count = (booking for booking in bookings if booking.cancelled_at is None)
        in_order = tuple(sorted(count, key=lambda each: each.opens_at))
        return self if in_order == self.bookings else replace(self, bookings=in_order)

    def with_stop(self, stop: Stop | None) -> Rules:
        return self if stop == self.stop else replace(self, stop=stop)

    def hours(self, start: datetime, end: datetime) -> Iterator[OpenWindow]:
        """The office hours that have a part in [start, end), without the time of the stop."""
        windows = self.schedule.windows(start, end)
        return _without(windows, self.stop) if self.stop else windows

    @property
    def by_hours(self) -> Rules:
        """The office hours alone."""
        return replace(self, bookings=()) if self.bookings else self

    def windows(self, start: datetime, end: datetime) -> Iterator[OpenWindow]:
        """
        When it is open in [start, end), by office hours or bookings; no two touch.

        The first may open before `start`, and the last close after `end`.
        """
        booked = (
            OpenWindow(each.opens_at, each.closes_at)
            for each in self.bookings
            if each.opens_at < end and each.closes_at > start
        )
        hours = self.hours(start, end)
        return _united(merge(hours, booked, key=lambda window: window.opens_at))


@dataclass(frozen=True, slots=True)
class Window:
    """
    One window: from `starts_at` the stack is woken for `opens_at`. `closes_at` None: never.

    `booking` is set if a booking opens it, not the office hours. The two are not merged here: a
    booking in the middle of office hours that idleness has ended wakes the stack again.
    """

    starts_at: datetime
    opens_at: datetime
    closes_at: datetime | None
    booking: Booking | None = None

    def covers(self, moment: datetime) -> bool:
        return self.starts_at <= moment and (self.closes_at is None or moment < self.closes_at)


class OfficeHours:
    """
    The windows around a moment, in order, computed from the schedule only as far as needed.

    `back` is how long before `now` a closed window is still known.
    """

    def __init__(self, rules: Rules, now: datetime, back: timedelta = timedelta(0)) -> None:
        self.stop = rules.stop
        self._known: list[Window] = []
        self._more = _all_windows(rules, now.astimezone(UTC), back)

    def at(self, moment: datetime) -> Window | None:
        """The opening at `moment`; of several, where one begins early, the latest."""
        covering = self.all_at(moment)
        return covering[-1] if covering else None

    def all_at(self, moment: datetime) -> list[Window]:
        """Every opening at `moment`, in the order in which they begin."""
        return [each for each in self._up_to(moment) if each.covers(moment)]

    def next_after(self, moment: datetime) -> Window | None:
        """The first opening for which the stack is woken after `moment`."""
        self._up_to(moment)
        return next((each for each in self._known if each.starts_at > moment), None)

    def next_edge(self, moment: datetime) -> datetime | None:
        """When, after `moment`, one next begins early, opens or closes."""
        self._up_to(moment)
        edges = [
            edge
            for each in self._known
            for edge in (each.starts_at, each.opens_at, each.closes_at)
            if edge is not None and edge > moment
        ]
        if self.stop:
            edges += [at for at in (self.stop.start, self.stop.end) if at > moment]
        return min(edges, default=None)

    def last_over(self, moment: datetime) -> Window | None:
        """The one that closed last of those that are over."""
        over = [each for each in self._up_to(moment) if each.closes_at and each.closes_at <= moment]
        return max(over, key=lambda each: each.closes_at or moment, default=None)

    def last_closing(self, moment: datetime) -> datetime | None:
        """When the last of those that are over closed."""
        over = self.last_over(moment)
        return over.closes_at if over else None

    def _up_to(self, moment: datetime) -> list[Window]:
        """Those that have begun by `moment`; the next one is known too after this."""
        while not self._known or self._known[-1].starts_at <= moment:
            found = next(self._more, None)
            if found is None:
                break
            self._known.append(found)
        return [each for each in self._known if each.starts_at <= moment]


def _all_windows(rules: Rules, now: datetime, back: timedelta) -> Iterator[Window]:
    """By office hours and by bookings, in order."""
    hours = (_window(rules, window) for window in _windows(rules, now, back))
    if not rules.bookings:
        return hours  # nearly always, and to merge takes longer than to find them
    booked = (
        _window(rules, OpenWindow(each.opens_at, each.closes_at), each)
        for each in rules.bookings
        if each.closes_at > now - back
    )
    return merge(hours, booked, key=lambda window: window.opens_at)


def _window(rules: Rules, window: OpenWindow, booking: Booking | None = None) -> Window:
    return Window(window.opens_at - rules.lead, window.opens_at, window.closes_at, booking)


def _windows(rules: Rules, now: datetime, back: timedelta) -> Iterator[OpenWindow]:
    if not rules.policy.office_hours:
        return iter(())  # otherwise the schedule would search years without a window
    return rules.hours(now - back, now + timedelta(days=HORIZON_DAYS))


def _without(windows: Iterable[OpenWindow], stop: Stop) -> Iterator[OpenWindow]:
    """What is left of them outside the stop, in order."""
    for window in windows:
        if window.opens_at >= stop.end or window.is_over(stop.start):
            yield window
            continue
        if window.opens_at < stop.start:
            yield OpenWindow(window.opens_at, stop.start)
        if not window.is_over(stop.end):
            yield OpenWindow(stop.end, window.closes_at)


def _united(windows: Iterable[OpenWindow]) -> Iterator[OpenWindow]:
    """Those that overlap or touch made one; they come in the order in which they open."""
    last: OpenWindow | None = None
    for window in windows:
        if last is None:
            last = window
        elif last.closes_at is None or window.opens_at <= last.closes_at:
            last = OpenWindow(last.opens_at, _later(last.closes_at, window.closes_at))
        else:
            yield last
            last = window
    if last is not None:
        yield last


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Of two ends, where None is never."""
    return None if one is None or other is None else max(one, other)
