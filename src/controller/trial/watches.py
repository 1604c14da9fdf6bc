"""
What a trial reads while it waits, often enough to time each change.

The interval follows from how long nothing has changed: what is short is seen finely.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from controller.aws.errors import DENIED, code_of
from controller.domain.dataclass import dataclass
from controller.domain.ports import Clock
from controller.domain.trial.sightings import Log

SHARE = 0.04
"""A read is late by at most this share of the time since anything was new."""

SHORTEST, LONGEST = timedelta(milliseconds=50), timedelta(seconds=2)
PATIENCE = timedelta(hours=1)

Read = Callable[[], bool]
"""Reads once; whether there is nothing left to see."""


@dataclass(slots=True)
class Watch:
    read: Read
    ends_at: datetime
    due_at: datetime
    distance: timedelta | None


class Watches:
    """Those that are open, by name; a new one takes the place of an old one of its name."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._open: dict[str, Watch] = {}
        self._looking = False

    def begin(self, name: str, at: datetime, read: Read, distance: timedelta | None = None) -> None:
        """Read from `at` on, always so far apart where a distance is given."""
        self._open[name] = Watch(read, at + PATIENCE, at, distance)

    @property
    def next_at(self) -> datetime | None:
        return min((watch.due_at for watch in self._open.values()), default=None)

    def is_open(self, kind: str) -> bool:
        """Whether there is one whose name begins with this word."""
        return any(name.partition(" ")[0] == kind for name in self._open)

    def close(self) -> None:
        self._open.clear()

    def read(self, now: datetime) -> None:
        """Make the reads that are due; what is refused is read again later."""
        if self._looking:  # our own read is a call, too
            return
        self._looking = True
        try:
            for name, watch in list(self._open.items()):
                if watch.due_at <= now and self._open.get(name) is watch:
                    self._read_once(name, watch, now)
        finally:
            self._looking = False

    def _read_once(self, name: str, watch: Watch, now: datetime) -> None:
        try:
            done = watch.read()
        except (ClientError, BotoCoreError) as error:
            done = code_of(error) in DENIED  # it is told, and stays so
        if (done or now >= watch.ends_at) and self._open.get(name) is watch:
            del self._open[name]
        watch.due_at = now + (watch.distance or self.distance(now))

    def distance(self, now: datetime) -> timedelta:
        """How long until the next read."""
        quiet = now - (self._log.news_at or now)
        return min(max(quiet * SHARE, SHORTEST), LONGEST)


class WatchingClock:
    """A clock that reads AWS while it sleeps."""

    def __init__(self, clock: Clock, watches: Watches) -> None:
        self._clock = clock
        self._watches = watches

    def now(self) -> datetime:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        until = self.now() + timedelta(seconds=seconds)
        while True:
            self._watches.read(self.now())
            now = self.now()
            if now >= until:
                return
            wanted = min(until, self._watches.next_at or until)
            self._clock.sleep(max((wanted - now).total_seconds(), 0.001))
