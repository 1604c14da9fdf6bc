"""
Decide: awake or asleep, for what reason, and until when that can hold at most.

Pure: policy and records and `now` in, a decision out. In order: a live lease, office hours,
otherwise asleep. What was spent (by a sleep or a failed wake) does not count any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.domain.lease import Lease
from controller.domain.moments import format_moment
from controller.domain.plan import Target
from controller.domain.schedule import Schedule
from controller.domain.spec import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`until` is the next moment at which it could change; None: only by a new record."""

    state: Target
    reason: str
    until: datetime | None

    def to_json(self) -> dict[str, Json]:
        until = format_moment(self.until) if self.until else None
        return {"state": str(self.state), "reason": self.reason, "until": until}


def decide(
    schedule: Schedule, leases: Sequence[Lease], spent_at: datetime | None, now: datetime
) -> Decision:
    """
    Say what a stack should be at `now`.

    `spent_at` is when it last gave up or went to sleep early: leases granted and windows opened
    before it keep it awake no longer, so that office hours do not wake it again until the next
    opening, while a new lease does at once.
    """
    lease = _longest(leases, spent_at, now)
    if lease:
        return Decision(
            state=Target.AWAKE,
            reason=f"{lease.holder} asked for it: {lease.reason}" if lease.reason else lease.holder,
            until=lease.expires_at,
        )
    window = schedule.window_at(now)
    if window and (spent_at is None or spent_at < window.opens_at):
        return Decision(state=Target.AWAKE, reason="office hours", until=window.closes_at)
    opening = schedule.next_opening(now)
    return Decision(
        state=Target.ASLEEP,
        reason="nobody asked for it" if window is None else "spent until the next opening",
        until=opening,
    )


def _longest(leases: Sequence[Lease], spent_at: datetime | None, now: datetime) -> Lease | None:
    live = [
        lease
        for lease in leases
        if lease.covers(now) and (spent_at is None or lease.granted_at > spent_at)
    ]
    return max(live, key=lambda lease: lease.expires_at, default=None)
