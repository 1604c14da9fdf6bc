"""
One request from its arrival to its answer: what it wishes, and how far it has come.

Waking and holding is `door.waking`, forwarding `door.forwarding`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from api.problems import UNAVAILABLE, Problem, RefusedError
from api.stacks import Stacks
from controller.asking.stack_view import StackView
from controller.domain.dataclass import dataclass, field
from controller.domain.ports import Clock
from controller.domain.reporting.report import Report
from controller.door_links import DoorLink
from door import problems
from door.capacity import Capacity
from door.prefer import Wish
from door.relay import ANSWER_SECONDS
from door.request import DoorRequest

if TYPE_CHECKING:
    from controller.store.held_slots import HeldSlots

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
    answer_seconds: float = ANSWER_SECONDS


@dataclass(slots=True, kw_only=True)
class Exchange:
    """
    `began` is when the request came, `ends_at` when the function's own time is over, `requested_at`
    when the stack was asked to wake for it; None for one that has found it awake.
    """

    context: DoorContext
    request: DoorRequest
    link: DoorLink
    wish: Wish
    body: bytes
    began: datetime
    ends_at: datetime
    requested_at: datetime | None = field(default=None, init=False)

    @property
    def now(self) -> datetime:
        return self.context.clock.now()

    @property
    def held_seconds(self) -> int:
        """For how long it was held up to now; 0 where it never was."""
        if self.requested_at is None:
            return 0
        return max(0, round((self.now - self.began).total_seconds()))

    @property
    def hold_until(self) -> datetime:
        last = self.ends_at - SPARE - timedelta(seconds=self.context.answer_seconds)
        return min(self.began + timedelta(seconds=self.wish.seconds), last)

    @property
    def is_over(self) -> bool:
        """The time to wait is over: from now on nothing may be sent for it."""
        return self.now >= self.hold_until

    def applied(self, problem: Problem | None = None) -> dict[str, str]:
        """Which preferences were applied: they count only while the stack is not awake."""
        if self.requested_at is None:
            return {}
        at_once = problem is not None and "Location" in problem.headers
        applied = ["respond-async"] if at_once else []
        applied += [self.wish.applied] if self.wish.applied else []
        return {"Preference-Applied": ", ".join(applied)} if applied else {}

    def later(self, view: StackView, why: str) -> Problem:
        """That nothing was sent, and when to come again; `why` is a sentence."""
        seconds = self.retry_after(view.report)
        if self.wish.asynchronous:
            return problems.accepted(seconds, self._status_address, has_body=self.request.has_body)
        return problems.still_asleep(seconds, why)

    def retry_after(self, report: Report) -> int:
        """What is left of the wake, and some chance, or all who wait would come back at once."""
        least, most = RETRY_SECONDS
        eta = 20.0 if report.eta is None else report.eta.total_seconds()
        seconds = max(least, min(most, ceil(eta)))
        return seconds + self.context.draw(1 + seconds // 5)

    def refresh(self, view: StackView) -> StackView:
        """The state of the stack now; `view`, the last one, where that cannot be read."""
        try:
            found = self.context.stacks.load_view(self.request.stack)
        except Exception as error:
            self.context.log.warning("not read", stack=self.request.stack, error=str(error))
            return view
        if found is None:  # it was taken out meanwhile
            raise RefusedError(UNAVAILABLE)
        return found

    @property
    def _status_address(self) -> str:
        address = f"/s/{self.request.stack}/status"
        if self.request.has_header_key:
            return address
        return f"{address}?k={quote(self.request.key, safe='')}"
