"""
People's requests to a stack, and how they are stored: stay awake, release, book, sleep, hold.

Wake links and commands use the same code. The caller supplies what differs: the requester, the
context of a write, and how to start a pass.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from controller.asking.requested_end import (
    SAME,
    ends_late_enough,
    lease_to_extend,
    leases_to_release,
)
from controller.asking.stack_view import StackView
from controller.domain.dataclass import dataclass, replace
from controller.domain.decision.asker import Asker
from controller.domain.decision.booking import Booking
from controller.domain.decision.hold import Hold, sleep_now
from controller.domain.decision.lease import Lease
from controller.domain.decision.office_hours import OfficeHours
from controller.domain.planning.plan import Target


class Table(Protocol):
    """Where requests are written; each write also makes the stack due."""

    def grant(self, lease: Lease) -> Lease: ...
    def extend(self, stack: str, id_: str, expires_at: datetime, now: datetime) -> Lease | None: ...
    def release(self, stack: str, id_: str, now: datetime) -> Lease | None: ...
    def book(self, booking: Booking) -> Booking: ...
    def cancel(self, stack: str, id_: str, now: datetime) -> Booking | None: ...
    def hold(self, hold: Hold) -> None: ...
    def lift_hold(self, stack: str, now: datetime) -> None: ...
    def request_pass(self, stack: str, due_at: datetime) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """
    Makes requests as one of `asker`'s jobs, in the name `by`.

    `writing` is a context manager around each write; it gets the purpose of the write and turns
    failures into the caller's own error. `start_pass` starts a pass for a stack now. `may_begin`
    is called before a lease that starts a wake, `may_spend` before any request that costs money,
    with the moment from which it does; they raise if it is not allowed.
    """

    table: Table
    asker: Asker
    by: str
    writing: Callable[[str], AbstractContextManager[None]]
    start_pass: Callable[[str], None]
    may_spend: Callable[[StackView, datetime], None]
    may_begin: Callable[[StackView], None] | None = None

    def keep_awake(self, view: StackView, until: datetime, reason: str = "") -> None:
        """
        Make the job's lease last at least until then. It never shortens a lease.

        The id of a new lease is derived from the request version: two simultaneous requests
        write the same lease, and a request after a sleep writes another.
        """
        mine = lease_to_extend(view.report, self.asker, reason)
        if mine and ends_late_enough(mine, until):
            self.request_pass(view)
            return
        self.may_spend(view, view.now)
        what = f'request a wake of "{view.stack}"'
        with self.writing(what):
            extended = mine and self.table.extend(view.stack, mine.id, until, view.now)
        if not extended:
            lease = self._new_lease(view, until, reason)
            with self.writing(what):
                self.table.grant(lease)
        self.start_pass(view.stack)

    def _new_lease(self, view: StackView, until: datetime, reason: str) -> Lease:
        found_awake = self.may_begin is not None and view.report.decision.state is Target.AWAKE
        if self.may_begin and not found_awake:
            self.may_begin(view)
        return Lease(
            stack=view.stack,
            id=self.asker.new_id(view.records.request_version),
            holder=self.by,
            reason=reason,
            granted_at=view.now,
            expires_at=until,
            found_awake=found_awake,
        )

    def release(self, view: StackView) -> int:
        """
        End the leases of the job, and what it has booked; without a job, the leases of all jobs.

        Returns how much that was.
        """
        mine = leases_to_release(view.records.leases, self.asker, view.now)
        job = self.asker.job
        booked = [each for each in view.report.bookings if job and each.is_of(self.asker)]
        with self.writing(f'release "{view.stack}"'):
            for lease in mine:
                self.table.release(view.stack, lease.id, view.now)
            for booking in booked:
                self.table.cancel(view.stack, booking.id, view.now)
        if mine or booked:
            self.start_pass(view.stack)
        return len(mine) + len(booked)

    def book(
        self, view: StackView, opens_at: datetime, closes_at: datetime, reason: str = ""
    ) -> None:
        """Book it awake between those moments. The same request twice is one booking."""
        self.may_spend(view, opens_at)
        booking = Booking(
            stack=view.stack,
            id=f"b{view.records.request_version}",
            owner=self.asker.prefix,
            job=self.asker.job,
            by=self.by,
            reason=reason,
            made_at=view.now,
            opens_at=opens_at,
            closes_at=closes_at,
        )
        with self.writing(f'book "{view.stack}"'):
            self.table.book(booking.among(view.report.bookings))
        self.start_pass(view.stack)

    def cancel(self, view: StackView, id_: str) -> None:
        """End a booking; whether the caller may is for the caller to check."""
        with self.writing(f'cancel a booking of "{view.stack}"'):
            self.table.cancel(view.stack, id_, view.now)
        self.start_pass(view.stack)

    def put_to_sleep(
        self, view: StackView, reason: str = "", until: datetime | None = None
    ) -> None:
        """Hold it asleep until then, or until its next opening; one that is held so is left."""
        held = view.report.hold
        is_asleep = held is not None and held.state is Target.ASLEEP
        if held and is_asleep and (until is None or abs(held.until - until) < SAME):
            self.request_pass(view)
            return
        windows = OfficeHours(view.rules, view.now)
        hold = sleep_now(view.stack, windows, view.records.leases, self.by, reason, view.now)
        self.hold(replace(hold, until=until, after=None) if until else hold)

    def hold(self, hold: Hold) -> None:
        """Put a hold in place of the one before."""
        with self.writing(f'hold "{hold.stack}" {hold.state}'):
            self.table.hold(hold)
        self.start_pass(hold.stack)

    def lift_hold(self, view: StackView) -> None:
        with self.writing(f'end the hold of "{view.stack}"'):
            self.table.lift_hold(view.stack, view.now)
        self.start_pass(view.stack)

    def request_pass(self, view: StackView) -> None:
        """What is wanted is recorded already; if no pass has taken it up, start one."""
        if not view.report.is_taken_up:
            with self.writing(f'request a check of "{view.stack}"'):
                self.table.request_pass(view.stack, view.now)
            self.start_pass(view.stack)
