"""
The status of a stack during a pass: every change goes through here, and so does every write.

It is written while a pass works, so that people see how far it is, and as due within a moment: if
the process dies, another takes the stack up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Concatenate, ParamSpec

from controller.domain.dataclass import replace
from controller.domain.decision.history import Learned
from controller.domain.money.ledger import Past
from controller.domain.money.month import Month
from controller.domain.money.past_again import meter_again, standing_again
from controller.domain.money.past_months import close_months, months_before
from controller.domain.ports import Clock
from controller.domain.reporting.status import Status
from controller.reconcile.ports import Records, Store

P = ParamSpec("P")

ALIVE = timedelta(seconds=90)
"""The due time that is written while a pass works, so that another continues a lost pass."""

SHOW = timedelta(seconds=30)
"""Longest time between two writes while nothing changes, for `ALIVE` to be kept."""

LONG_AWAKE = timedelta(days=31)
"""
For a lost status: how long before the kept months the event may be that lists the billed
resources.
"""


class StatusTracker:
    """
    Make one for each pass; `spread_offset` is the stack's share of a spread (`wake_spread`).

    `is_found` says that there was no status when the pass began: the stack is new, or its status
    was lost. `last_pass_at` is when a pass last wrote it.
    """

    def __init__(self, store: Store, clock: Clock, spread_offset: timedelta = timedelta(0)) -> None:
        self._store = store
        self._clock = clock
        self._spread_offset = spread_offset
        self._written_at = clock.now()
        self.status = Status()
        self.is_found = False
        self.last_pass_at: datetime | None = None

    def begin(self, records: Records) -> None:
        """Continue with the status of the last pass."""
        self.is_found = records.status is None
        self.status = self._remembered(records)
        self.last_pass_at = self.status.updated_at
        self._written_at = self._clock.now()

    def apply(
        self, change: Callable[Concatenate[Status, P], Status], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Apply `change` to the status; it is not written yet."""
        self.status = change(self.status, *args, **kwargs)

    def write(self) -> None:
        """Write it during the pass."""
        now = self._clock.now()
        self._store.put_status(self.status, now + ALIVE)
        self._written_at = now

    def write_if_changed(self, before: Status) -> None:
        """Write what people or a later pass need, and a sign of life now and then."""
        is_silent = self._clock.now() - self._written_at >= SHOW
        if is_silent or _visible(before) != _visible(self.status):
            self.write()

    def record(self, due_at: datetime | None, request_version: int | None = None) -> bool:
        """
        Write the status at the end of the pass; False if there was a new request meanwhile.

        That is the case if the records no longer have that version; None: write it anyway.
        """
        return self._store.put_status(self.status, due_at, request_version=request_version)

    def _remembered(self, records: Records) -> Status:
        """The status as it was written; what is missing of it is made from the history."""
        status = replace(records.status or Status(), spread_offset=self._spread_offset)
        if records.status is None:
            status = replace(status, learned=Learned.of(self._store.last_wakes()))
        now = self._clock.now()
        if status.meter.opened_at is not None:
            return status.with_meter(close_months(status.meter, status.lifecycle, now))
        events = self._store.events(months_before(Month.of(now))[0].start - LONG_AWAKE)
        past = Past(uses=self._store.uses(), events=events)
        status = status.with_meter(meter_again(past, now))
        if records.status is not None:
            return status
        standing = standing_again(past.events)
        return status.with_lifecycle(status.lifecycle.with_billed(standing))


def _visible(status: Status) -> tuple[object, ...]:
    return status.phase, status.timeline, status.lifecycle.billed
