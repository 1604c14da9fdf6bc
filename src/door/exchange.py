"""
One request from its arrival to its answer: have the stack awake, hold, pass on once.

The lease is written and a pass started before anything is held. So whatever becomes of this
process, the wake goes on, and the slot that it held is free again at its end.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from api.problems import UNAVAILABLE, UNSURE, Problem, RefusedError, over_budget
from api.stacks import OverBudgetError, Stacks, UnsureError
from controller.asking.requested_end import end_asked_for
from controller.asking.stack_view import StackView
from controller.domain.decision.held import Held
from controller.domain.ports import Clock
from controller.domain.reporting.report import FAILED, Report, State
from controller.door_links import DoorLink
from door import headers, problems, relay
from door.capacity import Capacity
from door.prefer import Wish
from door.reply import HELD, Reply
from door.request import DoorRequest

if TYPE_CHECKING:
    from controller.store.held_slots import HeldSlots, TakenSlots

LOOK_SECONDS, FIRST_LOOK_SECONDS = 1.5, 5.0
"""Between two looks at a stack that wakes: near its end, and while there is time."""

AGAIN_SECONDS = 30.0
"""A wake that no pass is seen to work on is asked for again after so long."""

CONNECT_AGAIN_SECONDS = 1.0
CONNECT_PATIENCE = timedelta(seconds=15)
"""Healthy is not yet listening: so long a stack that is awake may refuse to be connected to."""

GIVEN_BACK_WITHIN = timedelta(seconds=5)
"""A slot that is not given back so long after its hold was to end belongs to nobody."""

RETRY_SECONDS = (2, 60)
SPARE = timedelta(seconds=15)
"""What must be left of the function's time, beside that for an answer, when a hold ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorContext:
    """
    What every exchange needs. `draw` gives a whole number below the one that it is given;
    `answer_seconds` is how long a service may take.
    """

    stacks: Stacks
    slots: Callable[[], HeldSlots]
    capacity: Capacity
    clock: Clock
    log: Any
    draw: Callable[[int], int] = secrets.randbelow
    answer_seconds: float = relay.ANSWER_SECONDS


