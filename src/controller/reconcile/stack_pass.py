"""
One pass for one stack: load, decide, reconcile, record, and say when to come back.

Every pass derives everything from records and observations, so it may be interrupted anywhere. It
writes its status with its lock's number: a pass that was delayed for too long is refused, and ends.

    load ─▶ decide ─▶ make room ─▶ reconcile ─▶ clear ─▶ when next? ─▶ record ─▶ notify
              ▲      (clearing)     (loop)    (clearing) (next_visit)    │    (outbox)
              └────────────────── something else is wanted ──────────────┘
"""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.domain.dataclass import replace
from controller.domain.decision.desired import Decision, live_requests
from controller.domain.decision.term import hold_at_end
from controller.domain.guards.overdue import find_overdue
from controller.domain.planning.draining import longest_drain
from controller.domain.planning.plan import Order, Target
from controller.domain.reporting.report import AHEAD, policy_of, rules_of
from controller.reconcile import (
    leftover_status,
    metering,
    real_rehearsal,
    replaced,
    transitions,
)
from controller.reconcile.billing import Billing
from controller.reconcile.budget_news import add_budget_events
from controller.reconcile.clearing import Clearing
from controller.reconcile.deciding import Decider
from controller.reconcile.heartbeat import SHORT_PASS
from controller.reconcile.limits import limits_of_run
from controller.reconcile.loop import Reconciler
from controller.reconcile.next_visit import PUNCTUAL, is_punctual, next_sleep, next_visit, soonest
from controller.reconcile.outbox import Outbox
from controller.reconcile.outcome import Iteration, Limits, Outcome, Result
from controller.reconcile.pass_result import PassResult, find_unknown_events
from controller.reconcile.ports import Ports, Records
from controller.reconcile.real_rehearsing import RealRehearsing
from controller.reconcile.rehearsing import rehearsal_due_at, rehearsed
from controller.reconcile.spec_memory import SpecMemory
from controller.reconcile.still_wanted import StillWanted, renew_lock
from controller.reconcile.term_news import add_term_events, is_to_go
from controller.reconcile.tracker import ALIVE, SHOW, StatusTracker
from controller.reconcile.week_news import add_week_events

TELL_AGAIN = timedelta(minutes=5)
"""When to retry undelivered events."""

ROOM = timedelta(seconds=30)
"""With less time left, a pass starts nothing new."""


