"""How long past wakes took, and the events that are sent and counted. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.planning.progress import Timeline
from controller.domain.planning.spec import Json
from controller.domain.text import clean_lines
from controller.domain.timestamps import format_timestamp, parse_timestamp, read_timestamp

REMEMBERED = 10
"""How many of the last wakes the lead time is learned from."""

DEFAULT_WAKE = timedelta(minutes=4)
"""
The length of a first wake: load balancer and health checks at their usual pace (AWS behaviour
§9.2, typical: 150 s for the one, 20 s to 150 s for the others).
"""

_HIGH = 0.9
_MARGIN = 1.1
_TICK = timedelta(minutes=1)
"""A wake starts up to this long after it is due: the heartbeat's interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """
    One wake that succeeded.

    `steps` are address, step, and seconds. `from_rest`: nothing of an earlier time awake was
    still being taken down, so that its length is what the next one may take.
    """

    started_at: datetime
    ready_at: datetime
    reason: str
    from_rest: bool
    steps: tuple[tuple[str, str, float], ...] = ()

    @property
    def seconds(self) -> float:
        return (self.ready_at - self.started_at).total_seconds()

    def to_json(self) -> dict[str, Json]:
        return {
            "started_at": format_timestamp(self.started_at),
            "ready_at": format_timestamp(self.ready_at),
            "seconds": self.seconds,
            "reason": self.reason,
            "from_rest": self.from_rest,
            "steps": [list(step) for step in self.steps],
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Wake:
        return Wake(
            started_at=parse_timestamp(data["started_at"]),
            ready_at=parse_timestamp(data["ready_at"]),
            reason=data.get("reason", ""),
            from_rest=data.get("from_rest", True),
            steps=tuple((a, s, float(n)) for a, s, n in data.get("steps", ())),
        )


def finished_steps(timeline: Timeline, since: datetime) -> tuple[tuple[str, str, float], ...]:
    """The steps that began since then and are over, with their seconds."""
    return tuple(
        (step.address, step.step, (step.finished_at - step.started_at).total_seconds())
        for step in timeline.steps
        if step.finished_at and step.started_at >= since
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """
    Seconds of the last wakes from rest, the oldest first, in all and by address and step.

    The steps of sleeps are beside them; they are not in the history of wakes, so a lost status
    forgets them, and the next sleep asks AWS more often.
    """

    totals: tuple[float, ...] = ()
    steps: Mapping[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)

    @staticmethod
    def of(wakes: Sequence[Wake]) -> Learned:
        learned = Learned()
        for wake in sorted(wakes, key=lambda wake: wake.started_at):
            learned = learned.after(wake)
        return learned

    def after(self, wake: Wake) -> Learned:
        if not wake.from_rest:
            return self
        totals = _last((*self.totals, wake.seconds))
        return replace(self, totals=totals).after_steps(wake.steps)

    def after_steps(self, finished: Sequence[tuple[str, str, float]]) -> Learned:
        """With the steps of a sleep that is over, or a wake; of equal ones the longest counts."""
        longest: dict[tuple[str, str], float] = {}
        for address, step, seconds in finished:
            longest[address, step] = max(seconds, longest.get((address, step), 0))
        steps = dict(self.steps)
        for each, seconds in longest.items():
            steps[each] = _last((*steps.get(each, ()), seconds))
        return replace(self, steps=steps)

    def lead(self, longest: timedelta) -> timedelta:
        """
        How long before an opening to begin, in whole minutes: most wakes are ready by then.

        The second slowest of ten, and a tenth more, and what a heartbeat may be late.
        """
        return min(_lead(self.totals), longest)

    @property
    def usual(self) -> timedelta | None:
        """How long a wake takes, by the median; None before the first."""
        seconds = percentile(self.totals, 0.5)
        return None if seconds is None else timedelta(seconds=seconds)

    def remaining(self, elapsed: timedelta) -> timedelta | None:
        """
        How much longer a wake will take that has lasted `elapsed`: the median of those that took
        longer than that. None when none of them did.
        """
        totals = self.totals or (DEFAULT_WAKE.total_seconds(),)
        longer = [seconds for seconds in totals if seconds > elapsed.total_seconds()]
        usual = percentile(longer, 0.5)
        return None if usual is None else timedelta(seconds=usual) - elapsed

    def usual_seconds(self, address: str, step: str) -> float | None:
        """The median length of a step."""
        return percentile(self.steps.get((address, step), ()), 0.5)

    def to_json(self) -> dict[str, Json]:
        return {
            "totals": list(self.totals),
            "steps": [[address, step, list(n)] for (address, step), n in self.steps.items()],
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Learned:
        return Learned(
            totals=tuple(float(n) for n in data.get("totals", ())),
            steps={(a, s): tuple(float(n) for n in each) for a, s, each in data.get("steps", ())},
        )


@lru_cache(maxsize=64)
def _lead(totals: tuple[float, ...]) -> timedelta:
    """Kept: a pass asks for it at every decision."""
    usual = percentile(totals, _HIGH)
    wake = DEFAULT_WAKE if usual is None else timedelta(seconds=usual)
    return math.ceil((wake * _MARGIN + _TICK) / _TICK) * _TICK


def percentile(numbers: Sequence[float], share: float) -> float | None:
    """The smallest of the numbers that `share` of them do not exceed; None of none."""
    if not numbers:
        return None
    return sorted(numbers)[max(0, math.ceil(share * len(numbers)) - 1)]


def _last(numbers: tuple[float, ...]) -> tuple[float, ...]:
    return numbers[-REMEMBERED:]


LATEST_NEWS = timedelta(days=1)
"""An event that is undelivered for this long is dropped: it is out of date."""


class EventKind(StrEnum):
    """The kinds of events: each event is delivered once, and the ledger adds them up."""

    WAKING = "waking"
    AWAKE = "awake"
    SLEEPING_SOON = "sleeping_soon"
    SLEEPING = "sleeping"
    ASLEEP = "asleep"
    FAILED = "failed"
    STUCK = "stuck"
    BLOCKED = "blocked"
    DEGRADED = "degraded"  # it serves people, though not completely
    RESTORED = "restored"  # it runs completely again
    BUDGET_NEAR = "budget_near"  # most of the month's budget is spent
    BUDGET_USED_UP = "budget_used_up"
    COULD_NOT_WAKE = "could_not_wake"  # a rehearsal found what would make a wake fail
    COULD_WAKE = "could_wake"  # that is over
    ENDING = "ending"  # its term ends soon
    ENDED = "ended"  # its term is over, and it is held asleep
    UNPUBLISHED = "unpublished"  # it is removed from the controller, a while after its end
    DIGEST = "digest"  # a week is over
    DAMAGED = "damaged"  # records cannot be read and are left aside
    REPLACED = "replaced"  # something that was billed ended, and the stack lives on

    @property
    def is_notified(self) -> bool:
        """It is sent to people; the others are for the ledger alone."""
        return self is not EventKind.REPLACED


ENDED_BY: Mapping[EventKind, frozenset[EventKind]] = {
    EventKind.STUCK: frozenset({EventKind.ASLEEP, EventKind.AWAKE}),
    EventKind.FAILED: frozenset({EventKind.AWAKE}),
    EventKind.BLOCKED: frozenset({EventKind.AWAKE}),
    EventKind.COULD_NOT_WAKE: frozenset({EventKind.COULD_WAKE, EventKind.AWAKE}),
    EventKind.DEGRADED: frozenset(
        {
            EventKind.RESTORED,
            EventKind.AWAKE,
            EventKind.ASLEEP,
            EventKind.FAILED,
            EventKind.BLOCKED,
        }
    ),
}
"""The kinds that are trouble, and what says that it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    Something that happened to a stack. `at` and `kind` identify it: the same event seen twice is
    one event. `facts` are the data of the kind (endpoint, ends_at, billing intervals),
    `stands` the resources billed at that moment, and `after` the kinds of problems that it ends.
    """

    stack: str
    at: datetime
    kind: EventKind
    reason: str
    facts: Mapping[str, Json] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{format_timestamp(self.at.replace(microsecond=0))}#{self.kind}"

    def is_old_news(self, now: datetime) -> bool:
        """Its content no longer applies at `now`, or is about another day."""
        ends_at = read_timestamp(self.facts.get("ends_at"))
        return now - self.at >= LATEST_NEWS or (ends_at is not None and ends_at <= now)

    def to_json(self) -> dict[str, Json]:
        return {
            "stack": self.stack,
            "at": format_timestamp(self.at),
            "kind": str(self.kind),
            "reason": self.reason,
            "facts": dict(self.facts),
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Event:
        return Event(
            stack=data["stack"],
            at=parse_timestamp(data["at"]),
            kind=EventKind(data["kind"]),
            reason=clean_lines(data["reason"]),
            facts=data.get("facts", {}),
        )
