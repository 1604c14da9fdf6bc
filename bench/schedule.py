"""
Questions to the schedule.

The hardest cases find nothing before the horizon, three years away. Each question is the first one
to its schedule: if a question about the same day came before, the answer takes microseconds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bench.report import Measure
from controller.domain.policy.policy import Policy, parse_policy
from controller.domain.policy.schedule import Schedule

BOUND_MILLISECONDS = 5
QUESTIONS = ("open_at", "window_at", "next_change", "next_opening")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLOSED = [str(NOW.date() + timedelta(days=13 * n)) for n in range(60)]
DISJOINT = [f"daily {h:02}:{m:02}-{h:02}:{m + 20:02}" for h in range(8, 18) for m in (0, 30)]
TOUCHING = [f"daily {h:02}:00-{h + 1:02}:00" for h in range(5, 24)] + ["daily 23:00-05:00"]
ALL_CLOSED = [*CLOSED, "2020-01-01..2070-01-01"]

CASES: dict[str, dict[str, Any]] = {
    "office hours": {"office_hours": ["Mon-Fri 09:00-18:00"]},
    "20 periods, 60 closed days": {"office_hours": DISJOINT, "closed_on": CLOSED},
    "20 touching periods, 60 closed days": {"office_hours": TOUCHING, "closed_on": CLOSED},
    "20 touching periods, always open": {"office_hours": TOUCHING},
    "20 periods, always closed": {"office_hours": DISJOINT, "closed_on": ALL_CLOSED},
    "20 periods, always closed, holidays": {
        "office_hours": DISJOINT,
        "closed_on": ALL_CLOSED,
        "open_on": ["holidays:JP"],
    },
}


def no_holidays(code: str, year: int) -> Collection[date]:
    return ()


def milliseconds(policy: Policy, question: str, times: int = 100) -> list[float]:
    """The durations of one question, asked at `times` different hours as the first, sorted."""
    durations = []
    for hour in range(times):
        ask = getattr(Schedule(policy, no_holidays), question)
        started = time.perf_counter()
        ask(NOW + timedelta(hours=hour))
        durations.append(1000 * (time.perf_counter() - started))
    return sorted(durations)


def measure() -> Iterator[Measure]:
    """The slowest question of each policy."""
    for name, data in CASES.items():
        policy = parse_policy({"time_zone": "America/New_York", **data})
        found = {question: milliseconds(policy, question) for question in QUESTIONS}
        slowest = max(found, key=lambda question: statistics.median(found[question]))
        yield Measure(
            name=f"schedule: {name}",
            value=statistics.median(found[slowest]),
            bound=BOUND_MILLISECONDS,
            detail=f"{slowest}, the slowest of {len(QUESTIONS)} questions; "
            f"its longest took {found[slowest][-1]:.2f} ms",
            unit="ms",
        )
