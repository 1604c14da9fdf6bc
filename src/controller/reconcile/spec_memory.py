"""
What a pass remembers of a spec, and does when no readable copy of it is left.

Then nothing can be made, but what costs money can end. Policy and resources are those that the
status remembers, and what carries the stack's owner tags. What serves people stays as it is until
the policy, or whoever requested it, lets it sleep.
"""

from __future__ import annotations

from controller.domain.dataclass import replace
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Spec
from controller.domain.reporting.remembered_spec import last_spec, remembered_spec, tagged_spec
from controller.domain.reporting.status import Status
from controller.reconcile.billing import Billing
from controller.reconcile.outcome import Outcome, Result
from controller.reconcile.ports import Ports
from controller.reconcile.tracker import StatusTracker

CAUSE = "its spec cannot be read, nor the copy of it; publish it again"


class SpecMemory:
    """Make one for each pass."""

    def __init__(self, ports: Ports, tracker: StatusTracker, billing: Billing) -> None:
        self._ports = ports
        self._tracker = tracker
        self._billing = billing

    def note(self, spec: Spec) -> None:
        """
        Remember a spec twice, in case it cannot be read one day, and what it uses.

        A copy that could not be read is written again by the next pass that has a spec.
        """
        if spec.is_remembered:
            self._tracker.apply(replace, spec_hash="")
            return
        if spec.hash != self._tracker.status.spec_hash:
            self._ports.store.keep_spec(spec)
        self._tracker.apply(Status.with_last_spec, last_spec(spec))
        self._billing.note_use(spec)

    def stay_awake(self) -> Outcome:
        """Without a spec: what could be used goes on; a wake that is not ready has failed."""
        status = self._tracker.status
        return Outcome(
            result=Result.CONVERGED if status.lifecycle.ready_at else Result.FAILED,
            target=Target.AWAKE,
            cause=CAUSE,
            observed=None,
            plan=None,
            progress=status.progress,
            timeline=status.timeline,
        )

    def to_put_to_sleep(self, spec: Spec) -> Spec:
        """
        The spec; or what is remembered of it, with what the stack's owner tags show in its region
        and in the clusters that are known. Raises errors of AWS.
        """
        if not spec.is_remembered:
            return spec
        status = self._tracker.status
        known = remembered_spec(spec.stack, status)  # of a lost status, from the history
        unsearched = replace(status.progress, leftovers_checked_for="")
        cloud = self._ports.clouds(known, self._ports.side_by_side)
        observed = cloud.observe(Target.ASLEEP, unsearched, self._ports.clock.now())
        return tagged_spec(known, observed.leftovers or ())
