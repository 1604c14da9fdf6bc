"""
Predict the next changes with the decision logic itself: for the page's "next" line and the
calendar.

Assumptions: no new requests, every wake takes the lead time, and somebody uses the stack while it
is awake, since future idleness cannot be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count

from controller.domain.dataclass import dataclass, replace
from controller.domain.decision.desired import Decision, decide, settle_lifecycle
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.decision.office_hours import Rules
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Json
from controller.domain.timestamps import format_timestamp

_MOST_STEPS = 1000
_FORESEEN = "arn:aws:elasticloadbalancing:::loadbalancer/net/foreseen"


@dataclass(frozen=True, slots=True)
class Change:
    """At `at` the transition to `state` starts."""

    at: datetime
    state: Target
    reason: str

    def to_json(self) -> dict[str, Json]:
        return {"at": format_timestamp(self.at), "state": str(self.state), "reason": self.reason}


def foresee(
    rules: Rules,
    leases: Sequence[Lease],
    hold: Hold | None,
    lifecycle: Lifecycle,
    now: datetime,
    until: datetime | None = None,
) -> Iterator[Change]:
    """The changes after `now` and before `until`, in order; without `until` a thousand steps."""
    hold = hold.under(rules) if hold else None  # once, not at each step
    rules = replace(rules, policy=replace(rules.policy, idle_timeout=None))
    since = lifecycle.waking_since or now  # what ended before that is no reason any more
    leases = [lease for lease in leases if lease.expires_at > since]
    decision, lifecycle = _settled(rules, leases, hold, lifecycle, now)
    for _ in range(_MOST_STEPS) if until is None else count():
        at = decision.until
        if at is None or (until is not None and at >= until):
            return
        if lifecycle.is_up and lifecycle.ready_at is None:
            lifecycle = _awake(lifecycle, rules, at)
        before = decision.state
        decision, lifecycle = _settled(rules, leases, hold, lifecycle, at)
        if decision.state is not before:
            yield Change(at, decision.state, decision.reason)


def _settled(
    rules: Rules, leases: Sequence[Lease], hold: Hold | None, lifecycle: Lifecycle, now: datetime
) -> tuple[Decision, Lifecycle]:
    """The decision after the lifecycle has changed by this decision."""
    decision = decide(rules, leases, hold, lifecycle, now)
    settled = settle_lifecycle(lifecycle, decision, leases, now)
    if decision.state is Target.ASLEEP:
        settled = settled.with_billed(())  # the next wake makes others, and pays other hours
    if settled != lifecycle:
        decision = decide(rules, leases, hold, settled, now)
    return decision, settled


def _awake(lifecycle: Lifecycle, rules: Rules, now: datetime) -> Lifecycle:
    """A wake in progress has become ready by now; its load balancer was created at its start."""
    since = lifecycle.waking_since or now
    ready = lifecycle.ready(min(now, since + rules.lead))
    if ready.balancers:
        return ready
    return ready.with_billed((BilledResource(address="", arn=_FORESEEN, since=since),))
