"""
From traffic per minute to idleness. Pure; a port reads the traffic.

Source: AWS behaviour §4 and faults F62 to F65. A scanner's few flows stay below the
threshold and count as idle. An open connection that carries bytes counts as use, however few they
are. Too few minutes, a partial answer or a failed read give no information, and unknown is not
idle.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from controller.domain.dataclass import dataclass
from controller.domain.decision.lifecycle import Activity, BilledResource
from controller.domain.policy.policy import IdleBelow

MINUTE = timedelta(minutes=1)

UNSETTLED = 2 * MINUTE
"""The newest minutes are not read: their counts may still grow (AWS behaviour §4.2)."""

LAG = 3 * MINUTE
"""How long after a moment its minute can be known: `UNSETTLED`, and up to the minute's end."""

RETRY = 2 * MINUTE
"""How soon the traffic is read again if the last read returned too little, or is old."""

STRETCH = 5
"""The minutes over which the policy's thresholds count."""

LONG_CONNECTION = 3
"""How many minutes in a row with bytes on open connections, and no new ones, count as use (F65)."""

ENOUGH = 0.8
"""The share of a stretch's minutes that must be known (AWS behaviour §4.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What the load balancers of a stack carried in the minute that begins `at`."""

    at: datetime
    new_flows: float
    bytes: float
    active_flows: float = 0

    @property
    def ends_at(self) -> datetime:
        return self.at + MINUTE

    @property
    def is_silent(self) -> bool:
        return not self.new_flows and not self.bytes


@dataclass(frozen=True, slots=True)
class Counts:
    """The minutes that CloudWatch returned, oldest first. A `problem` means: it returned none."""

    minutes: tuple[Minute, ...] = ()
    problem: str = ""


class Traffic(Protocol):
    """Counts of AWS, by one request."""

    def read(self, balancers: Sequence[BilledResource], start: datetime, end: datetime) -> Counts:
        """The minutes in [start, end) for which there are counts. Raises nothing of AWS's."""
        ...


@dataclass(frozen=True, slots=True)
class TrafficWindow:
    """The minutes to read, [start, end), to know whether it has been idle since `since`."""

    since: datetime
    start: datetime
    end: datetime


def window_to_read(since: datetime, timeout: timedelta, now: datetime) -> TrafficWindow:
    """No further back than the timeout needs, with gaps, and a stretch before it."""
    end = floor_minute(now - UNSETTLED)
    needed = floor_minute(max(since, end - timeout / ENOUGH - STRETCH * MINUTE))
    start = min(needed, end - MINUTE) - (STRETCH - 1) * MINUTE
    return TrafficWindow(since, start, end)


def judge(
    counts: Counts, span: TrafficWindow, limits: IdleBelow, before: Activity | None, now: datetime
) -> Activity:
    """What is known after this read; `before` is the previous one."""
    last_at = before.last_at if before else None
    if counts.problem or not counts.minutes:
        note = counts.problem or "CloudWatch has no counts of its traffic yet"
        return Activity(read_at=now, last_at=last_at, note=note)
    used = [at for at in (last_at, _last_use(counts.minutes, limits)) if at]
    last_at = max(used, default=None)
    since = max(span.since, last_at) if last_at else span.since
    known_until = counts.minutes[-1].ends_at
    quiet_since = _quiet_since(counts.minutes, since, known_until)
    return Activity(read_at=now, last_at=last_at, quiet_since=quiet_since, known_until=known_until)


def minutes_in_use(minutes: Sequence[Minute], limits: IdleBelow) -> list[Minute]:
    """Those of `minutes` (oldest first) that `judge` would take for use."""
    used, first = [], 0
    for index, newest in enumerate(minutes):
        while newest.at - minutes[first].at >= STRETCH * MINUTE:
            first += 1
        if newest.is_silent and limits.new_flows and limits.bytes:
            continue
        if _in_use(minutes[first : index + 1], limits):
            used.append(newest)
    return used


def _last_use(minutes: Sequence[Minute], limits: IdleBelow) -> datetime | None:
    """The end of the last minute with traffic of a stretch that is in use."""
    for index in range(len(minutes) - 1, -1, -1):
        newest = minutes[index]
        if newest.is_silent and limits.new_flows and limits.bytes:
            continue  # an interval that ends here adds nothing to an earlier one
        stretch = [
            each
            for each in minutes[max(0, index - STRETCH + 1) : index + 1]
            if newest.at - each.at < STRETCH * MINUTE
        ]
        if _in_use(stretch, limits):
            return newest.ends_at
    return None


def _in_use(stretch: Sequence[Minute], limits: IdleBelow) -> bool:
    held = sum(1 for each in stretch if each.active_flows and each.bytes and not each.new_flows)
    return (
        sum(each.new_flows for each in stretch) >= limits.new_flows
        or sum(each.bytes for each in stretch) >= limits.bytes
        or held >= LONG_CONNECTION
    )


def _quiet_since(minutes: Sequence[Minute], since: datetime, known_until: datetime) -> datetime:
    """The earliest moment from `since` on after which enough of the minutes are known."""
    first = floor_minute(since)
    known = [each.at for each in minutes if each.at >= first]
    for index, at in enumerate([first, *known]):
        present = len(known) - max(0, index - 1)
        if present >= ENOUGH * ((known_until - at) / MINUTE):
            return max(at, since)
    return known_until


def floor_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
