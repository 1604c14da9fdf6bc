"""
Awake or asleep: the decision that applies now, and until when. Reads the traffic where that
decides.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.domain.decision.desired import Decision, decide, settle_lifecycle
from controller.domain.decision.idle import judge, window_to_read
from controller.domain.planning.spec import Spec
from controller.domain.ports import Clock
from controller.domain.reporting.report import policy_of, rules_of
from controller.domain.reporting.status import Status
from controller.domain.timestamps import parse_timestamp
from controller.reconcile import metering, transitions
from controller.reconcile.ports import Records, Traffics
from controller.reconcile.tracker import StatusTracker


class Decider:
    """Make one for each pass: a decision is kept while its inputs are unchanged."""

    def __init__(self, tracker: StatusTracker, traffics: Traffics, clock: Clock) -> None:
        self._tracker = tracker
        self._traffics = traffics
        self._clock = clock
        self._known: tuple[object, Decision] | None = None

    def begin_transition(self, records: Records) -> Decision:
        """Decide, and record a new target before any action."""
        tracker, spec = self._tracker, records.spec
        if not spec.is_remembered:
            tracker.apply(Status.with_lifecycle, tracker.status.lifecycle.judged_by(spec.hash))
        decision = self.decide(records)
        now, before = self._clock.now(), tracker.status.lifecycle
        settled = settle_lifecycle(before, decision, records.leases, now)
        if settled != before:
            tracker.apply(Status.with_lifecycle, settled)
            decision = self.decide(records)
        target = tracker.status.target
        tracker.apply(transitions.begin_transition, spec, decision, before, now)
        if tracker.status.target is not target:
            tracker.write()
        return decision

    def decide(self, records: Records) -> Decision:
        """The decision that is valid now; reads the traffic if that could change it."""
        now = self._clock.now()
        decision = self.verdict(records, now)
        if decision.needs_traffic:
            self._read_traffic(records.spec, decision, now)
            decision = self.verdict(records, now)
        return decision

    def verdict(self, records: Records, now: datetime) -> Decision:
        """The decision by the records and the known traffic."""
        status = self._tracker.status
        rules, lifecycle = rules_of(records.spec, status, records.bookings, now), status.lifecycle
        basis = records.spec.hash, records.request_version, rules.lead, rules.stop, lifecycle
        known = self._known
        if known is None or known[0] != basis or _is_over(known[1], now):
            known = basis, decide(rules, records.leases, records.hold, lifecycle, now)
            self._known = known
        return known[1]

    def _read_traffic(self, spec: Spec, decision: Decision, now: datetime) -> None:
        lifecycle, policy = self._tracker.status.lifecycle, policy_of(spec)
        since = parse_timestamp(decision.evidence["unused_since"])
        span = window_to_read(since, policy.idle_timeout or timedelta(0), now)
        counts = self._traffics(spec).read(lifecycle.balancers, span.start, span.end)
        activity = judge(counts, span, policy.idle_below, lifecycle.activity, now)
        self._tracker.apply(transitions.activity_read, activity)
        self._tracker.apply(metering.traffic_read, counts.minutes, policy.idle_below)


def _is_over(decision: Decision, now: datetime) -> bool:
    return decision.needs_traffic or (decision.until is not None and decision.until <= now)