@dataclass(slots=True, kw_only=True)
class Exchange:
    """`ends_at` is when the function's own time is over."""

    context: DoorContext
    request: DoorRequest
    link: DoorLink
    wish: Wish
    body: bytes
    began: datetime
    ends_at: datetime
    asked_at: datetime | None = field(default=None, init=False)
    wanted_until: datetime | None = field(default=None, init=False)
    awake_since: datetime | None = field(default=None, init=False)

    def answer(self, view: StackView) -> Reply:
        """Raises RefusedError for every answer that is not the service's."""
        while True:
            if view.report.state is State.AWAKE:
                self._note_use(view)
                reply = self._pass_on(view)
                if reply is not None:
                    return reply
                view = self._looked_again(view)
            else:
                self.awake_since = None
                view = self._wake(view)

    @property
    def held_seconds(self) -> int:
        """For how long it was held up to now; 0 where it never was."""
        if self.asked_at is None:
            return 0
        return max(0, round((self.context.clock.now() - self.began).total_seconds()))

    def applied(self, problem: Problem | None = None) -> dict[str, str]:
        """Which preferences were applied: they count only while the stack is not awake."""
        if self.asked_at is None:
            return {}
        at_once = problem is not None and "Location" in problem.headers
        applied = ["respond-async"] if at_once else []
        applied += [self.wish.applied] if self.wish.applied else []
        return {"Preference-Applied": ", ".join(applied)} if applied else {}

    @property
    def hold_until(self) -> datetime:
        last = self.ends_at - SPARE - timedelta(seconds=self.context.answer_seconds)
        return min(self.began + timedelta(seconds=self.wish.seconds), last)

    @property
    def is_over(self) -> bool:
        return self.context.clock.now() >= self.hold_until

    # asleep

    def _wake(self, view: StackView) -> StackView:
        """Have it woken, and hold until it is awake."""
        self._check_not_failed(view)
        self.asked_at = self.asked_at or view.now
        self._ask(view)
        if self.is_over:
            raise RefusedError(self._later(view, "The stack is being woken."))
        with self._slot(view):
            return self._hold(view)

    def _hold(self, view: StackView) -> StackView:
        asked_again_at = self.context.clock.now()
        while view.report.state is not State.AWAKE:
            if self.is_over:
                raise RefusedError(self._later(view, "The stack is not awake yet."))
            self._pause(view.report)
            view = self._looked_again(view)
            self._check_not_failed(view)
            now = self.context.clock.now()
            if (now - asked_again_at).total_seconds() >= AGAIN_SECONDS:
                asked_again_at = now
                with suppress(RefusedError):
                    self._ask(view)
        return view

    def _pause(self, report: Report) -> None:
        left = (self.hold_until - self.context.clock.now()).total_seconds()
        eta = report.eta.total_seconds() if report.eta else 0.0
        pause = FIRST_LOOK_SECONDS if eta > 4 * FIRST_LOOK_SECONDS else LOOK_SECONDS
        self.context.clock.sleep(max(0.0, min(pause, left)))

    def _ask(self, view: StackView) -> None:
        """A lease of this link's, and a pass, unless both are there."""
        self.wanted_until = self.wanted_until or _end(view)
        try:
            self.context.stacks.keep_awake(view, self.link.as_link, self.wanted_until)
        except OverBudgetError as error:
            wait = ceil((error.again_at - view.now).total_seconds())
            raise RefusedError(over_budget(wait)) from None
        except UnsureError as error:
            raise RefusedError(UNSURE) from error

    def _check_not_failed(self, view: StackView) -> None:
        """End the hold of a wake that was given up since this request asked for it."""
        report = view.report
        if self.asked_at is None or report.state in (State.AWAKE, State.WAKING):
            return
        failure = report.status.lifecycle.failure
        if report.phase == FAILED and failure and failure.at >= self.asked_at:
            raise RefusedError(problems.not_woken(report.cause))
        if report.status.blocked:
            raise RefusedError(problems.not_woken(report.cause))
        why = f"It is put to sleep: {report.decision.reason}."
        raise RefusedError(problems.still_asleep(self._retry_after(report), why))

    def _later(self, view: StackView, why: str) -> Problem:
        seconds = self._retry_after(view.report)
        if self.wish.asynchronous:
            return problems.accepted(seconds, self._status_address, has_body=self.request.has_body)
        return problems.still_asleep(seconds, why)

    def _retry_after(self, report: Report) -> int:
        """What is left of the wake, and some chance, or all who wait would come back at once."""
        least, most = RETRY_SECONDS
        eta = 20.0 if report.eta is None else report.eta.total_seconds()
        seconds = max(least, min(most, ceil(eta)))
        return seconds + self.context.draw(1 + seconds // 5)

    @property
    def _status_address(self) -> str:
        address = f"/s/{self.request.stack}/status"
        if self.request.has_header_key:
            return address
        return f"{address}?k={quote(self.request.key, safe='')}"

    @contextmanager
    def _slot(self, view: StackView) -> Iterator[None]:
        slots = self._take_slot()
        if slots is None:
            why = "As many requests as may be are held already."
            raise RefusedError(self._later(view, why))
        try:
            yield
        finally:
            with suppress(Exception):  # it falls out by itself when its time is over
                self.context.slots().give_back(slots)

    def _take_slot(self) -> TakenSlots | None:
        held = Held(
            id=secrets.token_hex(6),
            who=self.link.as_link.name,
            since=self.began,
            until=self.hold_until + GIVEN_BACK_WITHIN,
        )
        context = self.context
        try:
            now, capacity = context.clock.now(), context.capacity.most()
            return context.slots().take(self.request.stack, held, capacity, now)
        except Exception as error:
            context.log.warning("no slot", stack=self.request.stack, error=str(error))
            return None

    # awake

    def _note_use(self, view: StackView) -> None:
        try:
            self.context.stacks.note_use(view, self.link.as_link, _end(view))
        except Exception as error:  # it is awake: whoever asks gets an answer all the same
            self.context.log.warning("use not noted", stack=self.request.stack, error=str(error))

    def _pass_on(self, view: StackView) -> Reply | None:
        """The service's answer; None where it could not be connected to, and time is left."""
        target = _target(view)
        first = self.awake_since is None
        self.awake_since = self.awake_since or self.context.clock.now()
        authority = target.authority
        sent = headers.for_service(
            self.request, authority, len(self.body), bound_to_methods=bool(self.link.methods)
        )
        try:
            sender = relay.Sender(target)
        except OSError as error:
            self._check_patience(error)
            self.context.clock.sleep(CONNECT_AGAIN_SECONDS)
            return None
        try:
            # Nothing may reach the service once its sender has given up waiting.
            if self.is_over and not (first and self.asked_at is None):
                raise RefusedError(self._later(view, "The time to wait is over."))
            return self._send(sender, sent)
        finally:
            sender.close()

    def _check_patience(self, error: OSError) -> None:
        waited = self.context.clock.now() - (self.awake_since or self.began)
        if waited >= CONNECT_PATIENCE or self.is_over:
            silent = isinstance(error, TimeoutError)
            raise RefusedError(problems.UNREACHED if silent else problems.REFUSED)

    def _send(self, sender: relay.Sender, sent: headers.Headers) -> Reply:
        held = self.held_seconds
        left = (self.ends_at - self.context.clock.now()).total_seconds() - SPARE.total_seconds() / 2
        seconds = min(self.context.answer_seconds, max(1.0, left))
        try:
            answer = sender.send(self.request.method, self.request.target, sent, self.body, seconds)
        except relay.SilentError:
            raise RefusedError(problems.SILENT) from None
        except relay.TooLargeError:
            raise RefusedError(problems.TOO_LONG_AN_ANSWER) from None
        except relay.RelayError as error:
            raise RefusedError(problems.broken(str(error))) from None
        returned = headers.for_client(answer.headers)
        told = {HELD: str(held)}
        if "preference-applied" not in returned.headers:  # the service may have had its own
            told |= self.applied()
        return Reply(
            answer.status, {**returned.headers, **told}, answer.body, tuple(returned.cookies)
        )

    # the records

    def _look(self) -> StackView:
        view = self.context.stacks.look(self.request.stack)
        if view is None:
            raise RefusedError(UNAVAILABLE)
        return view

    def _looked_again(self, view: StackView) -> StackView:
        """The last view where the records cannot be read just now."""
        try:
            return self._look()
        except RefusedError:
            raise
        except Exception as error:
            self.context.log.warning("not read", stack=self.request.stack, error=str(error))
            return view


def _end(view: StackView) -> datetime:
    return end_asked_for("", view.rules, view.now)


def _target(view: StackView) -> relay.Target:
    """Address and port as the controller wrote them down; nothing of the request has a say."""
    endpoint = view.report.endpoint or {}
    url, port = endpoint.get("url"), endpoint.get("port")
    if not url or not isinstance(port, int):
        raise RefusedError(problems.NO_ADDRESS)
    return relay.Target(str(endpoint["ip"]), port, str(url).startswith("https:"))
