"""
Observe, plan, take what is ready, again: until the stack is as it should be or the time is up.

The loop holds no state that matters: any pass may stop anywhere, and the next one starts from
what it observes. Waiting is normal and failing is an error; both end in an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from controller.domain.dataclass import replace
from controller.domain.errors import DormouseError, RetryError
from controller.domain.planning.observed import Observed
from controller.domain.planning.plan import Order, Target, make_plan
from controller.domain.planning.progress import Progress, Timeline
from controller.domain.planning.spec import Spec
from controller.domain.planning.waits import waits_of
from controller.domain.ports import Clock, Cloud, SideBySide
from controller.reconcile import verdicts
from controller.reconcile.execution import Execution
from controller.reconcile.journal import Journal
from controller.reconcile.outcome import Iteration, Limits, Outcome, Report, Result
from controller.reconcile.pacing import Pacing
from controller.reconcile.serving import Serving
from controller.reconcile.turn import Seen, Turn
from controller.reconcile.verdicts import Ending


def _always() -> bool:
    return True


def _say_nothing(seen: Iteration) -> None:
    pass


class Reconciler:
    """Brings one stack to a target. Make one for each run."""

    def __init__(
        self,
        spec: Spec,
        cloud: Cloud,
        clock: Clock,
        side_by_side: SideBySide,
        *,
        order: Order = Order.COUNT,
        report: Report = _say_nothing,
        progress: Progress | None = None,
        timeline: Timeline | None = None,
    ) -> None:
        self._spec = spec
        self._cloud = cloud
        self._clock = clock
        self._order = order
        self._report = report
        self._journal = Journal(spec, progress or Progress(), timeline or Timeline())
        self._execution = Execution(spec, cloud, clock, side_by_side, self._journal)
        self._waits = waits_of(spec)

    def run(
        self,
        target: Target,
        limits: Limits | None = None,
        still_wanted: Callable[[], bool] = _always,
    ) -> Outcome:
        """
        Work towards `target` until it is reached, or until there is a reason to stop.

        Calls `still_wanted` before every round. Raises no AWS errors: refused calls are part of
        the outcome.
        """
        limits = limits or Limits()
        pacing = Pacing(limits, self._waits)
        turn = self._first_turn(target, limits)
        while still_wanted():
            turn = self._round(turn, pacing)
            ending = verdicts.find_end(turn, limits)
            if ending:
                return self._outcome(turn, ending)
            self._clock.sleep(pacing.pause_after(turn).total_seconds())
        return self._outcome(turn, Ending(Result.INTERRUPTED))

    def _first_turn(self, target: Target, limits: Limits) -> Turn:
        now = self._clock.now()
        self._journal.begin(target, now)
        return Turn(
            target=target,
            began_at=now,
            now=now,
            whole_at=now,
            serving=Serving.of(limits.served if target is Target.AWAKE else None),
            progress=self._journal.progress,
            give_up_at=limits.give_up_at,
        )

    def _round(self, before: Turn, pacing: Pacing) -> Turn:
        """Read once, then take ready steps until none is left that needs no new snapshot."""
        now = self._clock.now()
        turn = replace(before, now=now, taken=(), note="", error=None)
        try:
            turn, seen = self._look(turn, pacing, pacing.read_next(before, now))
            while True:
                self._show(turn, seen)
                actions = verdicts.takeable(turn, seen)
                if not actions:
                    return self._answered(turn, seen)
                self._execution.prepare(seen.plan)
                turn = replace(turn, taken=(*turn.taken, *actions))
                observed, note = self._execution.take(actions, seen.observed, turn.serving)
                turn, seen = self._know(turn, observed, note or turn.note)
        except DormouseError as error:
            return self._refused(before, turn, error)

    def _look(self, before: Turn, pacing: Pacing, only: frozenset[str] | None) -> tuple[Turn, Seen]:
        """
        Read what was waited for; everything, once in a while and before most that is decided.

        What is decided on, but for going on waiting and for what a wake makes, was all read at this
        moment.
        """
        turn, seen = self._see(before, before.now, only)
        if only is not None and (
            pacing.ends_a_wait(before, seen) or not verdicts.may_go_on(turn, seen)
        ):
            only = None
            turn, seen = self._see(turn, before.now, only)
        serving = turn.serving.noted(self._spec, seen.observed, seen.plan)
        return turn.having_read(only, before.now, serving), seen

    def _see(self, turn: Turn, now: datetime, only: frozenset[str] | None) -> tuple[Turn, Seen]:
        observed = self._cloud.observe(turn.target, self._journal.progress, now, only)
        self._journal.saw(observed)
        return self._know(turn, observed, turn.note)

    def _know(self, turn: Turn, observed: Observed, note: str) -> tuple[Turn, Seen]:
        """What the turn is with this, and what is left to do."""
        seen = Seen(observed, make_plan(self._spec, turn.target, observed, self._order))
        return self._now(turn, seen=seen, note=note), seen

    def _now(self, turn: Turn, **more: Any) -> Turn:
        """The turn with what is remembered by now, and `more` of its fields."""
        return replace(
            turn,
            now=self._clock.now(),
            progress=self._journal.progress,
            steps=self._journal.timeline.steps,
            final=dict(self._execution.final),
            **more,
        )

    def _answered(self, turn: Turn, seen: Seen) -> Turn:
        turn = self._now(turn)
        since = verdicts.blocked_since(turn, seen)
        return replace(turn, blocked_since=since, refused_since=None)

    def _refused(self, before: Turn, turn: Turn, error: DormouseError) -> Turn:
        """A refused round has no snapshot: the one of the round before still counts."""
        turn = self._now(turn, seen=before.seen, error=error, note=str(error))
        if not isinstance(error, RetryError):
            return replace(turn, refused_since=turn.refused_since or turn.now)
        return replace(turn, quiet_until=turn.now + timedelta(seconds=error.after_seconds))

    def _show(self, turn: Turn, seen: Seen) -> None:
        self._journal.advance(seen.observed, seen.plan, turn.now)
        self._report(
            Iteration(
                now=turn.now,
                target=turn.target,
                observed=seen.observed,
                plan=seen.plan,
                timeline=self._journal.timeline,
                note=turn.note,
                progress=self._journal.progress,
            )
        )

    def _outcome(self, turn: Turn, ending: Ending) -> Outcome:
        seen = turn.seen
        if ending.result is Result.CONVERGED and seen and seen.plan.converged:
            self._journal.arrived(seen.observed)
        return Outcome(
            result=ending.result,
            target=turn.target,
            cause=ending.cause,
            observed=seen.observed if seen else None,
            plan=seen.plan if seen else None,
            progress=self._journal.progress,
            timeline=self._journal.timeline,
            is_late=ending.is_late,
        )
