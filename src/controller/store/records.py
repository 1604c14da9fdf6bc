"""What the table knows about one stack."""

from __future__ import annotations

from datetime import datetime

from controller.domain.dataclass import dataclass
from controller.domain.decision.booking import Booking
from controller.domain.decision.held import Held
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.decision.term import Term
from controller.domain.planning.spec import Spec
from controller.domain.reporting.damage import Damaged
from controller.domain.reporting.status import Status
from controller.store.loaded_requests import StackRequests


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """
    All records of one stack, as they were read; `status` is None before its first pass.

    `leftovers` are the resources that only replaced specs name, while they may exist. `damaged` are
    the records that cannot be read; they count as absent.
    """

    spec: Spec
    status: Status | None
    requests: StackRequests
    leftovers: tuple[Spec, ...] = ()
    damaged: tuple[Damaged, ...] = ()

    @property
    def leases(self) -> tuple[Lease, ...]:
        return self.requests.leases

    @property
    def bookings(self) -> tuple[Booking, ...]:
        return self.requests.bookings

    @property
    def hold(self) -> Hold | None:
        return self.requests.hold

    @property
    def term(self) -> Term | None:
        return self.requests.term

    @property
    def held(self) -> tuple[Held, ...]:
        """The requests that wait at the door, and those that ended without a release."""
        return self.requests.held

    @property
    def rehearsal_requested_at(self) -> datetime | None:
        return self.requests.rehearsal_at

    @property
    def request_version(self) -> int:
        """The number of requests up to now."""
        return self.requests.count
