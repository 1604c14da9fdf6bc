"""Settings that can be read but hardly mean what their writer hoped for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from controller.domain.policy.durations import format_duration
from controller.domain.policy.periods import DateRange, format_minute
from controller.domain.policy.policy import Policy
from controller.domain.policy.wallclock import MINUTES_OF_DAY

SHORTEST_IDLE_TIMEOUT = timedelta(minutes=10)
"""Below this the traffic counts, up to three minutes late, say nothing (AWS behaviour §4.2)."""

SHORTEST_GAP = 10
"""Minutes: a sleep shorter than a wake is probably a mistake."""

HOLIDAYS_AHEAD = timedelta(days=120)
"""How long before the end of a calendar's known dates the warning starts."""


def find_ending_holidays(policy: Policy, today: date) -> Iterator[tuple[str, date]]:
    """
    Yield the code of each holiday calendar whose dates are known for little longer, and their end.

    The dates are carried in whole years, so that they end with the year of the last of them. What
    comes after it counts as no holiday. `today` is local to the policy's zone.
    """
    for code in policy.holiday_calendars:
        year = max((day.year for day in policy.holidays.get(code, ())), default=today.year - 1)
        end = date(year, 12, 31)
        if end - today < HOLIDAYS_AHEAD:
            yield code, end


def find_warnings(policy: Policy) -> Iterator[tuple[str, str]]:
    """Yield the key of each doubtful setting and a sentence with the remedy."""
    yield from _turned_round(policy)
    yield from _awake_bounds(policy)
    yield from _idle(policy)
    yield from _short_gaps(policy)
    yield from _days_without_hours(policy)
    yield from _days_both_ways(policy)
    yield from _stops_nothing(policy)


def _turned_round(policy: Policy) -> Iterator[tuple[str, str]]:
    """Zones of the IANA database that are named by their offset, with the sign turned round."""
    match = re.fullmatch(r"Etc/GMT([+-])([1-9][0-9]?)", policy.time_zone)
    if match:
        behind = match[1] == "+"
        other = f"Etc/GMT{'-' if behind else '+'}{match[2]}"
        yield (
            "time_zone",
            f'"{policy.time_zone}" is {match[2]} hours {"behind" if behind else "ahead of"} UTC: '
            f'these names count the other way round; if the opposite is meant, write "{other}", '
            'or better a place such as "Asia/Tokyo", which has its summer time too',
        )


def _awake_bounds(policy: Policy) -> Iterator[tuple[str, str]]:
    most = format_duration(policy.max_awake)
    for key in ("min_awake", "wake_for"):
        duration = getattr(policy, key)
        if duration > policy.max_awake:
            yield (
                key,
                f"{format_duration(duration)} is longer than max_awake, which is {most} and wins "
                f"outside office hours; make {key} shorter or max_awake longer",
            )


def _idle(policy: Policy) -> Iterator[tuple[str, str]]:
    if policy.idle_timeout is None:
        return
    if policy.idle_timeout < SHORTEST_IDLE_TIMEOUT:
        yield (
            "idle_timeout",
            f"{format_duration(policy.idle_timeout)} is shorter than AWS's traffic counts are "
            f"late and sparse; set {format_duration(SHORTEST_IDLE_TIMEOUT)} or more",
        )
    for key in ("new_flows", "bytes"):
        if getattr(policy.idle_below, key) == 0:
            yield (
                f"idle_below.{key}",
                "nothing is below 0, so the stack never counts as idle; set a number above 0, "
                'or idle_timeout = "0" if never is meant',
            )


def _short_gaps(policy: Policy) -> Iterator[tuple[str, str]]:
    """Two periods that nearly touch: "23:59" where the end of the day is meant."""
    spans = sorted(
        (day * MINUTES_OF_DAY + period.start, day * MINUTES_OF_DAY + period.last_minute)
        for period in policy.office_hours
        for day in period.weekdays
    )
    week = 7 * MINUTES_OF_DAY
    spans += [(start + week, end + week) for start, end in spans[:1]]
    closed_at: int | None = None
    for start, end in spans:
        if closed_at is not None and 0 < start - closed_at <= SHORTEST_GAP:
            before, after = closed_at % MINUTES_OF_DAY, start % MINUTES_OF_DAY
            meant = "24:00" if after == 0 else format_minute(after)
            gap = start - closed_at
            yield (
                "office_hours",
                f"a period ends at {format_minute(before)} and the next begins at "
                f"{format_minute(after)}: the stack would be taken down for {gap} "
                f'minute{"s" if gap > 1 else ""}; write "{meant}" as the end',
            )
            return
        closed_at = end if closed_at is None else max(closed_at, end)


def _days_without_hours(policy: Policy) -> Iterator[tuple[str, str]]:
    for key in ("closed_on", "open_on"):
        if getattr(policy, key) and not policy.office_hours:
            yield key, "has no effect without office_hours; add periods or remove the dates"


def _stops_nothing(policy: Policy) -> Iterator[tuple[str, str]]:
    if policy.budget_stops and policy.monthly_budget is None:
        yield "budget_stops", "has no effect without monthly_budget; set how much a month may cost"
    elif policy.budget_stops and not policy.office_hours:
        yield "budget_stops", "has no effect without office_hours: there are none to end"


def _days_both_ways(policy: Policy) -> Iterator[tuple[str, str]]:
    """Only dates that are written twice: one taken out of a range or calendar is on purpose."""
    closed = {str(dates) for dates in policy.closed_on if isinstance(dates, DateRange)}
    for dates in policy.open_on:
        if str(dates) in closed:
            yield "open_on", f'"{dates}" is in closed_on too, and open_on wins; remove one of them'
