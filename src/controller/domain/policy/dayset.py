"""Sets of local dates, quick to ask: single days, long ranges and public holidays."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable
from datetime import date

from controller.domain.policy.periods import DateRange, Dates, HolidayCalendar

Holidays = Callable[[str, int], Collection[date]]
"""The public holidays of a calendar ("JP", "US-CA") in one year."""


class DaySet:
    """
    Dates by their ordinal (`date.toordinal`).

    `holidays` is called for one calendar and year at a time, when a day of it is first needed,
    and must always return the same answer.
    """

    def __init__(self, dates: Iterable[Dates], holidays: Holidays) -> None:
        items = tuple(dates)
        self._firsts, self._lasts = _join(item for item in items if isinstance(item, DateRange))
        self._codes = [item.code for item in items if isinstance(item, HolidayCalendar)]
        self._holidays = holidays
        self._years: dict[int, frozenset[int]] = {}

    def __contains__(self, ordinal: int) -> bool:
        index = bisect_right(self._firsts, ordinal) - 1
        if index >= 0 and ordinal <= self._lasts[index]:
            return True
        return bool(self._codes) and ordinal in self._year(date.fromordinal(ordinal).year)

    def _year(self, year: int) -> frozenset[int]:
        if year not in self._years:
            days = (day for code in self._codes for day in self._holidays(code, year))
            self._years[year] = frozenset(day.toordinal() for day in days)
        return self._years[year]


def _join(ranges: Iterable[DateRange]) -> tuple[list[int], list[int]]:
    """First and last days of the ranges, ascending, overlapping ones made one."""
    firsts: list[int] = []
    lasts: list[int] = []
    for first, last in sorted((r.first.toordinal(), r.last.toordinal()) for r in ranges):
        if lasts and first <= lasts[-1]:
            lasts[-1] = max(lasts[-1], last)
        else:
            firsts.append(first)
            lasts.append(last)
    return firsts, lasts
