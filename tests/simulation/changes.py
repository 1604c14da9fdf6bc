"""When somebody changes settings of the files or of the policy. Drawn before a story runs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from simulation.settings import LATER, OF_ALL, OF_SCALING, OF_TLS, SCALING, TLS

MINUTE = timedelta(minutes=1)

CHANGE, ADJUST = FILES = "change", "adjust"
"""What a press is called: it changes settings of the files, or of the policy."""

WAKING, RUNNING = (0.0, 4.0), (4.0, 90.0)
"""Minutes after somebody has woken it."""

ADJUSTED: dict[str, tuple[Any, ...]] = {
    "sleep_order": ("count", "force"),
    "finish_paid_hour": (True, False),
    "idle_timeout": ("15m", "30m", "0"),
    "min_awake": ("0s", "30m"),
    "max_awake": ("3h", "12h"),
    "office_hours": (["Mon-Fri 09:00-18:00"], ["daily 06:00-22:00"], []),
    "wake_timeout": ("25m", "40m"),
}

Drawn = tuple[datetime, str, Any]
"""When, what a press is called, and its `more`."""


def draw_begins(choose: random.Random) -> frozenset[str]:
    """One stack of five ends TLS, one of five scales."""
    return frozenset(each for each in (TLS, SCALING) if choose.random() < 0.2)


def draw_changes(
    choose: random.Random,
    woken: Sequence[datetime],
    begins: frozenset[str],
    start: datetime,
    days: int,
) -> Iterator[Drawn]:
    """Of the files on every tenth day, one setting or two; of the policy on every twelfth."""
    names = [*OF_ALL, *LATER]
    names += OF_TLS if TLS in begins else ()
    names += 2 * OF_SCALING if SCALING in begins else ()
    for day in range(days):
        if choose.random() < 1 / 10:
            changes = tuple(choose.sample(names, choose.choice((1, 1, 2))))
            yield _moment(choose, woken, start, day), CHANGE, tuple(dict.fromkeys(changes))
        if choose.random() < 1 / 12:
            name = choose.choice(list(ADJUSTED))
            value = choose.choice(ADJUSTED[name])
            yield _moment(choose, woken, start, day), ADJUST, {name: value}


def draw_turn(choose: random.Random, woken: Sequence[datetime]) -> tuple[datetime, float] | None:
    """In one story of five: when it is put to sleep, and the seconds until somebody wakes it."""
    if not woken or choose.random() < 0.8:
        return None
    return choose.choice(woken) + choose.uniform(20, 50) * MINUTE, choose.uniform(3, 400)


def _moment(
    choose: random.Random, woken: Sequence[datetime], start: datetime, day: int
) -> datetime:
    """Mostly while it wakes, while it is up, or on its way down."""
    at = start + (day * 24 * 60 + choose.uniform(0, 24 * 60)) * MINUTE
    near = [moment for moment in woken if (moment - start).days == day]
    if near and choose.random() < 0.85:
        least, most = choose.choice((WAKING, RUNNING, RUNNING))
        at = choose.choice(near) + choose.uniform(least, most) * MINUTE
    return at
