"""The steps of a monthly real rehearsal: wake, request `open_path`, release the lease."""

from __future__ import annotations

from datetime import datetime

from controller.domain.decision.desired import Decision
from controller.domain.decision.lease import Lease
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Spec
from controller.domain.policy.choices import Rehearse
from controller.domain.reporting.real_rehearsal import Answer, RealVerdict
from controller.domain.reporting.report import policy_of
from controller.reconcile import real_rehearsal
from controller.reconcile.outcome import Outcome, Result
from controller.reconcile.ports import Asks, Ports, Records
from controller.reconcile.still_wanted import renew_lock
from controller.reconcile.tracker import StatusTracker


class RealRehearsing:
    """Make one for each pass. Each step writes what the next pass needs if this one dies."""

    def __init__(self, ports: Ports, tracker: StatusTracker) -> None:
        self._store, self._clock, self._tracker = ports.store, ports.clock, tracker
        self._ask = ports.ask_service

    def step(self, records: Records, decision: Decision, outcome: Outcome) -> datetime | None:
        """Take its due step; return when the next one may start, None while there is none."""
        spec, ask = records.spec, self._ask
        if ask is None or spec.is_remembered or policy_of(spec).rehearse is not Rehearse.MONTHLY:
            return None
        lease = real_rehearsal.lease_of(records)
        if lease is None or not real_rehearsal.is_open(self._tracker.status, lease):
            return self._between(records, lease, decision, outcome)
        self._tracker.apply(real_rehearsal.begun, lease)
        if not real_rehearsal.is_effective(self._tracker.status, lease, self._clock.now()):
            self._end(lease, real_rehearsal.came_to_nothing(self._tracker.status, lease, decision))
        elif _is_awake(outcome):
            renew_lock(self._store)
            self._end(lease, self._asked(spec, ask))
        return None

    def _between(
        self, records: Records, lease: Lease | None, decision: Decision, outcome: Outcome
    ) -> datetime | None:
        now = self._clock.now()
        if lease and lease.expires_at > now:  # a pass died before it could release it
            self._store.end_lease(lease.id, now)
            return None
        asleep = decision.state is Target.ASLEEP and outcome.result is Result.CONVERGED
        return self._begin_if_due(records, now) if asleep else None

    def _begin_if_due(self, records: Records, now: datetime) -> datetime | None:
        tracker, policy = self._tracker, policy_of(records.spec)
        tracker.apply(real_rehearsal.counted)
        real = tracker.status.real_rehearsal
        if real is None:
            return None
        due_at = real_rehearsal.slot(tracker.status, policy, real, now)
        if due_at > now:
            return due_at
        if real_rehearsal.is_hindered(tracker.status, records, now):
            return real_rehearsal.slot_after(tracker.status, policy, real, now)
        renew_lock(self._store)
        lease = real_rehearsal.make_lease(records.spec, now)
        self._store.grant_if_unasked(lease, records.request_version)
        return None  # the records have changed, by this or by others: this pass reads them again

    def _asked(self, spec: Spec, ask: Asks) -> Answer:
        endpoint = self._tracker.status.endpoint
        url = endpoint.get("url") if endpoint else None
        if not url:
            return Answer(RealVerdict.NOT_ASKED, "it has no HTTP address")
        return ask(str(url), policy_of(spec).open_path)

    def _end(self, lease: Lease, answer: Answer) -> None:
        """Recorded before it is released: a pass that dies in between does not ask again."""
        now = self._clock.now()
        self._tracker.apply(real_rehearsal.ended, lease, answer, now)
        self._tracker.write()
        self._store.end_lease(lease.id, now)


def _is_awake(outcome: Outcome) -> bool:
    is_up = outcome.result in (Result.CONVERGED, Result.DEGRADED)
    return is_up and outcome.target is Target.AWAKE
