"""
A controller whose process dies at one chosen call, before or after its effect.

A death leaves behind what was written up to then, at the moment it happened. Of several calls of
a process between which nothing is written and no time goes by, one stands for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from controller.domain.planning.timing import Timing
from local.calls import READS
from simulation.clockwork import Process
from simulation.installation import Installation
from simulation.story import Press, Story, tell
from simulation.trouble import Blow

QUIET = {
    "office_hours": [],
    "idle_timeout": "0",
    "min_awake": "0s",
    "finish_paid_hour": False,
    "ready_by_opening": False,
}
"""A policy under which only people decide."""


@dataclass(frozen=True, slots=True)
class Point:
    """The n-th call of a story, before or after its effect."""

    nth: int
    when: str
    call: str

    def __str__(self) -> str:
        return f"{self.when} call {self.nth}, {self.call}"


def story_of(
    *presses: tuple[float, str, float],
    profile: str | Timing = "fast",
    hands: float | None = None,
    **policy: Any,
) -> Story:
    """A quick stack on which nothing happens but presses: after so many seconds, what, hours."""
    plain = tell(0, 1, calm=True, alone=True)
    people = [
        Press(plain.start + timedelta(seconds=at), kind, hours) for at, kind, hours in presses
    ]
    return replace(
        plain,
        profile=profile,
        policy=plain.policy | QUIET | {"sleep_order": "count"} | policy,
        hands=hands,
        presses=people,
        visits=[],
        days=1,
        tasks=1,
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    call: str
    at: datetime
    before: object
    after: object


class Mortal(Installation):
    """A house in which one call is the last of its process."""

    def __init__(self, story: Story, point: Point | None = None) -> None:
        self.point = point
        self.seen: list[_Seen] = []
        self._effects = 0
        super().__init__(story)

    def strike(self, process: Process, service: str, operation: str) -> Blow | None:
        super().strike(process, service, operation)
        before: Any = (self._effects, self.now, process.name)
        self._effects += not operation.startswith(READS)
        after = (self._effects, self.now, process.name)
        self.seen.append(_Seen(f"{service}:{operation}", self.now, before, after))
        if self.point and self.calls == self.point.nth:
            return Blow("death", dies=self.point.when)
        return None

    def live(self, seconds: float) -> Mortal:
        self.work.run(self.story.start + timedelta(seconds=seconds))
        return self


def points(story: Story, since: float, until: float) -> tuple[int, Sequence[Point]]:
    """How many points there are among the calls of these seconds, and one of each that differ."""
    installation = Mortal(story).live(until)
    first = story.start + timedelta(seconds=since)
    found: dict[object, Point] = {}
    tried = 0
    for nth, seen in enumerate(installation.seen, start=1):
        if seen.at >= first:
            tried += 2
            found.setdefault(seen.before, Point(nth, "before", seen.call))
            found.setdefault(seen.after, Point(nth, "after", seen.call))
    return tried, list(found.values())
