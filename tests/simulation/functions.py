"""
The controller's function as Lambda runs it: asynchronously, and again where it fails.

An event waits in a queue. One that finds no room is tried again after a second, then two, four and
so on, five minutes at most; one whose process ended with an error, was killed or ran into its time
limit a minute later, with the same event. Source: AWS Lambda Developer Guide, "How Lambda handles
errors and retries with asynchronous invocation". The limits are those of template.yaml.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulation.clockwork import Clockwork

BUDGET = timedelta(seconds=300)
"""Timeout: Lambda ends a process then, whatever it does."""

RETRIES = 1
"""MaximumRetryAttempts: Lambda's own would be 2."""

OLDEST = timedelta(seconds=300)
"""MaximumEventAgeInSeconds: Lambda's own would be six hours."""

AFTER_ERROR = 60.0
LONGEST_WAIT = 300.0

Event = Mapping[str, Any]


@dataclass(slots=True)
class _Waiting:
    event: Event
    since: datetime
    failed: int = 0
    throttled: int = 0


class Function:
    """
    `start` runs an event and tells at its end whether that failed; `has_room` says whether one
    more may run; `gave_up` is the destination of events that failed for good.
    """

    def __init__(
        self,
        work: Clockwork,
        dice: random.Random,
        start: Callable[[Event, Callable[[bool], None]], None],
        has_room: Callable[[], bool],
        gave_up: Callable[[Event, str], None],
    ) -> None:
        self._work = work
        self._dice = dice
        self._start = start
        self._has_room = has_room
        self._gave_up = gave_up

    def invoke(self, event: Event) -> None:
        """Answered at once; it is run a moment later."""
        self._again(_Waiting(event, self._work.now), self._dice.uniform(0.05, 0.8))

    def _again(self, waiting: _Waiting, seconds: float) -> None:
        self._work.after(seconds, lambda: self._try(waiting))

    def _try(self, waiting: _Waiting) -> None:
        if self._work.now - waiting.since > OLDEST:
            self._gave_up(waiting.event, "it is too old")
        elif not self._has_room():
            self._again(waiting, min(2.0**waiting.throttled, LONGEST_WAIT))
            waiting.throttled += 1
        else:
            self._start(waiting.event, lambda failed: self._ended(waiting, failed))

    def _ended(self, waiting: _Waiting, failed: bool) -> None:
        if not failed:
            return
        waiting.failed += 1
        if waiting.failed > RETRIES:
            self._gave_up(waiting.event, "it failed again")
        else:
            self._again(waiting, AFTER_ERROR * waiting.failed)
