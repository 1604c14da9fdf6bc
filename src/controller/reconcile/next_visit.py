"""
When the next pass is due, and whether people need a warning before. Pure.

Computing a moment notifies nobody: a warning is part of the result.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.domain.dataclass import dataclass
from controller.domain.decision.desired import Decision
from controller.domain.decision.foresight import Change, foresee
from controller.domain.decision.sleep_rules import paid_hour_ends
from controller.domain.money.budget import next_edge
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import Policy
from controller.domain.reporting.report import policy_of, rules_of
from controller.domain.reporting.status import Status
from controller.reconcile.outcome import Outcome, Result
from controller.reconcile.ports import Records
from controller.reconcile.term_news import next_of_term
from controller.reconcile.week_news import next_of_week

SLOW = timedelta(minutes=15)
"""How often an action that only a person can unblock is retried (AWS behaviour §10.4)."""

CHECK = timedelta(minutes=15)
"""How often an awake stack is checked for changes by others (F50)."""

MEND = timedelta(minutes=5)
"""How often a degraded stack is checked: ECS keeps replacing its tasks itself (§2.8)."""

UNREADABLE = timedelta(hours=1)
"""How often a spec that cannot be read is tried again: a later release may be able to read it."""

SOON = timedelta(minutes=10)
"""How long before a sleep the warning is sent."""

PUNCTUAL = timedelta(seconds=60)
"""How close to the end of a paid hour the pass waits for it: the next heartbeat may be late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """
    The next pass is due at `at`; None: nothing will change by itself.

    `ending` is the end to warn about now, unless the warning was sent before.
    """

    at: datetime | None
    ending: Change | None = None


def next_visit(
    status: Status,
    records: Records,
    decision: Decision,
    outcome: Outcome,
    now: datetime,
    clear_at: datetime | None = None,
) -> Visit:
    """
    Compute the next pass from the outcome of this one.

    `clear_at` is when the leftovers of replaced specs are checked again.
    """
    if outcome.result is Result.UNFINISHED:
        needs_person = status.stuck and not only_waits_for_addresses(outcome)
        return Visit(at=now + SLOW if needs_person else now)
    spec = records.spec
    money_at = next_edge(spec, policy_of(spec), status.lifecycle, status.meter, now)
    term_at = next_of_term(status, records, now)
    week_at = next_of_week(status, records)
    again_at = now + UNREADABLE if spec.is_remembered else None
    moments, ending = [decision.until, clear_at, money_at, term_at, week_at, again_at], None
    if outcome.result is Result.DEGRADED:
        warn_at, ending = _warn_at(status, records, now)
        moments += [now + MEND, warn_at]
    elif outcome.result is not Result.CONVERGED:
        moments.append(now + SLOW)
    elif decision.state is Target.AWAKE:
        warn_at, ending = _warn_at(status, records, now)
        moments += [now + CHECK, warn_at, _ahead_of_end(status, records, decision, now)]
    return Visit(at=min((at for at in moments if at), default=None), ending=ending)


def next_sleep(status: Status, records: Records, now: datetime, horizon: datetime) -> Change | None:
    """When it goes to sleep if there is no new request and it is used until then."""
    rules = rules_of(records.spec, status, records.bookings, now)
    changes = foresee(rules, records.leases, records.hold, status.lifecycle, now, horizon)
    return next((change for change in changes if change.state is Target.ASLEEP), None)


def is_punctual(status: Status, policy: Policy, end: datetime) -> bool:
    """Return whether the next hour would be paid soon after this end."""
    paid = paid_hour_ends(policy, status.lifecycle, end)
    return paid is not None and paid - end <= PUNCTUAL


def only_waits_for_addresses(outcome: Outcome) -> bool:
    """Whether only Elastic IPs are left that AWS has yet to free: no person can help."""
    plan, observed = outcome.plan, outcome.observed
    if plan is None or observed is None or plan.actions or plan.blocked or plan.failed:
        return False
    return all(address in observed.addresses for address, _ in plan.waiting)


def soonest(first: datetime | None, second: datetime) -> datetime:
    return second if first is None else min(first, second)


def _warn_at(
    status: Status, records: Records, now: datetime
) -> tuple[datetime | None, Change | None]:
    """When to warn that it is going to sleep; or the warning, if that is now."""
    ready_at = status.lifecycle.ready_at
    end = next_sleep(status, records, now, now + CHECK + SOON)
    if end is None or ready_at is None or end.at - ready_at < 2 * SOON:
        return None, None
    if end.at - SOON > now:
        return end.at - SOON, None
    return None, end


def _ahead_of_end(
    status: Status, records: Records, decision: Decision, now: datetime
) -> datetime | None:
    """Be due before an end after which the next hour would soon be paid."""
    until = decision.until
    if until is None or not is_punctual(status, policy_of(records.spec), until):
        return None
    ahead = until - PUNCTUAL
    return ahead if ahead > now else None
