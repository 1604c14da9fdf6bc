"""
The hours of four weeks as strokes: each column is a local day, from midnight down to midnight.

Equal hours in a row are one stroke. The strokes of a kind are the `d` of one SVG path; moves within
a column are relative, which is shorter. Pure: a board's row stores them as text, so a page with a
hundred rows does not have to compute them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import cache, lru_cache
from itertools import groupby

from controller.domain.dataclass import dataclass
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


ROWS = 24
MOST = (DAYS + 2) * ROWS
"""More hours than four weeks of local days and the one that runs can have."""

_AS_RANKS: Mapping[int, str] = {ord(hour): str(rank) for rank, hour in enumerate(Hour)}

Cell = tuple[int, int, int]
"""Its row, and the first of its hours and the one after the last."""

Column = tuple[int, int, tuple[Cell, ...]]
"""The first hour of a day and the one after the last; and its cells, with hours counted in it."""

Run = tuple[int, int]

BLOCK = "f"
"""Before the kind of a path that is areas to be filled: shorter where days are alike."""


def strokes(hours: Hours, zone: tzinfo, last: date, size: Size, layers: Layers) -> dict[str, str]:
    """The paths of four weeks up to the day `last`, by kind, without those that are empty."""
    days = _days(hours.letters, hours.first, zone, last, size.hours)
    paths = {kind: "".join(_path(_runs(days, covered), size)) for kind, covered in layers.items()}
    return {kind: path for kind, path in paths.items() if path}


def small_strokes(hours: Hours, zone: tzinfo, last: date, size: Size) -> dict[str, str]:
    """The same as strokes or as areas, whichever is shorter; a stroke runs at its column's left."""
    return dict(_small(hours.letters, hours.first, zone, last, size))


@lru_cache(maxsize=64)
def _small(
    letters: str, first: datetime, zone: tzinfo, last: date, size: Size
) -> Mapping[str, str]:
    """Kept: the letters are the same in each pass within an hour."""
    days = _days(letters, first, zone, last, size.hours)
    paths: dict[str, str] = {}
    for kind, covered in SMALL_LAYERS.items():
        runs = _runs(days, covered)
        lines, areas = "".join(_path(runs, size, middle=0)), "".join(_blocks(runs, size))
        if lines:
            paths |= {BLOCK + kind: areas} if len(areas) < len(lines) else {kind: lines}
    return paths


def _days(letters: str, first: datetime, zone: tzinfo, last: date, cell: int) -> list[str]:
    """
    The cells of each local day, by the hour of its clock; of several hours what says most.

    A cell is the rank of its `Hour` as a digit; a space where no hour is known or has come.
    """
    ranks = letters.translate(_AS_RANKS)
    return [
        _day(ranks[start:end], cells) for start, end, cells in _columns(first, zone, last, cell)
    ]


@lru_cache(maxsize=1024)
def _day(ranks: str, cells: Sequence[Cell]) -> str:
    """Kept: a day that is over stays as it is."""
    day = [" "] * ROWS
    for row, start, end in cells:
        day[row] = max(ranks[start:end], default=" ")
    return "".join(day)


@lru_cache(maxsize=64)
def _columns(first: datetime, zone: tzinfo, last: date, cell: int) -> Sequence[Column]:
    """
    Which hours from `first` on are in each day, and in each cell of it.

    Kept: they are the same for all stacks of a zone, all day long.
    """
    begin = last.toordinal() - DAYS + 1
    places = [(ordinal - begin, hour // cell) for ordinal, hour in _local_hours(first, zone)]
    runs = [(place, list(run)) for place, run in groupby(range(MOST), key=places.__getitem__)]
    days: list[list[Cell]] = [[] for _ in range(DAYS)]
    for (day, row), run in runs:
        if 0 <= day < DAYS:
            days[day].append((row, run[0], run[-1] + 1))
    return [_column(day) for day in days]


def _column(cells: Sequence[Cell]) -> Column:
    if not cells:
        return 0, 0, ()
    start = cells[0][1]
    return start, cells[-1][2], tuple((row, a - start, b - start) for row, a, b in cells)


def _local_hours(first: datetime, zone: tzinfo) -> Iterator[tuple[int, int]]:
    """The local day and hour of each hour; no zone moves its clocks there and back in a day."""
    for start in range(0, MOST, ROWS):
        at, later = ((first + hours * HOUR).astimezone(zone) for hours in (start, start + ROWS))
        if at.utcoffset() == later.utcoffset():
            day = at.toordinal()
            yield from ((day + hour // 24, hour % 24) for hour in range(at.hour, at.hour + ROWS))
            continue
        for hours in range(start, start + ROWS):
            at = (first + hours * HOUR).astimezone(zone)
            yield at.toordinal(), at.hour


def _path(runs: Sequence[Sequence[Run]], size: Size, middle: float = 0.5) -> Iterator[str]:
    for column, day in enumerate(runs):
        at: int | None = None
        for start, length in day:
            if at is None:
                x = size.left + (column + middle) * size.width
                yield f"M{x:g} {size.top + start * size.height}"
            else:
                yield f"m0 {(start - at) * size.height}"
            yield f"v{length * size.height}"
            at = start + length


def _blocks(runs: Sequence[Sequence[Run]], size: Size) -> Iterator[str]:
    """What is the same on days that follow one another, as one area."""
    begun: dict[Run, int] = {}
    for column in range(len(runs) + 1):
        here = runs[column] if column < len(runs) else ()
        for run in [run for run in begun if run not in here]:
            first = begun.pop(run)
            x, y = size.left + first * size.width, size.top + run[0] * size.height
            wide, high = (column - first) * size.width, run[1] * size.height
            yield f"M{x} {y}h{wide}v{high}H{x}"  # what is filled needs no "z"
        for run in here:
            begun.setdefault(run, column)


def _runs(days: Sequence[str], covered: frozenset[Hour]) -> list[Sequence[Run]]:
    """Of each day the first cell and the length of what follows one another."""
    return [_runs_of(day, covered) for day in days]


@lru_cache(maxsize=1024)
def _runs_of(day: str, covered: frozenset[Hour]) -> Sequence[Run]:
    """Kept: a day that is over stays as it is, and most days are like others."""
    found = _pattern(covered).finditer(day)
    return [(run.start(), run.end() - run.start()) for run in found]


@cache
def _pattern(covered: frozenset[Hour]) -> re.Pattern[str]:
    return re.compile(f"[{''.join(sorted(covered)).translate(_AS_RANKS)}]+")
