"""
Updates a stack's row on the board during its pass.

The row is written when it changes, and at the end of each pass with the money and the hours up to
then. Before that only what people would miss is computed, and that only if what it rests on has
changed: most writes of a pass are signs of life. A failed write
does not fail the pass: the next one writes the row again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from controller.domain.dataclass import replace
from controller.domain.reporting.board_row import Row, make_row, with_hours
from controller.domain.reporting.in_force import live_leases
from controller.domain.reporting.report import Report, make_outline
from controller.domain.reporting.status import Status
from controller.store.board import Board
from controller.store.records import Records

_ANY = datetime(1970, 1, 1, tzinfo=UTC)


class BoardKeeper:
    """Make one for each pass; `warn` takes a message for the log and facts by name."""

    def __init__(self, board: Board, warn: Callable[..., object]) -> None:
        self._board = board
        self._warn = warn
        self._records: Records | None = None
        self._shown: Row | None = None
        self._basis: object = None
        self._basis_until = _ANY

    def read(self, records: Records) -> None:
        """The pass continues with these records."""
        self._records = records

    def show(self, status: Status, now: datetime, *, is_end: bool) -> None:
        """Write the row of a status that has just been stored."""
        if self._records is None:
            return
        try:
            basis = _basis(self._records, status, now)
            if not is_end and basis == self._basis and now < self._basis_until:
                return
            outline = self._outline(self._records, status, now)
            row = make_row(outline, self._records.term)
            news = replace(row, at=_ANY)
            if is_end or news != self._shown:
                self._board.put_row(with_hours(row, outline))
                self._shown = news
            self._basis, self._basis_until = basis, outline.decision.until or _ANY
        except Exception as error:
            stack = self._records.spec.stack
            self._warn("row not written", stack=stack, error=str(error))

    def _outline(self, records: Records, status: Status, now: datetime) -> Report:
        return make_outline(
            records.spec,
            status,
            records.leases,
            records.hold,
            now,
            held=records.held,
            bookings=records.bookings,
        )


def _basis(records: Records, status: Status, now: datetime) -> object:
    """While this is equal, a row changes only in money and hours."""
    return (
        records,
        tuple(each for each in records.held if each.covers(now)),
        live_leases(records.leases, status, now),
        status.target,
        status.settled,
        status.phase,
        status.cause,
        status.lifecycle,
        status.learned,
        status.stuck,
        status.blocked,
        status.degraded,
        status.proof,
        status.spread_offset,
    )
