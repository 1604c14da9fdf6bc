"""A run's record of its own steps: its progress, and the timeline that people see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from controller.domain.dataclass import replace
from controller.domain.planning.observed import (
    ATTRIBUTES,
    Holder,
    Observation,
    Observed,
    State,
)
from controller.domain.planning.plan import Action, Plan, Target, Verb
from controller.domain.planning.progress import (
    READ_LAG,
    Progress,
    Timeline,
    asked_for,
    settled_key,
)
from controller.domain.planning.spec import Kind, Spec
from controller.domain.planning.waits import NOT_FREE

SHOWN = timedelta(seconds=30)
"""After this an update has to show; a read that lags is no reason to make it again (AWS §9.2)."""

STOPPING_TASKS = "stopping tasks"
"""The count of a service is set to 0; it is deleted once its tasks have stopped."""

_STEPS = {Verb.CREATE: "creating", Verb.UPDATE: "updating", Verb.DELETE: "deleting"}


class Journal:
    """Make one for each run, with the progress of the previous one."""

    def __init__(self, spec: Spec, progress: Progress, timeline: Timeline) -> None:
        self._spec = spec
        self.progress = progress
        self.timeline = timeline
        self._target = Target.AWAKE

    def begin(self, target: Target, now: datetime) -> None:
        """A sleep without records is blind, from its first run on."""
        self._target = target
        is_blind = target is Target.ASLEEP and not self.progress.leftovers_checked_for
        since = self.progress.cold_since or now
        self.progress = replace(self.progress, cold_since=since if is_blind else None)

    def saw(self, observed: Observed) -> None:
        """
        A service is deleted or without tasks, by us or others: its drain counts from now.

        A sleep changes target groups, so a wake compares those that it finds.
        """
        for service in self._spec.of_kind(Kind.SERVICE):
            seen = observed[service.address]
            known = self.progress.draining_since(service.address, seen.arn)
            if seen.state is State.LEAVING and known is None:
                self.progress = self.progress.after_delete(service.address, seen.arn, observed.at)
            elif seen.rests and seen.state.exists:
                self.progress = _resting(self.progress, service.address, observed.at)
            elif seen.drained:
                rest = self.progress.rest.drained(service.address)
                self.progress = replace(self.progress, rest=rest)
        changed = Kind.TARGET_GROUP if self._target is Target.ASLEEP else None
        standing = frozenset(
            observed[each.address].arn for each in self._spec.resources if each.kind is not changed
        )
        asked = frozenset(settled_key(observed[r.address].arn, r) for r in self._spec.resources)
        progress = asked_for(self.progress, asked)
        if self._target is Target.ASLEEP:
            standing |= _unread_autoscaling(self._spec, self.progress)
        self.progress = progress.with_settled(observed.settled, standing - {""})

    def advance(self, observed: Observed, plan: Plan, now: datetime) -> None:
        """Close the steps that have ended and open those that have started."""
        waiting, shown = dict(plan.waiting), self.timeline.running
        steps = {
            a.address: waiting.get(a.address) or observed[a.address].phase
            for a in self._spec.resources
        }
        for allocation_id, address in observed.addresses.items():
            steps[allocation_id] = NOT_FREE if address.holder is Holder.LEAVING else ""
        for name, step in steps.items():
            if shown.get(name, "") != step:
                self.timeline = self.timeline.see(name, step, now)

    def takes(self, actions: Sequence[Action], now: datetime) -> None:
        for action in actions:
            step = STOPPING_TASKS if action.lowers_count else _STEPS[action.verb]
            self.timeline = self.timeline.see(action.address, step, now)

    def made(self, action: Action, after: Observation, now: datetime) -> None:
        """A resource that is complete from the start matches the spec."""
        self.progress = self.progress.after_create(action.address, after.arn, now)
        if after.owned and not after.differs:
            self._settle(action, after.arn)

    def deleted(self, action: Action, before: Observation, now: datetime) -> None:
        """
        A resource that was deleted in order to be replaced is not replaced without limit.

        A service whose count was lowered stays for now.
        """
        if action.lowers_count:
            self.progress = _resting(self.progress, action.address, now)
            return
        self.progress = self.progress.after_delete(action.address, before.arn, now)
        for_better = before.outdated and action.target is Target.AWAKE
        if before.state is State.FAILED or for_better:
            self.progress = self.progress.after_failure(action.address)

    def updated(self, action: Action, arn: str, times: int, now: datetime) -> None:
        """Each update of a service is a deployment, and may show later than it is answered."""
        if action.takes_up:
            rest = self.progress.rest.taken_up(action.address, now)
            self.progress = replace(self.progress, rest=rest)
        if ATTRIBUTES in action.changes or action.kind.traits.is_compared:
            self._settle(action, arn)
        shows_later = times > 1 or (action.kind is Kind.SERVICE and action.starts_deployment)
        self.hold_back(action.address, now + SHOWN if shows_later else now)

    def hold_back(self, address: str, until: datetime, refusal: str = "") -> None:
        self.progress = self.progress.holding_back(address, until, refusal)

    def fresh_until(self, action: Action) -> datetime | None:
        """Until when its resource, or one it depends on, counts as just created (F70)."""
        about = (action.address, *action.after, *self._spec[action.address].after)
        made = [self.progress.created[each].at for each in about if each in self.progress.created]
        return max(made) + READ_LAG if made else None

    def arrived(self, observed: Observed) -> None:
        """The stack has converged."""
        self.progress = self.progress.without_failures()
        if observed.leftovers == ():
            self.progress = replace(self.progress, leftovers_checked_for=self._spec.hash)

    def _settle(self, action: Action, arn: str) -> None:
        """Remember that this object matches the spec: it is not compared again."""
        mark = settled_key(arn, self._spec[action.address])
        standing = {m.partition("#")[0] for m in self.progress.settled} | {arn}
        self.progress = self.progress.with_settled(frozenset({mark}), frozenset(standing))


def _unread_autoscaling(spec: Spec, progress: Progress) -> frozenset[str]:
    """The ARNs of what a sleep does not read: a wake may find it with its service."""
    companions = {each.address for each in spec.resources if each.kind.is_companion}
    made = progress.created.items()
    return frozenset(trace.arn for address, trace in made if address in companions)


def _resting(progress: Progress, address: str, now: datetime) -> Progress:
    return replace(progress, rest=progress.rest.begun(address, now))


def forcing(progress: Progress, address: str) -> Progress:
    """The count of a service does not change as intended: delete the service by force."""
    return replace(progress, rest=progress.rest.refused(address))
