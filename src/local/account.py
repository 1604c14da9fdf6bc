"""
The world of a simulated account: what is in it, its clock, and who observes it.

Nothing here answers a call; `local.aws` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import RLock

from controller.domain.planning.timing import Timing
from controller.domain.planning.timing import profile as find_profile
from local.clock import Clock, ManualClock
from local.conditions import Conditions
from local.lifetimes import Lifetime
from local.traffic import Traffic
from local.world import Region, World


class Account:
    """Resources that change with the clock alone; safe to use from several threads."""

    def __init__(
        self, profile: str | Timing, clock: Clock | None, region: str, account: str, seed: str
    ) -> None:
        self.region_name = region
        self.account = account
        self._seed = seed
        self.timing = find_profile(profile)
        self.clock = clock or ManualClock(datetime(2026, 11, 23, 9, tzinfo=UTC))
        self._lock = RLock()
        self._watchers: list[Callable[[], None]] = []
        self._world = self._new_world()

    def _new_world(self) -> World:
        return World(self.clock, self.timing, self.account, self._seed)

    @property
    def conditions(self) -> Conditions:
        return self._world.conditions

    @property
    def traffic(self) -> Traffic:
        return self._world.traffic

    @property
    def world(self) -> World:
        """What really exists, for observers; changing it simulates what AWS might do."""
        return self._world

    def peek(self, region: str | None = None) -> Region:
        """A region as it is at this moment, which no call may show yet."""
        with self._lock:
            self._settle()
            return self._world.region(region or self.region_name)

    def watch(self, watcher: Callable[[], None]) -> None:
        """
        Run `watcher` whenever time has passed here, before a call is answered.

        So nobody can know of a change that the watcher has not seen.
        """
        with self._lock:
            self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        with self._lock:
            self._watchers.remove(watcher)

    def _settle(self) -> float:
        now = self._world.settle()
        for watcher in self._watchers:
            watcher()
        return now

    @contextmanager
    def settled(self) -> Iterator[World]:
        """The world at this moment, for changes that no call makes; nobody else acts meanwhile."""
        with self._lock:
            self._world.settle()
            yield self._world

    def lifetimes(self) -> list[Lifetime]:
        """When each billed resource began and ended, up to now."""
        with self._lock:
            self._world.settle()
            return self._world.lifetimes.all()

    def at(self, when: datetime, action: Callable[[], None]) -> None:
        """Let `action` happen at `when`, before the first call after it is answered."""
        with self._lock:
            self._world.at(when.timestamp(), action)