class StackPass:
    """Make one for each pass; `spread_offset` is the stack's share of a spread (`wake_spread`)."""

    def __init__(self, ports: Ports, spread_offset: timedelta = timedelta(0)) -> None:
        self._ports = ports
        self._store = ports.store
        self._clock = ports.clock
        self._tracker = StatusTracker(ports.store, ports.clock, spread_offset)
        self._decider = Decider(self._tracker, ports.traffics, ports.clock)
        self._billing = Billing(self._tracker, ports.store, ports.clock)
        self._memory = SpecMemory(ports, self._tracker, self._billing)
        self._clearing = Clearing(ports, self._tracker, self._decider, self._billing)
        self._for_real = RealRehearsing(ports, self._tracker)
        self._outbox = Outbox(ports.store, ports.notify, ports.clock)

    def run(self, deadline: datetime) -> PassResult:
        """
        Work until the stack is as decided, or until `deadline` is near; then record it.

        With no more time than a pass in a crowd has, what takes AWS a while is not waited for.
        """
        limits = Limits(deadline=deadline, patient=deadline - self._clock.now() > SHORT_PASS)
        records = self._store.load()
        self._tracker.begin(records)
        while True:
            records = self._held_at_end(records)
            self._take_note(records)
            decision = self._decider.begin_transition(records)
            outcome, clear_at = self._work(records, decision, limits)
            result = self._conclude(records, decision, outcome, clear_at)
            if result and self._is_recorded(records, result):
                if not self._has_waited_for_end(records, result, deadline):
                    result = self._notify(records, result)
                    if is_to_go(self._tracker.status, records, self._clock.now()):
                        self._store.take_out(records.request_version)
                    return result
            elif self._clock.now() + ROOM >= deadline:
                now = self._clock.now()
                self._tracker.record(now)
                return PassResult(decision=decision, outcome=outcome, due_at=now)
            records = self._store.load()

    def _held_at_end(self, records: Records) -> Records:
        """A stack whose term is over is held asleep, by a hold that everybody sees."""
        now = self._clock.now()
        hold = hold_at_end(records.term, records.hold, records.leases, now)
        if hold is None:
            return records
        self._store.hold(hold)
        return self._store.load()

    def _take_note(self, records: Records) -> None:
        """Apply the records before the decision: use, replaced specs, damage."""
        now, spec, tracker = self._clock.now(), records.spec, self._tracker
        self._memory.note(spec)
        tracker.apply(metering.set_apart, spec, records.leftovers, now)
        tracker.apply(leftover_status.still_replaced, records.leftovers)
        tracker.apply(transitions.set_aside, spec, records.damaged, now)

    def _work(
        self, records: Records, decision: Decision, limits: Limits
    ) -> tuple[Outcome, datetime | None]:
        """Bring the stack to what is decided; also when to come back for what was replaced."""
        if records.spec.is_remembered and decision.state is Target.AWAKE:
            kept = self._memory.stay_awake()
            if transitions.gave_up(kept):
                self._note_end(records, kept)
            return kept, None
        outcome = self._clearing.make_room(records, decision, limits)
        if outcome:
            return outcome, None
        outcome = self._reconcile(records, decision, limits)
        if outcome.target is Target.ASLEEP and outcome.result is Result.CONVERGED:
            outcome, clear_at = self._clearing.finish_sleep(records, decision, outcome, limits)
            self._note_end(records, outcome)
            return outcome, clear_at
        self._note_end(records, outcome)
        return outcome, self._clearing.clear(records, decision, outcome, limits)

    def _reconcile(self, records: Records, decision: Decision, limits: Limits) -> Outcome:
        tracker, ports, now = self._tracker, self._ports, self._clock.now()
        spec = self._memory.to_put_to_sleep(records.spec)
        cloud, status = replaced.expecting(ports, spec, records.leftovers), tracker.status

        def report(seen: Iteration) -> None:
            before = tracker.status
            self._billing.meter(spec, cloud, seen)
            tracker.apply(transitions.seen, spec, seen, seen.now)
            tracker.write_if_changed(before)

        limits = limits_of_run(
            limits, status, policy_of(spec), decision.state, now, is_found=tracker.is_found
        )
        still_wanted = StillWanted(
            ports.store,
            self._decider,
            ports.clock,
            records,
            decision,
            is_fresh=not records.leftovers,  # the records were read a moment ago
        )
        outcome = Reconciler(
            spec,
            cloud,
            ports.clock,
            ports.side_by_side,
            order=Order(policy_of(spec).sleep_order),
            report=report,
            progress=status.progress,
            timeline=status.timeline,
        ).run(decision.state, limits, still_wanted)
        if outcome.observed and outcome.target is Target.AWAKE:
            self._billing.note_replaced_tasks(spec, cloud, outcome.observed)
        return outcome

    def _note_end(self, records: Records, outcome: Outcome) -> None:
        """Record the outcome; a wake that has become ready is reported, and its length learned."""
        now, tracker, spec = self._clock.now(), self._tracker, records.spec
        before = tracker.status
        rules = rules_of(spec, before, records.bookings, now)
        consumes = live_requests(rules, records.leases, records.hold, now)
        tracker.apply(transitions.ended, spec, outcome, consumes, now)
        wake = transitions.new_wake(before, tracker.status)
        if wake:
            self._store.put_wake(wake)
            tracker.apply(transitions.learned, wake)
            own = real_rehearsal.lease_of(records)
            tracker.apply(real_rehearsal.proved_otherwise, wake, own)
            ends = next_sleep(tracker.status, records, now, now + AHEAD)
            tracker.apply(transitions.woke, spec, ends.at if ends else None, now)

    def _conclude(
        self, records: Records, decision: Decision, outcome: Outcome, clear_at: datetime | None
    ) -> PassResult | None:
        """What the pass ends with; None when there is something else to do at once."""
        if outcome.result is Result.INTERRUPTED or transitions.gave_up(outcome):
            return None
        tracker, spec = self._tracker, records.spec
        wanted = self._decider.decide(records)
        tracker.apply(transitions.decided, wanted)
        if wanted.state is not decision.state:
            return None
        rehearse_at = self._rehearse(records, wanted, outcome)
        for_real_at = self._for_real.step(records, wanted, outcome)
        now = self._clock.now()
        tracker.apply(add_budget_events, records, now)
        tracker.apply(add_term_events, records, now)
        tracker.apply(add_week_events, records, now, weekly=self._ports.weekly)
        visit = next_visit(tracker.status, records, wanted, outcome, now, clear_at)
        if visit.ending:
            tracker.apply(transitions.warn, spec, visit.ending.at, visit.ending.reason, now)
        rules, drain = rules_of(spec, tracker.status, records.bookings, now), longest_drain(spec)
        return PassResult(
            decision=wanted,
            outcome=outcome,
            due_at=min(filter(None, (visit.at, rehearse_at, for_real_at)), default=None),
            overdue=find_overdue(tracker.status, wanted, rules, now, drain),
            unknown_events=find_unknown_events(outcome, tracker.last_pass_at),
        )

    def _rehearse(self, records: Records, decision: Decision, outcome: Outcome) -> datetime | None:
        """Find out whether the sleeping stack could wake, where that is due; when it is next."""
        now, tracker, rehearse = self._clock.now(), self._tracker, self._ports.rehearse
        if rehearse is None or records.spec.is_remembered:
            return None
        due_at = rehearsal_due_at(tracker.status, records, decision, outcome, now)
        if due_at is None or due_at > now:
            return due_at
        renew_lock(self._store)
        tracker.apply(rehearsed, records.spec, rehearse(records.spec, now), now)
        return rehearsal_due_at(tracker.status, records, decision, outcome, now)

    def _is_recorded(self, records: Records, result: PassResult) -> bool:
        """
        Store the end of the pass; False if there was a new request meanwhile.

        With undelivered events it is due at once: if this process dies now, the next delivers them.
        """
        due_at = result.due_at
        if self._tracker.status.outbox:
            due_at = soonest(due_at, self._clock.now() + ALIVE)
        return self._tracker.record(due_at, request_version=records.request_version)

    def _has_waited_for_end(self, records: Records, result: PassResult, deadline: datetime) -> bool:
        """Wait for an end that the next heartbeat could miss; True when it has come."""
        now, until = self._clock.now(), result.decision.until
        if until is None or result.decision.state is not Target.AWAKE:
            return False
        if not now < until <= min(now + PUNCTUAL, deadline - ROOM):
            return False
        if result.outcome.result is not Result.CONVERGED:
            return False
        if not is_punctual(self._tracker.status, policy_of(records.spec), until):
            return False
        renew_lock(self._store)
        while self._clock.now() < until:
            left = until - self._clock.now()
            self._clock.sleep(min(left, SHOW).total_seconds())
            renew_lock(self._store)
        return True

    def _notify(self, records: Records, result: PassResult) -> PassResult:
        """Deliver the events; undelivered ones wait for another pass."""
        outbox = self._tracker.status.outbox
        if not outbox:
            return result
        delivery = self._outbox.deliver(records.spec, outbox)
        due_at = result.due_at
        if delivery.left:
            due_at = soonest(due_at, self._clock.now() + TELL_AGAIN)
        self._tracker.apply(transitions.delivered, delivery.left)
        self._tracker.record(due_at)  # a new request has already made the stack due
        undelivered = len(delivery.left)
        return replace(result, due_at=due_at, undelivered=undelivered, fault=delivery.fault)
