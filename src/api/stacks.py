"""
The records for the wake URL: read a stack, and make requests on somebody's behalf.

This is the one module of `api` that knows the store. Nothing here touches a resource: it stores
the request, and starts a pass of the controller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from api.problems import RefusedError, out_of_scope, unprocessable, used_up
from api.redaction import without_accounts
from controller.asking.requested_end import (
    SAME,
    lease_to_extend,
)
from controller.asking.requests import Requests
from controller.asking.stack_view import StackView, view_records
from controller.aws.start_pass import start_pass
from controller.domain.decision.asker import Asker
from controller.domain.decision.term import Term
from controller.domain.errors import SpecError
from controller.domain.policy.name_pattern import NamePattern
from controller.domain.text import quoted
from controller.links import Link, Scope

if TYPE_CHECKING:
    from controller.store.board import Rows
    from controller.store.table import Table

WAKES_A_DAY = 24
"""
How many wakes one link may start within 24 hours; requests to an awake or waking stack do not
count.
"""

MOST_BOOKINGS = 20
"""How many future bookings one link may have, unless it is an admin's."""

DAY = timedelta(days=1)
HOLDER = "wake link"

LEAST_OFTEN, IN_A_TIMEOUT = timedelta(minutes=5), 6
"""Use through a door is noted every five minutes, and six times within an idle timeout."""

MOST_HELD = 8
"""How many answers one process holds at a time; under Lambda it has only one request."""


