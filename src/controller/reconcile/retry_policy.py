"""
What AWS refused during one transition, and how long the loop retries.

It lives as long as one run of the loop: another run begins without memory.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.domain.errors import (
    DeniedError,
    DormouseError,
    ForeignError,
    RetryError,
    SoonError,
    WaitError,
)
from controller.domain.planning.plan import Action, Target
from controller.domain.ports import Clock

SOON = timedelta(minutes=1)
"""What heals within this time or not at all (AWS behaviour F25, F70)."""

SLOWEST_RETRY = timedelta(minutes=1)

MOST_UPDATES = 3
"""How often one pass corrects the same setting before it reports it instead."""

_PATIENCE: dict[type[DormouseError], int] = {ForeignError: 3, DeniedError: 2}
"""Refusals of these kinds may come from a read or tag that lags (AWS §6.2, F70): ask again."""


class RetryPolicy:
    """
    Make one for each run.

    `final` maps an address to the reason why its step is not retried: during a sleep a step with
    a permanent refusal, during a wake a setting that cannot be corrected.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refusals: dict[str, int] = {}
        self._asked: dict[str, tuple[datetime, int]] = {}
        self._updates: dict[tuple[str, str, tuple[str, ...]], int] = {}
        self.final: dict[str, str] = {}

    def made(self, address: str) -> None:
        """What was said of the one before does not hold for a new one."""
        self.final.pop(address, None)

    def updates(self, action: Action, arn: str) -> int:
        """Count one more correction of the same setting of the same resource."""
        key = action.address, arn, action.changes
        self._updates[key] = self._updates.get(key, 0) + 1
        return self._updates[key]

    def hold_back(self, action: Action, error: DormouseError) -> timedelta:
        """How long to leave a refused call alone: longer each time, a minute at most."""
        first, count = self._asked.get(action.address, (self._clock.now(), 0))
        self._asked[action.address] = (first, count + 1)
        seconds = error.after_seconds if isinstance(error, RetryError) else 5.0
        waking = isinstance(error, WaitError) and action.target is Target.AWAKE
        # The usual lags are over after a few calls; somebody waits for a wake, though.
        patient = 0 if waking else max(0, count - 5)
        return min(timedelta(seconds=seconds * 2 ** min(patient, 8)), SLOWEST_RETRY)

    def is_final(self, action: Action, error: DormouseError, *, fresh: bool = False) -> bool:
        """
        Whether this refusal ends the retries; each refusal is counted.

        `fresh`: the call is about a resource that was just created. Rights bound to its tags may
        not be effective yet, so a denial is not final (F70).
        """
        if isinstance(error, SoonError):
            first, _ = self._asked.get(action.address, (self._clock.now(), 0))
            return self._clock.now() - first >= SOON
        if isinstance(error, RetryError):
            return False
        count = self._refusals.get(action.address, 0) + 1
        self._refusals[action.address] = count
        if fresh and isinstance(error, DeniedError):
            return False
        return count >= _PATIENCE.get(type(error), 1)
