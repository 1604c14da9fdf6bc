"""Several passes at once on one clock, one step each by turns, the same in every run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Semaphore, Thread
from typing import Any

from local.clock import Clock


class Pass:
    """One pass on a thread of its own, which runs only while it has its turn."""

    def __init__(self, clock: Clock, run: Callable[[Pass], Any]) -> None:
        self.clock = clock
        self.due_at = clock.now()
        self.turns = 0
        self.result: Any = None
        self.error: BaseException | None = None
        self.over = False
        self._run = run
        self._go = Semaphore(0)
        self._stopped = Semaphore(0)
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        self._go.acquire()
        try:
            self.result = self._run(self)
        except BaseException as error:
            self.error = error
        self.over = True
        self._stopped.release()

    def take_turn(self) -> None:
        """Run until the pass hands over or ends."""
        self.turns += 1
        self._go.release()
        self._stopped.acquire()
        if self.over:
            self._thread.join()

    def hand_over(self, until: datetime | None = None) -> None:
        """Let the others go on, until `until` at least."""
        self.due_at = until or self.clock.now()
        self._stopped.release()
        self._go.acquire()

    # what a Reconciler asks of its clock

    def now(self) -> datetime:
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        self.hand_over(self.now() + timedelta(seconds=seconds))

    # what a session asks of its hook

    def before_each_call(self, operation: str, make: Callable[[], Any]) -> Any:
        self.hand_over()
        return make()


def run_together(clock: Clock, *runs: Callable[[Pass], Any]) -> list[Any]:
    """
    Run all passes to their ends and return their results.

    The one that is due first goes first; of several, the one with the fewest turns so far.
    """
    passes = [Pass(clock, run) for run in runs]
    while waiting := [one for one in passes if not one.over]:
        chosen = min(waiting, key=lambda one: (max(one.due_at, clock.now()), one.turns))
        clock.advance(max(0.0, (chosen.due_at - clock.now()).total_seconds()))
        chosen.take_turn()
    for one in passes:
        if one.error:
            raise one.error
    return [one.result for one in passes]
