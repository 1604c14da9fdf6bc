"""The records of one stack, bound to the lock that a pass holds."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from controller.domain.errors import LockLostError
from controller.domain.planning.spec import Spec
from controller.domain.ports import Clock
from controller.domain.reporting.status import Status
from controller.store.board_keeper import BoardKeeper
from controller.store.loaded_requests import StackRequests
from controller.store.lock import LENGTH, Lock, LockKeeper
from controller.store.records import Records
from controller.store.status_text import StatusText
from controller.store.table import Table
from controller.store.unfenced_records import UnfencedRecords

RENEW = timedelta(seconds=15)
"""A pass that was away for longer asks whether the lock is still its own."""


class StackRecords(UnfencedRecords):
    """
    The store of one stack whose lock this pass holds (`controller.reconcile.ports.Store`).

    Here is what depends on the lock, and the copy of the spec that this pass could read; the other
    records are in `UnfencedRecords`.
    """

    def __init__(
        self,
        table: Table,
        locks: LockKeeper,
        lock: Lock,
        clock: Clock,
        board: BoardKeeper,
        text: StatusText,
    ) -> None:
        super().__init__(table, lock.stack, clock)
        self._board = board
        self._locks = locks
        self._lock = lock
        self._seen: StackRequests | None = None
        self._is_out = False
        self._renewed_at = clock.now()
        self._text = text

    def claim(self) -> None:
        """Block writes of earlier passes; if this one dies, another follows."""
        try:
            self._claim()
        except LockLostError as error:
            higher = self._locks.count_on(self._lock, error.fence) if error.fence else None
            if higher is None:
                raise
            self._lock = higher
            self._claim()

    def _claim(self) -> None:
        self._table.claim(self._stack, self._lock.fence, self._clock.now() + LENGTH)

    def load(self) -> Records:
        """Read everything, and accept the requests: from now on the status makes the stack due."""
        records = self._table.load(self._stack)
        if records.requests.is_due:
            if self._seen is not None:
                self._claim()  # what this pass wrote since may say that nothing is due
            self._table.take_up(self._stack, records.request_version)
        self._seen = records.requests
        self._board.read(records)
        return records

    def request_version(self) -> int:
        return self._table.request_version(self._stack)

    def put_status(
        self,
        status: Status,
        due_at: datetime | None,
        request_version: int | None = None,
    ) -> bool:
        """
        Store the state of the pass; with `request_version` (at its end) only if there was no
        new request.
        """
        if request_version is not None and (
            self._seen is None or self._seen.count != request_version
        ):
            return False
        seen = self._seen if request_version is not None else None
        text = self._text.of(status)
        written = self._table.put_status(self._stack, text, due_at, self._lock.fence, seen)
        if written:
            self._board.show(status, self._clock.now(), is_end=request_version is not None)
        return written

    def keep_spec(self, spec: Spec) -> None:
        self._table.keep_spec(spec)

    def take_out(self, request_version: int) -> bool:
        """Remove the stack; False if there was a new request. Nothing is written afterwards."""
        self._is_out = self._table.take_out(self._stack, request_version)
        return self._is_out

    def renew_lock(self) -> bool:
        """Hold it for another minute; with most of the last one left that is not written."""
        now = self._clock.now()
        if now - self._renewed_at < RENEW:
            return True
        self._renewed_at = now
        return self._locks.renew(self._lock, now)

    def let_go(self) -> None:
        """After a pass for a stack that is not published: it failed once and is not due again."""
        if self._table.let_go(self._stack):
            self._locks.forget(self._lock)

    def back_off(self) -> None:
        """After a pass that raised; if this fails too, the next heartbeat retries."""
        with suppress(Exception):
            known = self._seen.count if self._seen else None
            self._table.back_off(self._stack, self._clock.now(), self._lock.fence, known)

    def release(self) -> None:
        self._locks.release(self._lock, self._clock.now())
        if self._is_out:
            self._table.clear_out(self._stack)
