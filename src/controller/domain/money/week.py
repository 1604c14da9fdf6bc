"""
The running week of a stack, for the weekly letter: pure, and part of the status.

A week ends on Monday at 08:00 of the stack's time zone, with the first pass after that. It begins
where the one before it ended, or with the first pass that counts it; so no moment is counted twice
or left out. Money is the difference between two readings of the meter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.dataclass import dataclass, replace
from controller.domain.decision.history import Event, EventKind
from controller.domain.decision.lifecycle import Lifecycle
from controller.domain.money.ledger import MonthUsage, Statement, number, usage_now
from controller.domain.money.meter import Meter, PastMonth
from controller.domain.money.past_months import as_past, last_months
from controller.domain.money.prices import Prices
from controller.domain.planning.spec import Json
from controller.domain.policy.wallclock import MINUTES_OF_DAY, first_instant
from controller.domain.timestamps import (
    format_timestamp,
    parse_timestamp,
    read_timestamp,
    write_timestamp,
)

MORNING = 8 * 60
"""The minute of a Monday at which a week ends, on the wall clock."""

SHORTEST = timedelta(days=1)
"""A week that begins less than this before a Monday morning ends a week later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """
    What has happened since `since`. `start` is the reading of the meter at that moment: its month
    so far. `up` is the time that was not slept and is over; `up_since` the begin of the time that
    is not, None while asleep. `slowest` is the longest of the `wakes`, in seconds; `failed` counts
    those that were given up, and times awake that were given up.
    """

    since: datetime
    start: PastMonth
    up: timedelta = timedelta(0)
    up_since: datetime | None = None
    wakes: int = 0
    slowest: float | None = None
    failed: int = 0

    @staticmethod
    def begin(meter: Meter, lifecycle: Lifecycle, now: datetime, *, asleep: bool) -> Week | None:
        """A week that begins now; None before a pass has seen the stack."""
        used = usage_now(meter, lifecycle, now)
        if used is None:
            return None
        return Week(since=now, start=as_past(used), up_since=None if asleep else now)

    def ends_at(self, zone: ZoneInfo) -> datetime:
        """The first Monday morning that is a day away at least."""
        earliest = self.since + SHORTEST
        monday = earliest.astimezone(zone).date()
        days = monday.toordinal() - monday.weekday()
        at = first_instant(zone, days * MINUTES_OF_DAY + MORNING)
        return at if at >= earliest else first_instant(zone, (days + 7) * MINUTES_OF_DAY + MORNING)

    def with_event(self, event: Event) -> Week:
        """With something that has just happened."""
        match event.kind:
            case EventKind.WAKING:
                return self._up(event.at)
            case EventKind.ASLEEP:
                return self._asleep(event.at)
            case EventKind.AWAKE:
                return self._woken(event)
            case EventKind.FAILED:
                return replace(self, failed=self.failed + 1)
            case EventKind.BLOCKED if event.facts.get("target") == "awake":
                return replace(self, failed=self.failed + 1)
        return self

    def at_end_of_pass(self, now: datetime, *, asleep: bool) -> Week:
        """With what no event says: a wake that was given up before it made anything."""
        return self._asleep(now) if asleep else self._up(now)

    def _up(self, now: datetime) -> Week:
        return replace(self, up_since=self.up_since or now)

    def _asleep(self, now: datetime) -> Week:
        return replace(self, up=self.up_until(now), up_since=None)

    def _woken(self, event: Event) -> Week:
        since = read_timestamp(event.facts.get("waking_since"))
        took = (event.at - since).total_seconds() if since else 0.0
        return replace(self, wakes=self.wakes + 1, slowest=max(took, self.slowest or 0.0))

    def up_until(self, now: datetime) -> timedelta:
        """The time since its begin that was not slept."""
        return self.up + (now - self.up_since if self.up_since else timedelta(0))

    def report(
        self, meter: Meter, lifecycle: Lifecycle, prices: Prices, now: datetime
    ) -> dict[str, Json] | None:
        """
        The week up to now as the facts of an event: seconds, counts, and USD.

        None where the meter does not go back to its begin: half a year without a pass.
        """
        used = self._used(meter, lifecycle, prices, now)
        if used is None:
            return None
        money = Statement(used=used, prices=prices)
        return {
            "since": format_timestamp(self.since),
            "slept_seconds": (now - self.since - self.up_until(now)).total_seconds(),
            "awake_seconds": used.awake.total_seconds(),
            "wakes": self.wakes,
            "slowest_seconds": self.slowest,
            "failed": self.failed,
            "spent": number(money.spent),
            "always_on": number(money.always_on),
            "saved": number(money.saved),
        }

    def _used(
        self, meter: Meter, lifecycle: Lifecycle, prices: Prices, now: datetime
    ) -> MonthUsage | None:
        """The months since its begin, without what was used before it."""
        months = [each.used for each in last_months(meter, lifecycle, prices, now)]
        months = [each for each in months if each.month >= self.start.month]
        if not months or months[0].month != self.start.month:
            return None
        spent, always, awake = self.start.spent * -1, self.start.always * -1, -self.start.awake
        for each in months:
            spent, always, awake = spent + each.spent, always + each.always, awake + each.awake
        return replace(
            months[-1], start=self.since, end=now, spent=spent, always=always, awake=awake
        )

    def to_json(self) -> dict[str, Json]:
        return {
            "since": format_timestamp(self.since),
            "start": self.start.to_json(),
            "up_seconds": self.up.total_seconds(),
            "up_since": write_timestamp(self.up_since),
            "wakes": self.wakes,
            "slowest_seconds": self.slowest,
            "failed": self.failed,
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Week:
        return Week(
            since=parse_timestamp(data["since"]),
            start=PastMonth.from_json(data["start"]),
            up=timedelta(seconds=data["up_seconds"]),
            up_since=read_timestamp(data["up_since"]),
            wakes=data["wakes"],
            slowest=data["slowest_seconds"],
            failed=data["failed"],
        )
