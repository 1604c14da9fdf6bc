"""
Put the resources of replaced specs to sleep: first those that block the new spec, the others once
the stack is in its decided state.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from controller.domain.dataclass import replace
from controller.domain.decision.desired import Decision
from controller.domain.errors import DormouseError
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Spec
from controller.domain.reporting.status import Status
from controller.reconcile import leftover_status, replaced, transitions
from controller.reconcile.billing import Billing
from controller.reconcile.deciding import Decider
from controller.reconcile.loop import Reconciler
from controller.reconcile.next_visit import MEND, SLOW, soonest
from controller.reconcile.outcome import Limits, Outcome, Result
from controller.reconcile.ports import Ports, Records
from controller.reconcile.still_wanted import StillWanted
from controller.reconcile.tracker import StatusTracker


class Clearing:
    def __init__(
        self, ports: Ports, tracker: StatusTracker, decider: Decider, billing: Billing
    ) -> None:
        self._ports = ports
        self._tracker = tracker
        self._decider = decider
        self._billing = billing

    def make_room(self, records: Records, decision: Decision, limits: Limits) -> Outcome | None:
        """Take down what is in the new spec's place; the outcome if that is not done yet."""
        for left in records.leftovers:
            first = replaced.goes_first(left, records.spec, decision.state)
            if first is None or not self._may_take_its_place(records, decision):
                continue
            known = left.hash in self._tracker.status.replaced
            patience = replaced.UNANSWERED if known else replaced.PATIENCE
            brief = replace(limits, give_up_at=self._now() + patience)
            outcome = self._take_down(records, decision, left, first, brief)
            if outcome and outcome.result in (Result.UNFINISHED, Result.INTERRUPTED):
                self._tracker.apply(leftover_status.clearing, outcome, self._now())
                return outcome
        return None

    def finish_sleep(
        self, records: Records, decision: Decision, outcome: Outcome, limits: Limits
    ) -> tuple[Outcome, datetime | None]:
        """
        Delete the leftovers of replaced specs before the event "asleep" is recorded.

        Returns the outcome of the sleep, and when to retry leftovers that need a person.
        """
        clear_at: datetime | None = None
        self._tracker.apply(Status.with_progress, outcome.progress)
        for left in records.leftovers:
            self._tracker.write()
            ended = self._take_down(records, decision, left, left, limits)
            if ended and ended.result is Result.CONVERGED:
                self._forget(left)
            outcome = replace(outcome, progress=self._tracker.status.progress)
            if ended is None:
                clear_at = self._now() + SLOW
            elif ended.result is not Result.CONVERGED:
                return replace(outcome, result=ended.result, cause=ended.cause), clear_at
        return outcome, clear_at

    def clear(
        self, records: Records, decision: Decision, outcome: Outcome, limits: Limits
    ) -> datetime | None:
        """
        Once the stack has converged, delete the leftovers of replaced specs.

        Returns when to retry what is left; None: nothing is left.
        """
        if (
            not records.leftovers
            or outcome.result is Result.INTERRUPTED
            or transitions.gave_up(outcome)
        ):
            return None
        waits = outcome.result is not Result.CONVERGED and decision.state is Target.AWAKE
        if waits or self._tracker.status.outbox:
            # Events that have just happened are sent first; a degraded stack is repaired slowly.
            is_slow = outcome.result is Result.DEGRADED and not self._tracker.status.outbox
            return self._now() + (MEND if is_slow else timedelta(0))
        self._tracker.write()
        due_at: datetime | None = None
        for left in records.leftovers:
            again = self._clear_one(records, decision, outcome, left, limits)
            due_at = soonest(due_at, again) if again else due_at
        return due_at

    def _clear_one(
        self, records: Records, decision: Decision, outcome: Outcome, left: Spec, limits: Limits
    ) -> datetime | None:
        until = replaced.overlap_ends(left, records.spec, outcome.observed)
        if until and decision.state is Target.AWAKE and self._now() < until:
            return until
        ended = self._take_down(records, decision, left, left, limits)
        if ended is None:
            return self._now() + SLOW
        if ended.result is not Result.CONVERGED:
            return self._now()
        self._forget(left)
        return None

    def _forget(self, left: Spec) -> None:
        self._ports.store.forget_leftover(left)
        self._tracker.apply(leftover_status.no_more_replaced, left)

    def _may_take_its_place(self, records: Records, decision: Decision) -> bool:
        """A serving stack is not taken down for a resource that cannot be created."""
        if decision.state is Target.ASLEEP:
            return True
        cloud = replaced.expecting(self._ports, records.spec, records.leftovers)
        progress = self._tracker.status.progress
        try:
            return replaced.could_be_made(records.spec, cloud, progress, self._now())
        except DormouseError:
            return True  # a value that is unknown now is checked when the resource is created

    def _take_down(
        self, records: Records, decision: Decision, left: Spec, part: Spec, limits: Limits
    ) -> Outcome | None:
        """
        Put a part of a replaced spec to sleep. None if that needs a person, who is notified.

        If AWS does not answer, as in a disabled region, the pass does not wait.
        """
        ports, before, began_at = self._ports, self._tracker.status, self._now()
        open_cloud = partial(ports.clouds, part, ports.side_by_side)
        cloud = replaced.Abandoned(open_cloud, part, ())
        still_wanted = StillWanted(ports.store, self._decider, ports.clock, records, decision)

        def is_silent() -> bool:
            return not cloud.has_answered and self._now() - began_at >= replaced.UNANSWERED

        outcome = Reconciler(
            part,
            cloud,
            ports.clock,
            ports.side_by_side,
            report=lambda seen: self._billing.meter(part, cloud, seen, whole=False),
            progress=replaced.own_progress(before.progress, part),
            timeline=before.timeline,
        ).run(Target.ASLEEP, limits, lambda: not is_silent() and still_wanted())
        self._tracker.apply(leftover_status.took_down, outcome, before.progress)
        gave_up_waiting = outcome.result is Result.INTERRUPTED and is_silent()
        if not gave_up_waiting and outcome.result not in (Result.FAILED, Result.BLOCKED):
            return outcome
        cause = cloud.refusal if gave_up_waiting else outcome.cause
        self._tracker.apply(leftover_status.left_standing, records.spec, left, cause, self._now())
        return None

    def _now(self) -> datetime:
        return self._ports.clock.now()
