"""
The heartbeat: start a pass for each stack whose time has come.

A few due stacks are started at once, and their passes may wait for minutes. If more are due than
may run in parallel, the index is the queue: the heartbeat starts wave after wave of short passes,
the longest overdue first, so that later requests (a person's wake, the next heartbeat) find
capacity. Stacks that remain when the next heartbeat is near are left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Protocol

from controller.domain.errors import EndPassError
from controller.domain.ports import Clock, Due, SideBySide

SHORT_PASS = timedelta(seconds=34)
"""The time of a pass in a wave: it takes every step that is ready, and waits for none."""

WAVE = timedelta(seconds=10)
"""
After this a pass of `SHORT_PASS` has left (it begins no step with less time,
`loop.LAST_STEPS`).
"""

LAST_WAVE = timedelta(seconds=45)
"""No wave starts later: two parallel heartbeats would start the same passes."""

QUEUED = timedelta(seconds=300)
"""
How long Lambda keeps an event for which there is no concurrency (template.yaml,
MaximumEventAgeInSeconds).
"""


class DueIndex(Protocol):
    """The stacks whose time has come."""

    def overdue(self, now: datetime) -> Iterator[Due]:
        """Find due stacks, page by page on demand, the longest overdue first."""
        ...

    def defer_until(self, due: Due, until: datetime) -> None:
        """Make it due again at `until`, unless a pass has set another moment since."""
        ...


StartPass = Callable[[str, timedelta | None], None]
"""Start a pass for a stack; with a time it has to end within that."""


class Heartbeat:
    """
    Make one for each event. `at_once` is how many passes may run side by side.

    `run` returns the names of the stacks whose passes were started.
    """

    def __init__(
        self,
        index: DueIndex,
        start: StartPass,
        clock: Clock,
        side_by_side: SideBySide,
        at_once: int,
    ) -> None:
        self._index = index
        self._start = start
        self._clock = clock
        self._side_by_side = side_by_side
        self._at_once = at_once
        self._deferred: list[str] = []
        self._failed: list[tuple[str, Exception]] = []
        self._twins: dict[str, list[Due]] = {}
        self._queued: dict[str, datetime] = {}

    def run(self) -> list[str]:
        """
        Start a pass for each due stack, or for as many as the limit allows.

        A pass that cannot be started delays no other; its stack stays due. Raises EndPassError
        for those once all others are started.
        """
        began = self._clock.now()
        overdue = self._each_once(self._index.overdue(began))
        first = list(islice(overdue, self._at_once + 1))
        if len(first) <= self._at_once:
            self._hand_on(first, self._all_of_its_time)
        else:
            self._hand_on_waves(chain(first, overdue), began)
        self._tell_failed()
        return self._deferred

    def _each_once(self, overdue: Iterator[Due]) -> Iterator[Due]:
        """A stack may be due twice: by its last pass, and by a request since."""
        for due in overdue:
            if due.stack not in self._twins:
                self._twins[due.stack] = []
                yield due
            elif due.stack in self._queued:
                self._index.defer_until(due, self._queued[due.stack])
            else:
                self._twins[due.stack].append(due)

    def _hand_on_waves(self, overdue: Iterator[Due], began: datetime) -> None:
        for number in range(LAST_WAVE // WAVE + 1):
            wave = list(islice(overdue, self._at_once))
            if not wave:
                return
            early = began + number * WAVE - self._clock.now()
            if early > timedelta(0):
                self._clock.sleep(early.total_seconds())
            if self._clock.now() - began > LAST_WAVE:
                return
            self._hand_on(wave, self._brief)

    def _hand_on(self, wave: Sequence[Due], how: Callable[[Due], None]) -> None:
        if not wave:
            return
        jobs = [lambda due=due: how(due) for due in wave]
        for due, result in zip(wave, self._side_by_side(jobs), strict=True):
            if isinstance(result, Exception):
                self._failed.append((due.stack, result))
            else:
                self._deferred.append(due.stack)

    def _all_of_its_time(self, due: Due) -> None:
        self._start(due.stack, None)

    def _brief(self, due: Due) -> None:
        """While it waits in Lambda's queue, the next heartbeats do not start it again."""
        self._start(due.stack, SHORT_PASS)
        until = self._queued[due.stack] = self._clock.now() + QUEUED
        for each in (due, *self._twins[due.stack]):
            self._index.defer_until(each, until)

    def _tell_failed(self) -> None:
        if not self._failed:
            return
        said = "; ".join(f"{stack}: {error}" for stack, error in self._failed[:5])
        all_due = len(self._failed) + len(self._deferred)
        raise EndPassError(
            f"cannot start a pass for {len(self._failed)} of {all_due} due stacks ({said}); "
            "they stay due",
            after_seconds=60,
        )
