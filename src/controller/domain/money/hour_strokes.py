"""
The hours of four weeks as strokes: a column is a local day, down it goes from midnight to midnight.

What is alike from one hour to the next is one stroke. The strokes of a kind are the `d` of one SVG
path; moves within a column are relative, which is shorter. Pure: a board's row keeps them as text,
so that whoever shows a hundred rows draws none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from controller.domain.money.hour_log import DAYS, HOUR, Hour
from controller.domain.money.past_hours import Hours


@dataclass(frozen=True, slots=True)
class Size:
    """Of one hour, in the units of the picture, and of the space for words around the strip."""

    width: int
    height: int
    left: int = 0
    top: int = 0


Layers = Mapping[str, frozenset[Hour]]
"""The kinds of strokes in the order in which they are painted, and the hours that each covers."""

APART: Layers = {
    "s": frozenset({Hour.ASLEEP, Hour.UNKNOWN}),
    "p": frozenset({Hour.PAID}),
    "a": frozenset({Hour.QUIET, Hour.AWAKE}),
    "u": frozenset({Hour.USED}),
    "xs": frozenset({Hour.UNKNOWN}),
    "xa": frozenset({Hour.AWAKE}),
}
OVER: Layers = {
    "p": frozenset(hour for hour in Hour if hour.is_paid),
    "a": frozenset(hour for hour in Hour if hour.is_awake),
    "u": frozenset({Hour.USED}),
    "xs": frozenset({Hour.UNKNOWN}),
    "xa": frozenset({Hour.AWAKE}),
}
"""The same picture of fewer strokes: each kind lies over the one before; asleep is the ground."""


def strokes(hours: Hours, zone: tzinfo, last: date, size: Size, layers: Layers) -> dict[str, str]:
    """The paths of four weeks up to the day `last`, by kind, without those that are empty."""
    days = _days(hours, zone, last)
    paths = {kind: "".join(_path(days, size, covered)) for kind, covered in layers.items()}
    return {kind: path for kind, path in paths.items() if path}


def _days(hours: Hours, zone: tzinfo, last: date) -> list[dict[int, Hour]]:
    """The hours of each local day by the hour of its clock; the one that says more of two."""
    first = last.toordinal() - DAYS + 1
    days: list[dict[int, Hour]] = [{} for _ in range(DAYS)]
    order = list(Hour)
    for index, hour in enumerate(hours.each):
        local = (hours.first + index * HOUR).astimezone(zone)
        day = local.toordinal() - first
        if 0 <= day < DAYS:
            known = days[day].get(local.hour, Hour.UNKNOWN)
            days[day][local.hour] = max(known, hour, key=order.index)
    return days


def _path(
    days: Sequence[Mapping[int, Hour]], size: Size, covered: frozenset[Hour]
) -> Iterator[str]:
    for column, day in enumerate(days):
        at: int | None = None
        for start, length in _runs(day, covered):
            if at is None:
                x = size.left + column * size.width + size.width / 2
                yield f"M{x:g} {size.top + start * size.height}"
            else:
                yield f"m0 {(start - at) * size.height}"
            yield f"v{length * size.height}"
            at = start + length


def _runs(day: Mapping[int, Hour], covered: frozenset[Hour]) -> Iterator[tuple[int, int]]:
    """First hour and length of what follows one another; hours that have not come are left out."""
    start: int | None = None
    for hour in range(25):
        is_in = day.get(hour) in covered
        if is_in and start is None:
            start = hour
        elif not is_in and start is not None:
            yield start, hour - start
            start = None
