"""
Pictures of time and money as inline SVG: no script, no style attribute, no file from elsewhere.

Pure functions from hours and accounts to a text that is part of a page; the page's own style
colours them, light and dark. Each has a text alternative.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, tzinfo
from decimal import Decimal
from typing import Protocol

from markupsafe import Markup, escape

from controller.domain.dataclass import dataclass
from controller.domain.money.hour_log import DAYS
from controller.domain.money.hour_strokes import APART, Size, strokes
from controller.domain.money.past_hours import Hours

HATCH = Markup(
    '<pattern id="{}" width="4" height="4" patternUnits="userSpaceOnUse"{}>'
    '<path class="{}" d="M0 4L4 0M-1 1L1-1M3 5L5 3"/></pattern>'
)


class Dates(Protocol):
    def day(self, day: date) -> str: ...


LARGE = Size(width=11, height=6, left=26, top=14)


def strip(hours: Hours, zone: tzinfo, today: date, title: str, about: str, words: Dates) -> Markup:
    """The days up to `today`, four weeks of them, with the dates of Mondays."""
    size = LARGE
    width, height = size.left + DAYS * size.width, size.top + 24 * size.height + 2
    parts = [*_hatches(Markup()), *_paths(strokes(hours, zone, today, size, APART))]
    parts += [*_times(size), *_dates(size, today, words)]
    return _svg(width, height, parts, "strip", title, about, "strip")


def small_strip(paths: Mapping[str, str], late: int, about: str) -> Markup:
    """
    A small picture from the strokes of a board's row; `late` is how many days old the strokes are.

    Its text is a label. The page's style says how large a cell is and what a kind looks like, and
    the hatches are defined elsewhere in the page: each byte here is a hundred in the board.
    """
    # Put together as text, for a hundred make a page: Markup.format takes ten times as long.
    box = f' viewBox="{late * COLUMN} 0 {DAYS * COLUMN} {6 * CELL}"' if late else ""
    drawn = "".join(
        f'<path class=c{escape(kind)} d="{escape(path)}"/>'
        for kind, path in sorted(paths.items(), key=_painted)
    )
    return Markup(f'<svg{box} role=img aria-label="{escape(about)}">{drawn}</svg>')


COLUMN, CELL = 3, 6
"""Pixels of a day and of four hours in a small strip, as in board.css."""


def _painted(path: tuple[str, str]) -> bool:
    """Hatches last, whatever order the record has."""
    return "x" in path[0]


def hatches() -> Markup:
    """What `small_strip` refers to, once in a page."""
    unscaled = Markup(f' patternTransform="scale({1 / COLUMN:.4f} {1 / CELL:.4f})"')
    return Markup('<svg class="none" width="0" height="0" aria-hidden="true">{}</svg>').format(
        Markup("").join(_hatches(unscaled))
    )


def _paths(paths: Mapping[str, str]) -> Iterator[Markup]:
    for kind, path in paths.items():
        hatch = Markup(' stroke="url(#h{})"').format(kind[1]) if kind[0] == "x" else ""
        yield Markup('<path class="c{}"{} d="{}"/>').format(kind, hatch, path)


def _hatches(transform: Markup) -> Iterator[Markup]:
    for kind in ("s", "a"):
        yield HATCH.format(f"h{kind}", transform, f"h{kind}")


def _times(size: Size) -> Iterator[Markup]:
    for hour in (0, 6, 12, 18):
        y = size.top + hour * size.height + 5
        yield Markup('<text x="{}" y="{}" class="e">{:02}</text>').format(size.left - 4, y, hour)


def _dates(size: Size, last: date, words: Dates) -> Iterator[Markup]:
    for column in range(DAYS):
        day = date.fromordinal(last.toordinal() - DAYS + 1 + column)
        if day.weekday() == 0 and column < DAYS - 2:
            x = size.left + column * size.width
            yield Markup('<text x="{}" y="{}">{}</text>').format(x, size.top - 4, words.day(day))


# money


@dataclass(frozen=True, slots=True)
class Bar:
    """One month: its name, what it cost, what it would have cost always on, and both in words."""

    name: str
    spent: Decimal
    always: Decimal
    text: str


WIDE, TALL, NAME = 300, 30, 44


def bars(months: Sequence[Bar], title: str, about: str) -> Markup:
    """A pair of bars for each month, spent over always on, each with its numbers."""
    most = max((max(bar.spent, bar.always) for bar in months), default=Decimal(0)) or Decimal(1)
    parts: list[Markup] = []
    for index, bar in enumerate(months):
        y = index * TALL
        lengths = (_length(amount, most) for amount in (bar.always, bar.spent))
        parts += [
            Markup('<text x="0" y="{}">{}</text>').format(y + 23, bar.name),
            Markup('<text x="{}" y="{}">{}</text>').format(NAME, y + 10, bar.text),
            Markup('<rect class="b" x="{}" y="{}" width="{}" height="10"/>').format(
                NAME, y + 14, next(lengths)
            ),
            Markup('<rect class="d" x="{}" y="{}" width="{}" height="10"/>').format(
                NAME, y + 14, next(lengths)
            ),
        ]
    return _svg(WIDE, max(1, len(months)) * TALL, parts, "bars", title, about, "money")


def _length(amount: Decimal, most: Decimal) -> str:
    """At least a thin line for any amount above zero."""
    share = float(max(Decimal(0), amount) / most) * (WIDE - NAME)
    return f"{max(share, 1.0 if amount > 0 else 0.0):.1f}"


def _svg(
    width: int, height: int, parts: Iterable[Markup], kind: str, title: str, about: str, id_: str
) -> Markup:
    return Markup(
        '<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" '
        'aria-labelledby="{id}-t {id}-d"><title id="{id}-t">{title}</title>'
        '<desc id="{id}-d">{about}</desc>{parts}</svg>'
    ).format(
        kind=kind,
        width=width,
        height=height,
        id=id_,
        title=escape(title),
        about=escape(about),
        parts=Markup("").join(parts),
    )
