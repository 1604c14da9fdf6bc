"""The records of one stack that a pass writes without the number of its lock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from controller.domain.decision.history import Event, Wake
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.money.usage import UsageProfile
from controller.domain.planning.spec import Spec
from controller.domain.ports import Clock
from controller.store.table import Table


class UnfencedRecords:
    """
    What one pass reads and writes of its stack besides the status.

    None of these writes can undo one of a later pass: events and wakes only accumulate, and what
    people request is counted.
    """

    def __init__(self, table: Table, stack: str, clock: Clock) -> None:
        self._table = table
        self._stack = stack
        self._clock = clock

    def hold(self, hold: Hold) -> None:
        self._table.hold(hold)

    def grant_if_unasked(self, lease: Lease, request_version: int) -> bool:
        return self._table.grant_if_unasked(lease, request_version)

    def end_lease(self, id_: str, now: datetime) -> None:
        self._table.release(self._stack, id_, now)

    def forget_leftover(self, spec: Spec) -> None:
        self._table.forget_leftover(self._stack, spec)

    def put_wake(self, wake: Wake) -> None:
        self._table.put_wake(self._stack, wake)

    def last_wakes(self) -> Sequence[Wake]:
        return self._table.last_wakes(self._stack)

    def put_event(self, event: Event) -> bool:
        return self._table.put_event(event)

    def mark_delivered(self, event: Event) -> None:
        self._table.mark_delivered(event, self._clock.now())

    def events(self, start: datetime) -> Sequence[Event]:
        return list(self._table.events(self._stack, start, self._clock.now()))

    def uses(self) -> Sequence[tuple[datetime, UsageProfile]]:
        return self._table.uses(self._stack)

    def put_use(self, use: UsageProfile, now: datetime) -> None:
        self._table.put_use(self._stack, use, now)
