"""When to rehearse a sleeping stack, and which events follow from the result. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.domain.dataclass import replace
from controller.domain.decision.desired import Decision
from controller.domain.decision.foresight import foresee
from controller.domain.decision.history import EventKind
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Spec
from controller.domain.policy.choices import Rehearse
from controller.domain.reporting.proof import Proof, Verdict
from controller.domain.reporting.report import AHEAD, policy_of, rules_of
from controller.domain.reporting.status import Status
from controller.reconcile.events import add_event
from controller.reconcile.outcome import Outcome, Result
from controller.reconcile.ports import Records
from controller.reconcile.real_rehearsal import with_finding

DAILY = timedelta(days=1)

BEFORE_WAKE = timedelta(hours=1)
"""How long before a planned wake a rehearsal runs, so that there is time to fix something."""


def rehearsal_due_at(
    status: Status, records: Records, decision: Decision, outcome: Outcome, now: datetime
) -> datetime | None:
    """
    When the next rehearsal is due, `now` or before it if that is now; None while there is none.

    One is due while the stack sleeps: for a spec that none has seen, once a day, and an hour
    before a wake that is foreseen.
    """
    if policy_of(records.spec).rehearse is Rehearse.OFF or not _sleeps(decision, outcome):
        return None
    proof = status.proof
    if proof is None or proof.spec_hash != records.spec.hash or _asked_since(records, proof):
        return now
    due_at = proof.at + DAILY
    wakes_at = _next_wake(status, records, now)
    before_wake = wakes_at - BEFORE_WAKE if wakes_at else None
    if before_wake and proof.at < before_wake:
        due_at = min(due_at, before_wake)
    return due_at


def rehearsed(status: Status, spec: Spec, proof: Proof, now: datetime) -> Status:
    """Record a proof; what would prevent a wake is reported once, and its end too."""
    reported = status.proof.reported if status.proof and _is_reported(status) else ()
    status = replace(status, proof=replace(proof, reported=_not_over(proof, reported)))
    if policy_of(spec).rehearse is Rehearse.MONTHLY:
        status = with_finding(status)
    if proof.verdict is Verdict.COULD_NOT_WAKE:
        if {each.rule for each in proof.hindrances} <= set(reported):
            return status
        reason = "\n".join(each.message for each in proof.hindrances)
        return add_event(status, spec, EventKind.COULD_NOT_WAKE, now, reason)
    if proof.verdict is Verdict.COULD_WAKE and _is_reported(status):
        reason = "nothing that would keep it from waking was found"
        return add_event(status, spec, EventKind.COULD_WAKE, now, reason)
    return status


def _not_over(proof: Proof, reported: tuple[str, ...]) -> tuple[str, ...]:
    """What hinders now, and reported problems that are not known to be over."""
    if proof.verdict is Verdict.NOT_CHECKED:
        return reported
    found = {each.rule for each in proof.findings}
    hinders = [each.rule for each in proof.hindrances]
    return tuple(dict.fromkeys([*hinders, *(rule for rule in reported if rule in found)]))


def _is_reported(status: Status) -> bool:
    return EventKind.COULD_NOT_WAKE in status.troubles


def _sleeps(decision: Decision, outcome: Outcome) -> bool:
    return decision.state is Target.ASLEEP and outcome.result is Result.CONVERGED


def _asked_since(records: Records, proof: Proof) -> bool:
    requested_at = records.rehearsal_requested_at
    return requested_at is not None and requested_at > proof.at


def _next_wake(status: Status, records: Records, now: datetime) -> datetime | None:
    rules, lifecycle = rules_of(records.spec, status), status.lifecycle
    changes = foresee(rules, records.leases, records.hold, lifecycle, now, now + AHEAD)
    return next((change.at for change in changes if change.state is Target.AWAKE), None)