class OverBudgetError(Exception):
    """The link has started as many wakes as allowed; `again_at` is when it may start another."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__()
        self.again_at = again_at


class UnsureError(Exception):
    """A write did not end well: whether it was made is not known."""


class Stacks:
    """
    Reads stacks and makes requests; `clients` gives boto3 clients by name, made on first use.

    Its size: one method for each request that the wake URL can record.
    """

    def __init__(
        self,
        clients: Callable[[str], Any],
        table: str,
        controller: str,
        now: Callable[[], datetime],
        log: Any,
    ) -> None:
        self._clients = clients
        self._table_name = table
        self._controller = controller
        self._now = now
        self._log = log
        self._here = BoundedSemaphore(MOST_HELD)

    def load_view(self, stack: str) -> StackView | None:
        """Read everything of one stack by one request; None if there is no such stack."""
        try:
            records = self._table.load(stack)
        except SpecError as error:
            self._log.warning("no such stack", stack=stack, error=str(error))
            return None
        view = view_records(records, self._now())
        return replace(view, report=without_accounts(view.report))

    def keep_awake(
        self,
        view: StackView,
        link: Link,
        until: datetime,
        asker: Asker | None = None,
        reason: str = "",
    ) -> None:
        """
        See that the lease of the link, or of one of its jobs, lasts until then at least.

        It never shortens one. Raises OverBudgetError, UnsureError.
        """
        self._requests(link, asker).keep_awake(view, until, reason)

    def note_use(self, view: StackView, link: Link, until: datetime) -> None:
        """
        Count use through a door, even with little traffic: extends the link's lease, which also
        records when the stack was last wanted. Not every request needs to extend it.

        Raises as `keep_awake` does.
        """
        mine = lease_to_extend(view.report, Asker.of_link(link.id))
        timeout = view.policy.idle_timeout or LEAST_OFTEN * IN_A_TIMEOUT
        often = max(SAME, min(LEAST_OFTEN, timeout / IN_A_TIMEOUT))
        if mine is None or view.now - mine.requested_at >= often:
            self.keep_awake(view, link, until)

    def release(self, view: StackView, link: Link, asker: Asker) -> None:
        """
        End the leases of the job, and what it has booked; or the leases of all jobs of the link.

        Raises UnsureError.
        """
        self._requests(link, asker).release(view)

    def book(
        self,
        view: StackView,
        link: Link,
        asker: Asker,
        opens_at: datetime,
        closes_at: datetime,
        reason: str,
    ) -> None:
        """Book it awake from then on. The same request twice is one booking. Raises UnsureError."""
        mine = [each for each in view.report.bookings if each.owner == asker.prefix]
        if len(mine) >= MOST_BOOKINGS and not link.allows(Scope.ADMIN):
            raise RefusedError(
                unprocessable(
                    f"This link has {len(mine)} bookings ahead, as many as it may; cancel one."
                )
            )
        self._requests(link, asker).book(view, opens_at, closes_at, reason)

    def cancel(self, view: StackView, link: Link, id_: str) -> None:
        """End one booking: the link's own, or anybody's by an admin's. Raises UnsureError."""
        found = next((each for each in view.report.bookings if each.id == id_), None)
        if found is None:
            raise RefusedError(unprocessable(f"booking: there is no {quoted(id_)} ahead."))
        if not (link.allows(Scope.ADMIN) or found.is_of(Asker.of_link(link.id))):
            raise RefusedError(
                out_of_scope('That was booked by somebody else; cancelling it needs "admin".')
            )
        self._requests(link).cancel(view, id_)

    def put_to_sleep(self, view: StackView, link: Link, until: datetime | None = None) -> None:
        """
        Hold it asleep until then, or until the next opening; one that is held so already is left.

        Raises UnsureError.
        """
        self._requests(link).put_to_sleep(view, until=until)

    def _requests(self, link: Link, asker: Asker | None = None) -> Requests:
        asker = asker or Asker.of_link(link.id)
        return Requests(
            table=self._table,
            asker=asker,
            by=link.name or HOLDER,
            writing=_writing,
            start_pass=self._start_pass,
            may_spend=partial(_check_money, link),
            may_begin=partial(_check_budget, asker),
        )

    @contextmanager
    def seat(self, link: Link, until: datetime) -> Iterator[bool]:
        """
        Whether an answer may be held until then; the seat is given back at the end.

        Where the table does not say, it may not.
        """
        if not self._here.acquire(blocking=False):
            yield False
            return
        try:
            with self._seat_of(link, until) as has_seat:
                yield has_seat
        finally:
            self._here.release()

    @contextmanager
    def _seat_of(self, link: Link, until: datetime) -> Iterator[bool]:
        from controller.store.seats import Seats

        seats = Seats(self._clients("dynamodb"), self._table_name, link.stack, link.id)
        try:
            seat = seats.take(self._now(), until)
        except Exception as error:
            self._log.warning("no seat", stack=link.stack, error=str(error))
            seat = None
        try:
            yield seat is not None
        finally:
            if seat:
                with suppress(Exception):  # it becomes free when its time is over
                    seats.give_back(seat, until)

    def prolong(self, view: StackView, link: Link, length: timedelta) -> None:
        """Extend its term to at least this long from now. Raises RefusedError, UnsureError."""
        known, now = view.records.term, view.now
        if known is None or known.expires_at is None:
            raise RefusedError(unprocessable("This stack has no end that could be put off."))

        def prolonged(term: Term | None) -> Term | None:
            return term and term.prolonged(now + length, link.name or HOLDER, now)

        with _writing("prolong the stack"):
            self._table.change_term(view.stack, prolonged)
        self._start_pass(view.stack)

    def rows(self, link: Link, after: str) -> Rows:
        """The rows of what a team's link covers, by one request; see `store.board`."""
        from controller.store.board import Board

        board = Board(self._clients("dynamodb"), self._table_name)
        return board.rows(NamePattern(link.team), after)

    def withdrawn(self) -> frozenset[str]:
        """The ids of the links that do not count any more."""
        from controller.store.withdrawals import Withdrawals

        return Withdrawals(self._clients("dynamodb"), self._table_name).withdrawn()

    @property
    def _table(self) -> Table:
        from controller.store.table import Table  # brings botocore, which not every answer needs

        return Table(self._clients("dynamodb"), self._table_name)

    def _start_pass(self, stack: str) -> None:
        """
        Have a pass begin now; without it the heartbeat finds the stack within a minute.

        Its log lines carry the id of this request, so that a press can be followed.
        """
        id_ = self._log.get_correlation_id()
        try:
            start_pass(self._clients("lambda"), self._controller, stack, correlation_id=id_)
        except Exception as error:
            self._log.warning("controller not reached", stack=stack, error=str(error))


def _check_money(link: Link, view: StackView, start: datetime) -> None:
    """Once the month's budget is used up, only an admin link has it awake within that month."""
    budget = view.report.budget
    if budget and budget.is_used_up and start < budget.month.end and not link.allows(Scope.ADMIN):
        raise RefusedError(used_up(budget))


def _check_budget(asker: Asker, view: StackView) -> None:
    """Raises OverBudgetError if the link has started as many wakes as allowed."""
    granted = sorted(
        lease.granted_at
        for lease in view.records.leases
        if asker.owns(lease.id) and not lease.found_awake and view.now - lease.granted_at < DAY
    )
    if len(granted) >= WAKES_A_DAY:
        raise OverBudgetError(granted[-WAKES_A_DAY] + DAY)


@contextmanager
def _writing(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise UnsureError from error
