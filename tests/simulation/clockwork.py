"""
Processes and events on one clock, one at a time and always in the same order.

A process runs on a stack of its own until it sleeps or a call of it takes time; whoever is due
next goes on. So two controllers can be at work at once, and each run of a seed is the same.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from greenlet import getcurrent, greenlet

from direct import Crash
from local.clock import ManualClock


class Clockwork:
    def __init__(self, start: datetime) -> None:
        self.clock = ManualClock(start)
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def at(self, moment: datetime, action: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (moment, next(self._order), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.now + timedelta(seconds=seconds), action)

    def run(self, end: datetime) -> None:
        agenda = self._agenda
        while agenda and agenda[0][0] <= end:
            moment, _, action = heapq.heappop(agenda)
            self.clock.advance_to(moment)
            action()
        self.clock.advance_to(end)


class Process:
    """
    One invocation of a function: what it does, on a clock that may be `skew` off.

    `ended` is told how it ended: an exception, a `Crash` if it was killed, or None.
    """

    def __init__(
        self,
        work: Clockwork,
        name: str,
        run: Callable[[Process], Any],
        ended: Callable[[Process, BaseException | None], None],
        skew: timedelta = timedelta(0),
    ) -> None:
        self.name = name
        self.dead = False
        self.result: Any = None
        self._work = work
        self._skew = skew
        self._run = run
        self._ended = ended
        self._stack = greenlet(self._live)

    def start(self) -> None:
        self._stack.switch()

    def _live(self) -> None:
        error: BaseException | None = None
        try:
            self.result = self._run(self)
        except BaseException as found:
            error = found
        self.dead = True
        self._ended(self, error)

    def kill(self) -> None:
        """End it where it stands: no handler of its own gets to do anything any more."""
        if not self.dead:
            self.dead = True
            self._stack.throw(Crash(self.name))

    def die(self) -> None:
        """Called from inside: the process is gone, and so are the calls of its handlers."""
        self.dead = True
        raise Crash(self.name)

    # the clock of what runs in it

    def now(self) -> datetime:
        return self._work.clock.now() + self._skew

    def sleep(self, seconds: float) -> None:
        self._work.after(seconds, self._go_on)
        assert getcurrent() is self._stack
        self._stack.parent.switch()
        if self.dead:
            raise Crash(self.name)

    def _go_on(self) -> None:
        if not self.dead:
            self._stack.switch()
