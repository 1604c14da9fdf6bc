"""Bring the stack of a trial to a target, and show the progress."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from controller.domain.errors import PermanentError
from controller.domain.planning.draining import longest_drain
from controller.domain.planning.plan import Order, Target
from controller.domain.planning.progress import Progress
from controller.domain.reporting.report import policy_of
from controller.reconcile.loop import Reconciler
from controller.reconcile.outcome import Iteration, Limits, Outcome, Report, Result
from controller.reconcile.side_by_side import one_by_one
from controller.trial.site import Site

POLL = timedelta(seconds=5)
LONGEST_SLEEP = timedelta(minutes=45)
LOGIN = timedelta(minutes=10)
"""How long it waits for new credentials; what it has made is paid for meanwhile."""

View = Callable[[str], AbstractContextManager[Report]]
"""Shows one part of the trial, which it is given the name of."""


class Moving:
    """Make one for each trial: it remembers what the last move did."""

    def __init__(self, site: Site, view: View) -> None:
        self._site = site
        self._view = view
        self._progress = Progress()

    def reach(
        self,
        target: Target,
        title: str,
        *,
        order: Order = Order.COUNT,
        still_wanted: Callable[[], bool] = lambda: True,
    ) -> Outcome:
        with self._view(title) as report:
            outcome = self._run_once(target, order, still_wanted, report)
        if outcome.result is Result.UNFINISHED:
            with self._view(f"{title}, as soon as it can: {outcome.cause}") as report:
                outcome = self._run_again(target, order, still_wanted, report)
        if outcome.result not in (Result.CONVERGED, Result.INTERRUPTED):
            raise PermanentError(outcome.cause or f"it did not get {target}")
        return outcome

    def _run_again(
        self, target: Target, order: Order, still_wanted: Callable[[], bool], report: Report
    ) -> Outcome:
        """Until its credentials are good again, as somebody has logged in elsewhere."""
        until = self._now() + LOGIN
        while True:
            self._site.clock.sleep(2 * POLL.total_seconds())
            self._site.refresh()
            outcome = self._run_once(target, order, still_wanted, report)
            if outcome.result is not Result.UNFINISHED or self._now() >= until:
                return outcome

    def _run_once(
        self, target: Target, order: Order, still_wanted: Callable[[], bool], report: Report
    ) -> Outcome:
        def keep(seen: Iteration) -> None:
            self._progress = seen.progress
            self._site.note_events(seen.observed)
            self._site.addresses = list(seen.observed.addresses) or self._site.addresses
            report(seen)

        site = self._site
        reconciler = Reconciler(
            site.spec,
            site.cloud,
            site.clock,
            one_by_one,  # an interrupt comes between two calls, or within one
            order=order,
            report=keep,
            progress=self._progress,
        )
        limits = Limits(poll=POLL, give_up_at=self._give_up_at(target))
        outcome = reconciler.run(target, limits, still_wanted)
        self._progress = outcome.progress
        return outcome

    def _give_up_at(self, target: Target) -> datetime:
        if target is Target.AWAKE:
            return self._now() + policy_of(self._site.spec).wake_timeout
        return self._now() + LONGEST_SLEEP + longest_drain(self._site.spec)

    def _now(self) -> datetime:
        return self._site.clock.now()
