"""Which leases and which hold of a stack count, also before a pass has seen them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.reporting.status import Status


def live_leases(leases: Sequence[Lease], status: Status, now: datetime) -> tuple[Lease, ...]:
    """What counts or will, the one that ends last first."""
    live = [
        each
        for each in leases
        if each.expires_at > now and not status.lifecycle.has_consumed_lease(each)
    ]
    return tuple(sorted(live, key=lambda lease: (lease.expires_at, lease.id), reverse=True))


def is_in_force(hold: Hold | None, leases: Sequence[Lease], status: Status, now: datetime) -> bool:
    if hold is None or hold.is_over(now) or status.lifecycle.has_consumed_hold(hold.set_at):
        return False
    return not any(hold.is_ended_by(lease) for lease in leases)
