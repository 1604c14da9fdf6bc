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


BLOCK = "f"
"""Before the kind of a path that is areas to be filled: shorter where days are alike."""

BEFORE = "b"
"""The kind of the one stroke for all that was before the stack was known."""


def strokes(hours: Hours, zone: tzinfo, last: date, size: Size, layers: Layers) -> dict[str, str]:
    """The paths of four weeks up to the day `last`, by kind, without those that are empty."""
    days = _days(hours, zone, last)
    before = _days_before(days) if layers is OVER else 0
    known: list[dict[int, Hour]] = [{}] * before + days[before:]
    paths = {kind: "".join(_path(known, size, covered)) for kind, covered in layers.items()}
    if layers is OVER:
        blocks = {BLOCK + k: "".join(_blocks(known, size, c)) for k, c in layers.items()}
        shorter = {k for k in paths if len(blocks[BLOCK + k]) < len(paths[k])}
        paths = {
            BLOCK * (k in shorter) + k: blocks[BLOCK + k] if k in shorter else paths[k]
            for k in paths
        }
    if before:
        paths[BEFORE] = f"M{size.left} {size.top + 12 * size.height}h{before * size.width}"
    return {kind: path for kind, path in paths.items() if path}


def _days_before(days: Sequence[Mapping[int, Hour]]) -> int:
    """How many days at the beginning are not known at all: one stroke as high as they are."""
    for number, day in enumerate(days):
        if any(hour is not Hour.UNKNOWN for hour in day.values()):
            return number
    return len(days)


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
            yield f"M{x} {y}h{wide}v{high}h-{wide}z"
        for run in sorted(here):
            begun.setdefault(run, column)


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
