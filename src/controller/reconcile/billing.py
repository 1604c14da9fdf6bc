"""
Records billing intervals during a pass: reads tasks from AWS, and records starts and ends.

`metering` computes the intervals from observations. This module calls AWS, and only if the amount
depends on the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from controller.domain.decision.lifecycle import BilledResource
from controller.domain.errors import DormouseError
from controller.domain.money.meter import Meter, SeenTask
from controller.domain.money.usage import BillingInterval, UsageProfile
from controller.domain.planning.observed import Observed
from controller.domain.planning.spec import Spec
from controller.domain.ports import Clock, Cloud
from controller.domain.reporting.status import Status
from controller.reconcile import metering
from controller.reconcile.outcome import Iteration
from controller.reconcile.ports import Store
from controller.reconcile.tracker import StatusTracker


class Billing:
    def __init__(self, tracker: StatusTracker, store: Store, clock: Clock) -> None:
        self._tracker = tracker
        self._store = store
        self._clock = clock

    def note_use(self, spec: Spec) -> None:
        """What the spec uses counts from now on, also for what the stack would cost always on."""
        use, now, meter = UsageProfile.of(spec), self._clock.now(), self._tracker.status.meter
        if meter.use_since is None or meter.use != use:
            self._store.put_use(use, now)
            self._tracker.apply(Status.with_meter, meter.using(use, now))

    def meter(self, spec: Spec, cloud: Cloud, seen: Iteration, *, whole: bool = True) -> None:
        """
        Record what costs money. Reads the tasks of services that are leaving from AWS.

        `whole` as in `metering.metered`.
        """
        self._tracker.apply(Status.with_progress, seen.progress)
        self._tracker.apply(metering.metered, spec, seen, seen.now, whole=whole)
        for each in metering.leaving_services(self._status, spec, seen.observed):
            tasks = _tasks(cloud, each)
            if tasks is not None:
                self._set(self._status.meter.saw(each.address, tasks))
        for span in metering.ended_services(self._status, spec):
            arns = [task.arn for task in self._status.meter.seen[span.address]]
            tasks = _tasks(cloud, span, arns) if arns else []
            if tasks is not None:
                self._set(self._status.meter.settled(span, tasks))
        for span in metering.unseen_services(self._status, spec):
            # A later service of the same name has tasks too.
            tasks = [one for one in _tasks(cloud, span) or () if one.created_at <= span.until]
            if tasks:
                self._set(self._status.meter.settled(span, tasks))

    def note_replaced_tasks(self, spec: Spec, cloud: Cloud, observed: Observed) -> None:
        """AWS forgets a stopped task within about an hour: the tasks of a long day are recorded."""
        for each in metering.changed_services(self._status, spec, observed):
            tasks = _tasks(cloud, each)
            if tasks is not None:
                now = self._clock.now()
                self._set(self._status.meter.replaced(each.address, tasks, now))

    @property
    def _status(self) -> Status:
        return self._tracker.status

    def _set(self, meter: Meter) -> None:
        self._tracker.apply(Status.with_meter, meter)


def _tasks(
    cloud: Cloud, service: BilledResource | BillingInterval, known: Sequence[str] = ()
) -> list[SeenTask] | None:
    """The tasks that this service has had; None if AWS does not answer: a later pass retries."""
    try:
        tasks = cloud.tasks(service.address, known)
    except DormouseError:
        return None
    # An earlier service of the same name had tasks too.
    return [task for task in tasks if task.created_at >= service.since]
