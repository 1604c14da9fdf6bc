"""Clocks: one that is moved by hand, one that runs faster than the wall's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Protocol


class Clock(Protocol):
    """What the laptop and those who wait on it need; moments are in UTC."""

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...

    def advance(self, seconds: float) -> None: ...


class ManualClock:
    """Stands still until it is moved; to sleep on it is to move it."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"a clock needs a start with a timezone, got {start.isoformat()}")
        self._now = start.astimezone(UTC)
        self._lock = Lock()

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError(f"a clock only goes forward, got {seconds} seconds")
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def advance_to(self, moment: datetime) -> None:
        """Move to `moment`; a moment that has passed leaves the clock as it is."""
        with self._lock:
            if moment > self._now:
                self._now = moment

    sleep = advance


class ScaledClock:
    """Passes `speed` simulated seconds in each real one, from `start` (default: now)."""

    def __init__(self, speed: float = 1.0, start: datetime | None = None) -> None:
        if speed <= 0:
            raise ValueError(f"the speed of a clock must be above 0, got {speed}")
        self.speed = speed
        self._start = (start or datetime.now(UTC)).astimezone(UTC)
        self._begun = time.monotonic()
        self._skipped = 0.0
        self._lock = Lock()

    def now(self) -> datetime:
        real = time.monotonic() - self._begun
        return self._start + timedelta(seconds=real * self.speed + self._skipped)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / self.speed)

    def advance(self, seconds: float) -> None:
        """Jump ahead without waiting."""
        if seconds < 0:
            raise ValueError(f"a clock only goes forward, got {seconds} seconds")
        with self._lock:
            self._skipped += seconds
