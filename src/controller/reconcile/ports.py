"""What a pass needs from outside besides a clock and a cloud: records, counts, and people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from controller.domain.dataclass import dataclass
from controller.domain.decision.booking import Booking
from controller.domain.decision.held import Held
from controller.domain.decision.history import Event, Wake
from controller.domain.decision.hold import Hold
from controller.domain.decision.idle import Traffic
from controller.domain.decision.lease import Lease
from controller.domain.decision.term import Term
from controller.domain.money.usage import UsageProfile
from controller.domain.planning.spec import Spec
from controller.domain.ports import Clock, Cloud, SideBySide
from controller.domain.reporting.damage import Damaged
from controller.domain.reporting.proof import Proof
from controller.domain.reporting.real_rehearsal import Answer
from controller.domain.reporting.status import Status


class Records(Protocol):
    """What the store knows about a stack."""

    @property
    def spec(self) -> Spec: ...
    @property
    def status(self) -> Status | None: ...
    @property
    def leases(self) -> tuple[Lease, ...]: ...
    @property
    def bookings(self) -> tuple[Booking, ...]: ...
    @property
    def hold(self) -> Hold | None: ...
    @property
    def rehearsal_requested_at(self) -> datetime | None: ...
    @property
    def leftovers(self) -> tuple[Spec, ...]: ...
    @property
    def request_version(self) -> int: ...
    @property
    def held(self) -> tuple[Held, ...]: ...
    @property
    def term(self) -> Term | None: ...
    @property
    def damaged(self) -> tuple[Damaged, ...]: ...


class Store(Protocol):
    """The records of one stack; the caller holds its lock. Raises LockLostError without it."""

    def load(self) -> Records: ...
    def request_version(self) -> int: ...
    def put_status(
        self,
        status: Status,
        due_at: datetime | None,
        request_version: int | None = None,
    ) -> bool: ...
    def renew_lock(self) -> bool: ...
    def hold(self, hold: Hold) -> None: ...
    def grant_if_unasked(self, lease: Lease, request_version: int) -> bool: ...
    def end_lease(self, id_: str, now: datetime) -> None: ...
    def take_out(self, request_version: int) -> bool: ...
    def keep_spec(self, spec: Spec) -> None: ...
    def forget_leftover(self, spec: Spec) -> None: ...
    def put_wake(self, wake: Wake) -> None: ...
    def last_wakes(self) -> Sequence[Wake]: ...
    def put_event(self, event: Event) -> bool: ...
    def mark_delivered(self, event: Event) -> None: ...
    def events(self, start: datetime) -> Sequence[Event]: ...
    def uses(self) -> Sequence[tuple[datetime, UsageProfile]]: ...
    def put_use(self, use: UsageProfile, now: datetime) -> None: ...


class Clouds(Protocol):
    def __call__(self, spec: Spec, side_by_side: SideBySide) -> Cloud: ...


Traffics = Callable[[Spec], Traffic]
Notify = Callable[[Spec, Event], None]
"""Sends an event to people; the next pass calls it again if it raises."""


Rehearsals = Callable[[Spec, datetime], Proof]
"""Finds out whether a stack could wake now, by reads alone. Raises no error of the domain."""

Asks = Callable[[str, str], Answer]
"""Asks an awake service once: the URL of its endpoint, and a path. Raises nothing."""


@dataclass(frozen=True, slots=True)
class Ports:
    """
    All that a pass is given. Without `rehearse` it does not ask whether the stack could wake, and
    without `weekly` it reports no weeks. Without `ask_service` no stack is woken for a rehearsal.
    """

    store: Store
    clouds: Clouds
    traffics: Traffics
    clock: Clock
    side_by_side: SideBySide
    notify: Notify
    rehearse: Rehearsals | None = None
    weekly: bool = False
    ask_service: Asks | None = None
