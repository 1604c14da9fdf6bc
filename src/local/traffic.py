"""
The traffic that load balancers carry, minute by minute, as CloudWatch will report it.

Tests and demo put it in; nothing else makes any. It may be given by a load balancer's name, then
it goes to whichever balancer bears the name at that minute, in one region as "<region>/<name>", or
by ARN.
"""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import datetime, timedelta

from controller.domain.dataclass import dataclass, field

MINUTE = 60.0


@dataclass(slots=True)
class Flows:
    """One minute: connections begun, bytes carried, connections open."""

    new: float = 0.0
    bytes: float = 0.0
    active: float = 0.0

    def __add__(self, other: Flows) -> Flows:
        if self is NO_FLOWS or other is NO_FLOWS:  # as in most minutes
            return other if self is NO_FLOWS else self
        return Flows(self.new + other.new, self.bytes + other.bytes, self.active + other.active)


NO_FLOWS = Flows()


@dataclass(frozen=True, slots=True)
class Steady:
    """The same flows again and again, or connections held open, between two moments."""

    since: float
    until: float
    every: float
    flows: Flows

    def at(self, minute: float) -> Flows | None:
        if minute + MINUTE <= self.since or minute >= self.until:
            return None
        first = self.since - self.since % MINUTE
        return self.flows if (minute - first) % self.every == 0 else None


@dataclass(slots=True)
class _Line:
    minutes: defaultdict[float, Flows] = field(default_factory=lambda: defaultdict(Flows))
    steady: list[Steady] = field(default_factory=list)

    def at(self, minute: float) -> Flows:
        steady = (more for each in self.steady if (more := each.at(minute)))
        return sum(steady, self.minutes.get(minute) or NO_FLOWS)


class Traffic:
    def __init__(self) -> None:
        self._lines: defaultdict[str, _Line] = defaultdict(_Line)

    def flows(
        self,
        load_balancer: str,
        at: datetime,
        new_flows: float = 1,
        bytes: float = 1000,
        active: float | None = None,
    ) -> None:
        """Add flows to the minute of `at`; `active` is at least what began in it."""
        minute = floor_to(at.timestamp(), MINUTE)
        line = self._lines[_key(load_balancer)]
        held = new_flows if active is None else active
        line.minutes[minute] = line.minutes[minute] + Flows(new_flows, bytes, held)

    def hold_open(
        self, load_balancer: str, since: datetime, until: datetime | None = None, active: float = 1
    ) -> None:
        """Connections that stay open and say nothing (F65)."""
        self._add(load_balancer, since, until, MINUTE, Flows(active=active))

    def noise(
        self,
        load_balancer: str,
        since: datetime,
        until: datetime | None = None,
        *,
        every: timedelta = timedelta(minutes=5),
        new_flows: float = 1,
        bytes: float = 200,
    ) -> None:
        """Scanners: a few short connections at a fixed distance (§4.4, F64)."""
        seconds = max(MINUTE, floor_to(every.total_seconds(), MINUTE))
        self._add(load_balancer, since, until, seconds, Flows(new_flows, bytes, new_flows))

    def _add(
        self, name: str, since: datetime, until: datetime | None, every: float, flows: Flows
    ) -> None:
        end = until.timestamp() if until else math.inf
        self._lines[_key(name)].steady.append(Steady(since.timestamp(), end, every, flows))

    def at(self, minute: float, *names: str) -> Flows:
        """What was put in for any of these names in the minute that begins at `minute`."""
        lines = (line for name in names if (line := self._lines.get(name)))
        return sum((line.at(minute) for line in lines), NO_FLOWS)


def _key(load_balancer: str) -> str:
    """The metric dimension of an ARN; a plain name stays a name."""
    return load_balancer.partition(":loadbalancer/")[2] or load_balancer


def floor_to(moment: float, step: float) -> float:
    return moment - moment % step
