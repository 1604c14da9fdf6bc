"""
Observe, plan, take what is ready, again: until the stack is as it should be or the time is up.

The loop holds no state that matters: any pass may stop anywhere, and the next one starts from
what it observes. Waiting is normal and failing is an error; both end in an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from controller.domain.errors import (
    DeniedError,
    DormouseError,
    EndPassError,
    PermanentError,
    RetryError,
)
from controller.domain.formatting import say_duration
from controller.domain.planning.observed import Address, Holder, Observation, Observed, State
from controller.domain.planning.plan import Action, Order, Plan, Target, Verb, make_plan
from controller.domain.planning.progress import READ_LAG, Progress, Timeline, settled_key
from controller.domain.planning.spec import Kind, Spec
from controller.domain.ports import Clock, Cloud, SideBySide
from controller.reconcile.outcome import POLL, Iteration, Limits, Outcome, Report, Result
from controller.reconcile.retry_policy import MOST_UPDATES, SLOWEST_RETRY, RetryPolicy
from controller.reconcile.serving import Serving

SHORTEST_POLL = timedelta(seconds=1)
WAITING_POLL = timedelta(seconds=2)
"""Between two looks where nobody waits for a step of ours that could follow."""

SHARE_OF_WAIT = 0.05
"""
A look comes at most this share of the way too late, so short ways stay short. The way is as long
as it usually is, or as it was so far.
"""

WHOLE = timedelta(minutes=1)
"""While nothing but waiting is left, what is not waited for is read once in this time."""

UNREADABLE = timedelta(seconds=2)
"""How soon the tags of a fresh object are asked for again; the rest of a wake waits for them."""

BLIND = timedelta(seconds=25)
"""
So long a sleep that remembers nothing goes on looking: what a process made that died with its
memory need not be listed yet (AWS behaviour §1.7; §9.2: 20 s at the slowest).
"""

LAST_STEPS = timedelta(seconds=20)
"""No new step is started when a Lambda has less time left than this (AWS behaviour §5.4)."""

SHOWN = timedelta(seconds=30)
"""After this an update has to show; a read that lags is not a reason to make it again (§9.2)."""


def _always() -> bool:
    return True


def _say_nothing(seen: Iteration) -> None:
    pass


class Reconciler:
    """Brings one stack to a target. Make one for each pass."""

    def __init__(
        self,
        spec: Spec,
        cloud: Cloud,
        clock: Clock,
        side_by_side: SideBySide,
        *,
        order: Order = Order.FAST,
        report: Report = _say_nothing,
        progress: Progress | None = None,
        timeline: Timeline | None = None,
    ) -> None:
        self._spec = spec
        self._cloud = cloud
        self._clock = clock
        self._side_by_side = side_by_side
        self._order = order
        self._report = report
        self.progress = progress or Progress()
        self.timeline = timeline or Timeline()
        self._patience = RetryPolicy(clock)
        self._serving = Serving(spec, None)
        self._quiet_until: datetime | None = None
        self._prepared = False
        self._has_taken = False
        self._note = ""
        self._began_at = clock.now()
        self._plan: Plan | None = None
        self._addresses: Mapping[str, Address] = {}
        self._whole_at = clock.now()

    def run(
        self,
        target: Target,
        limits: Limits | None = None,
        still_wanted: Callable[[], bool] = _always,
    ) -> Outcome:
        """
        Work towards `target` until it is reached, or until one of the reasons to stop.

        `still_wanted` is asked before every round. Raises nothing of AWS's: what AWS refuses is
        part of the outcome.
        """
        limits = limits or Limits()
        self._began_at = self._clock.now()
        self._patience = RetryPolicy(self._clock)
        self._serving = Serving(self._spec, limits.served if target is Target.AWAKE else None)
        self._prepared = False
        self._plan = None
        is_blind = target is Target.ASLEEP and not self.progress.leftovers_checked_for
        since = self.progress.cold_since or self._began_at
        self.progress = replace(self.progress, cold_since=since if is_blind else None)
        observed: Observed | None = None
        plan: Plan | None = None
        while True:
            if not still_wanted():
                return self._end(Result.INTERRUPTED, target, "", observed, plan)
            try:
                observed, plan = self._round(target)
            except EndPassError as error:
                return self._end(Result.UNFINISHED, target, str(error), observed, plan)
            except RetryError as error:
                self._note = str(error)
                after = timedelta(seconds=error.after_seconds)
                self._quiet_until = self._clock.now() + after
            except DormouseError as error:
                ended = self._ended_by(error)
                if ended:
                    return self._end(ended, target, str(error), observed, plan)
                self._note = str(error)
            else:
                self._patience.answered()
                reached = self._ended(target, observed, plan)
                if reached:
                    return self._end(*reached, observed, plan)
            stopped = self._out_of_time(target, limits, observed, plan)
            if stopped:
                return self._end(*stopped, observed, plan)
            self._clock.sleep(self._pause(limits, observed, plan).total_seconds())

    # one round

    def _round(self, target: Target) -> tuple[Observed, Plan]:
        """Look once, then take ready steps until none is left that can be taken without a look."""
        now = self._clock.now()
        self._note = ""
        self._has_taken = False
        observed, plan = self._look(target, now)
        while True:
            self._show(target, observed, plan)
            actions = self._takeable(target, observed, plan)
            if not actions:
                return observed, plan
            self._prepare(plan)
            self._has_taken = True
            self._plan = None
            observed = self._take(actions, observed)
            plan = make_plan(self._spec, target, observed, self._order)

    def _look(self, target: Target, now: datetime) -> tuple[Observed, Plan]:
        """
        Read what was waited for; everything, once in a while and before anything else is done.

        So what is decided on, but for going on waiting, was all read at this moment.
        """
        only = self._waited_for(now)
        self._plan = None
        observed, plan = self._see(target, now, only)
        if only is not None and not self._only_waits(target, observed, plan):
            only = None
            observed, plan = self._see(target, now, only)
        if only is None:
            self._whole_at = now
        self._plan, self._addresses = plan, observed.addresses
        self._serving.note(observed, plan)
        return observed, plan

    def _see(
        self, target: Target, now: datetime, only: frozenset[str] | None
    ) -> tuple[Observed, Plan]:
        observed = self._cloud.observe(target, self.progress, now, only)
        self._note_leaving(observed)
        standing = frozenset(o.arn for o in observed.resources.values() if o.arn)
        self.progress = self.progress.with_settled(observed.settled, standing)
        return observed, make_plan(self._spec, target, observed, self._order)

    def _waited_for(self, now: datetime) -> frozenset[str] | None:
        """What to read next; None: everything."""
        if self._plan is None or now - self._whole_at >= WHOLE:
            return None
        busy = {address for address, _ in self._plan.waiting}
        busy |= {action.address for action in self._plan.actions}
        # Nobody says when AWS lets an Elastic IP go; a wake that waits for it can go on at once.
        held = {a.allocation_id for a in self._addresses.values() if not a.usable}
        wanted = {id_ for id_ in held if not busy.isdisjoint(self._addresses[id_].wanted_by)}
        return frozenset(busy | wanted)

    def _only_waits(self, target: Target, observed: Observed, plan: Plan) -> bool:
        ends = plan.converged or (
            not self._serving.is_lost and (plan.blocked or self._failure(observed, plan))
        )
        return not (ends or self._patience.final or self._takeable(target, observed, plan))

    def _note_leaving(self, observed: Observed) -> None:
        """Whoever deleted it: from now on counts how long a service drains."""
        for service in self._spec.of_kind(Kind.SERVICE):
            seen = observed[service.address]
            known = self.progress.draining_since(service.address, seen.arn)
            if seen.state is State.LEAVING and known is None:
                self.progress = self.progress.after_delete(service.address, seen.arn, observed.at)

    def _prepare(self, plan: Plan) -> None:
        """Look for what Terraform keeps before the first thing that costs money is made."""
        creates = [action for action in plan.actions if action.verb is Verb.CREATE]
        if creates and not self._prepared:
            self._cloud.prepare(creates)
            self._prepared = True

    def _takeable(self, target: Target, observed: Observed, plan: Plan) -> list[Action]:
        """A wake with a stranger in its way, or that has failed, makes nothing that costs money."""
        is_wake = target is Target.AWAKE and not self._serving.is_ready
        if is_wake and (plan.blocked or self._failure(observed, plan)):
            return []
        now = self._clock.now()
        return [action for action in plan.ready if self._may_take(action, observed, now)]

    def _may_take(self, action: Action, observed: Observed, now: datetime) -> bool:
        made_anew = self.progress.is_made_anew(action.address)
        return not (
            self.progress.is_held_back(action.address, now)
            or self._patience.is_given_up(action)
            or self._serving.spares(action, observed, made_anew=made_anew)
        )

    def _take(self, actions: list[Action], observed: Observed) -> Observed:
        now = self._clock.now()
        for action in actions:
            self.timeline = self.timeline.see(action.address, _step_of(action), now)
        jobs = [self._job(action, observed) for action in actions]
        results = list(zip(actions, self._side_by_side(jobs), strict=True))
        before = observed
        for action, result in results:
            if isinstance(result, Observation):
                self._taken(action, before[action.address], result)
                observed = observed.with_resource(action.address, result)
        # What worked is remembered before what did not may end the pass.
        for action, result in results:
            if isinstance(result, Exception):
                self._refused(action, result, observed)
        return observed

    def _job(self, action: Action, observed: Observed) -> Callable[[], Observation]:
        return lambda: self._cloud.take(action, observed)

    def _taken(self, action: Action, before: Observation, after: Observation) -> None:
        now = self._clock.now()
        if action.verb is Verb.CREATE:
            self.progress = self.progress.after_create(action.address, after.arn, now)
            self._patience.made(action.address)
            if action.kind is Kind.SERVICE:
                self._settle(action, after.arn)
        elif action.verb is Verb.DELETE:
            self.progress = self.progress.after_delete(action.address, before.arn, now)
            if before.state is State.FAILED or (before.outdated and _is_on_the_way(action)):
                self.progress = self.progress.after_failure(action.address)
        elif before.state is State.LEAVING:
            # Told to its tasks once a minute; they end in their own time.
            self.progress = self.progress.holding_back(action.address, now + SLOWEST_RETRY)
        else:
            self._put_right(action, before, now)

    def _put_right(self, action: Action, before: Observation, now: datetime) -> None:
        """
        Remember an update. Where AWS goes on telling otherwise it is made a few times and no more.

        Each of a service is a deployment, and may show later than it is answered (§2.12).
        """
        if "attributes" in action.changes or action.kind is Kind.SERVICE:
            self._settle(action, before.arn)
        times = self._patience.updates(action, before.arn)
        if times > 1 or (action.kind is Kind.SERVICE and action.starts_deployment):
            self.progress = self.progress.holding_back(action.address, now + SHOWN)
        if times >= MOST_UPDATES and action.target is Target.AWAKE:
            self._patience.final[action.address] = _tell_unmoved(self._spec, action)

    def _settle(self, action: Action, arn: str) -> None:
        """Remember that this object is as the spec asks: it is not compared again."""
        mark = settled_key(arn, self._spec[action.address])
        standing = {m.partition("#")[0] for m in self.progress.settled} | {arn}
        self.progress = self.progress.with_settled(frozenset({mark}), frozenset(standing))

    def _refused(self, action: Action, error: Exception, observed: Observed) -> None:
        """Hold the step back, or let the pass fail; other branches go on either way."""
        if not isinstance(error, DormouseError) or isinstance(error, EndPassError):
            raise error
        self._note = str(error)
        fresh_until = self._fresh_until(action)
        is_fresh = fresh_until is not None and self._clock.now() < fresh_until
        if self._patience.is_final(action, error, fresh=is_fresh):
            spared = self._serving.is_ready or _is_repair(action, observed)
            if action.target is Target.AWAKE and not spared:
                raise PermanentError(str(error))
            # A sleep goes on with everything else: each part that goes saves money (F40). What
            # serves people is not torn down for a setting that cannot be put right.
            self._patience.final[action.address] = str(error)
        until = self._clock.now() + self._patience.hold_back(action, error)
        if is_fresh and fresh_until and isinstance(error, DeniedError):
            until = min(until, fresh_until)  # by then it is known whether the right is there
        self.progress = self.progress.holding_back(action.address, until)

    def _fresh_until(self, action: Action) -> datetime | None:
        """Until when what it is about, or builds on, counts as made a moment ago (F70)."""
        about = (action.address, *action.after, *self._spec[action.address].after)
        made = [self.progress.created[each].at for each in about if each in self.progress.created]
        return max(made) + READ_LAG if made else None

    # the end

    def _ended_by(self, error: DormouseError) -> Result | None:
        """What a round comes to that was refused as a whole; None: it is asked for again."""
        if self._patience.may_be_allowed_soon(error) or self._serving.is_lost:
            return None
        return Result.DEGRADED if self._serving.is_kept else Result.FAILED

    def _ended(
        self, target: Target, observed: Observed, plan: Plan
    ) -> tuple[Result, Target, str] | None:
        if plan.converged:
            cold_since = self.progress.cold_since
            if cold_since and self._clock.now() - cold_since < BLIND:
                return None
            self.progress = self.progress.without_failures()
            if observed.leftovers == ():
                self.progress = replace(self.progress, leftovers_checked_for=self._spec.hash)
            return Result.CONVERGED, target, "; ".join(plan.warnings)
        failure = self._failure(observed, plan)
        if failure and not self._serving.is_ready:
            return Result.FAILED, target, failure
        if target is Target.AWAKE and not failure and self._patience.is_all_refused(plan):
            said = (*plan.warnings, *self._patience.final.values())
            return Result.CONVERGED, target, "; ".join(said)
        if self._serving.is_ready:
            cause = self._degraded_by(target, observed, plan)
            return (Result.DEGRADED, target, cause) if cause else None
        if self._patience.is_blocked(target, observed, plan):
            return Result.BLOCKED, target, plan.blocked[0][1]
        if target is Target.ASLEEP and self._patience.is_all_given_up(plan):
            return Result.FAILED, target, next(iter(self._patience.final.values()))
        return None

    def _degraded_by(self, target: Target, observed: Observed, plan: Plan) -> str:
        """What keeps a stack that serves people from being complete, once that lasts."""
        is_blocked = self._patience.is_blocked(target, observed, plan)
        if not self._serving.is_kept:
            return ""
        failure = self._failure(observed, plan)
        if failure or is_blocked:
            return failure or plan.blocked[0][1]
        is_final = self._patience.final and not plan.waiting
        if is_final or self._serving.is_lasting(self._clock.now()):
            return self._holdup(plan, observed) or "it does not get complete"
        return ""

    def _failure(self, observed: Observed, plan: Plan) -> str:
        if plan.failed:
            return plan.failed[0][1]
        for action in plan.actions:
            seen = observed[action.address]
            again = self.progress.is_made_anew(action.address)
            if plan.target is Target.AWAKE and seen.state is State.FAILED and again:
                return f"made anew once, and failed again: {seen.cause}"
        return ""

    def _out_of_time(
        self, target: Target, limits: Limits, observed: Observed | None, plan: Plan | None
    ) -> tuple[Result, Target, str] | None:
        now, lost_at = self._clock.now(), self._serving.give_up_at()
        if lost_at and now >= lost_at:
            if plan and plan.blocked:
                return Result.BLOCKED, target, plan.blocked[0][1]
            lost = f"no target was healthy for {say_duration(self._serving.patience)}"
            return Result.FAILED, target, f"{lost}: {self._holdup(plan, observed)}"
        if limits.give_up_at and now >= limits.give_up_at and not self._serving.is_ready:
            why = self._holdup(plan, observed)
            return Result.FAILED, target, f"not {target} in time: {why}"
        if limits.deadline and now + LAST_STEPS + limits.poll >= limits.deadline:
            return Result.UNFINISHED, target, self._holdup(plan, observed)
        if not limits.patient and not self._goes_on(observed, now):
            return Result.UNFINISHED, target, self._holdup(plan, observed)
        return None

    def _goes_on(self, observed: Observed | None, now: datetime) -> bool:
        """Whether a step was taken in this round, or can be soon by something else than waiting."""
        if self._has_taken or observed is None:
            return True
        held = any(at > now for at in self.progress.retry_at.values())
        return held or not all(seen.owned for seen in observed.resources.values())

    def _holdup(self, plan: Plan | None, observed: Observed | None) -> str:
        """Say what the stack is still waiting for."""
        if self._note:
            return self._note
        if plan is None:
            return "AWS has not answered yet"
        if plan.converged:
            return "making sure that nothing else is on its way"
        causes = [one.cause for one in observed.resources.values()] if observed else []
        said = list(self._patience.final.values())
        said += [text for _, text in (*plan.blocked, *plan.waiting) if text]
        said += [cause for cause in causes if cause]
        said += [action.waits_for for action in plan.actions if action.waits_for]
        return "; ".join(dict.fromkeys(said))

    def _pause(self, limits: Limits, observed: Observed | None, plan: Plan | None) -> timedelta:
        """To the next poll, or to the first thing that can be asked again, if that is sooner."""
        now = self._clock.now()
        way, shortest = now - self._began_at, SHORTEST_POLL
        if plan and (plan.target is Target.ASLEEP or not plan.actions):
            way, shortest = max(way, limits.usual), WAITING_POLL
        poll = min(limits.poll, max(shortest, way * SHARE_OF_WAIT))
        if plan and plan.converged:
            poll = limits.poll  # nothing is left but to see that nothing turns up
        until = [at - now for at in self.progress.retry_at.values() if at > now]
        if self._quiet_until and self._quiet_until > now:
            return self._quiet_until - now
        if observed and not all(seen.owned for seen in observed.resources.values()):
            until.append(UNREADABLE)
        return max(min([poll, *until]), timedelta(milliseconds=100))

    def _end(
        self,
        result: Result,
        target: Target,
        cause: str,
        observed: Observed | None,
        plan: Plan | None,
    ) -> Outcome:
        now = self._clock.now()
        again = now + POLL if result in (Result.UNFINISHED, Result.INTERRUPTED) else None
        return Outcome(
            result=result,
            target=target,
            cause=cause,
            due_at=again,
            observed=observed,
            plan=plan,
            progress=self.progress,
            timeline=self.timeline,
        )

    # telling

    def _show(self, target: Target, observed: Observed, plan: Plan) -> None:
        now = self._clock.now()
        self.timeline = _advance(self.timeline, self._spec, observed, plan, now)
        self._report(
            Iteration(
                now=now,
                target=target,
                observed=observed,
                plan=plan,
                timeline=self.timeline,
                note=self._note,
            )
        )


def _tell_unmoved(spec: Spec, action: Action) -> str:
    what = action.kind.replace("_", " ")
    return (
        f'{what} "{spec[action.address].name}" ({action.address}) still has not the '
        f"{', '.join(action.changes)} of the Terraform files after {MOST_UPDATES} updates; see "
        f"what else sets it"
    )


def _is_on_the_way(action: Action) -> bool:
    """It is taken down for something better to come, and not to sleep."""
    return action.target is Target.AWAKE


def _is_repair(action: Action, observed: Observed) -> bool:
    """It is about a setting of a stack that does its work."""
    ready = (one.state is State.READY for one in observed.resources.values())
    return action.verb is Verb.UPDATE and all(ready)


def _step_of(action: Action) -> str:
    return {Verb.CREATE: "creating", Verb.UPDATE: "updating", Verb.DELETE: "deleting"}[action.verb]


def _advance(
    timeline: Timeline, spec: Spec, observed: Observed, plan: Plan, now: datetime
) -> Timeline:
    """Close the steps that are over and open the ones that have begun."""
    busy = dict(plan.waiting)
    for resource in spec.resources:
        seen = observed[resource.address]
        timeline = timeline.see(resource.address, busy.get(resource.address) or seen.phase, now)
    for allocation_id, address in observed.addresses.items():
        step = "Elastic IP not free yet" if address.holder is Holder.LEAVING else ""
        timeline = timeline.see(allocation_id, step, now)
    return timeline
