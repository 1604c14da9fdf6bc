"""
What was seen of AWS during a trial: which thing was in which state, and when. Pure.

AWS does not say when most things change. A change happens between the last read without it and the
first read with it; it is taken to be in the middle, so it is wrong by half that distance at most.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from controller.domain.dataclass import dataclass


class Thing(StrEnum):
    BALANCER = "load balancer"
    LISTENER = "listener"
    GROUP = "target group"
    SERVICE = "service"
    TASK = "task"
    TARGET = "target"
    ADDRESS = "Elastic IP"
    METRIC = "metric"


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing, by its ARN, id or name."""

    thing: Thing
    id: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """
    `at` is the middle of the call that showed it.

    `exact`: it happened at `at`, as our own call did it or AWS says so. `stamp` is a moment that
    AWS gave with it.
    """

    subject: Subject
    state: str
    at: datetime
    exact: bool = False
    stamp: datetime | None = None


_CHANGES: Mapping[Thing, tuple[Thing, ...]] = {
    Thing.SERVICE: (Thing.SERVICE, Thing.TASK, Thing.TARGET),
    Thing.BALANCER: (Thing.BALANCER, Thing.ADDRESS, Thing.GROUP),
}
"""
What our own calls to a thing change. These are not read before such a call, so what is seen to have
changed after it did not change before.
"""


class Log:
    """All sightings of a trial, each subject's in the order of time."""

    def __init__(self) -> None:
        self._of: dict[Subject, list[Sighting]] = {}
        self._called_at: dict[Thing, list[datetime]] = {}
        self.news_at: datetime | None = None
        """When something was last seen in another state than before."""

    def add(self, sighting: Sighting) -> None:
        seen = self._of.setdefault(sighting.subject, [])
        if not seen or seen[-1].state != sighting.state:
            self.news_at = sighting.at
        seen.append(sighting)
        for thing in _CHANGES.get(sighting.subject.thing, ()) if sighting.exact else ():
            self._called_at.setdefault(thing, []).append(sighting.at)

    def subjects(self, thing: Thing) -> list[Subject]:
        return [subject for subject in self._of if subject.thing is thing]

    def of(self, subject: Subject) -> list[Sighting]:
        return self._of.get(subject, [])

    def state(self, subject: Subject) -> str:
        """The newest; "" before the first."""
        seen = self._of.get(subject)
        return seen[-1].state if seen else ""

    def all(self, thing: Thing, *states: str) -> Iterator[Sighting]:
        """Those of a kind of thing in one of these states, by subject."""
        for subject in self.subjects(thing):
            yield from (one for one in self._of[subject] if one.state in states)

    def first(
        self, subject: Subject, states: Collection[str], after: datetime
    ) -> tuple[Sighting | None, Sighting] | None:
        """The first sighting in one of the states from `after` on, and the one before it."""
        before: Sighting | None = None
        for one in self.of(subject):
            if one.at >= after and one.state in states:
                return before, one
            before = one
        return None

    def entered(
        self, subject: Subject, states: Collection[str], after: datetime
    ) -> datetime | None:
        """When it came into one of the states, from `after` on; None: it was not seen to."""
        found = self.first(subject, states, after)
        if found is None:
            return None
        before, one = found
        if one.exact or before is None:
            return one.at
        called = [at for at in self._called_at.get(subject.thing, ()) if at <= one.at]
        since = max([before.at, after, *called])
        return since + (one.at - since) / 2
