"""
The hours of four weeks as strokes: each column is a local day, from midnight down to midnight.

Equal hours in a row are one stroke. The strokes of a kind are the `d` of one SVG path; moves within
a column are relative, which is shorter. Pure: a board's row stores them as text, so a page with a
hundred rows does not have to compute them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from controller.domain.money.hour_log import DAYS, HOUR, Hour
from controller.domain.money.past_hours import Hours


@dataclass(frozen=True, slots=True)
class Size:
    """
    Of one cell, in the units of the picture, and of the space for words around the strip.

    A cell is so many `hours` of a day; it shows the one of them that says most.
    """

    width: int
    height: int
    left: int = 0
    top: int = 0
    hours: int = 1


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
SMALL_LAYERS: Layers = {kind: APART[kind] for kind in ("p", "a", "u", "xs", "xa")}
"""The same without those asleep, which are the ground. Only "xa" needs to come after another."""


BLOCK = "f"
"""Before the kind of a path that is areas to be filled: shorter where days are alike."""


def strokes(hours: Hours, zone: tzinfo, last: date, size: Size, layers: Layers) -> dict[str, str]:
    """The paths of four weeks up to the day `last`, by kind, without those that are empty."""
    days = _days(hours, zone, last, size.hours)
    paths = {kind: "".join(_path(days, size, covered)) for kind, covered in layers.items()}
    return {kind: path for kind, path in paths.items() if path}


def small_strokes(hours: Hours, zone: tzinfo, last: date, size: Size) -> dict[str, str]:
    """The same as strokes or as areas, whichever is shorter; a stroke runs at its column's left."""
    days = _days(hours, zone, last, size.hours)
    paths: dict[str, str] = {}
    for kind, covered in SMALL_LAYERS.items():
        lines = "".join(_path(days, size, covered, middle=0))
        areas = "".join(_blocks(days, size, covered))
        if lines:
            paths |= {BLOCK + kind: areas} if len(areas) < len(lines) else {kind: lines}
    return paths


def _days(hours: Hours, zone: tzinfo, last: date, cell: int) -> list[dict[int, Hour]]:
    """The cells of each local day by the hour of its clock; of several hours what says most."""
    first = last.toordinal() - DAYS + 1
    days: list[dict[int, Hour]] = [{} for _ in range(DAYS)]
    order = list(Hour)
    for index, hour in enumerate(hours.each):
        local = (hours.first + index * HOUR).astimezone(zone)
        day = local.toordinal() - first
        if 0 <= day < DAYS:
            row = local.hour // cell
            known = days[day].get(row, Hour.UNKNOWN)
            days[day][row] = max(known, hour, key=order.index)
    return days


def _path(
    days: Sequence[Mapping[int, Hour]],
    size: Size,
    covered: frozenset[Hour],
    middle: float = 0.5,
) -> Iterator[str]:
    for column, day in enumerate(days):
        at: int | None = None
        for start, length in _runs(day, covered):
            if at is None:
                x = size.left + (column + middle) * size.width
                yield f"M{x:g} {size.top + start * size.height}"
            else:
                yield f"m0 {(start - at) * size.height}"
            yield f"v{length * size.height}"
            at = start + length


def _blocks(
    days: Sequence[Mapping[int, Hour]], size: Size, covered: frozenset[Hour]
) -> Iterator[str]:
    """What is the same on days that follow one another, as one area."""
    begun: dict[tuple[int, int], int] = {}
    for column in range(len(days) + 1):
        here = set(_runs(days[column], covered)) if column < len(days) else set()
        for run in [run for run in begun if run not in here]:
            first = begun.pop(run)
            x, y = size.left + first * size.width, size.top + run[0] * size.height
            wide, high = (column - first) * size.width, run[1] * size.height
            yield f"M{x} {y}h{wide}v{high}H{x}"  # what is filled needs no "z"
        for run in sorted(here):
            begun.setdefault(run, column)


def _runs(day: Mapping[int, Hour], covered: frozenset[Hour]) -> Iterator[tuple[int, int]]:
    """First cell and length of what follows one another; cells that have not come are left out."""
    start: int | None = None
    for hour in range(25):
        is_in = day.get(hour) in covered
        if is_in and start is None:
            start = hour
        elif not is_in and start is not None:
            yield start, hour - start
            start = None
