"""
What comes next, told by the same decisions: for the page's "next" line and the calendar.

It is assumed that nobody asks for anything new, that every wake takes the lead time, and that
somebody uses the stack while it is awake: whether nobody will, nobody can know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from controller.domain.desired import Decision, decide, settle_marks
from controller.domain.hold import Hold
from controller.domain.lease import Lease
from controller.domain.marks import Marks, Standing
from controller.domain.moments import format_moment
from controller.domain.openings import Rules
from controller.domain.plan import Target
from controller.domain.spec import Json

_MOST_STEPS = 1000
_FORESEEN = "arn:aws:elasticloadbalancing:::loadbalancer/net/foreseen"


@dataclass(frozen=True, slots=True)
class Change:
    """At `at` the stack sets out to be `state`."""

    at: datetime
    state: Target
    reason: str

    def to_json(self) -> dict[str, Json]:
        return {"at": format_moment(self.at), "state": str(self.state), "reason": self.reason}


def foresee(
    rules: Rules,
    leases: Sequence[Lease],
    hold: Hold | None,
    marks: Marks,
    now: datetime,
    until: datetime | None = None,
) -> Iterator[Change]:
    """The changes after `now` and before `until`, in order; without `until` a thousand steps."""
    hold = hold.under(rules) if hold else None
    rules = replace(rules, policy=replace(rules.policy, idle_timeout=None))
    since = marks.waking_since or now  # what was over before that gives no reason any more
    leases = [lease for lease in leases if lease.expires_at > since]
    decision, marks = _settled(rules, leases, hold, marks, now)
    for _ in range(_MOST_STEPS) if until is None else count():
        at = decision.until
        if at is None or (until is not None and at >= until):
            return
        if marks.is_up and marks.ready_at is None:
            marks = _awake(marks, rules, at)
        before = decision.state
        decision, marks = _settled(rules, leases, hold, marks, at)
        if decision.state is not before:
            yield Change(at, decision.state, decision.reason)


def _settled(
    rules: Rules, leases: Sequence[Lease], hold: Hold | None, marks: Marks, now: datetime
) -> tuple[Decision, Marks]:
    """What is decided once the marks are as the decision makes them."""
    decision = decide(rules, leases, hold, marks, now)
    settled = settle_marks(marks, decision, leases, now)
    if decision.state is Target.ASLEEP:
        settled = settled.with_standing(())  # the next wake makes others, and pays other hours
    if settled != marks:
        decision = decide(rules, leases, hold, settled, now)
    return decision, settled


def _awake(marks: Marks, rules: Rules, now: datetime) -> Marks:
    """One that set out has become ready by now, on a load balancer made when it set out."""
    since = marks.waking_since or now
    ready = marks.ready(min(now, since + rules.lead))
    if ready.balancers:
        return ready
    return ready.with_standing((Standing(address="", arn=_FORESEEN, since=since),))
