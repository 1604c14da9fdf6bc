"""
Have a stack woken for one request, and hold the request meanwhile.

The lease is written and a pass started before anything is held. So whatever becomes of this
process, the wake goes on, and the slot that it held is free again at its end.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from api.problems import UNSURE, RefusedError, over_budget
from api.stacks import OverBudgetError, UnsureError
from controller.asking.requested_end import parse_end
from controller.asking.stack_view import StackView
from controller.domain.dataclass import dataclass, field
from controller.domain.decision.held import Held
from controller.domain.reporting.report import FAILED, Report, State
from door import problems
from door.exchange import Exchange

if TYPE_CHECKING:
    from controller.store.held_slots import TakenSlots

LOOK_SECONDS, FIRST_LOOK_SECONDS = 1.5, 5.0
"""Between two reads of a stack that wakes: near its end, and while there is time."""

AGAIN_SECONDS = 30.0
"""A wake that no pass is seen to work on is requested again after so long."""

LEAST_LEFT = timedelta(seconds=2 * AGAIN_SECONDS)
"""A lease with less left is made longer: `wake_for` may be shorter than a wake takes."""

GIVEN_BACK_WITHIN = timedelta(seconds=5)
"""A slot that is not given back so long after its hold was to end belongs to nobody."""


@dataclass(slots=True)
class Waking:
    """One wake for one exchange. Raises RefusedError where the request cannot be forwarded."""

    exchange: Exchange
    _until: datetime | None = field(default=None, init=False)

    def wake(self, view: StackView) -> StackView:
        """Have it woken, and hold until it is awake."""
        exchange = self.exchange
        self._check_not_failed(view)
        exchange.requested_at = exchange.requested_at or view.now
        self._request(view)
        if exchange.is_over:
            raise RefusedError(exchange.later(view, "The stack is being woken."))
        with self._slot(view):
            return self._hold(view)

    def _hold(self, view: StackView) -> StackView:
        exchange, requested_again_at = self.exchange, self.exchange.now
        while view.report.state is not State.AWAKE:
            if exchange.is_over:
                raise RefusedError(exchange.later(view, "The stack is not awake yet."))
            self._pause(view.report)
            view = exchange.refresh(view)
            self._check_not_failed(view)
            if (exchange.now - requested_again_at).total_seconds() >= AGAIN_SECONDS:
                requested_again_at = exchange.now
                with suppress(RefusedError):
                    self._request(view)
        return view

    def _pause(self, report: Report) -> None:
        left = (self.exchange.hold_until - self.exchange.now).total_seconds()
        eta = report.eta.total_seconds() if report.eta else 0.0
        pause = FIRST_LOOK_SECONDS if eta > 4 * FIRST_LOOK_SECONDS else LOOK_SECONDS
        self.exchange.context.clock.sleep(max(0.0, min(pause, left)))

    def _request(self, view: StackView) -> None:
        """A lease of this link's that does not end meanwhile, and a pass, unless both are there."""
        if self._until is None or self._until - view.now < LEAST_LEFT:
            self._until = parse_end("", view.rules, view.now)
        try:
            stacks, link = self.exchange.context.stacks, self.exchange.link.as_link
            stacks.keep_awake(view, link, self._until)
        except OverBudgetError as error:
            wait = ceil((error.again_at - view.now).total_seconds())
            raise RefusedError(over_budget(wait)) from None
        except UnsureError as error:
            raise RefusedError(UNSURE) from error

    def _check_not_failed(self, view: StackView) -> None:
        """End the hold of a wake that was given up since this request asked for it."""
        report, requested_at = view.report, self.exchange.requested_at
        if requested_at is None or report.state in (State.AWAKE, State.WAKING):
            return
        failure = report.status.lifecycle.failure
        has_failed = report.phase == FAILED and failure and failure.at >= requested_at
        if has_failed or report.status.blocked:
            raise RefusedError(problems.not_woken(report.cause))
        why = f"It is put to sleep: {report.decision.reason}."
        raise RefusedError(problems.still_asleep(self.exchange.retry_after(report), why))

    @contextmanager
    def _slot(self, view: StackView) -> Iterator[None]:
        taken = self._take_slot()
        if taken is None:
            why = "As many requests as may be are held already."
            raise RefusedError(self.exchange.later(view, why))
        try:
            yield
        finally:
            with suppress(Exception):  # it falls out by itself when its time is over
                self.exchange.context.slots().give_back(taken)

    def _take_slot(self) -> TakenSlots | None:
        exchange, context = self.exchange, self.exchange.context
        held = Held(
            id=secrets.token_hex(6),
            who=exchange.link.as_link.name,
            since=exchange.began,
            until=exchange.hold_until + GIVEN_BACK_WITHIN,
        )
        stack = exchange.request.stack
        try:
            return context.slots().take(stack, held, context.capacity.most(), exchange.now)
        except Exception as error:
            context.log.warning("no slot", stack=stack, error=str(error))
            return None
