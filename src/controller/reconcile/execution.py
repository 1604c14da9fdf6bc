"""Takes ready actions in parallel; a refused one is postponed, or ends the iteration."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from controller.domain.errors import DeniedError, DormouseError, EndPassError, PermanentError
from controller.domain.planning.going import OLD_TASKS, by_force
from controller.domain.planning.observed import Observation, Observed, State
from controller.domain.planning.plan import Action, Plan, Target, Verb
from controller.domain.planning.spec import Spec
from controller.domain.ports import Clock, Cloud, SideBySide
from controller.reconcile.journal import Journal, forcing
from controller.reconcile.retry_policy import MOST_UPDATES, SLOWEST_RETRY, RetryPolicy
from controller.reconcile.serving import Serving


class Execution:
    """Make one for each run. It notes what it has done in the journal."""

    def __init__(
        self, spec: Spec, cloud: Cloud, clock: Clock, side_by_side: SideBySide, journal: Journal
    ) -> None:
        self._spec = spec
        self._cloud = cloud
        self._clock = clock
        self._side_by_side = side_by_side
        self._journal = journal
        self._retries = RetryPolicy(clock)
        self._is_prepared = False

    @property
    def final(self) -> dict[str, str]:
        """Steps that are not retried, by address, with the reason."""
        return self._retries.final

    def prepare(self, plan: Plan) -> None:
        """Check the kept resources before the first paid resource is created."""
        creates = [a for a in plan.actions if a.verb is Verb.CREATE or a.takes_up]
        if creates and not self._is_prepared:
            self._cloud.prepare(creates)
            self._is_prepared = True

    def take(
        self, actions: Sequence[Action], observed: Observed, serving: Serving
    ) -> tuple[Observed, str]:
        """
        Make the calls; return the observations with their answers, and the last refusal or "".

        Raises what ends the round: a wake's step that was refused for good, and what is no answer.
        """
        self._journal.takes(actions, self._clock.now())
        jobs = [self._job(action, observed) for action in actions]
        results = list(zip(actions, self._side_by_side(jobs), strict=True))
        before = observed
        for action, result in results:
            if isinstance(result, Observation):
                self._taken(action, before[action.address], result)
                observed = observed.with_resource(action.address, result)
        # What worked is remembered before what did not may end the pass.
        note = ""
        for action, result in results:
            if _ends_in_force(action, result):
                self._journal.progress = forcing(self._journal.progress, action.address)
                observed = observed.with_resource(
                    action.address, by_force(observed[action.address])
                )
                note = str(result)
            elif isinstance(result, Exception):
                # A stack serves people without what only adds to its services.
                adds = action.kind.is_companion
                is_kept = serving.is_ready or adds or _is_repair(action, observed)
                self._refused(action, result, is_kept=is_kept)
                note = str(result)
        return observed, note

    def _job(self, action: Action, observed: Observed) -> Callable[[], Observation]:
        return lambda: self._cloud.take(action, observed)

    def _taken(self, action: Action, before: Observation, after: Observation) -> None:
        now = self._clock.now()
        if action.verb is Verb.CREATE:
            self._journal.made(action, after, now)
            self._retries.made(action.address)
        elif action.verb is Verb.DELETE:
            self._journal.deleted(action, before, now)
        elif before.state is State.LEAVING or OLD_TASKS in action.changes:
            # StopTask is sent once a minute; the tasks then need some time to end.
            self._journal.hold_back(action.address, now + SLOWEST_RETRY)
        else:
            self._put_right(action, before)

    def _put_right(self, action: Action, before: Observation) -> None:
        """If AWS keeps returning another value, an update is made only a few times (AWS §2.12)."""
        times = self._retries.updates(action, before.arn)
        self._journal.updated(action, before.arn, times, self._clock.now())
        if times >= MOST_UPDATES and action.target is Target.AWAKE:
            self._retries.final[action.address] = _tell_unmoved(self._spec, action)

    def _refused(self, action: Action, error: Exception, *, is_kept: bool) -> None:
        """
        Postpone the step, or fail the round; other branches continue either way.

        `is_kept`: a stack that serves is not torn down for a setting that cannot be corrected.
        """
        if not isinstance(error, DormouseError) or isinstance(error, EndPassError):
            raise error
        now, fresh_until = self._clock.now(), self._journal.fresh_until(action)
        is_fresh = fresh_until is not None and now < fresh_until
        if self._retries.is_final(action, error, fresh=is_fresh):
            if action.target is Target.AWAKE and not is_kept:
                raise PermanentError(str(error))
            # A sleep continues with everything else: each deleted part saves money (F40).
            self._retries.final[action.address] = str(error)
        until = now + self._retries.hold_back(action, error)
        if is_fresh and fresh_until and isinstance(error, DeniedError):
            until = min(until, fresh_until)  # by then it is known whether the right is there
        self._journal.hold_back(action.address, until, str(error))


def _ends_in_force(action: Action, result: Observation | Exception) -> bool:
    """AWS refuses to change the count of a service: a sleep does not wait, nor does a wake."""
    if not isinstance(result, DormouseError) or isinstance(result, EndPassError):
        return False
    return action.lowers_count or (action.takes_up and isinstance(result, PermanentError))


def _is_repair(action: Action, observed: Observed) -> bool:
    """The action corrects a setting of a stack that serves."""
    ready = (one.state is State.READY for one in observed.resources.values())
    return action.verb is Verb.UPDATE and all(ready)


def _tell_unmoved(spec: Spec, action: Action) -> str:
    what = action.kind.replace("_", " ")
    return (
        f'{what} "{spec[action.address].name}" ({action.address}) still has not the '
        f"{', '.join(action.changes)} of the Terraform files after {MOST_UPDATES} updates; see "
        f"what else sets it"
    )
